//! Restores and runs that changed nothing. They leave nothing to undo, so a pointer of the store remembers the last one
//! of each database: `undo` must not take back what was done before it instead.

use crate::hash::Hash;
use crate::ops::OpError;
use crate::snapshot::{History, Origin};
use crate::store::Store;
use serde::{Deserialize, Serialize};

/// The last restore into a database, or run of a command, that changed nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Idle {
    /// The highest sequence of any snapshot at that time.
    pub after: u64,
    /// The snapshot that was restored, or that was taken before the command.
    pub restored: String,
    /// Whether it was the run of a command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub run: bool,
}

/// Remembers that restoring `restored`, or what was `run` after it, changed nothing.
pub(in crate::ops) fn note(
    store: &Store,
    history: &History,
    origin: &Origin,
    (restored, run): (&Hash, bool),
) -> Result<(), OpError> {
    let after = history.next_sequence(store)?.saturating_sub(1);
    let idle = Idle { after, restored: restored.to_hex(), run };
    let bytes = serde_json::to_vec(&idle).map_err(|error| OpError::Verification(error.to_string()))?;
    Ok(store.set_pointer(&name(origin), &bytes)?)
}

/// The last restore into `origin` that changed nothing, if one is remembered.
pub(super) fn last(store: &Store, origin: &Origin) -> Result<Option<Idle>, OpError> {
    let bytes = store.pointer(&name(origin))?;
    // What a later version may write there is not known here.
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn name(origin: &Origin) -> String {
    let database = format!("{} {:?} {}", origin.engine, origin.cluster, origin.database);
    format!("idle-restore-{}", &Hash::of(database.as_bytes()).to_hex()[..16])
}

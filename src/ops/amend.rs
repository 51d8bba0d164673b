//! `amend`: another message for a snapshot. A manifest is immutable, so this publishes a new one and lets the old one
//! go; pins and tags move along.

use super::OpError;
use super::export;
use super::refs::resolve;
use super::repository::Repository;
use crate::snapshot::{History, Manifest, Refs, needs};
use crate::store::Access;
use serde::Serialize;

/// What `amend` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AmendReport {
    /// The id before.
    pub from: String,
    /// The id now.
    pub id: String,
    /// The message now.
    pub message: String,
}

/// Gives a snapshot another message.
///
/// # Errors
/// If no snapshot goes by that name, the message is empty, or the store cannot be written.
pub fn amend(repository: &Repository, typed: &str, message: &str) -> Result<AmendReport, OpError> {
    let message = message.trim();
    if message.is_empty() {
        return Err(OpError::Usage("the message is empty".to_owned()));
    }
    // Needed in the end; what is wrong with it is said before anything is changed.
    repository.export_dir()?;
    let store = repository.open(Access::Exclusive)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let old = resolve(repository, &history, &refs, typed)?.entry;
    let mut manifest = Manifest { message: message.to_owned(), ..old.manifest.clone() };
    let mut id = old.id;
    if manifest.message != old.manifest.message {
        manifest.replaces.push(old.id);
        id = store.publish(&manifest.to_bytes(), &needs(&manifest))?;
        if let Some(reason) = refs.pins.get(&old.id) {
            store.pin(&id, reason.as_deref())?;
            store.unpin(&old.id)?;
        }
        for (tag, _) in refs.tags.iter().filter(|(_, holder)| **holder == old.id) {
            store.set_tag(tag, &id)?;
        }
        store.remove_manifest(&old.id)?;
    }
    export::set_reason(repository, &manifest)?;
    Ok(AmendReport { from: old.id.to_hex(), id: id.to_hex(), message: message.to_owned() })
}

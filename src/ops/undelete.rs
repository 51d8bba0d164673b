//! `undelete`: bring a deleted snapshot back, as long as it is kept.

use super::OpError;
use super::refs::resolve;
use super::repository::Repository;
use crate::snapshot::{Deleted, History, Refs, mark_one, needs};
use crate::store::Access;
use crate::tree::Marking;
use serde::Serialize;

/// What `undelete` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndeleteReport {
    /// The snapshot.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Tags that it has again.
    pub tags: Vec<String>,
}

/// Brings back the deleted snapshot that `typed` names: by its id, a tag that it had, a backup id, or `latest` among
/// those deleted.
///
/// # Errors
/// If no deleted snapshot goes by that name, or it is not whole any more: then nothing is changed.
pub fn undelete(repository: &Repository, typed: &str) -> Result<UndeleteReport, OpError> {
    let store = repository.open(Access::Exclusive)?;
    let deleted = Deleted::load(&store)?;
    let refs = Refs::load(&store)?;
    let mut entries: Vec<_> = deleted.snapshots.iter().map(|one| one.entry.clone()).collect();
    entries.dedup();
    let gone = History { entries, unreadable: Vec::new() };
    if gone.entries.is_empty() {
        return Err(OpError::Usage("there are no deleted snapshots to bring back".to_owned()));
    }
    let entry = match resolve(repository, &gone, &refs, typed) {
        Ok(found) => found.entry,
        Err(error) => {
            let history = History::load(&store)?;
            return Err(match resolve(repository, &history, &refs, typed) {
                Ok(there) => OpError::Usage(format!("snapshot {} is not deleted", there.entry.id.short())),
                Err(_) => error,
            });
        }
    };
    // An older dbsnap's gc knows nothing of deleted snapshots, and may have taken what this one needs.
    mark_one(entry, &mut Marking::new(&store))?;
    for one in deleted.snapshots.iter().filter(|one| one.entry.id == entry.id) {
        store.bring_back(&one.aside, &needs(&entry.manifest))?;
    }
    Ok(UndeleteReport {
        id: entry.id.to_hex(),
        message: entry.manifest.message.clone(),
        tags: refs.tags.iter().filter(|(_, id)| **id == entry.id).map(|(tag, _)| tag.clone()).collect(),
    })
}

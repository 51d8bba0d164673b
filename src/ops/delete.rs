//! `delete`: let snapshots go. Their objects are collected by the next gc.

use super::OpError;
use super::export;
use super::project::{Place, Project};
use super::refs::resolve;
use crate::snapshot::{Entry, History, Refs};
use crate::store::{Access, Store};
use serde::Serialize;

/// One deleted snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Export files that went with it.
    pub exports: Vec<String>,
}

/// What `delete` did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteReport {
    /// The snapshots, in the order they were named.
    pub deleted: Vec<Deleted>,
}

/// Deletes the snapshots named, with their export files. All names are checked before the first one goes.
///
/// # Errors
/// If a name is unknown or ambiguous or its snapshot is pinned: then nothing is deleted.
pub fn delete(place: &Place, typed: &[String]) -> Result<DeleteReport, OpError> {
    let project = Project::find(place)?;
    let store = project.open(Access::Exclusive)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let mut chosen: Vec<&Entry> = Vec::new();
    for name in typed {
        let reference = project.reference(name);
        if reference.key.is_some() || (reference.table.is_some() && !reference.name.starts_with("latest")) {
            return Err(OpError::Usage(format!("'{name}' names a table; a snapshot is deleted as a whole")));
        }
        let entry = resolve(&history, &refs, &reference)?.entry;
        if refs.pins.contains_key(&entry.id) {
            return Err(OpError::Pinned(entry.id));
        }
        if !chosen.iter().any(|have| have.id == entry.id) {
            chosen.push(entry);
        }
    }
    let mut deleted = Vec::new();
    for entry in chosen {
        deleted.push(remove(&project, &store, entry)?);
    }
    Ok(DeleteReport { deleted })
}

/// Removes one snapshot: tags, then the manifest, then its export files.
pub(super) fn remove(project: &Project, store: &Store, entry: &Entry) -> Result<Deleted, OpError> {
    for (tag, _) in Refs::load(store)?.tags.iter().filter(|(_, id)| **id == entry.id) {
        store.remove_tag(tag)?;
    }
    store.remove_manifest(&entry.id)?;
    let exports = export::remove(project, &entry.manifest)?;
    Ok(Deleted { id: entry.id.to_hex(), message: entry.manifest.message.clone(), exports })
}

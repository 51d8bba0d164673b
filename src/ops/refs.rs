//! Names and marks on snapshots: `tag`, `pin`, `unpin`; and finding the snapshot that a reference names.

use super::OpError;
use super::names;
use super::project::{Place, Project};
use crate::codec::TableName;
use crate::snapshot::{Entry, History, Reference, Refs, Resolved};
use crate::store::{Access, Store};
use serde::Serialize;

/// What `pin`, `unpin` or `tag` did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkReport {
    /// The snapshot.
    pub id: String,
    /// Its message.
    pub message: String,
    /// Whether anything changed.
    pub changed: bool,
    /// The tag, for `tag`.
    pub tag: Option<String>,
    /// The snapshot that the tag was on before.
    pub moved_from: Option<String>,
}

/// Finds the snapshot that `reference` names.
///
/// # Errors
/// If none does, or several do.
pub(super) fn resolve<'h>(history: &'h History, refs: &Refs, reference: &Reference) -> Result<Resolved<'h>, OpError> {
    let has_table = |entry: &Entry, typed: &str| find_entry_table(entry, typed).is_ok();
    Ok(reference.resolve(history, &refs.tags, &has_table)?)
}

/// The position of the table that `typed` stands for in a snapshot.
///
/// # Errors
/// If the snapshot has no such table.
pub(super) fn find_entry_table(entry: &Entry, typed: &str) -> Result<usize, OpError> {
    let all: Vec<&TableName> = entry.manifest.tables.iter().map(|table| &table.table).collect();
    names::find(&all, typed, &format!("snapshot {}", entry.id.short()))
}

fn open(place: &Place, typed: &str) -> Result<(Store, Entry), OpError> {
    let project = Project::find(place)?;
    let store = project.open(Access::Write)?;
    let history = History::load(&store)?;
    let entry = resolve(&history, &Refs::load(&store)?, &project.reference(typed))?.entry.clone();
    Ok((store, entry))
}

fn report(entry: &Entry, changed: bool) -> MarkReport {
    MarkReport { id: entry.id.to_hex(), message: entry.manifest.message.clone(), changed, tag: None, moved_from: None }
}

/// Pins a snapshot: neither retention nor `delete` takes it.
///
/// # Errors
/// If no snapshot goes by that name or the store cannot be written.
pub fn pin(place: &Place, typed: &str, reason: Option<&str>) -> Result<MarkReport, OpError> {
    let (store, entry) = open(place, typed)?;
    let changed = !Refs::load(&store)?.pins.contains_key(&entry.id);
    store.pin(&entry.id, reason)?;
    Ok(report(&entry, changed))
}

/// Takes the pin off a snapshot.
///
/// # Errors
/// If no snapshot goes by that name or the store cannot be written.
pub fn unpin(place: &Place, typed: &str) -> Result<MarkReport, OpError> {
    let (store, entry) = open(place, typed)?;
    let changed = store.unpin(&entry.id)?;
    Ok(report(&entry, changed))
}

/// Gives a snapshot a name. A name in use is moved only if `force`.
///
/// # Errors
/// If the name cannot be used or is on another snapshot.
pub fn tag(place: &Place, typed: &str, tag: &str, force: bool) -> Result<MarkReport, OpError> {
    let (store, entry) = open(place, typed)?;
    let before = Refs::load(&store)?.tags.get(tag).copied();
    if let Some(holder) = before.filter(|holder| *holder != entry.id && !force) {
        return Err(OpError::Refused {
            what: format!("the tag '{tag}' is on snapshot {}", holder.short()),
            allow: Some("--force"),
        });
    }
    store.set_tag(tag, &entry.id)?;
    Ok(MarkReport {
        tag: Some(tag.to_owned()),
        moved_from: before.filter(|holder| *holder != entry.id).map(|holder| holder.to_hex()),
        ..report(&entry, before != Some(entry.id))
    })
}

/// Takes a name off whatever snapshot has it.
///
/// # Errors
/// If no snapshot has it.
pub fn untag(place: &Place, tag: &str) -> Result<MarkReport, OpError> {
    let store = Project::find(place)?.open(Access::Write)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let Some(id) = refs.tags.get(tag) else {
        return Err(OpError::Usage(format!("there is no tag '{tag}'")));
    };
    store.remove_tag(tag)?;
    Ok(MarkReport {
        id: id.to_hex(),
        message: history.get(id).map(|entry| entry.manifest.message.clone()).unwrap_or_default(),
        changed: true,
        tag: Some(tag.to_owned()),
        moved_from: None,
    })
}

//! Names and marks on snapshots: `tag`, `pin`, `unpin`; and finding the snapshot that a reference names.

use super::OpError;
use super::actor;
use super::names::{Tables, is_pattern};
use super::repository::Repository;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::snapshot::{Entry, History, Reference, ReferenceError, Refs, SnapshotKind};
use crate::store::{Access, Store};
use serde::Serialize;

/// What `pin`, `unpin` or `tag` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MarkReport {
    /// The snapshot; empty for a tag that was taken away and could not be read.
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

/// What a reference points to.
pub(super) struct Referenced<'h> {
    /// The snapshot.
    pub entry: &'h Entry,
    /// The positions of the tables that it names; none if it names the whole snapshot.
    pub tables: Vec<usize>,
    /// The key of a row.
    pub key: Option<String>,
}

impl<'h> Referenced<'h> {
    /// The positions of the tables that are meant: those that the reference and `typed` name, else all; without
    /// `excluded`.
    ///
    /// # Errors
    /// If the snapshot has no such table, or none is left.
    pub fn chosen(&self, project: &Repository, typed: &[String], excluded: &[String]) -> Result<Vec<usize>, OpError> {
        let mut chosen = self.tables.clone();
        let known = Tables::of_entry(project, self.entry);
        chosen.extend(known.find_all(typed)?.into_iter().filter(|at| !self.tables.contains(at)));
        if chosen.is_empty() {
            chosen = (0..self.entry.manifest.tables.len()).collect();
        }
        let excluded = known.find_all(excluded)?;
        chosen.retain(|at| !excluded.contains(at));
        if chosen.is_empty() {
            return Err(OpError::Usage("--exclude leaves no table".to_owned()));
        }
        Ok(chosen)
    }
}

/// Finds the snapshot that `typed` names, and what it points to within.
///
/// # Errors
/// If no snapshot goes by that name, or several do, or the snapshot has no such table.
pub(super) fn resolve<'h>(
    project: &Repository,
    history: &'h History,
    refs: &Refs,
    typed: &str,
) -> Result<Referenced<'h>, OpError> {
    resolve_typed(project, history, refs, typed).map_err(|error| match error {
        OpError::Reference(ReferenceError::Unknown { name, mut near }) if names_table(project, history, typed) => {
            near.insert(0, format!("latest:{typed}"));
            ReferenceError::Unknown { name, near }.into()
        }
        error => error,
    })
}

/// As [`resolve`]; where no snapshot has that name, it may be that of a table: the newest snapshot of it is meant then.
///
/// # Errors
/// As [`resolve`].
pub(super) fn resolve_or_table<'h>(
    project: &Repository,
    history: &'h History,
    refs: &Refs,
    typed: &str,
) -> Result<Referenced<'h>, OpError> {
    match resolve_typed(project, history, refs, typed) {
        Err(OpError::Reference(ReferenceError::Unknown { .. })) if names_table(project, history, typed) => {
            resolve_typed(project, history, refs, &format!("latest:{typed}"))
        }
        resolved => resolved,
    }
}

/// Whether `typed` is a table, or a row of a table, that some snapshot has.
pub(super) fn names_table(project: &Repository, history: &History, typed: &str) -> bool {
    !is_pattern(typed) && Tables::of_history(project, history).0.with_key(typed).is_ok()
}

fn resolve_typed<'h>(
    project: &Repository,
    history: &'h History,
    refs: &Refs,
    typed: &str,
) -> Result<Referenced<'h>, OpError> {
    let reference = Reference::parse(typed);
    // a name that could be any of several tables is told as such, not as missing
    let has = |entry: &Entry, within: &str| {
        let found = Tables::of_entry(project, entry).with_key(within);
        !matches!(found, Err(OpError::NoSuchTable { .. }))
    };
    let resolved =
        reference.resolve(history, &refs.tags, &has).map_err(|error| unread(history, refs, &reference, error))?;
    let entry = resolved.entry;
    let (tables, key) = match &reference.within {
        Some(within) => {
            let (tables, _, key) = Tables::of_entry(project, entry).with_key(within)?;
            (tables, key.map(str::to_owned))
        }
        None => (resolved.table.into_iter().collect(), None),
    };
    Ok(Referenced { entry, tables, key })
}

/// Why nothing goes by that name: what has it may be there and not be readable.
fn unread(history: &History, refs: &Refs, reference: &Reference, error: ReferenceError) -> OpError {
    let typed = &reference.name;
    let is_its = |id: &Hash| typed.len() >= Hash::SHORT && id.to_hex().starts_with(&typed.to_ascii_lowercase());
    match refs.damaged_tags.get(typed) {
        Some(reason) => OpError::Verification(format!("tag {typed} cannot be read: {reason}")),
        None => match history.unreadable.iter().find(|(id, _)| is_its(id)) {
            Some((id, reason)) => OpError::Verification(format!("snapshot {} cannot be read: {reason}", id.short())),
            None => error.into(),
        },
    }
}

/// Tells of refs that cannot be read.
pub(super) fn warn(refs: &Refs, monitor: &dyn Monitor) {
    refs.damage().iter().for_each(|damage| monitor.warn(damage));
}

fn open(repository: &Repository, typed: &str) -> Result<(Store, Entry), OpError> {
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let entry = resolve(repository, &history, &Refs::load(&store)?, typed)?.entry.clone();
    Ok((store, entry))
}

fn report(entry: &Entry, changed: bool) -> MarkReport {
    MarkReport { id: entry.id.to_hex(), message: entry.manifest.message.clone(), changed, tag: None, moved_from: None }
}

/// Pins a snapshot: neither retention nor `delete` takes it.
///
/// # Errors
/// If no snapshot goes by that name or the store cannot be written.
pub fn pin(repository: &Repository, typed: &str, reason: Option<&str>) -> Result<MarkReport, OpError> {
    let (store, entry) = open(repository, typed)?;
    let refs = Refs::load(&store)?;
    let changed = !refs.pins.contains_key(&entry.id) || refs.damaged_pins.contains_key(&entry.id);
    // The reason of a safety snapshot's pin would unpin it again after more restores.
    let before = refs.pins.get(&entry.id).filter(|_| entry.manifest.kind == SnapshotKind::Snapshot);
    store.pin(&entry.id, reason.or(before.and_then(|reason| reason.as_deref())))?;
    Ok(report(&entry, changed))
}

/// Takes the pin off a snapshot.
///
/// # Errors
/// If no snapshot goes by that name, the store cannot be written, or a coding agent asks and `allow_agent` is not
/// given.
pub fn unpin(repository: &Repository, typed: &str, allow_agent: bool) -> Result<MarkReport, OpError> {
    actor::guard("unpin snapshots", allow_agent)?;
    let (store, entry) = open(repository, typed)?;
    let changed = store.unpin(&entry.id)?;
    Ok(report(&entry, changed))
}

/// Gives a snapshot a name. A name in use is moved only if `force`.
///
/// # Errors
/// If the name cannot be used or is on another snapshot.
pub fn tag(repository: &Repository, typed: &str, tag: &str, force: bool) -> Result<MarkReport, OpError> {
    let (store, entry) = open(repository, typed)?;
    let refs = Refs::load(&store)?;
    // A snapshot that was deleted has its tags as long as nobody else wants them.
    let deleted = |id: &Hash| Ok::<_, OpError>(store.set_aside_manifests()?.iter().any(|aside| aside.id == *id));
    let before = match refs.tags.get(tag) {
        Some(id) if !deleted(id)? || *id == entry.id => Some(*id),
        _ => None,
    };
    if let Some(reason) = refs.damaged_tags.get(tag).filter(|_| !force) {
        return Err(OpError::Refused {
            what: format!("what the tag '{tag}' names now cannot be read: {reason}"),
            allow: Some("--force"),
        });
    }
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
pub fn untag(repository: &Repository, tag: &str) -> Result<MarkReport, OpError> {
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let id = refs.tags.get(tag);
    if id.is_none() && !refs.damaged_tags.contains_key(tag) {
        return Err(OpError::Usage(format!("there is no tag '{tag}'")));
    }
    store.remove_tag(tag)?;
    let entry = id.and_then(|id| history.get(id));
    Ok(MarkReport {
        id: id.map(|id| id.to_hex()).unwrap_or_default(),
        message: entry.map(|entry| entry.manifest.message.clone()).unwrap_or_default(),
        changed: true,
        tag: Some(tag.to_owned()),
        moved_from: None,
    })
}

//! `log`: the snapshots, newest first.

use super::OpError;
use super::delete;
use super::names::Tables;
use super::repository::Repository;
use crate::codec::TableName;
use crate::hash::Hash;
pub use crate::snapshot::TableChange;
use crate::snapshot::{Deleted, Entry, GitState, History, Refs, Run, SnapshotKind, deleted_at};
use crate::store::{Access, DeletedBy, Store};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Which snapshots to list.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Only snapshots of this table.
    pub table: Option<String>,
    /// At most this many.
    pub limit: Option<usize>,
    /// Only snapshots taken since then.
    pub since: Option<Timestamp>,
    /// Only snapshots whose message contains this, letters of either case.
    pub grep: Option<String>,
    /// Only snapshots by this user or agent, or in this session of one.
    pub actor: Option<String>,
    /// Deleted snapshots, instead of those that are there.
    pub deleted: bool,
}

/// One table of a listed snapshot.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LoggedTable {
    /// The table.
    pub table: String,
    /// Its backup id.
    pub backup: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// The filter as typed.
    pub filter: Option<String>,
    /// Difference from the snapshot before.
    pub change: Option<TableChange>,
}

/// One listed snapshot.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LoggedSnapshot {
    /// The id.
    pub id: String,
    /// When.
    pub created_at: Timestamp,
    /// Why it was taken.
    pub kind: SnapshotKind,
    /// What for.
    pub message: String,
    /// The user.
    pub user: Option<String>,
    /// The coding agent.
    pub agent: Option<String>,
    /// The agent's id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The command line that took it, passwords left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The run of a command before or after which it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Where git stood.
    pub git: Option<GitState>,
    /// The database.
    pub database: String,
    /// The tables.
    pub tables: Vec<LoggedTable>,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes by which the store grew, the manifest included.
    pub added_bytes: u64,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Why it is pinned, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_reason: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When and by whom it was deleted, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
}

/// The deletion of a snapshot that can still be brought back.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
    /// Until when it can be brought back.
    pub until: Timestamp,
    /// Whether retention did it.
    pub by_retention: bool,
}

impl LoggedSnapshot {
    /// Whether a restore took it before its first write.
    pub fn is_safety(&self) -> bool {
        self.kind == SnapshotKind::Safety
    }
}

/// The list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogReport {
    /// Newest first.
    pub snapshots: Vec<LoggedSnapshot>,
    /// How many there are in the store, listed or not.
    pub total: usize,
    /// Manifests that cannot be read: id and reason.
    pub unreadable: Vec<(String, String)>,
    /// Tags and pins that cannot be read, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged_refs: Vec<String>,
}

/// Lists snapshots.
///
/// # Errors
/// If there is no store, or a table is named that no snapshot has.
pub fn log(repository: &Repository, options: &LogOptions) -> Result<LogReport, OpError> {
    let store = repository.open(Access::Read)?;
    let mut history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let deletions = if options.deleted { deleted(repository, &store, &mut history)? } else { HashMap::new() };
    let tables = match &options.table {
        Some(typed) => {
            let (known, names) = Tables::of_history(repository, &history);
            Some(known.find(typed)?.into_iter().map(|at| names[at]).collect::<Vec<_>>())
        }
        None => None,
    };
    let snapshots = history
        .entries
        .iter()
        .filter(|entry| matches(entry, options, tables.as_deref()))
        .take(options.limit.unwrap_or(usize::MAX))
        .map(|entry| LoggedSnapshot {
            deletion: deletions.get(&entry.id).cloned(),
            ..describe(entry, &refs.tags, &refs.pins)
        })
        .collect();
    Ok(LogReport {
        snapshots,
        total: history.entries.len(),
        damaged_refs: refs.damage(),
        unreadable: history.unreadable.iter().map(|(id, reason)| (id.to_hex(), reason.clone())).collect(),
    })
}

/// Puts the deleted snapshots into the place of those that are there. Returns their deletions.
fn deleted(project: &Repository, store: &Store, history: &mut History) -> Result<HashMap<Hash, Deletion>, OpError> {
    let deleted = Deleted::load(store)?;
    let grace = delete::grace(project, history, &deleted);
    let mut deletions = HashMap::new();
    *history = History::default();
    history.unreadable = deleted.unreadable.iter().map(|(aside, reason)| (aside.id, reason.clone())).collect();
    for one in deleted.snapshots {
        let (at, until) = (deleted_at(&one.aside), grace.until(&one.aside));
        let deletion = Deletion { at, until, by_retention: one.aside.by == DeletedBy::Retention };
        if deletions.insert(one.entry.id, deletion).is_none() {
            history.entries.push(one.entry);
        }
    }
    Ok(deletions)
}

fn matches(entry: &Entry, options: &LogOptions, tables: Option<&[&TableName]>) -> bool {
    let manifest = &entry.manifest;
    let contains = |text: &Option<String>, part: &str| {
        text.as_ref().is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
    };
    tables.is_none_or(|tables| tables.iter().any(|table| manifest.table(table).is_some()))
        && options.since.is_none_or(|since| manifest.created_at >= since)
        && options.grep.as_ref().is_none_or(|part| manifest.message.to_lowercase().contains(&part.to_lowercase()))
        && options.actor.as_ref().is_none_or(|part| {
            let actor = &manifest.actor;
            [&actor.user, &actor.agent, &actor.session].into_iter().any(|name| contains(name, part))
        })
}

/// A snapshot as it is listed and shown.
pub(super) fn describe(
    entry: &Entry,
    tags: &BTreeMap<String, Hash>,
    pins: &BTreeMap<Hash, Option<String>>,
) -> LoggedSnapshot {
    let manifest = &entry.manifest;
    LoggedSnapshot {
        id: entry.id.to_hex(),
        created_at: manifest.created_at,
        kind: manifest.kind,
        message: manifest.message.clone(),
        user: manifest.actor.user.clone(),
        agent: manifest.actor.agent.clone(),
        session: manifest.actor.session.clone(),
        command: manifest.actor.command.clone(),
        run: manifest.run.clone(),
        git: manifest.actor.git.clone(),
        database: manifest.source.database.clone(),
        tables: manifest
            .tables
            .iter()
            .map(|table| LoggedTable {
                table: table.table.to_string(),
                backup: table.backup.clone(),
                rows: table.rows,
                bytes: table.bytes,
                filter: table.filter.clone(),
                change: table.change,
            })
            .collect(),
        rows: manifest.rows(),
        added_bytes: entry.added_bytes(),
        pinned: pins.contains_key(&entry.id),
        pin_reason: pins.get(&entry.id).cloned().flatten(),
        tags: tags.iter().filter(|(_, id)| **id == entry.id).map(|(tag, _)| tag.clone()).collect(),
        deletion: None,
    }
}

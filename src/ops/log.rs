//! `log`: the snapshots, newest first.

use super::OpError;
use super::names;
use super::project::{Place, Project};
use crate::codec::TableName;
use crate::hash::Hash;
pub use crate::snapshot::TableChange;
use crate::snapshot::{Entry, GitState, History, Refs, SnapshotKind};
use crate::store::Access;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// Only snapshots by this user or agent.
    pub actor: Option<String>,
}

/// One table of a listed snapshot.
#[derive(Debug, Clone, Serialize)]
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
    /// Where git stood.
    pub git: Option<GitState>,
    /// The database.
    pub database: String,
    /// The tables.
    pub tables: Vec<LoggedTable>,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes by which the store grew.
    pub added_bytes: u64,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Its tags.
    pub tags: Vec<String>,
}

impl LoggedSnapshot {
    /// Whether a restore took it before its first write.
    pub fn is_safety(&self) -> bool {
        self.kind == SnapshotKind::Safety
    }
}

/// The list.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogReport {
    /// Newest first.
    pub snapshots: Vec<LoggedSnapshot>,
    /// How many there are in the store, listed or not.
    pub total: usize,
    /// Manifests that cannot be read: id and reason.
    pub unreadable: Vec<(String, String)>,
}

/// Lists snapshots.
///
/// # Errors
/// If there is no store, or a table is named that no snapshot has.
pub fn log(place: &Place, options: &LogOptions) -> Result<LogReport, OpError> {
    let project = Project::find(place)?;
    let store = project.open(Access::Read)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let table = match &options.table {
        Some(typed) => Some(find_table(&history, &project.table_typed(typed))?),
        None => None,
    };
    let snapshots = history
        .entries
        .iter()
        .filter(|entry| matches(entry, options, table.as_ref()))
        .take(options.limit.unwrap_or(usize::MAX))
        .map(|entry| describe(entry, &refs.tags, refs.pins.contains_key(&entry.id)))
        .collect();
    Ok(LogReport {
        snapshots,
        total: history.entries.len(),
        unreadable: history.unreadable.iter().map(|(id, reason)| (id.to_hex(), reason.clone())).collect(),
    })
}

/// The table that `typed` stands for among all tables that any snapshot has.
pub(super) fn find_table(history: &History, typed: &str) -> Result<TableName, OpError> {
    let mut all: Vec<&TableName> =
        history.entries.iter().flat_map(|entry| entry.manifest.tables.iter().map(|table| &table.table)).collect();
    all.sort();
    all.dedup();
    let position = names::find(&all, typed, "any snapshot")?;
    Ok(all[position].clone())
}

fn matches(entry: &Entry, options: &LogOptions, table: Option<&TableName>) -> bool {
    let manifest = &entry.manifest;
    let contains = |text: &Option<String>, part: &str| {
        text.as_ref().is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
    };
    table.is_none_or(|table| manifest.table(table).is_some())
        && options.since.is_none_or(|since| manifest.created_at >= since)
        && options.grep.as_ref().is_none_or(|part| manifest.message.to_lowercase().contains(&part.to_lowercase()))
        && options
            .actor
            .as_ref()
            .is_none_or(|part| contains(&manifest.actor.user, part) || contains(&manifest.actor.agent, part))
}

/// A snapshot as it is listed and shown.
pub(super) fn describe(entry: &Entry, tags: &BTreeMap<String, Hash>, pinned: bool) -> LoggedSnapshot {
    let manifest = &entry.manifest;
    LoggedSnapshot {
        id: entry.id.to_hex(),
        created_at: manifest.created_at,
        kind: manifest.kind,
        message: manifest.message.clone(),
        user: manifest.actor.user.clone(),
        agent: manifest.actor.agent.clone(),
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
        added_bytes: manifest.stored.bytes,
        pinned,
        tags: tags.iter().filter(|(_, id)| **id == entry.id).map(|(tag, _)| tag.clone()).collect(),
    }
}

//! `status`: the live tables against the latest snapshot of each.

use super::align::Aligned;
use super::sides::{Finder, Sides};
use super::{Counts, Depth, DiffOptions, Opened, TableState, describe};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::overlay::Overlay;
use crate::ops::repository::Repository;
use jiff::Timestamp;
use serde::Serialize;

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TableStatus {
    /// As in its latest snapshot.
    Unchanged,
    /// Rows or schema differ.
    Changed,
    /// No snapshot has it.
    NoSnapshot,
    /// A snapshot has it, the database no longer.
    Gone,
    /// It cannot be read.
    Refused,
}

/// One table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusLine {
    /// The table.
    pub table: String,
    /// How it stands.
    pub status: TableStatus,
    /// How many rows differ.
    #[serde(flatten)]
    pub counts: Counts,
    /// Rows of the live table, if it was read.
    pub rows: Option<u64>,
    /// Schema differences, a line each.
    pub schema_changes: Vec<String>,
    /// Its latest snapshot.
    pub snapshot: Option<String>,
    /// When that was taken.
    pub created_at: Option<Timestamp>,
    /// Its message.
    pub message: Option<String>,
    /// The filter within which both are compared, or why the table cannot be read.
    pub notes: Vec<String>,
    /// That the table was not read: nothing has changed since its latest snapshot, as the database's mark shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["mark"])))]
    pub known_by: Option<&'static str>,
    /// The filter within which both are compared, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// If its latest snapshot has some rows only: the latest one that has all, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_full: Option<String>,
}

/// The live database against its latest snapshots.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The database, without secrets.
    pub database: String,
    /// Its tables, by name.
    pub tables: Vec<StatusLine>,
    /// Whether a table differs from its latest snapshot.
    pub different: bool,
}

/// Compares the live tables with the latest snapshot of each; `tables` as typed, empty for all. Rows are read and
/// counted, and nothing is kept. Where nothing is known to have changed, rows are not read.
///
/// # Errors
/// If there is no store or database, or a table cannot be read.
pub fn status(
    repository: &Repository,
    database: &mut Database,
    tables: &[String],
    monitor: &dyn Monitor,
) -> Result<StatusReport, OpError> {
    let opened = Opened::new(repository)?;
    let overlay = Overlay::new(&opened.store)?;
    let finder = Finder { none_is_fine: true, may_know: true, ..opened.finder(&overlay, monitor) };
    let options = DiffOptions { tables: tables.to_vec(), depth: Depth::Counts, ..DiffOptions::default() };
    let sides = finder.find(&options, database)?;
    let mut lines = Vec::with_capacity(sides.pairs.len());
    for pair in &sides.pairs {
        let aligned = Aligned::of(pair, &overlay, monitor)?;
        let table = describe(&overlay, pair, aligned.as_ref(), None, Depth::Counts, monitor)?;
        let snapshot = pair.old.as_ref().and_then(|side| side.snapshot).and_then(|id| opened.history.get(&id));
        lines.push(StatusLine {
            table: table.table,
            status: match table.state {
                TableState::Same => TableStatus::Unchanged,
                TableState::Changed | TableState::Unlike => TableStatus::Changed,
                TableState::OnlyOld => TableStatus::Gone,
                TableState::OnlyNew => TableStatus::NoSnapshot,
            },
            counts: table.counts,
            rows: table.new_rows,
            schema_changes: table.schema_changes,
            snapshot: snapshot.map(|entry| entry.id.to_hex()),
            created_at: snapshot.map(|entry| entry.manifest.created_at),
            message: snapshot.map(|entry| entry.manifest.message.clone()),
            notes: table.notes,
            known_by: pair.new.as_ref().is_some_and(|side| side.known).then_some("mark"),
            filter: table.filter,
            last_full: table.last_full,
        });
    }
    if tables.is_empty() {
        lines.extend(without_snapshot(&sides));
        lines.sort_by(|a, b| a.table.cmp(&b.table));
    }
    let different = lines.iter().any(|line| matches!(line.status, TableStatus::Changed | TableStatus::Gone));
    Ok(StatusReport { database: sides.to.database.unwrap_or_default(), tables: lines, different })
}

fn without_snapshot(sides: &Sides<'_>) -> Vec<StatusLine> {
    let known = |table: &crate::codec::TableName| sides.pairs.iter().any(|pair| pair.table == *table);
    let line = |(table, refusal): &(crate::codec::TableName, Option<String>)| StatusLine {
        table: table.to_string(),
        status: if refusal.is_some() { TableStatus::Refused } else { TableStatus::NoSnapshot },
        counts: Counts::default(),
        rows: None,
        schema_changes: Vec::new(),
        snapshot: None,
        created_at: None,
        message: None,
        notes: refusal.iter().cloned().collect(),
        known_by: None,
        filter: None,
        last_full: None,
    };
    sides.live_tables.iter().filter(|(table, _)| !known(table)).map(line).collect()
}

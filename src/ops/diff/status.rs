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

/// The status of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TableStatus {
    /// It is as in its latest snapshot.
    Unchanged,
    /// Rows or schema differ.
    Changed,
    /// There is no snapshot of it.
    NoSnapshot,
    /// It no longer exists in the database; there is a snapshot of it.
    Gone,
    /// The table cannot be read.
    Refused,
}

/// The status of one table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusLine {
    /// The table's name.
    pub table: String,
    /// Whether it differs from its latest snapshot.
    pub status: TableStatus,
    /// How many rows differ.
    #[serde(flatten)]
    pub counts: Counts,
    /// Number of rows of the live table; null if it was not read.
    pub rows: Option<u64>,
    /// Differences of the schema, one line each.
    pub schema_changes: Vec<String>,
    /// The id of its latest snapshot.
    pub snapshot: Option<String>,
    /// When that snapshot was taken.
    pub created_at: Option<Timestamp>,
    /// The message of that snapshot.
    pub message: Option<String>,
    /// The filter of the comparison, or why the table cannot be read; one line each.
    pub notes: Vec<String>,
    /// Set if the table was not read: the database shows by its mark that nothing has changed since the latest
    /// snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["mark"])))]
    pub known_by: Option<&'static str>,
    /// The filter, if only rows that match it are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// If the latest snapshot has only some rows of the table: the latest one with all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_full: Option<String>,
}

/// The live tables compared with their latest snapshots.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The database, without password.
    pub database: String,
    /// The tables, by name.
    pub tables: Vec<StatusLine>,
    /// Whether any table differs from its latest snapshot.
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

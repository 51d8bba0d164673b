//! `run`: a snapshot before a command, a second one after it, and what the command changed in between.
//!
//! Spawning the command is the caller's: [`before`] and [`after`] need not be called by one process.

mod after;
mod before;
mod command;
mod recovery;
mod tables;
mod tripwire;

pub(super) use after::Comparing;
pub use after::after;
pub use before::before;
pub(super) use before::{PreImage, recorded};
pub(super) use command::quoted;
pub use command::{in_a_line, masked};
pub use recovery::{Recovery, RecoveryKind};
pub(super) use tables::{Chosen, Wanted, choose};
pub use tripwire::MaxDeleted;

use crate::snapshot::TableChange;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which command is about to be run, and which tables it may change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RunOptions {
    /// The words of the command. Passwords in them are not kept.
    pub command: Vec<String>,
    /// Tables as typed; none for those that are not too large.
    pub tables: Vec<String>,
    /// All tables, however large.
    pub all: bool,
    /// Of these not those that are called so: names or patterns.
    pub exclude: Vec<String>,
    /// No table may be left out for its size: something depends on what the command does.
    pub whole: bool,
    /// What it did is to be undone by itself: not begun where that would be refused.
    pub undo: bool,
    /// What for; empty for a message made from the command.
    pub message: String,
}

/// A table that was not in the snapshot before a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotCovered {
    /// The table's name.
    pub table: String,
    /// Its size in bytes, estimated if the database does not know it.
    pub bytes: u64,
}

/// The snapshot before a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Before {
    /// Its id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// The command, without passwords.
    pub command: Vec<String>,
    /// Its tables.
    pub tables: Vec<String>,
    /// Rows of all of them.
    pub rows: u64,
    /// Tables that are not in it.
    pub left_out: Vec<NotCovered>,
    /// All tables that the database had.
    pub known: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// When the command was started.
    pub started_at: Timestamp,
    /// When the command ended.
    pub ended_at: Timestamp,
    /// The command's exit code; null if a signal ended it.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it, if one did.
    pub signal: Option<i32>,
}

impl Ended {
    /// Whether it exited with 0.
    pub fn success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// What happened to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// Nothing changed.
    Unchanged,
    /// Rows changed.
    Changed,
    /// Its schema changed (columns, keys and the like), and perhaps rows, too.
    SchemaChanged,
    /// The table no longer exists.
    Dropped,
}

/// What a command did to a table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunTable {
    /// The table's name.
    pub table: String,
    /// What happened to it.
    pub state: RunState,
    /// Number of rows before.
    pub rows_before: u64,
    /// Number of rows after; null if the table no longer exists.
    pub rows_after: Option<u64>,
    /// Number of rows that were inserted, updated and deleted; null if the rows before and after cannot be compared.
    pub change: Option<TableChange>,
    /// Changes of the schema, one line each.
    pub schema_changes: Vec<String>,
    /// Whether rows from before fit it as it is now: it has the same columns and key.
    #[serde(skip)]
    pub takes_rows: bool,
    /// Columns whose values were lost: they were dropped, or have a type that may not hold the old values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_columns: Vec<String>,
}

/// What a command did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The command line, without passwords.
    pub argv: Vec<String>,
    /// How it ended.
    #[serde(flatten)]
    pub ended: Ended,
    /// The id of the snapshot before the command.
    pub before: String,
    /// The id of the snapshot after the command; null if nothing changed or no table is left.
    pub after: Option<String>,
    /// The tables of the snapshot before the command.
    pub tables: Vec<RunTable>,
    /// Tables that did not exist before.
    pub created: Vec<String>,
    /// Tables that were not in the snapshot, so that nothing is known of their changes.
    pub left_out: Vec<NotCovered>,
    /// Whether the command can be undone row by row: no table was dropped or has other columns.
    pub undoable: bool,
    /// Snapshots of other runs on the same database during this one. Their changes are in this report, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlapping: Vec<String>,
    /// A transaction that is still writing to the tables after the command. Its changes are not in this report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

impl RunReport {
    /// Of a run after which the database that `before` is of is not to be had any more: all tables are gone.
    pub(super) fn of_lost_database(
        before: &Before,
        ended: Ended,
        rows: impl Iterator<Item = (String, u64)>,
    ) -> RunReport {
        let gone = |(table, rows_before)| RunTable {
            table,
            state: RunState::Dropped,
            rows_before,
            rows_after: None,
            change: None,
            schema_changes: Vec::new(),
            takes_rows: false,
            lost_columns: Vec::new(),
        };
        RunReport {
            argv: before.command.clone(),
            ended,
            before: before.id.clone(),
            after: None,
            tables: rows.map(gone).collect(),
            created: Vec::new(),
            left_out: before.left_out.clone(),
            undoable: false,
            overlapping: Vec::new(),
            unsettled: None,
        }
    }

    /// Whether anything changed in the tables that were watched.
    pub fn changed(&self) -> bool {
        self.tables.iter().any(|table| table.state != RunState::Unchanged)
    }
}

impl RunTable {
    /// Rows that are gone; `None` if that cannot be told.
    pub fn deleted(&self) -> Option<u64> {
        match (self.state, self.change) {
            (RunState::Unchanged, _) => Some(0),
            (RunState::Dropped, _) => Some(self.rows_before),
            (_, change) => change.map(|change| change.removed),
        }
    }
}

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

/// A table that no snapshot was taken of before a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotCovered {
    /// The table.
    pub table: String,
    /// Its size in bytes, estimated where the database does not know.
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
    /// When it was started.
    pub started_at: Timestamp,
    /// When it had ended.
    pub ended_at: Timestamp,
    /// Its exit code, unless a signal ended it.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

impl Ended {
    /// Whether it exited with 0.
    pub fn success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// It is as it was.
    Unchanged,
    /// Rows changed.
    Changed,
    /// Its columns, keys or the like changed, and rows perhaps too.
    SchemaChanged,
    /// It is gone.
    Dropped,
}

/// What a command did to a table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunTable {
    /// The table.
    pub table: String,
    /// What became of it.
    pub state: RunState,
    /// Rows before.
    pub rows_before: u64,
    /// Rows after, if there is a table.
    pub rows_after: Option<u64>,
    /// Rows that were inserted, updated and deleted; none if rows before and after cannot be compared.
    pub change: Option<TableChange>,
    /// What changed of its schema, one line each.
    pub schema_changes: Vec<String>,
    /// Whether rows from before fit it as it is now: it has the same columns and key.
    #[serde(skip)]
    pub takes_rows: bool,
    /// Columns whose values are gone: that were dropped, or have a type that may not hold what they held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_columns: Vec<String>,
}

/// What a command did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The words of the command, without passwords.
    pub argv: Vec<String>,
    /// How it ended.
    #[serde(flatten)]
    pub ended: Ended,
    /// The snapshot before it.
    pub before: String,
    /// The snapshot after it; none if nothing changed, or all tables are gone.
    pub after: Option<String>,
    /// The tables of the snapshot before it.
    pub tables: Vec<RunTable>,
    /// Tables that there were none of before.
    pub created: Vec<String>,
    /// Tables of which no snapshot was taken, so that nothing is known of them.
    pub left_out: Vec<NotCovered>,
    /// Whether it can be undone row by row: no table is gone or has other columns.
    pub undoable: bool,
    /// Snapshots of runs on the same database that were under way at the same time: what they did is in this report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlapping: Vec<String>,
    /// A transaction that goes on writing the tables after the command: what it does is not in this report.
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

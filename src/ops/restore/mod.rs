//! `restore`: plan, show, apply, verify, commit.
//!
//! A restore is a diff with the writing added. The live tables are captured inside the write transaction, under its
//! locks, into trees of the store; the trees are compared with the snapshot's; the differences, and only they, are
//! written; the tables are captured again, and what changed must be exactly the plan. Then COMMIT. The first capture is
//! published as the safety snapshot before the first write.

mod absent;
mod cascade;
mod changes;
mod create;
mod defaults;
mod drift;
pub(super) mod guard;
pub(super) mod idle;
mod into;
mod mismatches;
mod perform;
mod place;
mod plan;
mod preflight;
mod projection;
mod reading;
mod rivals;
mod safety;
mod spool;
mod start;
mod taken;
mod three_way;
mod undo;
pub(super) mod undoing;
mod verification;
mod write;

pub use undo::UndoOptions;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What becomes of rows that differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Rows of the snapshot come back; rows added since stay.
    #[default]
    Upsert,
    /// The table becomes the snapshot (of a filtered one: within its filter).
    Exact,
    /// Only rows that are gone come back; changed ones stay changed.
    Missing,
}

/// What to restore, and which guards are lifted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RestoreOptions {
    /// The snapshot, as typed.
    pub reference: String,
    /// Only these of its tables, as typed; empty for all.
    pub tables: Vec<String>,
    /// Not these, as typed.
    pub exclude: Vec<String>,
    /// What becomes of rows that differ.
    pub mode: Mode,
    /// Only the row with this key: its values, between commas.
    pub key: Option<String>,
    /// The same by names: `field=value`, for each field of the key, in any order.
    pub named_key: Vec<String>,
    /// Only rows for which this holds, in the snapshot or in the live table.
    pub filter: Option<String>,
    /// Only these columns, of rows that are live.
    pub columns: Vec<String>,
    /// Columns that are called otherwise now, or have another type: (in the snapshot, live).
    pub map: Vec<(String, String)>,
    /// Columns, of the snapshot or live, that are left as they are.
    pub ignore: Vec<String>,
    /// Make a new table of this name and bring the rows into it.
    pub into: Option<String>,
    /// Allow foreign keys to delete or change rows of other tables.
    pub cascade: bool,
    /// Allow another database than the snapshot's.
    pub other_database: bool,
    /// Allow a database on another machine.
    pub remote: bool,
    /// Allow it under `NODE_ENV=production`.
    pub production: bool,
    /// Allow rows without what they refer to, where foreign keys do not act.
    pub allow_dangling: bool,
    /// Make tables again that are gone, or the database.
    pub create: bool,
}

/// What a restore does to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedTable {
    /// The table.
    pub table: String,
    /// Whether it is gone, and is made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub created: bool,
    /// Rows of the snapshot.
    pub snapshot_rows: u64,
    /// Rows of the live table.
    pub live_rows: u64,
    /// Rows to insert.
    pub insert: u64,
    /// Rows to update.
    pub update: u64,
    /// Rows to delete.
    pub delete: u64,
    /// Rows that are already as in the snapshot.
    pub unchanged: u64,
    /// Rows that differ from the snapshot or are not in it, and stay as they are in this mode.
    pub left: u64,
    /// Rows that a command changed and somebody else after it, and that stay as they are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflicts: u64,
    /// What is worth knowing: columns added since and the like.
    pub notes: Vec<String>,
}

/// Something that a restore makes, because it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// `table`, `index`, `foreign key`, `type`.
    pub kind: String,
    /// Its name, as the database writes it.
    pub name: String,
    /// The table that it is, or is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The statements that make it.
    pub sql: Vec<String>,
}

/// Rows of a table outside the restore that foreign keys would take along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CascadedRows {
    /// The table.
    pub table: String,
    /// Rows that would be deleted or changed.
    pub rows: u64,
}

/// A row that a command changed and that cannot go back: somebody has changed it since, or has given its unique value to
/// another row. Undoing the command leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The table.
    pub table: String,
    /// Its key, as one would type it; none in a table without a key.
    pub key: Option<String>,
    /// Whether it is not there now.
    pub deleted: bool,
    /// Whether another row that stays has what must be unique, its key or a unique value: then it cannot be forced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken: bool,
    /// The row before the command, as in an export; nothing if there was none, or if it is long.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub before: Option<serde_json::Value>,
    /// The row after the command.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub after: Option<serde_json::Value>,
    /// The row now.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub live: Option<serde_json::Value>,
}

/// The run of a command that is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoneRun {
    /// The id of the snapshot after it.
    pub after: String,
    /// The words of the command, without passwords.
    pub argv: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a restore is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestorePlan {
    /// The snapshot's id.
    pub id: String,
    /// Its message.
    pub message: String,
    /// When it was taken.
    pub created_at: Timestamp,
    /// The database that is written to: host, database and user, no password.
    pub target: String,
    /// The mode.
    pub mode: Mode,
    /// Whether only some rows of the tables are meant: by a key or a filter, the snapshot's own among them.
    pub partial: bool,
    /// The tables, in the order in which rows are inserted.
    pub tables: Vec<PlannedTable>,
    /// What is made before and after the rows are written, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<Created>,
    /// What is not made as it was, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether the database is gone, and is made first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub creates_database: bool,
    /// Rows of other tables that foreign keys take along.
    pub cascaded: Vec<CascadedRows>,
    /// The run of a command that is undone by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<UndoneRun>,
    /// Rows that stay as they are because they were changed after that run: the first hundred of each table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// What is left out unless it is named, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What else there is to know of it, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl RestoreOptions {
    /// Whether only one row is meant.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some() || !self.named_key.is_empty()
    }

    /// The key of that row, for messages.
    fn key_as_typed(&self) -> String {
        self.key.clone().unwrap_or_else(|| self.named_key.join(","))
    }
}

impl RestorePlan {
    /// Rows of all tables that stay as they are because they were changed after the run.
    pub fn conflicting(&self) -> u64 {
        self.tables.iter().map(|table| table.conflicts).sum()
    }

    /// Whether nothing is to be done.
    pub fn is_idle(&self) -> bool {
        self.writes() == 0 && self.created.is_empty()
    }

    /// Rows to write in all tables.
    pub fn writes(&self) -> u64 {
        self.tables.iter().map(|table| table.insert + table.update + table.delete).sum()
    }
}

/// What a restore did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// What was planned and done.
    #[serde(flatten)]
    pub plan: RestorePlan,
    /// Whether anything was written.
    pub applied: bool,
    /// The safety snapshot that was taken before the first write.
    pub safety: Option<String>,
    /// Seconds.
    pub seconds: f64,
    /// A table that only newer snapshots of this database have, if all of the snapshot was restored.
    #[serde(skip)]
    pub elsewhere: Option<Elsewhere>,
}

/// Tables that the snapshot does not have and newer ones do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The first of them.
    pub table: String,
    /// The newest snapshot that has it.
    pub snapshot: String,
    /// How many more there are.
    pub others: usize,
}

impl RestoreReport {
    /// A restore that wrote nothing.
    fn idle(plan: RestorePlan) -> RestoreReport {
        RestoreReport { plan, applied: false, safety: None, seconds: 0.0, elsewhere: None }
    }
}

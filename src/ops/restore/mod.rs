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

/// How rows that differ are treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RestoreMode"))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Rows of the snapshot are restored; rows added since are kept.
    #[default]
    Upsert,
    /// The table becomes exactly as in the snapshot; with a filter, only the rows that match it.
    Exact,
    /// Only missing rows are restored; changed rows are kept as they are.
    Missing,
}

/// What to restore, and what is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RestoreOptions {
    /// The snapshot, as it was typed.
    pub reference: String,
    /// Only these tables of the snapshot, as they were typed; empty: all.
    pub tables: Vec<String>,
    /// Tables to leave out, as they were typed.
    pub exclude: Vec<String>,
    /// How rows that differ are treated.
    pub mode: Mode,
    /// Only the row with this key: its values, separated by commas.
    pub key: Option<String>,
    /// The same by name: `field=value` for each field of the key, in any order.
    pub named_key: Vec<String>,
    /// Only rows that match this condition, in the snapshot or in the live table.
    pub filter: Option<String>,
    /// Only these columns, of rows that exist in the live table.
    pub columns: Vec<String>,
    /// Columns that have another name or type now: the name in the snapshot and the live one.
    pub map: Vec<(String, String)>,
    /// Columns of the snapshot or the live table that are left unchanged.
    pub ignore: Vec<String>,
    /// Restore into a new table of this name.
    pub into: Option<String>,
    /// Allow foreign keys to delete or change rows of other tables.
    pub cascade: bool,
    /// Allow a database other than the snapshot's.
    pub other_database: bool,
    /// Allow a database on another host.
    pub remote: bool,
    /// Allow it when `NODE_ENV` is `production`.
    pub production: bool,
    /// Allow rows that refer to missing rows, where the database does not enforce foreign keys.
    pub allow_dangling: bool,
    /// Create tables that no longer exist, or the database.
    pub create: bool,
}

/// What a restore does to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedTable {
    /// The table's name.
    pub table: String,
    /// Whether it no longer exists and is created.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub created: bool,
    /// Number of rows in the snapshot.
    pub snapshot_rows: u64,
    /// Number of rows in the live table.
    pub live_rows: u64,
    /// Number of rows to insert.
    pub insert: u64,
    /// Number of rows to update.
    pub update: u64,
    /// Number of rows to delete.
    pub delete: u64,
    /// Number of rows that are already as in the snapshot.
    pub unchanged: u64,
    /// Number of rows that differ from the snapshot or are not in it, and that this mode leaves unchanged.
    pub left: u64,
    /// Number of rows that the command changed, that were changed again since, and that are left unchanged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflicts: u64,
    /// What is worth knowing, such as columns added since; one line each.
    pub notes: Vec<String>,
}

/// Something that a restore creates because it no longer exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CreatedObject"))]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What it is: `table`, `index`, `foreign key`, `type`.
    pub kind: String,
    /// Its name as the database writes it.
    pub name: String,
    /// The table that it is or belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The statements that create it.
    pub sql: Vec<String>,
}

/// Rows of a table outside the restore that foreign keys would delete or change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CascadedRows {
    /// The table's name.
    pub table: String,
    /// Number of rows that would be deleted or changed.
    pub rows: u64,
}

/// A row that a command changed and that undoing the command leaves unchanged: it was changed again since, or another
/// row now has its key or a unique value of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The table's name.
    pub table: String,
    /// The row's key as one would type it; null for a table without a key.
    pub key: Option<String>,
    /// Whether the row does not exist now.
    pub deleted: bool,
    /// Whether another row, which stays, has its key or a unique value of it. Then the row cannot be forced back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken: bool,
    /// The row before the command, as in an export; null if it did not exist or is long.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub before: Option<serde_json::Value>,
    /// The row after the command; null if it did not exist or is long.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub after: Option<serde_json::Value>,
    /// The row now; null if it does not exist or is long.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::prisma::RecordJson<'_>>"))]
    pub live: Option<serde_json::Value>,
}

/// The run of a command that is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoneRun {
    /// The id of the snapshot after the run.
    pub after: String,
    /// The command line, without passwords.
    pub argv: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a restore would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestorePlan {
    /// The snapshot's id.
    pub id: String,
    /// The snapshot's message.
    pub message: String,
    /// When the snapshot was taken.
    pub created_at: Timestamp,
    /// The database that is written to: host, database and user, without password.
    pub target: String,
    /// How rows that differ are treated.
    pub mode: Mode,
    /// Whether only some rows of the tables are restored: by a key, or by a filter of the restore or the snapshot.
    pub partial: bool,
    /// The tables, in the order in which rows are inserted.
    pub tables: Vec<PlannedTable>,
    /// What is created before and after the rows are written, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<Created>,
    /// What cannot be created as it was, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether the database no longer exists and is created first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub creates_database: bool,
    /// Rows of other tables that foreign keys delete or change.
    pub cascaded: Vec<CascadedRows>,
    /// The run of a command that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<UndoneRun>,
    /// Rows that are left unchanged because they were changed after that run: the first hundred of each table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// What is not restored unless it is named, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What else is worth knowing, one line each.
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
    /// The id of the safety snapshot, taken before the first write.
    pub safety: Option<String>,
    /// How long the restore took, in seconds.
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

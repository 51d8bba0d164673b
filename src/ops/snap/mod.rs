//! `snap`: plan, read all tables in one instant, store them, publish the manifest last.

mod plan;
pub(super) mod take;

use super::export::ExportReport;
pub use crate::codec::ReferentialAction as OnDelete;
use crate::snapshot::TableChange;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What to take a snapshot of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SnapOptions {
    /// The tables, as they were typed.
    pub tables: Vec<String>,
    /// Whether to take all tables of the database.
    pub all: bool,
    /// Tables to leave out: names or patterns.
    pub exclude: Vec<String>,
    /// The message of the snapshot; empty: a message made from the names of the tables.
    pub message: String,
    /// Only rows that match this condition; for one table only.
    pub filter: Option<String>,
    /// Whether to add the tables that deleting rows of these would cascade to.
    pub cascade: bool,
    /// Whether to write export files; null: as the settings say.
    pub export: Option<bool>,
}

/// The size class of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Fewer than 10,000 rows.
    Full,
    /// 10,000 to 100,000 rows.
    Batches,
    /// More than 100,000 rows: consider a filter.
    Large,
}

/// A table in the plan of a snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapTable {
    /// The table's name.
    pub table: String,
    /// Expected number of rows; those that match the filter if they were counted.
    pub rows: Option<u64>,
    /// Whether `rows` was counted and not estimated.
    pub counted: bool,
    /// Expected size, in bytes.
    pub bytes: Option<u64>,
    /// The size class of the table.
    pub strategy: Strategy,
    /// The filter as it was typed.
    pub filter: Option<String>,
}

/// A table that is not in the plan, and that deleting rows of the planned tables would cascade to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakenAlong {
    /// The table that would lose rows or values.
    pub table: String,
    /// The planned table that it refers to.
    pub refers_to: String,
    /// What would happen to its rows: `cascade`, `set_null` or `set_default`.
    pub on_delete: OnDelete,
    /// Whether Prisma's client does this, and not the database (`relationMode = "prisma"`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_prisma: bool,
}

/// What `snap` would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapPlan {
    /// The database, without password.
    pub database: String,
    /// Where the database URL was found.
    pub url_origin: String,
    /// The tables of the snapshot.
    pub tables: Vec<SnapTable>,
    /// Tables that are not in the plan, and that deleting rows of the planned tables would cascade to.
    pub taken_along: Vec<TakenAlong>,
    /// What `--all` leaves out, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// Estimated duration, in seconds.
    #[serde(rename = "estimatedSeconds")]
    pub seconds: f64,
}

/// A table of the new snapshot.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnappedTable {
    /// The table's name.
    pub table: String,
    /// The backup's id.
    pub backup: String,
    /// The filter; absent for all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Number of rows that the database reports to have sent.
    pub source_rows: u64,
    /// Number of rows in the store.
    pub rows: u64,
    /// Size of these rows in the store's encoding, in bytes.
    pub bytes: u64,
    /// The hash of the table's root node.
    pub root: String,
    /// Number of leaf nodes.
    pub leaves: u64,
    /// Number of leaf nodes that were new to the store.
    pub new_leaves: u64,
    /// The difference from the snapshot before; null if there is none.
    pub change: Option<TableChange>,
}

/// What `snap` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapReport {
    /// The snapshot's id.
    pub id: String,
    /// When the snapshot was taken.
    pub created_at: Timestamp,
    /// The snapshot's message.
    pub message: String,
    /// The tables of the snapshot.
    pub tables: Vec<SnappedTable>,
    /// Number of bytes by which the store grew, the manifest included.
    pub added_bytes: u64,
    /// How long it took until the snapshot was stored, in seconds.
    pub seconds: f64,
    /// The export files, if they were written.
    pub export: Option<ExportReport>,
}

//! `snap`: plan, read all tables in one instant, store them, publish the manifest last.

mod plan;
pub(super) mod take;

use super::export::ExportReport;
pub use crate::codec::ReferentialAction as OnDelete;
use crate::snapshot::TableChange;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What to snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SnapOptions {
    /// Tables as typed.
    pub tables: Vec<String>,
    /// All tables of the database.
    pub all: bool,
    /// Of these not those that are called so: names or patterns.
    pub exclude: Vec<String>,
    /// What for; empty for a message made from the tables' names.
    pub message: String,
    /// Only rows for which this holds; one table only.
    pub filter: Option<String>,
    /// Also the tables that a deletion in these would take along.
    pub cascade: bool,
    /// Write the export files too; `None` leaves it to the settings.
    pub export: Option<bool>,
}

/// How a table of some size is read, in the words of the output. All of them stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Fewer than 10,000 rows.
    Full,
    /// 10,000 to 100,000 rows.
    Batches,
    /// More: a filter is advised.
    Large,
}

/// One table of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapTable {
    /// The table.
    pub table: String,
    /// Rows expected, the filter applied if they were counted.
    pub rows: Option<u64>,
    /// Whether `rows` was counted, not estimated.
    pub counted: bool,
    /// Bytes expected.
    pub bytes: Option<u64>,
    /// How it is read.
    pub strategy: Strategy,
    /// The filter as typed.
    pub filter: Option<String>,
}

/// A table that a deletion in the planned ones would take along, and that is not planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakenAlong {
    /// The table that would lose rows or values.
    pub table: String,
    /// The planned table it refers to.
    pub refers_to: String,
    /// `cascade`, `set_null` or `set_default`.
    pub on_delete: OnDelete,
    /// Whether Prisma's client does it, and no foreign key (`relationMode = "prisma"`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_prisma: bool,
}

/// What `snap` is about to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapPlan {
    /// The database, without secrets.
    pub database: String,
    /// Where its URL was found.
    pub url_origin: String,
    /// The tables.
    pub tables: Vec<SnapTable>,
    /// Tables a deletion would take along that are not in the plan.
    pub taken_along: Vec<TakenAlong>,
    /// What `--all` leaves out, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// Estimated seconds.
    #[serde(rename = "estimatedSeconds")]
    pub seconds: f64,
}

/// One table of a finished snapshot.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnappedTable {
    /// The table.
    pub table: String,
    /// Its backup id.
    pub backup: String,
    /// The filter, if it is not all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Rows the database says it sent.
    pub source_rows: u64,
    /// Rows in the store.
    pub rows: u64,
    /// Bytes of these rows in canonical form.
    pub bytes: u64,
    /// The root of the table's tree.
    pub root: String,
    /// Leaves of the tree.
    pub leaves: u64,
    /// Leaves that the store did not hold yet.
    pub new_leaves: u64,
    /// Difference from the snapshot before.
    pub change: Option<TableChange>,
}

/// What `snap` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapReport {
    /// The snapshot's id.
    pub id: String,
    /// When.
    pub created_at: Timestamp,
    /// What for.
    pub message: String,
    /// Its tables.
    pub tables: Vec<SnappedTable>,
    /// Bytes by which the store grew, the manifest included.
    pub added_bytes: u64,
    /// Seconds from the start of reading to the acknowledgement.
    pub seconds: f64,
    /// The export, if one was asked for.
    pub export: Option<ExportReport>,
}

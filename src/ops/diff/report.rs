//! What a diff is asked and what it tells.

use crate::codec::TableSchema;
use crate::prisma::FieldNames;
use jiff::Timestamp;
use serde::Serialize;

/// How much is to be found out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// Which tables differ.
    Names,
    /// How many rows differ.
    Counts,
    /// Which rows.
    #[default]
    Rows,
}

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// The older side as typed; `None` for the latest snapshot of each table.
    pub from: Option<String>,
    /// The newer side as typed; `None` for the live database.
    pub to: Option<String>,
    /// Only these tables, as typed; empty for all.
    pub tables: Vec<String>,
    /// Not these tables, as typed.
    pub exclude: Vec<String>,
    /// Only rows of which a version fits this expression.
    pub filter: Option<String>,
    /// Swap A and B.
    pub swap: bool,
    /// How much to find out.
    pub depth: Depth,
    /// At most that many rows of each table; all are counted.
    pub limit: Option<u64>,
}

/// One side of a diff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DiffSide {
    /// `live`, `latest` (the latest snapshot of each table), or the short id of a snapshot.
    pub name: String,
    /// The snapshot's id.
    pub id: Option<String>,
    /// The snapshot's message.
    pub message: Option<String>,
    /// When the snapshot was taken.
    pub created_at: Option<Timestamp>,
    /// The database.
    pub database: Option<String>,
}

/// How many rows differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// Number of rows that only the newer side has.
    pub added: u64,
    /// Number of rows with the same key and other values.
    pub changed: u64,
    /// Number of rows that only the older side has.
    pub removed: u64,
}

impl Counts {
    /// All together.
    pub fn all(&self) -> u64 {
        self.added.saturating_add(self.changed).saturating_add(self.removed)
    }
}

/// What differs in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TableState {
    /// Nothing differs.
    Same,
    /// Rows or the schema differ.
    Changed,
    /// Only the older side has the table.
    OnlyOld,
    /// Only the newer side has the table.
    OnlyNew,
    /// The two versions have no column in common.
    Unlike,
}

/// What differs in one table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TableDiff {
    /// The table's name.
    pub table: String,
    /// What differs.
    pub state: TableState,
    /// The id of the snapshot with the older version; null for the live table.
    pub from: Option<String>,
    /// The id of the snapshot with the newer version; null for the live table.
    pub to: Option<String>,
    /// How many rows differ; with [`Depth::Names`] at most the first is counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Number of rows of the older version.
    pub old_rows: Option<u64>,
    /// Number of rows of the newer version.
    pub new_rows: Option<u64>,
    /// The columns of the key, by their names in the Prisma schema or else in the database; empty if whole rows are
    /// compared.
    pub key: Vec<String>,
    /// Differences of the schema, one line each.
    pub schema_changes: Vec<String>,
    /// What else is worth knowing, one line each.
    pub notes: Vec<String>,
    /// The filter, if only rows that match it are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// If the latest snapshot has only some rows of the table: the latest one with all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_full: Option<String>,
    /// The columns that are compared, by the same names.
    #[serde(skip)]
    pub schema: TableSchema,
}

impl TableDiff {
    /// Gives columns their other names.
    pub(super) fn rename(&mut self, names: &dyn FieldNames) {
        for name in self.key.iter_mut().chain(self.schema.columns.iter_mut().map(|column| &mut column.name)) {
            *name = names.field(name).to_owned();
        }
    }
}

/// What was compared, and what was found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffReport {
    /// The older side.
    pub from: DiffSide,
    /// The newer side.
    pub to: DiffSide,
    /// Table by table.
    pub tables: Vec<TableDiff>,
    /// Whether anything differs.
    pub different: bool,
}

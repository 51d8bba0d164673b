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
    /// `live`, `latest` (the latest snapshot of each table), or a snapshot's short id.
    pub name: String,
    /// The snapshot's id.
    pub id: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// When it was taken.
    pub created_at: Option<Timestamp>,
    /// The database.
    pub database: Option<String>,
}

/// How many rows differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// Rows that only the newer side has.
    pub added: u64,
    /// Rows of the same key with other values.
    pub changed: u64,
    /// Rows that only the older side has.
    pub removed: u64,
}

impl Counts {
    /// All together.
    pub fn all(&self) -> u64 {
        self.added.saturating_add(self.changed).saturating_add(self.removed)
    }
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TableState {
    /// Nothing differs.
    Same,
    /// Rows or the schema differ.
    Changed,
    /// Only the older side has it.
    OnlyOld,
    /// Only the newer side has it.
    OnlyNew,
    /// The two versions have no column in common.
    Unlike,
}

/// What differs in one table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TableDiff {
    /// The table.
    pub table: String,
    /// What became of it.
    pub state: TableState,
    /// The snapshot that the older version is of; none for live.
    pub from: Option<String>,
    /// The snapshot that the newer version is of; none for live.
    pub to: Option<String>,
    /// How many rows differ; with [`Depth::Names`] at most the first is counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Rows of the older version.
    pub old_rows: Option<u64>,
    /// Rows of the newer version.
    pub new_rows: Option<u64>,
    /// The key's columns, by the names of Prisma's fields where a schema has them; empty where rows are compared as a
    /// whole.
    pub key: Vec<String>,
    /// Schema differences, a line each.
    pub schema_changes: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
    /// The filter within which it is compared, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// If its latest snapshot has some rows only: the latest one that has all, if there is one.
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

//! Rows that refer to nothing.

use super::TableName;
use serde::{Deserialize, Serialize};

/// Rows that refer to nothing through one foreign key of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DanglingRows {
    /// The referring table.
    pub table: TableName,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that has no such rows.
    pub references: TableName,
    /// How many rows.
    pub rows: u64,
    /// A digest of what their columns hold, by which two states are compared; none if the database could not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl DanglingRows {
    /// Whether both are surely the same references to nothing.
    pub fn is_same(&self, other: &DanglingRows) -> bool {
        self.digest.is_some() && self == other
    }

    /// In words: `rows` of them are there, and `why`.
    pub fn warning(&self, rows: u64, why: &str) -> String {
        let (what, refer) = if rows == 1 { ("row", "refers") } else { ("rows", "refer") };
        format!("{rows} {what} of {} {refer} to missing rows of {}, {why}", self.table, self.references)
    }
}

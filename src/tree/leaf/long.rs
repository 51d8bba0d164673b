//! A long row that is put together in the bytes it was read from, since a copy of it might be a gigabyte more.

use crate::codec::ValueRef;
use crate::codec::row::{RowWriter, TAG_BLOB, TAG_TEXT};
use crate::wire::put_uvarint;
use std::ops::Range;

/// Bytes of a string that is left where it is.
const LONG: usize = 64 << 10;

/// A row as it is to stand: what was read of it already, and where its long strings are.
#[derive(Default)]
pub(super) struct LongRow {
    /// In order: canonical bytes, and the position of the string that follows.
    parts: Vec<(Vec<u8>, Range<usize>)>,
    rest: Vec<u8>,
}

impl LongRow {
    /// Adds the next value, which was read from `bytes`.
    pub(super) fn push(&mut self, value: ValueRef<'_>, bytes: &[u8]) {
        let (tag, string) = match value {
            ValueRef::Text(string) => (TAG_TEXT, string),
            ValueRef::Blob(string) => (TAG_BLOB, string),
            value => return RowWriter::new(&mut self.rest).value(value),
        };
        // A string that was put together from its places is short, and no part of `bytes`.
        let start = (string.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        if string.len() < LONG || start.checked_add(string.len()).is_none_or(|end| end > bytes.len()) {
            return RowWriter::new(&mut self.rest).value(value);
        }
        self.rest.push(tag);
        put_uvarint(&mut self.rest, string.len() as u64);
        self.parts.push((std::mem::take(&mut self.rest), start..start + string.len()));
    }

    /// Makes the row of the bytes that it was read from.
    pub(super) fn pull_together(self, bytes: &mut Vec<u8>) {
        // Strings stand in the row's order, and seldom behind the place where they belong: a column of integers can be
        // longer in the row.
        let (mut at, mut lacking) = (0usize, 0usize);
        for (head, string) in &self.parts {
            at += head.len();
            lacking = lacking.max(at.saturating_sub(string.start));
            at += string.len();
        }
        let long = at + self.rest.len();
        if lacking > 0 {
            let held = bytes.len();
            bytes.reserve_exact(lacking);
            bytes.resize(held + lacking, 0);
            bytes.copy_within(..held, lacking);
        }
        let mut at = 0;
        for (head, string) in self.parts {
            bytes[at..at + head.len()].copy_from_slice(&head);
            at += head.len();
            let string = string.start + lacking..string.end + lacking;
            let len = string.len();
            bytes.copy_within(string, at);
            at += len;
        }
        bytes.truncate(at);
        bytes.reserve_exact(self.rest.len());
        bytes.extend_from_slice(&self.rest);
        debug_assert_eq!(bytes.len(), long);
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::{Value, row};
    use crate::tree::leaf::whole;

    /// Rows with a long last one are what they were, however their columns are stored.
    #[test]
    fn a_long_row_is_put_together_where_it_is() {
        let long = |byte: u8| vec![byte; 5 << 20];
        let near: Vec<Value> = (0..40).map(|at| Value::Int(i64::MAX - at)).collect();
        let tables: [Vec<Vec<Value>>; 4] = [
            vec![vec![Value::Int(1), Value::Text(long(b'a')), Value::Null, Value::Blob(long(b'b')), Value::Real(0.5)]],
            // Differences of integers are shorter than the integers.
            vec![
                near.iter().cloned().chain([Value::Text(b"x".to_vec())]).collect(),
                near.iter().cloned().chain([Value::Text(long(b'c'))]).collect(),
            ],
            vec![
                vec![Value::Text(b"short".to_vec()), Value::Null],
                vec![Value::Blob(long(b'd')), Value::Text(long(0))],
            ],
            vec![vec![Value::Text(b"a".to_vec())], vec![Value::Text(b"b".to_vec())]],
        ];
        for rows in tables {
            let rows: Vec<Vec<u8>> = rows.iter().map(|row| row::encode(row)).collect();
            let mut bytes = whole::encode(rows.iter().map(Vec::as_slice), None, 0).unwrap();
            let leaf = whole::decode(&mut bytes, Vec::new()).unwrap();
            assert_eq!(leaf.len(), rows.len());
            for (at, row) in rows.iter().enumerate() {
                assert!(leaf.row(at) == row.as_slice(), "row {at}");
            }
        }
    }
}

//! A row as canonical bytes: its values in column order, each a tag byte and a payload.
//!
//! | tag | value | payload |
//! |---|---|---|
//! | 0 | NULL | none |
//! | 1 | Int | zigzag LEB128, shortest form |
//! | 2 | Real | the eight bytes of the IEEE 754 bits, little-endian |
//! | 3 | Text | length as LEB128, then the bytes |
//! | 4 | Blob | length as LEB128, then the bytes |
//!
//! A row's id is the BLAKE3 hash of these bytes. Column names and types are not part of them: types are schema.

use super::{CodecError, Value, ValueRef};
use crate::wire::{Reader, put_bytes, put_ivarint, put_uvarint};

/// Tag of NULL.
pub const TAG_NULL: u8 = 0;
/// Tag of an integer.
pub const TAG_INT: u8 = 1;
/// Tag of a real.
pub const TAG_REAL: u8 = 2;
/// Tag of text.
pub const TAG_TEXT: u8 = 3;
/// Tag of a blob.
pub const TAG_BLOB: u8 = 4;

/// Appends values to a buffer as canonical row bytes.
///
/// The buffer may hold other rows before this one; the caller remembers where the row began.
#[derive(Debug)]
pub struct RowWriter<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> RowWriter<'b> {
    /// A writer that appends to `out`.
    pub fn new(out: &'b mut Vec<u8>) -> RowWriter<'b> {
        RowWriter { out }
    }

    /// Appends NULL.
    #[inline]
    pub fn null(&mut self) {
        self.out.push(TAG_NULL);
    }

    /// Appends an integer.
    #[inline]
    pub fn int(&mut self, value: i64) {
        self.out.push(TAG_INT);
        put_ivarint(self.out, value);
    }

    /// Appends a real, bit for bit.
    #[inline]
    pub fn real(&mut self, value: f64) {
        self.out.push(TAG_REAL);
        self.out.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    /// Appends text.
    #[inline]
    pub fn text(&mut self, bytes: &[u8]) {
        self.out.push(TAG_TEXT);
        put_bytes(self.out, bytes);
    }

    /// Appends a blob.
    #[inline]
    pub fn blob(&mut self, bytes: &[u8]) {
        self.out.push(TAG_BLOB);
        put_bytes(self.out, bytes);
    }

    /// Appends a blob of `len` bytes, which `write` appends to the buffer it is given. `None` if it fails, or appends
    /// another number of bytes: then there is no whole row.
    pub fn blob_by(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        self.out.push(TAG_BLOB);
        put_uvarint(self.out, len as u64);
        self.out.reserve(len);
        let start = self.out.len();
        write(self.out)?;
        (self.out.len() - start == len).then_some(())
    }

    /// Appends any value.
    #[inline]
    pub fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.null(),
            ValueRef::Int(value) => self.int(value),
            ValueRef::Real(value) => self.real(value),
            ValueRef::Text(bytes) => self.text(bytes),
            ValueRef::Blob(bytes) => self.blob(bytes),
        }
    }
}

/// Canonical bytes of `values` as one row.
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = RowWriter::new(&mut out);
    for value in values {
        writer.value(value.as_ref());
    }
    out
}

/// Iterates over the values of one canonical row.
#[derive(Debug, Clone)]
pub struct RowReader<'a> {
    reader: Reader<'a>,
}

impl<'a> RowReader<'a> {
    /// A reader of exactly one row's bytes.
    pub const fn new(row: &'a [u8]) -> RowReader<'a> {
        RowReader { reader: Reader::new(row) }
    }

    /// The next value; `None` at the end of the row.
    ///
    /// # Errors
    /// If the bytes are not a canonical row.
    #[inline(always)]
    pub fn next_value(&mut self) -> Result<Option<ValueRef<'a>>, CodecError> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        let value = match self.reader.byte()? {
            TAG_NULL => ValueRef::Null,
            TAG_INT => ValueRef::Int(self.reader.ivarint()?),
            TAG_REAL => ValueRef::Real(f64::from_bits(u64::from_le_bytes(self.reader.array()?))),
            TAG_TEXT => ValueRef::Text(self.reader.bytes()?),
            TAG_BLOB => ValueRef::Blob(self.reader.bytes()?),
            tag => return Err(CodecError::UnknownTag(tag)),
        };
        Ok(Some(value))
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// The canonical bytes of each value of the row, which must be exactly `columns` many.
    ///
    /// # Errors
    /// If the bytes are not a canonical row of that many columns.
    pub fn parts(row: &'a [u8], columns: usize) -> Result<Vec<&'a [u8]>, CodecError> {
        let mut reader = RowReader::new(row);
        let mut parts = Vec::with_capacity(columns.min(row.len()));
        let mut rest = reader.rest();
        while reader.next_value()?.is_some() {
            let (part, after) = rest.split_at(rest.len() - reader.rest().len());
            parts.push(part);
            rest = after;
        }
        if parts.len() == columns {
            Ok(parts)
        } else {
            Err(CodecError::ColumnCount { expected: columns, found: parts.len() })
        }
    }

    /// All values of the row, which must be exactly `columns` many.
    ///
    /// # Errors
    /// If the bytes are not a canonical row of that many columns.
    pub fn values(row: &'a [u8], columns: usize) -> Result<Vec<ValueRef<'a>>, CodecError> {
        let mut reader = RowReader::new(row);
        let mut values = Vec::with_capacity(columns.min(row.len()));
        while let Some(value) = reader.next_value()? {
            values.push(value);
        }
        if values.len() == columns {
            Ok(values)
        } else {
            Err(CodecError::ColumnCount { expected: columns, found: values.len() })
        }
    }
}

impl<'a> Iterator for RowReader<'a> {
    type Item = Result<ValueRef<'a>, CodecError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_value().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    #[test]
    fn golden_row() {
        let row = encode(&[
            Value::Null,
            Value::Int(-3),
            Value::Real(-0.0),
            Value::Text(b"Lamp\0\xff".to_vec()),
            Value::Blob(vec![0, 1, 2]),
        ]);
        assert_eq!(row, [0, 1, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0x80, 3, 6, b'L', b'a', b'm', b'p', 0, 0xff, 4, 3, 0, 1, 2]);
        assert_eq!(Hash::of(&row).short().len(), 8);
        let values = RowReader::values(&row, 5).unwrap();
        assert_eq!(values[3], ValueRef::Text(b"Lamp\0\xff"));
        assert_eq!(RowReader::parts(&row, 5).unwrap()[3..], [&b"\x03\x06Lamp\0\xff"[..], b"\x04\x03\0\x01\x02"]);
        assert!(matches!(RowReader::parts(&row, 4), Err(CodecError::ColumnCount { expected: 4, found: 5 })));
        assert!(matches!(RowReader::values(&row, 4), Err(CodecError::ColumnCount { expected: 4, found: 5 })));
    }
}

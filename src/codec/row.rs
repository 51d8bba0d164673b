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
use crate::wire::{Reader, put_bytes, put_ivarint, zigzag};

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

/// Writes rows into room that was made for all of them, so that no value has to ask for more: for those who write many short
/// values. Every method gives `None` if there is not room enough.
#[derive(Debug)]
pub struct RowFiller<'b> {
    room: &'b mut [u8],
    at: usize,
}

impl<'b> RowFiller<'b> {
    /// Room that must be left behind the last row.
    pub const SLACK: usize = SHORT + 2;
    /// Bytes that an integer takes, at most.
    pub const LONGEST_INT: usize = 1 + 10;

    /// Begins at the beginning of `room`.
    pub fn new(room: &'b mut [u8]) -> RowFiller<'b> {
        RowFiller { room, at: 0 }
    }

    /// How much of the room has been filled.
    pub fn filled(&self) -> usize {
        self.at
    }

    /// Appends NULL.
    #[inline(always)]
    pub fn null(&mut self) -> Option<()> {
        self.byte(TAG_NULL)
    }

    /// Appends an integer.
    #[inline(always)]
    pub fn int(&mut self, value: i64) -> Option<()> {
        self.byte(TAG_INT)?;
        self.uvarint(zigzag(value))
    }

    /// Appends a real, bit for bit.
    #[inline(always)]
    pub fn real(&mut self, value: f64) -> Option<()> {
        self.byte(TAG_REAL)?;
        self.bytes(&value.to_bits().to_le_bytes())
    }

    /// Appends text: the first `len` bytes of `from`, which is best if it goes on for some bytes.
    #[inline(always)]
    pub fn text(&mut self, from: &[u8], len: usize) -> Option<()> {
        self.string(TAG_TEXT, from, len)
    }

    /// Appends a blob, given as text is.
    #[inline(always)]
    pub fn blob(&mut self, from: &[u8], len: usize) -> Option<()> {
        self.string(TAG_BLOB, from, len)
    }

    #[inline(always)]
    fn string(&mut self, tag: u8, from: &[u8], len: usize) -> Option<()> {
        // Copying what is behind a short string too is faster than copying just as much as it has; the next value goes over it.
        if len <= SHORT
            && let Some(from) = from.first_chunk::<SHORT>()
            && let Some(to) = self.room.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<{ SHORT + 2 }>)
        {
            to[0] = tag;
            #[expect(clippy::cast_possible_truncation, reason = "it is at most SHORT")]
            (to[1] = len as u8);
            to[2..].copy_from_slice(from);
            self.at += len + 2;
            return Some(());
        }
        self.byte(tag)?;
        self.uvarint(len as u64)?;
        self.bytes(from.get(..len)?)
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) -> Option<()> {
        *self.room.get_mut(self.at)? = byte;
        self.at += 1;
        Some(())
    }

    #[inline(always)]
    fn uvarint(&mut self, mut value: u64) -> Option<()> {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80)?;
            value >>= 7;
        }
        self.byte((value & 0x7f) as u8)
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.room.get_mut(self.at..self.at + bytes.len())?.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }
}

/// Strings up to this long are copied as if they were as long as this.
const SHORT: usize = 32;

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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn room_is_filled_as_a_buffer_is_written(
            values in proptest::collection::vec((0u8..5, any::<i64>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..12),
            behind in 0usize..64,
        ) {
            let (mut out, mut room) = (Vec::new(), vec![0xee; 4096]);
            let (mut writer, mut filler) = (RowWriter::new(&mut out), RowFiller::new(&mut room));
            for (tag, int, bytes) in &values {
                let from = [bytes.as_slice(), &vec![7; behind]].concat();
                let done = match *tag {
                    TAG_NULL => (writer.null(), filler.null()).1,
                    TAG_INT => (writer.int(*int), filler.int(*int)).1,
                    TAG_REAL => (writer.real(*int as f64), filler.real(*int as f64)).1,
                    TAG_TEXT => (writer.text(bytes), filler.text(&from, bytes.len())).1,
                    _ => (writer.blob(bytes), filler.blob(&from, bytes.len())).1,
                };
                prop_assert_eq!(done, Some(()));
            }
            let filled = filler.filled();
            prop_assert_eq!(&room[..filled], &out[..]);
            // Just as much room as they need, and one byte less.
            for (room, enough) in [(out.len(), true), (out.len().wrapping_sub(1), false)] {
                let Some(mut room) = (room < 4096).then(|| vec![0; room]) else { continue };
                let mut filler = RowFiller::new(&mut room);
                let all = values.iter().try_for_each(|(tag, int, bytes)| match *tag {
                    TAG_NULL => filler.null(),
                    TAG_INT => filler.int(*int),
                    TAG_REAL => filler.real(*int as f64),
                    TAG_TEXT => filler.text(bytes, bytes.len()),
                    _ => filler.blob(bytes, bytes.len()),
                });
                prop_assert_eq!(all.is_some(), enough);
            }
        }
    }

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
        assert!(matches!(RowReader::values(&row, 4), Err(CodecError::ColumnCount { expected: 4, found: 5 })));
    }
}

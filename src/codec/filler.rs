//! Rows written into room that was made for them.

use super::row::{TAG_BLOB, TAG_INT, TAG_NULL, TAG_REAL, TAG_TEXT};
use crate::wire::zigzag;

/// Strings up to this long are copied as if they were as long as this.
const SHORT: usize = 32;

/// Writes rows into room that was made for all of them, so that no value has to ask for more: for those who write many
/// short values. Every method gives `None` if there is not room enough.
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
        // Copying what is behind a short string too is faster than copying just as much as it has; the next value goes
        // over it.
        if len <= SHORT
            && let Some(from) = from.first_chunk::<SHORT>()
            && let Some(to) = self.room.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<{ SHORT + 2 }>)
        {
            to[0] = tag;
            // at most SHORT
            to[1] = u8::try_from(len).unwrap_or(u8::MAX);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::RowWriter;
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
}

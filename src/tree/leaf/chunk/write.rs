//! Writing chunks.

use super::{INTS_DELTA, INTS_PLAIN, LONGEST_BY_PLACE, MIXED, STRINGS_BY_PLACE, STRINGS_BY_ROW};
use crate::codec::ValueRef;
use crate::codec::row::{TAG_BLOB, TAG_INT, TAG_NULL, TAG_REAL, TAG_TEXT};
use crate::wire::{put_ivarint, put_uvarint, uvarint_len, zigzag};

/// The values of one column on their way into a chunk, taken apart by type.
#[derive(Default)]
pub(in crate::tree::leaf) struct Column<'v> {
    /// The tag of all values as long as they have the same.
    tag: Option<u8>,
    /// The tag of each value, once they differ.
    tags: Vec<u8>,
    count: usize,
    ints: Vec<i64>,
    reals: Vec<u8>,
    texts: Texts<'v>,
    blobs: Texts<'v>,
}

impl<'v> Column<'v> {
    /// Adds a value. `expected` is how many there will be, about.
    #[inline]
    pub(in crate::tree::leaf) fn push(&mut self, value: ValueRef<'v>, expected: usize) {
        let tag = match value {
            ValueRef::Null => TAG_NULL,
            ValueRef::Int(int) => {
                self.ints.push(int);
                TAG_INT
            }
            ValueRef::Real(real) => {
                self.reals.extend_from_slice(&real.to_bits().to_le_bytes());
                TAG_REAL
            }
            ValueRef::Text(bytes) => {
                self.texts.push(bytes, expected);
                TAG_TEXT
            }
            ValueRef::Blob(bytes) => {
                self.blobs.push(bytes, expected);
                TAG_BLOB
            }
        };
        if self.tags.is_empty() {
            let same = *self.tag.get_or_insert(tag);
            if same != tag {
                self.tags.reserve(expected);
                self.tags.resize(self.count, same);
                self.tags.push(tag);
            }
        } else {
            self.tags.push(tag);
        }
        self.count += 1;
    }

    /// Appends the chunk; nothing may be appended for no values.
    pub(in crate::tree::leaf) fn put(&self, out: &mut Vec<u8>) {
        if self.tags.is_empty() {
            out.push(self.tag.unwrap_or(MIXED));
        } else {
            out.push(MIXED);
            out.extend_from_slice(&self.tags);
        }
        if !self.ints.is_empty() {
            put_ints(&self.ints, out);
        }
        out.extend_from_slice(&self.reals);
        self.texts.put(out);
        self.blobs.put(out);
    }
}

/// Appends a chunk of `values`.
pub(in crate::tree::leaf) fn put<'v>(values: impl ExactSizeIterator<Item = ValueRef<'v>>, out: &mut Vec<u8>) {
    let expected = values.len();
    let mut column = Column::default();
    values.for_each(|value| column.push(value, expected));
    column.put(out);
}

/// Integers, plain or as differences: whichever takes fewer bytes.
fn put_ints(ints: &[i64], out: &mut Vec<u8>) {
    let (mut plain, mut delta, mut before) = (0, 0, 0i64);
    for &int in ints {
        plain += uvarint_len(zigzag(int));
        delta += uvarint_len(zigzag(int.wrapping_sub(before)));
        before = int;
    }
    out.reserve(plain.min(delta) + 1);
    if delta < plain {
        out.push(INTS_DELTA);
        before = 0;
        for &int in ints {
            put_ivarint(out, int.wrapping_sub(before));
            before = int;
        }
    } else {
        out.push(INTS_PLAIN);
        for &int in ints {
            put_ivarint(out, int);
        }
    }
}

/// Texts or blobs.
struct Texts<'v> {
    all: Vec<&'v [u8]>,
    shortest: usize,
    longest: usize,
    total: usize,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Texts { all: Vec::new(), shortest: usize::MAX, longest: 0, total: 0 }
    }
}

impl<'v> Texts<'v> {
    fn push(&mut self, bytes: &'v [u8], expected: usize) {
        if self.all.is_empty() {
            self.all.reserve(expected);
        }
        self.all.push(bytes);
        self.shortest = self.shortest.min(bytes.len());
        self.longest = self.longest.max(bytes.len());
        self.total += bytes.len();
    }

    /// All lengths, then all bytes, row by row or place by place.
    fn put(&self, out: &mut Vec<u8>) {
        let Texts { all, shortest, longest, total } = self;
        if all.is_empty() {
            return;
        }
        out.reserve(total + 2 * all.len() + 1);
        let even = *longest <= LONGEST_BY_PLACE && longest - shortest <= 6 && *longest >= 3 && all.len() >= 16;
        let by_place = even && self.is_varied();
        out.push(if by_place { STRINGS_BY_PLACE } else { STRINGS_BY_ROW });
        for bytes in all {
            put_uvarint(out, bytes.len() as u64);
        }
        if !by_place {
            for bytes in all {
                out.extend_from_slice(bytes);
            }
        } else {
            for place in 0..*shortest {
                out.extend(all.iter().map(|bytes| bytes[place]));
            }
            for place in *shortest..*longest {
                out.extend(all.iter().filter_map(|bytes| bytes.get(place)));
            }
        }
    }

    /// Whether few of the first ones occur twice among them.
    fn is_varied(&self) -> bool {
        let first = &self.all[..self.all.len().min(64)];
        let mut sorted = first.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        sorted.len() * 10 >= first.len() * 9
    }
}

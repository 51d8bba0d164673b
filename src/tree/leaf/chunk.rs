//! Column chunks: the values of one column, stored by type. `docs/FORMAT.md`, section 4.5.

use crate::codec::ValueRef;
use crate::codec::row::{TAG_BLOB, TAG_INT, TAG_NULL, TAG_REAL, TAG_TEXT};
use crate::tree::Flaw;
use crate::wire::{Reader, put_ivarint, put_uvarint, uvarint_len, zigzag};
use std::borrow::Cow;

/// Chunk tag: tags differ and follow one by one.
const MIXED: u8 = 255;
/// Integers as they are.
const INTS_PLAIN: u8 = 0;
/// Integers as differences from the one before.
const INTS_DELTA: u8 = 1;

/// Strings one after the other.
const STRINGS_BY_ROW: u8 = 0;
/// The first bytes of all strings, then the second ones, and so on.
const STRINGS_BY_PLACE: u8 = 1;
/// Bytes of the longest string stored by place.
const LONGEST_BY_PLACE: usize = 64;

/// The values of one column on their way into a chunk, taken apart by type.
#[derive(Default)]
pub(super) struct Column<'v> {
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
    pub(super) fn push(&mut self, value: ValueRef<'v>, expected: usize) {
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
    pub(super) fn put(&self, out: &mut Vec<u8>) {
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
pub(super) fn put<'v>(values: impl ExactSizeIterator<Item = ValueRef<'v>>, out: &mut Vec<u8>) {
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

/// A chunk being read, value by value.
pub(super) struct ChunkReader<'a> {
    tags: Tags<'a>,
    ints: Reader<'a>,
    delta: bool,
    before: i64,
    reals: Reader<'a>,
    texts: Strings<'a>,
    blobs: Strings<'a>,
}

enum Tags<'a> {
    Same(u8),
    Each(std::slice::Iter<'a, u8>),
}

struct Strings<'a> {
    lengths: std::vec::IntoIter<usize>,
    bytes: Cow<'a, [u8]>,
    at: usize,
}

impl<'a> ChunkReader<'a> {
    /// Reads a chunk of `count` > 0 values off `reader`. What it allocates is at most a small multiple of the bytes it reads.
    pub(super) fn read(reader: &mut Reader<'a>, count: usize) -> Result<ChunkReader<'a>, Flaw> {
        let mut having = [0usize; 5];
        let tags = match reader.byte()? {
            MIXED => {
                let tags = reader.take(count)?;
                for &tag in tags {
                    *having.get_mut(usize::from(tag)).ok_or(Flaw::Shape("a value has an unknown tag"))? += 1;
                }
                Tags::Each(tags.iter())
            }
            tag => {
                *having.get_mut(usize::from(tag)).ok_or(Flaw::Shape("a column has an unknown tag"))? = count;
                Tags::Same(tag)
            }
        };
        let (mut delta, mut ints) = (false, Reader::new(&[]));
        if having[usize::from(TAG_INT)] > 0 {
            delta = match reader.byte()? {
                INTS_PLAIN => false,
                INTS_DELTA => true,
                _ => return Err(Flaw::Shape("integers are stored in an unknown way")),
            };
            let start = reader.clone();
            for _ in 0..having[usize::from(TAG_INT)] {
                reader.uvarint()?;
            }
            ints = Reader::new(&start.rest()[..start.rest().len() - reader.rest().len()]);
        }
        let reals = having[usize::from(TAG_REAL)].checked_mul(8).ok_or(Flaw::Shape("too many reals"))?;
        let reals = Reader::new(reader.take(reals)?);
        let texts = Strings::read(reader, having[usize::from(TAG_TEXT)])?;
        let blobs = Strings::read(reader, having[usize::from(TAG_BLOB)])?;
        Ok(ChunkReader { tags, ints, delta, before: 0, reals, texts, blobs })
    }

    /// The next value. There are as many as [`ChunkReader::read`] was told; one more is a flaw.
    #[inline]
    pub(super) fn next_value(&mut self) -> Result<ValueRef<'_>, Flaw> {
        let tag = match &mut self.tags {
            Tags::Same(tag) => *tag,
            Tags::Each(tags) => *tags.next().ok_or(Flaw::Shape("a column has too few values"))?,
        };
        Ok(match tag {
            TAG_NULL => ValueRef::Null,
            TAG_INT => {
                let int = self.ints.ivarint()?;
                self.before = if self.delta { self.before.wrapping_add(int) } else { int };
                ValueRef::Int(self.before)
            }
            TAG_REAL => ValueRef::Real(f64::from_bits(u64::from_le_bytes(self.reals.array()?))),
            TAG_TEXT => ValueRef::Text(self.texts.next_string()?),
            _ => ValueRef::Blob(self.blobs.next_string()?),
        })
    }
}

impl<'a> Strings<'a> {
    fn read(reader: &mut Reader<'a>, count: usize) -> Result<Strings<'a>, Flaw> {
        if count == 0 {
            return Ok(Strings { lengths: Vec::new().into_iter(), bytes: Cow::Borrowed(&[]), at: 0 });
        }
        let by_place = match reader.byte()? {
            STRINGS_BY_ROW => false,
            STRINGS_BY_PLACE => true,
            _ => return Err(Flaw::Shape("strings are stored in an unknown way")),
        };
        // Each length takes a byte at least, so this refuses a count that cannot be before anything is allocated.
        if count > reader.rest().len() {
            return Err(Flaw::Shape("a column has too few lengths"));
        }
        let mut lengths = Vec::with_capacity(count);
        let mut total = 0usize;
        for _ in 0..count {
            let length = reader.length()?;
            if by_place && length > LONGEST_BY_PLACE {
                return Err(Flaw::Shape("a string stored by place is too long"));
            }
            total = total.checked_add(length).ok_or(Flaw::Shape("lengths of a column overflow"))?;
            lengths.push(length);
        }
        let bytes = reader.take(total)?;
        let bytes = if by_place { Cow::Owned(by_row(bytes, &lengths)) } else { Cow::Borrowed(bytes) };
        Ok(Strings { lengths: lengths.into_iter(), bytes, at: 0 })
    }

    #[inline]
    fn next_string(&mut self) -> Result<&[u8], Flaw> {
        let length = self.lengths.next().ok_or(Flaw::Shape("a column has too few strings"))?;
        let start = self.at;
        self.at += length;
        self.bytes.get(start..self.at).ok_or(Flaw::Shape("a column has too few bytes"))
    }
}

/// Strings of these lengths, stored by place, one after the other. There are as many bytes as the lengths say.
fn by_row(bytes: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let mut next = bytes.iter();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    for place in 0..longest {
        let mut start = 0;
        for length in lengths {
            if place < *length
                && let Some(byte) = next.next()
            {
                out[start + place] = *byte;
            }
            start += length;
        }
    }
    out
}

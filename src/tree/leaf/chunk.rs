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

fn tag_of(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Null => TAG_NULL,
        ValueRef::Int(_) => TAG_INT,
        ValueRef::Real(_) => TAG_REAL,
        ValueRef::Text(_) => TAG_TEXT,
        ValueRef::Blob(_) => TAG_BLOB,
    }
}

/// Appends a chunk of `values`; nothing may be appended for no values.
pub(super) fn put<'v>(values: impl Iterator<Item = ValueRef<'v>> + Clone, out: &mut Vec<u8>) {
    let mut seen = [false; 5];
    let (mut texts, mut blobs) = (Lengths::default(), Lengths::default());
    for value in values.clone() {
        seen[usize::from(tag_of(value))] = true;
        match value {
            ValueRef::Text(bytes) => texts.add(bytes.len()),
            ValueRef::Blob(bytes) => blobs.add(bytes.len()),
            _ => {}
        }
    }
    let mut kinds = (0u8..).zip(seen).filter(|(_, seen)| *seen).map(|(tag, _)| tag);
    match (kinds.next(), kinds.next()) {
        (Some(tag), None) => out.push(tag),
        _ => {
            out.push(MIXED);
            out.extend(values.clone().map(tag_of));
        }
    }
    if seen[usize::from(TAG_INT)] {
        put_ints(values.clone(), out);
    }
    if seen[usize::from(TAG_REAL)] {
        for value in values.clone() {
            if let ValueRef::Real(real) = value {
                out.extend_from_slice(&real.to_bits().to_le_bytes());
            }
        }
    }
    if texts.count > 0 {
        let texts_only = |value| if let ValueRef::Text(bytes) = value { Some(bytes) } else { None };
        put_strings(values.clone().filter_map(texts_only), texts, out);
    }
    if blobs.count > 0 {
        let blobs_only = |value| if let ValueRef::Blob(bytes) = value { Some(bytes) } else { None };
        put_strings(values.filter_map(blobs_only), blobs, out);
    }
}

/// How long strings are.
#[derive(Clone, Copy)]
struct Lengths {
    shortest: usize,
    longest: usize,
    total: usize,
    count: usize,
}

impl Default for Lengths {
    fn default() -> Lengths {
        Lengths { shortest: usize::MAX, longest: 0, total: 0, count: 0 }
    }
}

impl Lengths {
    fn add(&mut self, length: usize) {
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
        self.total += length;
        self.count += 1;
    }
}

/// Integers, plain or as differences: whichever takes fewer bytes.
fn put_ints<'v>(values: impl Iterator<Item = ValueRef<'v>> + Clone, out: &mut Vec<u8>) {
    let ints = values.filter_map(|value| if let ValueRef::Int(int) = value { Some(int) } else { None });
    let (mut plain, mut delta, mut before) = (0, 0, 0i64);
    for int in ints.clone() {
        plain += uvarint_len(zigzag(int));
        delta += uvarint_len(zigzag(int.wrapping_sub(before)));
        before = int;
    }
    if delta < plain {
        out.push(INTS_DELTA);
        before = 0;
        for int in ints {
            put_ivarint(out, int.wrapping_sub(before));
            before = int;
        }
    } else {
        out.push(INTS_PLAIN);
        for int in ints {
            put_ivarint(out, int);
        }
    }
}

/// Texts or blobs: all lengths, then all bytes, row by row or place by place.
fn put_strings<'v>(strings: impl Iterator<Item = &'v [u8]> + Clone, lengths: Lengths, out: &mut Vec<u8>) {
    let Lengths { shortest, longest, total, count } = lengths;
    out.reserve(total + 2 * count);
    let even = longest <= LONGEST_BY_PLACE && longest - shortest <= 6 && longest >= 3 && count >= 16;
    if even && is_varied(strings.clone()) {
        out.push(STRINGS_BY_PLACE);
        for bytes in strings.clone() {
            put_uvarint(out, bytes.len() as u64);
        }
        let all: Vec<&[u8]> = strings.collect();
        for place in 0..longest {
            out.extend(all.iter().filter_map(|bytes| bytes.get(place)));
        }
    } else {
        out.push(STRINGS_BY_ROW);
        for bytes in strings.clone() {
            put_uvarint(out, bytes.len() as u64);
        }
        for bytes in strings {
            out.extend_from_slice(bytes);
        }
    }
}

/// Whether few of the first strings occur twice among them.
fn is_varied<'v>(strings: impl Iterator<Item = &'v [u8]>) -> bool {
    let first: Vec<&[u8]> = strings.take(64).collect();
    let mut sorted = first.clone();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() * 10 >= first.len() * 9
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

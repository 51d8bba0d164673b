//! Reading chunks.

use super::{INTS_DELTA, INTS_PLAIN, LONGEST_BY_PLACE, MIXED, STRINGS_BY_PLACE, STRINGS_BY_ROW};
use crate::codec::ValueRef;
use crate::codec::row::{TAG_BLOB, TAG_INT, TAG_NULL, TAG_REAL, TAG_TEXT};
use crate::tree::Flaw;
use crate::wire::Reader;
use std::borrow::Cow;

/// A chunk being read, value by value.
pub(in crate::tree::leaf) struct ChunkReader<'a> {
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
    pub(in crate::tree::leaf) fn read(reader: &mut Reader<'a>, count: usize) -> Result<ChunkReader<'a>, Flaw> {
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
    pub(in crate::tree::leaf) fn next_value(&mut self) -> Result<ValueRef<'_>, Flaw> {
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
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if longest > 0 && lengths.iter().all(|&length| length == longest) {
        for (place, bytes) in bytes.chunks_exact(lengths.len()).enumerate() {
            for (string, byte) in out.chunks_exact_mut(longest).zip(bytes) {
                string[place] = *byte;
            }
        }
        return out;
    }
    let mut next = bytes.iter();
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

//! Reading chunks.

use super::places::by_row;
use super::{INTS_DELTA, INTS_PLAIN, LONGEST_BY_PLACE, MIXED, STRINGS_BY_PLACE, STRINGS_BY_ROW};
use crate::codec::row::{TAG_BLOB, TAG_INT, TAG_NULL, TAG_REAL, TAG_TEXT};
use crate::codec::{RowFiller, ValueRef};
use crate::tree::Flaw;
use crate::wire::{Reader, uvarint_len};
use std::borrow::Cow;

/// A chunk being read, value by value.
pub(in crate::tree::leaf) struct ChunkReader<'a> {
    tags: Tags<'a>,
    /// Bytes that all values take in rows, at most.
    most: usize,
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
    /// The length of each; all were read once before.
    lengths: Reader<'a>,
    bytes: Cow<'a, [u8]>,
    at: usize,
    /// Bytes that all of them take in rows, at most.
    most: usize,
}

impl<'a> ChunkReader<'a> {
    /// Reads a chunk of `count` > 0 values off `reader`. What it allocates is at most a small multiple of the bytes it
    /// reads.
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
        let most = count + having[usize::from(TAG_INT)] * RowFiller::LONGEST_INT + reals.rest().len();
        let most = most + texts.most + blobs.most;
        Ok(ChunkReader { tags, most, ints, delta, before: 0, reals, texts, blobs })
    }

    /// Bytes that the values take in rows, at most.
    pub(in crate::tree::leaf) fn most(&self) -> usize {
        self.most
    }

    /// Appends the next value to a row.
    #[inline(always)]
    pub(in crate::tree::leaf) fn put_next(&mut self, row: &mut RowFiller<'_>) -> Result<(), Flaw> {
        let put = match self.next_tag()? {
            TAG_NULL => row.null(),
            TAG_INT => row.int(self.next_int()?),
            TAG_REAL => row.real(self.next_real()?),
            TAG_TEXT => {
                let (from, len) = self.texts.next_string()?;
                row.text(from, len)
            }
            _ => {
                let (from, len) = self.blobs.next_string()?;
                row.blob(from, len)
            }
        };
        put.ok_or(Flaw::Shape("a column has too few bytes"))
    }

    /// The next value. There are as many as [`ChunkReader::read`] was told; one more is a flaw.
    pub(in crate::tree::leaf) fn next_value(&mut self) -> Result<ValueRef<'_>, Flaw> {
        Ok(match self.next_tag()? {
            TAG_NULL => ValueRef::Null,
            TAG_INT => ValueRef::Int(self.next_int()?),
            TAG_REAL => ValueRef::Real(self.next_real()?),
            TAG_TEXT => ValueRef::Text(text_of(self.texts.next_string()?)?),
            _ => ValueRef::Blob(text_of(self.blobs.next_string()?)?),
        })
    }

    #[inline(always)]
    fn next_tag(&mut self) -> Result<u8, Flaw> {
        match &mut self.tags {
            Tags::Same(tag) => Ok(*tag),
            Tags::Each(tags) => tags.next().copied().ok_or(Flaw::Shape("a column has too few values")),
        }
    }

    #[inline(always)]
    fn next_int(&mut self) -> Result<i64, Flaw> {
        let int = self.ints.ivarint()?;
        self.before = if self.delta { self.before.wrapping_add(int) } else { int };
        Ok(self.before)
    }

    #[inline(always)]
    fn next_real(&mut self) -> Result<f64, Flaw> {
        Ok(f64::from_bits(u64::from_le_bytes(self.reals.array()?)))
    }
}

fn text_of((from, len): (&[u8], usize)) -> Result<&[u8], Flaw> {
    from.get(..len).ok_or(Flaw::Shape("a column has too few bytes"))
}

impl<'a> Strings<'a> {
    fn read(reader: &mut Reader<'a>, count: usize) -> Result<Strings<'a>, Flaw> {
        if count == 0 {
            let (lengths, bytes) = (Reader::new(&[]), Cow::Borrowed(&[][..]));
            return Ok(Strings { lengths, bytes, at: 0, most: 0 });
        }
        let by_place = match reader.byte()? {
            STRINGS_BY_ROW => false,
            STRINGS_BY_PLACE => true,
            _ => return Err(Flaw::Shape("strings are stored in an unknown way")),
        };
        let lengths = reader.clone();
        let (mut total, mut shortest, mut longest) = (0usize, usize::MAX, 0);
        for _ in 0..count {
            let length = reader.length()?;
            total = total.checked_add(length).ok_or(Flaw::Shape("lengths of a column overflow"))?;
            (shortest, longest) = (shortest.min(length), longest.max(length));
        }
        let bytes = reader.take(total)?;
        let most = total + count * uvarint_len(longest as u64);
        let bytes = if !by_place {
            Cow::Borrowed(bytes)
        } else if longest > LONGEST_BY_PLACE {
            return Err(Flaw::Shape("a string stored by place is too long"));
        } else {
            Cow::Owned(by_row(bytes, lengths.clone(), count, shortest)?)
        };
        Ok(Strings { lengths, bytes, at: 0, most })
    }

    /// The next string and what is behind it, and how long it is.
    #[inline(always)]
    fn next_string(&mut self) -> Result<(&[u8], usize), Flaw> {
        let length = self.lengths.length()?;
        let start = self.at;
        self.at += length;
        Ok((self.bytes.get(start..).unwrap_or_default(), length))
    }
}

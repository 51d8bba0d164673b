//! Whole leaves: all rows of the leaf in one block.

use super::{Leaf, rowblock};
use crate::codec::CodecError;
use crate::tree::Flaw;
use crate::tree::splitter::MOST_ENTRIES;
use crate::wire::{Reader, put_uvarint};
use std::sync::Arc;

/// The bytes of a whole leaf. `counts` has one count per row in a multiset and is not looked at otherwise.
///
/// # Errors
/// If a row is not canonical or rows have different numbers of values.
pub(in crate::tree) fn encode<'r>(
    rows: impl ExactSizeIterator<Item = &'r [u8]>,
    counts: Option<&[u64]>,
    raw_hint: usize,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(raw_hint + 64);
    out.push(u8::from(counts.is_some()));
    put_uvarint(&mut out, rows.len() as u64);
    put_counts(counts, &mut out);
    rowblock::put(rows, &mut out)?;
    Ok(out)
}

/// The leaf with these bytes; its id is not checked. Its rows come in place of what is in `rows`; a long last one stays
/// where it is, and `bytes` are gone then.
///
/// # Errors
/// If they are not the bytes of a whole leaf.
pub(super) fn decode(bytes: &mut Vec<u8>, mut rows: Vec<u8>) -> Result<Leaf, Flaw> {
    let mut reader = Reader::new(bytes);
    let multiset = read_flag(&mut reader)?;
    let entries = reader.length()?;
    if entries as u64 > MOST_ENTRIES {
        return Err(Flaw::Shape("a leaf has more entries than leaves can have"));
    }
    let mut leaf = Leaf { multiset, weight: 1, ..Leaf::default() };
    leaf.counts = read_counts(&mut reader, multiset, entries)?;
    let mut ends = Vec::new();
    let last = rowblock::read_but_long_last(&mut reader, entries, &mut rows, &mut ends, bytes)?;
    reader.end()?;
    let mut start = 0;
    leaf.spans.reserve(entries);
    for end in ends {
        leaf.push(0, start, end - start)?;
        start = end;
    }
    leaf.buffers.push(Arc::new(rows));
    if let Some(last) = last {
        last.pull_together(bytes);
        leaf.push(1, 0, bytes.len())?;
        leaf.buffers.push(Arc::new(std::mem::take(bytes)));
    }
    Ok(leaf)
}

/// Reads the multiset flag.
pub(super) fn read_flag(reader: &mut Reader<'_>) -> Result<bool, Flaw> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Flaw::Shape("a leaf's multiset flag is neither 0 nor 1")),
    }
}

/// Appends the counts of a multiset.
pub(super) fn put_counts(counts: Option<&[u64]>, out: &mut Vec<u8>) {
    for &count in counts.unwrap_or_default() {
        put_uvarint(out, count);
    }
}

/// Reads the counts of `entries` entries, none of which is 0; there are none unless it is a multiset.
pub(super) fn read_counts(reader: &mut Reader<'_>, multiset: bool, entries: usize) -> Result<Vec<u64>, Flaw> {
    let mut counts = Vec::new();
    if multiset {
        if entries > reader.rest().len() {
            return Err(Flaw::Shape("a leaf has too few counts"));
        }
        counts.reserve(entries);
        for _ in 0..entries {
            match reader.uvarint()? {
                0 => return Err(Flaw::Shape("an entry occurs no times")),
                count => counts.push(count),
            }
        }
    }
    Ok(counts)
}

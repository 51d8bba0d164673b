//! How a new leaf is stored: whole or as a delta, whichever is smaller.

use super::batch::Batch;
use crate::hash::Hash;
use crate::store::Frame;
use crate::tree::TreeError;
use crate::tree::frame::{DELTA, LEAF};
use crate::tree::leaf::{Candidate, DeltaWriter, EntrySource, encode_whole};

/// Bytes of a row that is not told by a delta.
const LONG: usize = 4 << 20;

/// The frame of the leaf `id` with the entries of `batch`, and the batch if it can be used again.
///
/// # Errors
/// If a row is not canonical or rows have different numbers of values.
pub(super) fn leaf(
    id: Hash,
    batch: Batch,
    multiset: bool,
    candidates: &[Candidate],
    origins: &[EntrySource],
    level: i32,
) -> Result<(Frame, Option<Batch>), TreeError> {
    let delta = match delta(id, &batch, multiset, candidates, origins, level)? {
        // Half of the rows and more are not in it: the whole leaf cannot be smaller.
        Some((frame, literals)) if 2 * literals < batch.len() => return Ok((frame, batch.recycled())),
        delta => delta,
    };
    let raw = encode_whole(batch.rows(), batch.counts(multiset), batch.row_bytes())?;
    // A single row can be a gigabyte: what is not needed any more goes before its compressed copy comes.
    let batch = batch.recycled();
    let whole = Frame::compress(id, LEAF, &raw, level)?;
    drop(raw);
    Ok(match delta {
        Some((delta, _)) if delta.stored.len() < whole.stored.len() => (delta, batch),
        _ => (whole, batch),
    })
}

/// The delta and the rows it holds itself; `None` if there is nothing to draw on.
fn delta(
    id: Hash,
    batch: &Batch,
    multiset: bool,
    candidates: &[Candidate],
    origins: &[EntrySource],
    level: i32,
) -> Result<Option<(Frame, usize)>, TreeError> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let mut writer = DeltaWriter::new(candidates);
    for (row, origin) in batch.rows().zip(origins) {
        writer.entry(row, *origin)?;
    }
    let literals = writer.literals();
    if literals == batch.len() {
        return Ok(None);
    }
    if batch.rows().zip(origins).any(|(row, origin)| row.len() > LONG && !matches!(origin, EntrySource::Same { .. })) {
        // What a delta could share is little beside this row, and reading one takes more memory.
        return Ok(None);
    }
    let raw = writer.finish(batch.counts(multiset))?;
    Ok(Some((Frame::compress(id, DELTA, &raw, level)?, literals)))
}

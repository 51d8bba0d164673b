//! One leaf's work, done by a worker thread: its id, what changed, and how to store it.

use super::batch::Batch;
use super::change::Change;
use super::compare::{Comparison, Noting};
use super::encode;
use super::join::Join;
use super::older_trees::OlderTrees;
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::NewObjects;
use crate::tree::TreeError;
use crate::tree::differences::{DiffLog, Notes};
use crate::tree::forms::Holdings;
use crate::tree::leaf::LeafHasher;
use crate::tree::node::{Child, Totals};
use std::ops::Range;
use std::sync::Arc;

/// What all workers of a builder share.
pub(super) struct Shared<'env> {
    pub(super) objects: Option<&'env dyn NewObjects>,
    /// Which leaves need not be stored.
    pub(super) holdings: Option<Holdings<'env>>,
    pub(super) spec: KeySpec,
    /// zstd's level.
    pub(super) level: i32,
    pub(super) history: Option<OlderTrees<'env>>,
    /// Where differences from the first previous tree are written down, if somebody wants them.
    pub(super) log: Option<Arc<DiffLog>>,
}

/// A leaf to be made.
pub(super) struct Job {
    pub(super) batch: Batch,
    /// The bounds of the leaf in key space; every key is in exactly one leaf's bounds.
    pub(super) lower: Vec<u8>,
    pub(super) upper: Vec<u8>,
}

/// What became of a leaf.
pub(super) struct Made {
    pub(super) child: Child,
    /// Whether the store did not hold it yet, or in no form that can be read.
    pub(super) is_new: bool,
    /// Bytes by which the store grew.
    pub(super) stored: u64,
    /// What differs from the first previous tree within the leaf's bounds.
    pub(super) change: Change,
    /// Where these differences are written down.
    pub(super) pieces: Vec<Range<u64>>,
}

/// Makes the leaf; gives the batch back if it can be used again.
pub(super) fn make(shared: &Shared<'_>, job: Job) -> Result<(Made, Option<Batch>), TreeError> {
    let Job { batch, lower, upper, .. } = job;
    let multiset = shared.spec.is_multiset();
    let (id, ids) = ids_of(&batch, multiset)?;
    let rows = (0..batch.len()).try_fold(0u64, |sum, index| sum.checked_add(batch.count(index)));
    let rows = rows.ok_or(TreeError::Stopped)?;
    let totals = Totals { entries: batch.len() as u64, rows, row_bytes: batch.row_bytes() as u64 };
    let child = Child { id, totals, upper };
    let mut made = Made { child, is_new: false, stored: 0, change: Change::default(), pieces: Vec::new() };
    let Some(objects) = shared.objects else { return Ok((made, batch.recycled())) };
    let is_known = shared.holdings.as_ref().map_or(Ok(false), |holdings| holdings.hold(&id))?;
    let mut join = Join::new(&batch);
    if let Some(history) = &shared.history {
        let noting = shared.log.as_ref().map(|log| Noting { notes: Notes::new(log), ids: &ids });
        let mut comparison = Comparison::new(&batch, &lower, &made.child.upper, noting);
        history.compare(&shared.spec, &mut comparison, id, (!is_known).then_some(&mut join))?;
        (made.change, made.pieces) = comparison.finish()?;
    }
    if is_known {
        return Ok((made, batch.recycled()));
    }
    let (candidates, origins) = join.finish();
    let (frame, batch) = encode::leaf(id, batch, multiset, &candidates, &origins, shared.level)?;
    made.stored = objects.put_again(frame)?;
    made.is_new = true;
    Ok((made, batch))
}

/// The leaf's id and its rows'.
fn ids_of(batch: &Batch, multiset: bool) -> Result<(Hash, Vec<Hash>), TreeError> {
    let ids = batch.ids(multiset)?;
    let mut hasher = LeafHasher::new(multiset);
    ids.iter().enumerate().for_each(|(index, row)| hasher.entry(row, batch.count(index)));
    Ok((hasher.finish(), ids))
}

//! The entries of one leaf, as they were pushed.

use crate::hash::Hash;
use crate::tree::TreeError;
use crate::tree::sort::Record;

/// Entries in key order, in two buffers.
#[derive(Debug, Default)]
pub(super) struct Batch {
    keys: Vec<u8>,
    rows: Vec<u8>,
    /// End of each entry in `keys` and in `rows`.
    ends: Vec<(usize, usize)>,
    /// One per entry in a multiset, empty otherwise.
    counts: Vec<u64>,
    /// Ids of rows, as far as they were taken already.
    ids: Vec<Option<Hash>>,
}

impl Batch {
    pub(super) fn push(&mut self, record: Record<'_>, multiset: bool) {
        self.keys.extend_from_slice(record.key);
        self.rows.extend_from_slice(record.row);
        self.ends.push((self.keys.len(), self.rows.len()));
        if multiset {
            self.counts.push(record.count);
        }
        self.ids.push(record.id);
    }

    /// The ids of all rows. The keys of a multiset are that already.
    pub(super) fn ids(&self, multiset: bool) -> Result<Vec<Hash>, TreeError> {
        if multiset {
            return (0..self.len()).map(|at| Hash::from_slice(self.key(at)).ok_or(TreeError::Stopped)).collect();
        }
        let unknown: Vec<&[u8]> =
            self.rows().zip(&self.ids).filter(|(_, id)| id.is_none()).map(|(row, _)| row).collect();
        let mut taken = Hash::of_each(&unknown).into_iter();
        self.ids.iter().map(|id| id.or_else(|| taken.next()).ok_or(TreeError::Stopped)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of keys and rows.
    pub(super) fn bytes(&self) -> usize {
        self.keys.len() + self.rows.len()
    }

    /// Bytes of rows.
    pub(super) fn row_bytes(&self) -> usize {
        self.rows.len()
    }

    fn starts(&self, index: usize) -> (usize, usize) {
        if index == 0 { (0, 0) } else { self.ends[index - 1] }
    }

    pub(super) fn key(&self, index: usize) -> &[u8] {
        &self.keys[self.starts(index).0..self.ends[index].0]
    }

    pub(super) fn row(&self, index: usize) -> &[u8] {
        &self.rows[self.starts(index).1..self.ends[index].1]
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.row(index))
    }

    pub(super) fn count(&self, index: usize) -> u64 {
        self.counts.get(index).copied().unwrap_or(1)
    }

    /// The counts of a multiset.
    pub(super) fn counts(&self, multiset: bool) -> Option<&[u64]> {
        multiset.then_some(&self.counts)
    }

    pub(super) fn last_key(&self) -> Option<&[u8]> {
        self.len().checked_sub(1).map(|last| self.key(last))
    }

    /// The first entry from `from` on whose key is at or above `key`; the length if there is none.
    pub(super) fn at_or_above(&self, key: &[u8], from: usize) -> usize {
        let (mut low, mut high) = (from, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Empties it and keeps its buffers, unless a long row made them large.
    pub(super) fn recycled(mut self) -> Option<Batch> {
        if self.rows.capacity() > 4 * 1024 * 1024 {
            return None;
        }
        self.keys.clear();
        self.rows.clear();
        self.ends.clear();
        self.counts.clear();
        self.ids.clear();
        Some(self)
    }
}

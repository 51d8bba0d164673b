//! The entries of one leaf, as they were pushed.

/// Entries in key order, in two buffers.
#[derive(Debug, Default)]
pub(super) struct Batch {
    keys: Vec<u8>,
    rows: Vec<u8>,
    /// End of each entry in `keys` and in `rows`.
    ends: Vec<(usize, usize)>,
    /// One per entry in a multiset, empty otherwise.
    counts: Vec<u64>,
}

impl Batch {
    pub(super) fn push(&mut self, key: &[u8], row: &[u8], count: u64, multiset: bool) {
        self.keys.extend_from_slice(key);
        self.rows.extend_from_slice(row);
        self.ends.push((self.keys.len(), self.rows.len()));
        if multiset {
            self.counts.push(count);
        }
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
        Some(self)
    }
}

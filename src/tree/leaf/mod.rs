//! Leaves: runs of rows in key order. What a leaf is, its id, and the forms it is stored in.

mod chunk;
mod delta;
mod long;
mod ops;
mod patch;
mod reader;
mod rowblock;
mod whole;

use super::Flaw;
use super::splitter::{MOST_BYTES, MOST_ENTRIES};
use crate::hash::{Hash, Hasher};
use crate::wire::put_uvarint;
pub(super) use delta::{Candidate, DeltaWriter, EntrySource};
pub(super) use ops::sources;
pub(super) use reader::too_deep;
pub use reader::{Entries, LeafReader};
use std::sync::Arc;
pub(super) use whole::encode as encode_whole;

/// Bytes of the longest row: positions within a leaf are kept in 32 bits.
pub const MAX_ROW: u64 = 0xf000_0000;

/// What a leaf's id is taken over, before its entries.
const ID_PREFIX: &[u8] = b"dbsnap leaf 1\n";

/// Where a row's bytes are: in which of a leaf's buffers, from where, how many.
#[derive(Debug, Clone, Copy)]
struct Span {
    buffer: u32,
    start: u32,
    len: u32,
}

/// A decoded leaf. Rows that came from other leaves are shared with them, not copied.
#[derive(Debug, Default)]
pub struct Leaf {
    multiset: bool,
    buffers: Vec<Arc<Vec<u8>>>,
    spans: Vec<Span>,
    /// One per entry in a multiset, empty otherwise.
    counts: Vec<u64>,
    row_bytes: u64,
    depth: u32,
    weight: u64,
}

impl Leaf {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether the rows are a multiset.
    pub fn is_multiset(&self) -> bool {
        self.multiset
    }

    /// The bytes of the row at `index`; empty beyond the end.
    pub fn row(&self, index: usize) -> &[u8] {
        let Some(span) = self.spans.get(index) else { return &[] };
        let start = span.start as usize;
        &self.buffers[span.buffer as usize][start..start + span.len as usize]
    }

    /// How often the row at `index` occurs.
    pub fn count(&self, index: usize) -> u64 {
        self.counts.get(index).copied().unwrap_or(1)
    }

    /// Bytes of all rows, each entry once.
    pub fn row_bytes(&self) -> u64 {
        self.row_bytes
    }

    /// 0 if the leaf is stored whole, else one more than its deepest source.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Objects that had to be read for it, each as often as something asked for it.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Bytes of memory it keeps alive, shared ones included.
    fn footprint(&self) -> usize {
        let buffers: usize = self.buffers.iter().map(|buffer| buffer.len()).sum();
        buffers + self.spans.len() * 20
    }

    /// Adds an entry whose row is `len` bytes of buffer `buffer` from `start`.
    ///
    /// # Errors
    /// If the leaf would have more entries or bytes than the format allows: it would have ended before.
    fn push(&mut self, buffer: usize, start: usize, len: usize) -> Result<(), Flaw> {
        if self.row_bytes >= MOST_BYTES || self.spans.len() as u64 >= MOST_ENTRIES {
            return Err(Flaw::Shape("a leaf is longer than leaves can be"));
        }
        let narrow = |wide: usize| u32::try_from(wide).map_err(|_| Flaw::Shape("a row is longer than rows can be"));
        self.spans.push(Span { buffer: narrow(buffer)?, start: narrow(start)?, len: narrow(len)? });
        self.row_bytes += len as u64;
        Ok(())
    }

    /// Copies the rows into one buffer if the shared ones hold much that is not theirs.
    fn compact(&mut self) {
        let held = self.buffers.iter().map(|buffer| buffer.len() as u64).sum::<u64>();
        if self.buffers.len() <= 48 && held <= 3 * self.row_bytes + 64 * 1024 {
            return;
        }
        let mut all = Vec::with_capacity(usize::try_from(self.row_bytes).unwrap_or(0));
        for span in &mut self.spans {
            let start = span.start as usize;
            let moved = all.len();
            all.extend_from_slice(&self.buffers[span.buffer as usize][start..start + span.len as usize]);
            // All but the last row are less than MOST_BYTES together, so every start fits.
            *span = Span { buffer: 0, start: u32::try_from(moved).unwrap_or(u32::MAX), len: span.len };
        }
        self.buffers = vec![Arc::new(all)];
    }
}

/// The id of a leaf: BLAKE3 over a prefix, the multiset flag, and for each entry its row's id and, in a multiset, its
/// count.
#[derive(Clone)]
pub struct LeafHasher {
    hasher: Hasher,
    multiset: bool,
    scratch: Vec<u8>,
}

impl LeafHasher {
    /// A hasher before the first entry.
    pub fn new(multiset: bool) -> LeafHasher {
        let mut hasher = Hasher::new();
        hasher.update(ID_PREFIX).update(&[u8::from(multiset)]);
        LeafHasher { hasher, multiset, scratch: Vec::with_capacity(4096) }
    }

    /// Adds an entry.
    pub fn entry(&mut self, row: &Hash, count: u64) {
        self.scratch.extend_from_slice(row.as_bytes());
        if self.multiset {
            put_uvarint(&mut self.scratch, count);
        }
        // BLAKE3 is fastest on long inputs.
        if self.scratch.len() >= 4000 {
            self.hasher.update(&self.scratch);
            self.scratch.clear();
        }
    }

    /// The id.
    pub fn finish(mut self) -> Hash {
        self.hasher.update(&self.scratch);
        self.hasher.finish()
    }
}

/// The id of the leaf with no entries: the root of an empty table.
pub fn empty_id(multiset: bool) -> Hash {
    LeafHasher::new(multiset).finish()
}

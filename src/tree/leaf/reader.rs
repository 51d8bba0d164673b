//! Reading leaves: decoded with their sources, within bounds that hold for hostile stores too.

use super::{Leaf, LeafHasher, delta, whole};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use crate::tree::frame::{DELTA, LEAF};
use crate::tree::lru::Lru;
use crate::tree::{Flaw, TreeError};
use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

/// Deltas on deltas that a reader follows.
const MOST_DEPTH: u32 = 64;
/// Objects that a reader decodes for one leaf.
const MOST_READS: u64 = 65_536;
/// Bytes of sources that one delta keeps while it is decoded.
const SOURCES_HELD: usize = 16 * 1024 * 1024;

/// Buffers that wait to be used again, and how large they may be.
const SPARE: usize = 8;
const SPARE_BYTES: usize = 4 * 1024 * 1024;

/// Reads leaves and keeps some of them for the deltas to come. Shared between threads.
pub struct LeafReader<'o> {
    objects: &'o dyn Objects,
    cache: Lru<Leaf>,
    /// Whether only leaves are kept that a delta was made of.
    sources_only: bool,
    /// Buffers to be used again: memory that is new for each leaf costs more than filling it.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl<'o> LeafReader<'o> {
    /// A reader that keeps at most `cache` bytes of decoded leaves.
    pub fn new(objects: &'o dyn Objects, cache: usize) -> LeafReader<'o> {
        LeafReader { objects, cache: Lru::new(cache), sources_only: false, spare: Mutex::default() }
    }

    /// A reader for those who read each leaf of one tree once. What they read is not kept: leaves are deltas against other trees.
    pub fn of_one_tree(objects: &'o dyn Objects, cache: usize) -> LeafReader<'o> {
        LeafReader { sources_only: true, ..LeafReader::new(objects, cache) }
    }

    /// The objects it reads.
    pub fn objects(&self) -> &'o dyn Objects {
        self.objects
    }

    /// The leaf `id`, decoded but not proven: what is used of it must be compared with something else.
    ///
    /// # Errors
    /// If it or a source is missing, damaged or not a leaf, or needs more than a leaf can need.
    pub fn load(&self, id: &Hash) -> Result<Arc<Leaf>, TreeError> {
        self.load_at(id, 0, &Cell::new(0))
    }

    fn load_at(&self, id: &Hash, above: u32, reads: &Cell<u64>) -> Result<Arc<Leaf>, TreeError> {
        if let Some(leaf) = self.cache.get(id) {
            return if above + leaf.depth > MOST_DEPTH { Err(too_deep(*id)) } else { Ok(leaf) };
        }
        reads.set(reads.get() + 1);
        if above > MOST_DEPTH || reads.get() > MOST_READS {
            return Err(too_deep(*id));
        }
        let keep = above > 0 || !self.sources_only;
        let mut bytes = self.spare();
        let leaf = match self.objects.get_into(id, &mut bytes)? {
            // What is kept must not hold more memory than it says.
            LEAF => whole::decode(&bytes, if keep { Vec::new() } else { self.spare() }).map_err(|flaw| flaw.of(*id))?,
            DELTA => self.decode_delta(id, &bytes, above, reads)?,
            kind => return Err(Flaw::Kind(kind.0).of(*id)),
        };
        self.give_back(bytes);
        let leaf = Arc::new(leaf);
        if keep {
            self.cache.put(*id, &leaf, leaf.footprint());
        }
        Ok(leaf)
    }

    /// Takes back what was read, so that the next leaf needs no new memory.
    pub(in crate::tree) fn recycle(&self, entries: Entries) {
        let Some(leaf) = Arc::into_inner(entries.leaf) else { return };
        leaf.buffers.into_iter().filter_map(Arc::into_inner).for_each(|buffer| self.give_back(buffer));
    }

    /// A buffer with anything in it.
    fn spare(&self) -> Vec<u8> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, buffer: Vec<u8>) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE && (1..=SPARE_BYTES).contains(&buffer.capacity()) {
            spare.push(buffer);
        }
    }

    fn decode_delta(&self, id: &Hash, bytes: &[u8], above: u32, reads: &Cell<u64>) -> Result<Leaf, TreeError> {
        let held: Lru<Leaf> = Lru::new(SOURCES_HELD);
        let mut weight = 1u64;
        let mut leaf = delta::decode(*id, bytes, |source, _| {
            if let Some(leaf) = held.get(source) {
                return Ok(leaf);
            }
            let leaf = self.load_at(source, above + 1, reads)?;
            weight = weight.saturating_add(leaf.weight);
            held.put(*source, &leaf, leaf.footprint());
            Ok(leaf)
        })?;
        leaf.weight = weight;
        Ok(leaf)
    }

    /// The leaf `id`, every row hashed and the id checked, with row ids and keys.
    ///
    /// # Errors
    /// As [`LeafReader::load`]; also if the rows are not the ones that `id` names, or their keys do not ascend.
    pub fn read(&self, id: &Hash, spec: &KeySpec) -> Result<Entries, TreeError> {
        let leaf = self.load(id)?;
        if leaf.multiset != spec.is_multiset() {
            return Err(Flaw::Shape("a leaf is of another kind of table").of(*id));
        }
        let mut hasher = LeafHasher::new(leaf.multiset);
        let rows: Vec<&[u8]> = (0..leaf.len()).map(|index| leaf.row(index)).collect();
        let ids = Hash::of_each(&rows);
        for (index, row) in ids.iter().enumerate() {
            hasher.entry(row, leaf.count(index));
        }
        if hasher.finish() != *id {
            return Err(Flaw::Id.of(*id));
        }
        Entries::of(leaf, ids, spec).map_err(|flaw| flaw.of(*id))
    }
}

fn too_deep(id: Hash) -> TreeError {
    Flaw::Shape("it needs more objects to be read than a leaf can need").of(id)
}

/// A leaf with the keys, and if it was proven the ids, of its rows.
#[derive(Debug)]
pub struct Entries {
    leaf: Arc<Leaf>,
    ids: Vec<Hash>,
    keys: Vec<u8>,
    ends: Vec<usize>,
}

impl Entries {
    /// The entries of `leaf`, whose row ids are `ids` (may be empty unless it is a multiset).
    ///
    /// # Errors
    /// If a row has no key or keys do not ascend.
    pub(in crate::tree) fn of(leaf: Arc<Leaf>, ids: Vec<Hash>, spec: &KeySpec) -> Result<Entries, Flaw> {
        let mut entries = Entries { ends: Vec::with_capacity(leaf.len()), keys: Vec::new(), leaf, ids };
        for index in 0..entries.leaf.len() {
            match entries.ids.get(index) {
                Some(id) if spec.is_multiset() => entries.keys.extend_from_slice(id.as_bytes()),
                _ => spec.key_of(entries.leaf.row(index), &mut entries.keys)?,
            }
            entries.ends.push(entries.keys.len());
            if index > 0 && entries.key(index) <= entries.key(index - 1) {
                return Err(Flaw::Shape("keys of a leaf do not ascend"));
            }
        }
        Ok(entries)
    }

    /// The leaf.
    pub fn leaf(&self) -> &Arc<Leaf> {
        &self.leaf
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The key at `index`, which must be below the length.
    pub fn key(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.keys[start..self.ends[index]]
    }

    /// The row id at `index`; only for proven leaves.
    pub fn id(&self, index: usize) -> Hash {
        self.ids.get(index).copied().unwrap_or_else(|| Hash::of(self.leaf.row(index)))
    }

    /// The first entry whose key is at or above `key`; the length if there is none.
    pub fn at_or_above(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }
}

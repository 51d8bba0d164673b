//! Reading leaves: decoded with their sources, within bounds that hold for hostile stores too.

use super::{Leaf, LeafHasher, delta, whole};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::{MOST_DEPTH, MOST_WEIGHT, ObjectCopy, ObjectKind, Objects, StoreError};
use crate::tree::frame::{DELTA, LEAF};
use crate::tree::lru::Lru;
use crate::tree::{Flaw, TreeError};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// A reader for those who read each leaf of one tree once. What they read is not kept: leaves are deltas against
    /// other trees.
    pub fn of_one_tree(objects: &'o dyn Objects, cache: usize) -> LeafReader<'o> {
        LeafReader { sources_only: true, ..LeafReader::new(objects, cache) }
    }

    /// The objects it reads.
    pub fn objects(&self) -> &'o dyn Objects {
        self.objects
    }

    /// The leaf `id`, decoded but not verified: what is used of it must be compared with something else.
    ///
    /// # Errors
    /// If it or a source is missing, damaged or not a leaf, or needs more than a leaf can need, in all forms that are
    /// held.
    pub fn load(&self, id: &Hash) -> Result<Arc<Leaf>, TreeError> {
        match self.load_at(id, &mut Descent::default()) {
            Err(error) if error.is_damage() => self.load_carefully(id).map_err(|_| error),
            loaded => loaded,
        }
    }

    /// The leaf `id` from whichever copies of it and of its sources are what their ids say.
    fn load_carefully(&self, id: &Hash) -> Result<Arc<Leaf>, TreeError> {
        let verified = Lru::new(SOURCES_HELD);
        let leaf = self.load_at(id, &mut Descent { verified: Some(&verified), ..Descent::default() })?;
        // What a bad copy had said may be held.
        self.cache.put(*id, &leaf, leaf.footprint());
        Ok(leaf)
    }

    /// Succeeds if that copy of a leaf is what its id says, put together from whatever copies of its sources are. Those
    /// that were found good are kept in `verified`.
    pub(in crate::tree) fn verify_copy(
        &self,
        id: &Hash,
        copy: &ObjectCopy,
        verified: &Lru<Leaf>,
    ) -> Result<(), TreeError> {
        let mut bytes = self.spare();
        self.objects.get_copy(id, copy, &mut bytes)?;
        let mut descent = Descent { verified: Some(verified), ..Descent::default() };
        let leaf = self.decode(id, copy.kind, &mut bytes, Vec::new(), &mut descent)?;
        self.give_back(bytes);
        verify(id, leaf).map(drop)
    }

    /// The leaf that these bytes are, whole or a delta of leaves that can be read.
    pub(in crate::tree) fn identify(&self, mut bytes: Vec<u8>, verified: &Lru<Leaf>) -> Option<(Hash, ObjectKind)> {
        let nameless = Hash::from_bytes([0; Hash::LEN]);
        [LEAF, DELTA].into_iter().find_map(|kind| {
            let mut descent = Descent { verified: Some(verified), ..Descent::default() };
            let leaf = self.decode(&nameless, kind, &mut bytes, Vec::new(), &mut descent).ok()?;
            Some((ids_of(&leaf).1, kind))
        })
    }

    fn load_at(&self, id: &Hash, descent: &mut Descent<'_>) -> Result<Arc<Leaf>, TreeError> {
        let above = descent.path.len();
        let held = descent.verified.unwrap_or(&self.cache).get(id);
        if let Some(leaf) = held {
            return if above + leaf.depth as usize > MOST_DEPTH as usize { Err(too_deep(*id)) } else { Ok(leaf) };
        }
        descent.reads += 1;
        if above > MOST_DEPTH as usize || descent.reads > MOST_WEIGHT || descent.path.contains(id) {
            return Err(too_deep(*id));
        }
        if descent.verified.is_none() {
            return self.load_first(id, descent);
        }
        let mut first = None;
        for copy in self.objects.copies(id) {
            let mut bytes = self.spare();
            let read = self.objects.get_copy(id, &copy, &mut bytes).map_err(TreeError::from);
            let decoded = read.and_then(|()| self.decode(id, copy.kind, &mut bytes, Vec::new(), descent));
            match decoded.and_then(|leaf| verify(id, leaf)) {
                Ok(leaf) => {
                    let leaf = Arc::new(leaf);
                    if let Some(verified) = &descent.verified {
                        verified.put(*id, &leaf, leaf.footprint());
                    }
                    return Ok(leaf);
                }
                Err(error) if error.is_damage() => first = first.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(first.unwrap_or_else(|| StoreError::Missing(*id).into()))
    }

    fn load_first(&self, id: &Hash, descent: &mut Descent<'_>) -> Result<Arc<Leaf>, TreeError> {
        let keep = !descent.path.is_empty() || !self.sources_only;
        let mut bytes = self.spare();
        let kind = self.objects.get_into(id, &mut bytes)?;
        // What is kept must not hold more memory than it says.
        let room = if keep || kind != LEAF { Vec::new() } else { self.spare() };
        let leaf = Arc::new(self.decode(id, kind, &mut bytes, room, descent)?);
        self.give_back(bytes);
        if keep {
            self.cache.put(*id, &leaf, leaf.footprint());
        }
        Ok(leaf)
    }

    /// What the bytes of the leaf `id` say; the rows of a whole one come in place of what is in `room`, and `bytes` may
    /// be gone then.
    fn decode(
        &self,
        id: &Hash,
        kind: ObjectKind,
        bytes: &mut Vec<u8>,
        room: Vec<u8>,
        descent: &mut Descent<'_>,
    ) -> Result<Leaf, TreeError> {
        match kind {
            LEAF => whole::decode(bytes, room).map_err(|flaw| flaw.of(*id)),
            DELTA => {
                descent.path.push(*id);
                let leaf = self.decode_delta(id, bytes, descent);
                descent.path.pop();
                leaf
            }
            kind => Err(Flaw::Kind(kind.0).of(*id)),
        }
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

    fn decode_delta(&self, id: &Hash, bytes: &[u8], descent: &mut Descent<'_>) -> Result<Leaf, TreeError> {
        let held: Lru<Leaf> = Lru::new(SOURCES_HELD);
        let (mut weight, mut counted) = (1u64, HashSet::new());
        let mut leaf = delta::decode(*id, bytes, |source, number| {
            if let Some(leaf) = held.get(source) {
                return Ok(leaf);
            }
            let leaf = self.load_at(source, descent)?;
            if counted.insert(number) {
                weight = weight.saturating_add(leaf.weight);
            }
            held.put(*source, &leaf, leaf.footprint());
            Ok(leaf)
        })?;
        if weight > MOST_WEIGHT {
            return Err(too_deep(*id));
        }
        leaf.weight = weight;
        Ok(leaf)
    }

    /// The leaf `id`, every row hashed and the id checked, with row ids and keys.
    ///
    /// # Errors
    /// As [`LeafReader::load`]; also if the rows are not the ones that `id` names, or their keys do not ascend.
    pub fn read(&self, id: &Hash, spec: &KeySpec) -> Result<Entries, TreeError> {
        match self.load_at(id, &mut Descent::default()).and_then(|leaf| entries(id, leaf, spec)) {
            Err(error) if error.is_damage() => {
                let leaf = self.load_carefully(id).map_err(|_| error)?;
                entries(id, leaf, spec)
            }
            read => read,
        }
    }
}

/// The way down from a leaf to what it draws on.
#[derive(Default)]
struct Descent<'p> {
    /// The leaves that are being put together, the one asked for first.
    path: Vec<Hash>,
    reads: u64,
    /// Where every copy is tried and verified: those that were found good.
    verified: Option<&'p Lru<Leaf>>,
}

fn entries(id: &Hash, leaf: Arc<Leaf>, spec: &KeySpec) -> Result<Entries, TreeError> {
    if leaf.multiset != spec.is_multiset() {
        return Err(Flaw::Shape("a leaf is of another kind of table").of(*id));
    }
    let ids = row_ids(id, &leaf)?;
    Entries::of(leaf, ids, spec).map_err(|flaw| flaw.of(*id))
}

fn verify(id: &Hash, leaf: Leaf) -> Result<Leaf, TreeError> {
    row_ids(id, &leaf).map(|_| leaf)
}

/// The ids of a leaf's rows, if they are those that the leaf's id names.
fn row_ids(id: &Hash, leaf: &Leaf) -> Result<Vec<Hash>, TreeError> {
    let (ids, own) = ids_of(leaf);
    if own == *id { Ok(ids) } else { Err(Flaw::Id.of(*id)) }
}

/// The ids of a leaf's rows, and its own.
fn ids_of(leaf: &Leaf) -> (Vec<Hash>, Hash) {
    let mut hasher = LeafHasher::new(leaf.multiset);
    let rows: Vec<&[u8]> = (0..leaf.len()).map(|index| leaf.row(index)).collect();
    let ids = Hash::of_each(&rows);
    for (index, row) in ids.iter().enumerate() {
        hasher.entry(row, leaf.count(index));
    }
    (ids, hasher.finish())
}

pub(in crate::tree) fn too_deep(id: Hash) -> TreeError {
    Flaw::Shape("it needs more objects to be read than a leaf can need").of(id)
}

/// A leaf with the keys, and if it was verified the ids, of its rows.
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

    /// The row id at `index`; only for verified leaves.
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

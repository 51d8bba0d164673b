//! Reading a tree in key order, every row verified.

use super::leaf::{Entries, Leaf, LeafReader};
use super::pool::Pool;
use super::walk::{NodeReader, Position, Walk};
use super::{Flaw, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use std::sync::Arc;
use std::thread::Scope;

/// Bytes of decoded leaves kept for deltas, and of nodes.
const LEAF_CACHE: usize = 24 * 1024 * 1024;
const NODE_CACHE: usize = 4 * 1024 * 1024;
/// Bytes of rows read ahead, at most (a single leaf may be larger).
const AHEAD_BYTES: usize = 16 * 1024 * 1024;
/// No rows are left out at the end.
const TO_THE_END: &[u8] = &[];

/// One entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The row's id.
    pub id: Hash,
    /// The row's canonical bytes.
    pub row: &'a [u8],
    /// How often it occurs; 1 unless the table is a multiset.
    pub count: u64,
}

/// The entry at `index` of a leaf.
pub(super) fn entry(entries: &Entries, index: usize) -> Entry<'_> {
    let (key, row) = (entries.key(index), entries.leaf().row(index));
    Entry { key, id: entries.id(index), row, count: entries.leaf().count(index) }
}

/// Reads the leaf at `place`, and checks it against what the nodes say of it.
pub(super) fn read_place(leaves: &LeafReader<'_>, spec: &KeySpec, place: &Position) -> Result<Entries, TreeError> {
    let entries = leaves.read(&place.id, spec)?;
    check_place(&entries, place)?;
    Ok(entries)
}

/// Checks a leaf against what the nodes above `place` say of what is there.
pub(super) fn check_place(entries: &Entries, place: &Position) -> Result<(), TreeError> {
    let Some(totals) = place.totals else { return Ok(()) };
    let Some(last) = entries.len().checked_sub(1) else {
        return Err(Flaw::Shape("an empty leaf stands in a tree of several").of(place.id));
    };
    let within = entries.key(0) >= place.lower.as_slice()
        && (place.upper.is_empty() || entries.key(last) < place.upper.as_slice());
    let rows = (0..entries.len()).try_fold(0u64, |sum, index| sum.checked_add(entries.leaf().count(index)));
    let fits = totals.entries == entries.len() as u64
        && Some(totals.rows) == rows
        && totals.row_bytes == entries.leaf().row_bytes();
    if within && fits { Ok(()) } else { Err(Flaw::Shape("a leaf is not what the node above says of it").of(place.id)) }
}

/// Goes through the entries of one tree in key order.
///
/// It verifies what it gives: every row is hashed and every leaf's and node's id checked before its first entry is given.
pub struct Cursor<'o> {
    shared: Arc<Shared<'o>>,
    nodes: Arc<NodeReader<'o>>,
    root: Hash,
    walk: Walk<'o>,
    ahead: Option<Ahead<Entries>>,
    current: Option<Entries>,
    next: usize,
    from: Vec<u8>,
    until: Vec<u8>,
}

struct Shared<'o> {
    leaves: LeafReader<'o>,
    spec: KeySpec,
}

impl<'o> Cursor<'o> {
    /// A cursor before the first entry of the tree `root`, which reads a leaf when it comes to it.
    ///
    /// # Errors
    /// If the root is missing or not a tree.
    pub fn new(objects: &'o dyn Objects, spec: &KeySpec, root: &Hash) -> Result<Cursor<'o>, TreeError> {
        let nodes = Arc::new(NodeReader::new(objects, NODE_CACHE));
        let walk = Walk::new(&nodes, root, &[])?;
        let shared = Arc::new(Shared { leaves: LeafReader::of_one_tree(objects, LEAF_CACHE), spec: spec.clone() });
        Ok(Cursor {
            shared,
            nodes,
            root: *root,
            walk,
            ahead: None,
            current: None,
            next: 0,
            from: Vec::new(),
            until: Vec::new(),
        })
    }

    /// As [`Cursor::new`], but `threads` threads in `scope` read leaves before the cursor comes to them. They end when
    /// the cursor is dropped.
    ///
    /// # Errors
    /// If the root is missing or not a tree.
    pub fn ahead<'env>(
        scope: &'o Scope<'o, 'env>,
        objects: &'env dyn Objects,
        spec: &KeySpec,
        root: &Hash,
        threads: usize,
    ) -> Result<Cursor<'o>, TreeError> {
        let mut cursor = Cursor::new(objects, spec, root)?;
        let shared = Arc::clone(&cursor.shared);
        let work = move |place: Position| read_place(&shared.leaves, &shared.spec, &place);
        cursor.ahead = Some(Ahead::new(Pool::new(scope, threads, work), threads));
        Ok(cursor)
    }

    /// Goes to the first entry with a key at or above `from`; entries end before `until` (empty: at the end of the
    /// tree).
    ///
    /// # Errors
    /// If a node cannot be read.
    pub fn seek(&mut self, from: &[u8], until: &[u8]) -> Result<(), TreeError> {
        if let Some(ahead) = &mut self.ahead {
            while ahead.pool.take().is_some() {}
        }
        self.current = None;
        self.from = from.to_vec();
        self.until = until.to_vec();
        self.walk = Walk::new(&self.nodes, &self.root, from)?;
        Ok(())
    }

    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// If an object is missing or not what its id says. The cursor is then of no use.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, TreeError> {
        while self.current.as_ref().is_none_or(|current| self.next >= current.len()) {
            let Some(entries) = self.next_entries()? else {
                self.current = None;
                return Ok(None);
            };
            self.next = entries.at_or_above(&self.from);
            if let Some(before) = self.current.replace(entries) {
                self.shared.leaves.recycle(before);
            }
        }
        let Some(current) = &self.current else { return Ok(None) };
        let at = self.next;
        if !self.until.is_empty() && current.key(at) >= self.until.as_slice() {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(entry(current, at)))
    }

    /// Lets go of the entry that was given, if it was the last of its leaf: for those who have copied it and whose
    /// memory matters.
    pub fn forget(&mut self) {
        if let Some(current) = self.current.take_if(|current| self.next >= current.len()) {
            self.shared.leaves.recycle(current);
        }
    }

    fn next_entries(&mut self) -> Result<Option<Entries>, TreeError> {
        if let Some(ahead) = &mut self.ahead {
            return ahead.next(&mut self.walk, &self.until);
        }
        match next_place(&mut self.walk, &self.until)? {
            Some(place) => read_place(&self.shared.leaves, &self.shared.spec, &place).map(Some),
            None => Ok(None),
        }
    }
}

/// Leaves on which threads work before they are asked for.
struct Ahead<R> {
    pool: Pool<Position, R>,
    window: usize,
}

impl<R: Send> Ahead<R> {
    fn new(pool: Pool<Position, R>, threads: usize) -> Ahead<R> {
        Ahead { pool, window: 2 * threads.max(1) + 2 }
    }

    fn next(&mut self, walk: &mut Walk<'_>, until: &[u8]) -> Result<Option<R>, TreeError> {
        let pool = &mut self.pool;
        while pool.outstanding() == 0 || (pool.outstanding() < self.window && pool.bytes() < AHEAD_BYTES) {
            let Some(place) = next_place(walk, until)? else { break };
            let bytes = place.totals.map_or(0, |totals| totals.row_bytes);
            pool.give(usize::try_from(bytes).unwrap_or(usize::MAX / 4), place)?;
        }
        pool.take().transpose()
    }
}

/// What some work makes of each leaf of a tree, in key order. Leaves are read and verified as by a [`Cursor`].
pub struct LeafMap<'o, R> {
    walk: Walk<'o>,
    ahead: Ahead<R>,
}

impl<'o, R: Send + 'o> LeafMap<'o, R> {
    /// Of the tree `root`. `threads` threads in `scope` read leaves and do `work` on them; they end when this is
    /// dropped.
    ///
    /// # Errors
    /// If the root is missing or not a tree.
    pub fn new<'env>(
        scope: &'o Scope<'o, 'env>,
        objects: &'env dyn Objects,
        spec: &KeySpec,
        root: &Hash,
        threads: usize,
        work: impl Fn(&Entries) -> R + Send + Sync + 'o,
    ) -> Result<LeafMap<'o, R>, TreeError> {
        let walk = Walk::new(&Arc::new(NodeReader::new(objects, NODE_CACHE)), root, &[])?;
        let (leaves, spec) = (LeafReader::of_one_tree(objects, LEAF_CACHE), spec.clone());
        let work = move |place: Position| {
            let entries = read_place(&leaves, &spec, &place)?;
            let made = work(&entries);
            leaves.recycle(entries);
            Ok(made)
        };
        Ok(LeafMap { walk, ahead: Ahead::new(Pool::new(scope, threads, work), threads) })
    }

    /// What was made of the next leaf; `None` after the last.
    ///
    /// # Errors
    /// If an object is missing or not what its id says. The map is then of no use.
    pub fn next_leaf(&mut self) -> Result<Option<R>, TreeError> {
        self.ahead.next(&mut self.walk, TO_THE_END)
    }
}

fn next_place(walk: &mut Walk<'_>, until: &[u8]) -> Result<Option<Position>, TreeError> {
    if !until.is_empty() && walk.lower() >= until {
        return Ok(None);
    }
    walk.next_leaf()
}

/// Finds single entries in trees, and keeps what it has read: the same place in many trees is a chain of deltas.
pub struct Finder<'o> {
    leaves: LeafReader<'o>,
    nodes: Arc<NodeReader<'o>>,
}

impl<'o> Finder<'o> {
    /// One that has read nothing yet.
    pub fn new(objects: &'o dyn Objects) -> Finder<'o> {
        Finder { leaves: LeafReader::new(objects, LEAF_CACHE), nodes: Arc::new(NodeReader::new(objects, NODE_CACHE)) }
    }

    /// The row with that key in the tree `root`.
    ///
    /// # Errors
    /// If an object on the way is missing or damaged.
    pub fn find(&self, spec: &KeySpec, root: &Hash, key: &[u8]) -> Result<Option<FoundRow>, TreeError> {
        let Some(place) = Walk::new(&self.nodes, root, key)?.next_leaf()? else { return Ok(None) };
        let entries = read_place(&self.leaves, spec, &place)?;
        let at = entries.at_or_above(key);
        let is_there = at < entries.len() && entries.key(at) == key;
        Ok(is_there.then(|| FoundRow { leaf: Arc::clone(entries.leaf()), at }))
    }
}

/// A row that stays in the leaf in which it was found.
#[derive(Debug, Clone)]
pub struct FoundRow {
    leaf: Arc<Leaf>,
    at: usize,
}

impl FoundRow {
    /// Its bytes.
    pub fn row(&self) -> &[u8] {
        self.leaf.row(self.at)
    }

    /// How often it occurs.
    pub fn count(&self) -> u64 {
        self.leaf.count(self.at)
    }
}

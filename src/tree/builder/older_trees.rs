//! Older trees of the table: what changed since, and which rows they hold.

use super::compare::Comparison;
use super::join::Join;
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::NewObjects;
use crate::tree::frame::{DELTA, first_good};
use crate::tree::leaf::{Entries, LeafReader, sources};
use crate::tree::walk::{NodeReader, Position, Walk};
use crate::tree::{Flaw, TreeError};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Deltas on deltas that a writer makes, at most.
const MOST_DEPTH: u32 = 32;
/// Where a leaf is too deep to draw on, leaves below it of at most this depth stand in.
const SHALLOW: u32 = 4;
/// Stand-ins looked at for one leaf that is too deep.
const MOST_STAND_INS: usize = 128;
/// Older trees, beside the parent, that leaves ask for rows: what a snapshot costs must not grow with how many there
/// are.
const MOST_TREES: usize = 64;
/// Leaves of older trees read in vain before a builder looks only now and then.
const CREDIT: i64 = 64;
/// Without credit, one leaf in this many still asks the older trees.
const NOW_AND_THEN: u64 = 64;

/// Bytes of decoded leaves and of nodes kept for the jobs that come next.
const LEAF_CACHE: usize = 16 * 1024 * 1024;
const NODE_CACHE: usize = 4 * 1024 * 1024;

/// Older trees, the parent first.
pub(super) struct OlderTrees<'o> {
    roots: Vec<Hash>,
    leaves: LeafReader<'o>,
    nodes: Arc<NodeReader<'o>>,
    damaged: AtomicBool,
    credit: AtomicI64,
    asked: AtomicU64,
}

impl<'o> OlderTrees<'o> {
    pub(super) fn new(objects: &'o dyn NewObjects, roots: &[Hash]) -> OlderTrees<'o> {
        OlderTrees {
            roots: roots.iter().take(1 + MOST_TREES).copied().collect(),
            leaves: LeafReader::new(objects, LEAF_CACHE),
            nodes: Arc::new(NodeReader::new(objects, NODE_CACHE)),
            damaged: AtomicBool::new(false),
            credit: AtomicI64::new(CREDIT),
            asked: AtomicU64::new(0),
        }
    }

    /// The root of the parent, if there is one.
    pub(super) fn parent(&self) -> Option<Hash> {
        self.roots.first().copied()
    }

    /// Whether something of an older tree could not be read: then changes are not told.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Compares the new leaf `id` with the parent; with `join`, also looks where its rows can be had.
    pub(super) fn compare(
        &self,
        spec: &KeySpec,
        comparison: &mut Comparison<'_>,
        id: Hash,
        mut join: Option<&mut Join<'_>>,
    ) -> Result<(), TreeError> {
        let Some(parent) = self.roots.first() else { return Ok(()) };
        // Never a source of its own, though an older tree has it: where it is held it would not be asked for.
        let mut search = Search { history: self, spec, tried: HashSet::from([id]) };
        let (lower, upper) = comparison.bounds();
        for place in self.tolerate(self.places(parent, lower, upper))?.unwrap_or_default() {
            if place.id == id && join.is_none() {
                comparison.same();
                continue;
            }
            if let Some(entries) = search.entries(&place.id)?
                && self.tolerate(comparison.leaf(&entries, &place))?.is_some()
                && place.id != id
                && let Some(join) = &mut join
            {
                search.take(join, &place.id, &entries)?;
            }
        }
        if let Some(join) = join
            && join.missing() > 0
            && self.roots.len() > 1
        {
            search.older(join)?;
        }
        Ok(())
    }

    /// The leaves of an older tree with keys from `from` to below `until`.
    fn places(&self, root: &Hash, from: &[u8], until: &[u8]) -> Result<Vec<Position>, TreeError> {
        Walk::new(&self.nodes, root, from)?.leaves_below(until)
    }

    /// What is damaged in an older tree must not keep a new snapshot from being taken: its rows are stored anew.
    fn tolerate<T>(&self, outcome: Result<T, TreeError>) -> Result<Option<T>, TreeError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_damage() => {
                self.damaged.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// One leaf's search through older trees.
struct Search<'h, 'o> {
    history: &'h OlderTrees<'o>,
    spec: &'h KeySpec,
    tried: HashSet<Hash>,
}

impl Search<'_, '_> {
    /// The leaf `id` with its keys. Its rows are not hashed: a row is only taken from it where it is equal, byte for
    /// byte.
    fn entries(&mut self, id: &Hash) -> Result<Option<Entries>, TreeError> {
        self.tried.insert(*id);
        let leaf = self.history.leaves.load(id);
        let entries = leaf.and_then(|leaf| match leaf.is_multiset() == self.spec.is_multiset() {
            true => Entries::of(leaf, Vec::new(), self.spec).map_err(|flaw| flaw.of(*id)),
            false => Err(Flaw::Shape("a leaf is of another kind of table").of(*id)),
        });
        self.history.tolerate(entries)
    }

    /// Takes rows from a leaf or, if it is too deep to draw on, from leaves that it was made from.
    fn take(&mut self, join: &mut Join<'_>, id: &Hash, entries: &Entries) -> Result<usize, TreeError> {
        if entries.leaf().depth() < MOST_DEPTH {
            return Ok(join.take(*id, entries));
        }
        let mut found = 0;
        let mut deep = vec![*id];
        let mut budget = MOST_STAND_INS;
        while let Some(id) = deep.pop() {
            for source in self.history.tolerate(self.sources_of(&id))?.unwrap_or_default() {
                if budget == 0 || !self.tried.insert(source) {
                    continue;
                }
                budget -= 1;
                let Some(entries) = self.entries(&source)? else { continue };
                if entries.leaf().depth() <= SHALLOW {
                    found += join.take(source, &entries);
                } else {
                    deep.push(source);
                }
            }
        }
        Ok(found)
    }

    fn sources_of(&self, id: &Hash) -> Result<Vec<Hash>, TreeError> {
        first_good(self.history.leaves.objects(), id, |kind, bytes| match kind {
            DELTA => sources(bytes).map_err(|flaw| flaw.of(*id)),
            _ => Ok(Vec::new()),
        })
    }

    /// Looks for rows that are still missing in the trees before the parent, as long as that keeps paying.
    fn older(&mut self, join: &mut Join<'_>) -> Result<(), TreeError> {
        let history = self.history;
        let asked = history.asked.fetch_add(1, Ordering::Relaxed);
        for root in &history.roots[1..] {
            let Some((first, last)) = join.missing_range() else { return Ok(()) };
            if history.credit.load(Ordering::Relaxed) <= 0 && !asked.is_multiple_of(NOW_AND_THEN) {
                return Ok(());
            }
            let mut until = last.to_vec();
            until.push(0);
            for place in history.tolerate(history.places(root, first, &until))?.unwrap_or_default() {
                if self.tried.contains(&place.id) || !join.misses_within(&place.lower, &place.upper) {
                    continue;
                }
                let Some(entries) = self.entries(&place.id)? else { continue };
                if self.take(join, &place.id, &entries)? > 0 {
                    history.credit.store(CREDIT, Ordering::Relaxed);
                } else {
                    history.credit.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}

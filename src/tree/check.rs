//! Checking trees against all that `docs/FORMAT.md`, section 4, says of them: not only that rows are what ids say, but
//! that leaves and nodes end where they must and bounds are the ones that a writer makes.

use super::leaf::{Entries, LeafReader};
use super::node::{Node, Totals, bound_between};
use super::splitter::{Extent, MOST_BITS, leaf_cuts, node_ends};
use super::walk::{NodeReader, Position, Walk, check_child};
use super::{Flaw, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::store::Objects;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of decoded leaves kept for deltas, and of nodes.
const LEAF_CACHE: usize = 24 * 1024 * 1024;
const NODE_CACHE: usize = 4 * 1024 * 1024;
/// Leaves that are read side by side, and the bytes of their rows, at most.
const BATCH: usize = 64;
const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// Leaves of which it is remembered what they are, so that a leaf of many trees is read once.
const MOST_KNOWN: usize = 200_000;

/// Checks trees, one after the other. A leaf that several of them have is read once.
pub struct TreeCheck<'o> {
    leaves: LeafReader<'o>,
    nodes: Arc<NodeReader<'o>>,
    specs: Vec<KeySpec>,
    known: HashMap<(usize, Hash), Arc<LeafFacts>>,
}

/// What is known of a leaf that was read and verified.
struct LeafFacts {
    /// The first and the last key; `None` if it is empty.
    keys: Option<(Vec<u8>, Vec<u8>)>,
    totals: Totals,
    /// Bytes of rows, each as often as it occurs.
    all_bytes: u64,
    /// Bit `k`: with leaves meant to hold 2^k entries it may be the last of its tree, or one before the last.
    may_be_last: u16,
    may_be_before: u16,
}

impl<'o> TreeCheck<'o> {
    /// Of trees in `objects`.
    pub fn new(objects: &'o dyn Objects) -> TreeCheck<'o> {
        TreeCheck {
            leaves: LeafReader::new(objects, LEAF_CACHE),
            nodes: Arc::new(NodeReader::new(objects, NODE_CACHE)),
            specs: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Reads the tree `root`, whose rows are keyed by `spec`, and tells what is in it. `monitor` is told of rows and
    /// bytes.
    ///
    /// # Errors
    /// The first thing that is wrong; [`TreeError::Interrupted`].
    pub fn tree(&mut self, spec: &KeySpec, root: &Hash, monitor: &dyn Monitor) -> Result<Totals, TreeError> {
        self.check_nodes(spec, root)?;
        let number = self.specs.iter().position(|known| known == spec).unwrap_or_else(|| {
            self.specs.push(spec.clone());
            self.specs.len() - 1
        });
        let mut walk = Walk::new(&self.nodes, root, &[])?;
        let mut totals = Totals::default();
        let mut extent = Extent::default();
        let mut cuts = Cuts::default();
        let mut before: Option<Arc<LeafFacts>> = None;
        let mut next = walk.next_leaf()?;
        while next.is_some() {
            let batch;
            (batch, next) = next_batch(&mut walk, next)?;
            for (place, leaf) in batch.iter().zip(self.facts(number, &batch, monitor)) {
                let leaf = leaf?;
                check_leaf(&leaf, before.as_deref(), place)?;
                let too_much = || Flaw::Shape("its tree holds more than can be counted").of(place.id);
                totals = totals.plus(leaf.totals).ok_or_else(too_much)?;
                extent = extent.plus(Extent { rows: leaf.totals.rows, row_bytes: leaf.all_bytes });
                cuts.add(place.id, if place.upper.is_empty() { leaf.may_be_last } else { leaf.may_be_before });
                monitor.advance(leaf.totals.rows, leaf.totals.row_bytes);
                before = Some(leaf);
            }
        }
        cuts.check(extent)?;
        Ok(totals)
    }

    /// Checks the nodes of a tree.
    fn check_nodes(&self, spec: &KeySpec, root: &Hash) -> Result<(), TreeError> {
        let Some(node) = self.nodes.root(root)? else { return Ok(()) };
        if node.children.len() < 2 {
            return Err(Flaw::Shape("a root has a single child").of(*root));
        }
        if node.children.last().is_some_and(|last| !last.upper.is_empty()) {
            return Err(Flaw::Shape("the last bound of a root is not empty").of(*root));
        }
        let mut open: Vec<(Hash, Arc<Node>, Vec<u8>)> = vec![(*root, node, Vec::new())];
        while let Some((id, node, mut lower)) = open.pop() {
            if node.multiset != spec.is_multiset() {
                return Err(Flaw::Shape("a node is of another kind of table").of(id));
            }
            check_ends(&node).map_err(|flaw| flaw.of(id))?;
            if node.level == 1 {
                continue;
            }
            for told in &node.children {
                let child = self.nodes.load(&told.id)?;
                let upper = told.upper.clone();
                let place = Position { id: told.id, lower: lower.clone(), upper, totals: Some(told.totals) };
                check_child(&child, &place, node.level - 1)?;
                open.push((told.id, child, std::mem::replace(&mut lower, place.upper)));
            }
        }
        Ok(())
    }

    /// What the leaves of a batch are, or what is wrong with each; read by all cores.
    fn facts(
        &mut self,
        spec: usize,
        batch: &[Position],
        monitor: &dyn Monitor,
    ) -> Vec<Result<Arc<LeafFacts>, TreeError>> {
        let read = |place: &Position| {
            if let Some(known) = self.known.get(&(spec, place.id)) {
                return Ok(Arc::clone(known));
            }
            if monitor.interrupted() {
                return Err(TreeError::Interrupted);
            }
            let entries = self.leaves.read(&place.id, &self.specs[spec])?;
            let too_many = || Flaw::Shape("its rows are more than can be counted").of(place.id);
            LeafFacts::of(&entries).map(Arc::new).ok_or_else(too_many)
        };
        let found: Vec<_> = batch.par_iter().map(read).collect();
        for (place, facts) in batch.iter().zip(&found) {
            if let Ok(facts) = facts
                && self.known.len() < MOST_KNOWN
            {
                self.known.insert((spec, place.id), Arc::clone(facts));
            }
        }
        found
    }
}

/// Leaves to be read side by side, `first` and those after it, and the one after these. One that is very large comes
/// alone.
fn next_batch(walk: &mut Walk<'_>, first: Option<Position>) -> Result<(Vec<Position>, Option<Position>), TreeError> {
    let bytes = |place: &Position| place.totals.map_or(0, |totals| totals.row_bytes);
    let mut batch: Vec<Position> = first.into_iter().collect();
    let mut sum: u64 = batch.iter().map(bytes).sum();
    while batch.len() < BATCH {
        match walk.next_leaf()? {
            Some(next) if sum.saturating_add(bytes(&next)) > BATCH_BYTES => return Ok((batch, Some(next))),
            Some(next) => {
                sum += bytes(&next);
                batch.push(next);
            }
            None => return Ok((batch, None)),
        }
    }
    Ok((batch, walk.next_leaf()?))
}

impl LeafFacts {
    fn of(entries: &Entries) -> Option<LeafFacts> {
        let leaf = entries.leaf();
        let (mut rows, mut all_bytes) = (0u64, 0u64);
        for index in 0..entries.len() {
            rows = rows.checked_add(leaf.count(index))?;
            all_bytes = all_bytes.saturating_add(leaf.count(index).saturating_mul(leaf.row(index).len() as u64));
        }
        let cuts = leaf_cuts((0..entries.len()).map(|index| (entries.key(index), leaf.row(index).len())));
        let last = entries.len().checked_sub(1);
        Some(LeafFacts {
            keys: last.map(|last| (entries.key(0).to_vec(), entries.key(last).to_vec())),
            totals: Totals { entries: entries.len() as u64, rows, row_bytes: leaf.row_bytes() },
            all_bytes,
            may_be_last: cuts.0,
            may_be_before: cuts.1,
        })
    }
}

/// Checks a leaf against its place and against the leaf before it.
fn check_leaf(leaf: &LeafFacts, before: Option<&LeafFacts>, place: &Position) -> Result<(), TreeError> {
    let flawed = |what: &'static str| Err(Flaw::Shape(what).of(place.id));
    let Some(totals) = place.totals else { return Ok(()) };
    let Some((first, last)) = &leaf.keys else { return flawed("an empty leaf stands in a tree of several") };
    let within = *first >= place.lower && (place.upper.is_empty() || *last < place.upper);
    if !within || totals != leaf.totals {
        return flawed("a leaf is not what the node above says of it");
    }
    match before.and_then(|before| before.keys.as_ref()) {
        Some((_, below)) if bound_between(below, first) != place.lower => {
            flawed("the bound before it is not the shortest that there is")
        }
        _ => Ok(()),
    }
}

/// Checks that a node ends where its children's bounds say so and nowhere else.
fn check_ends(node: &Node) -> Result<(), Flaw> {
    let mut bounds = 0;
    for (number, child) in (1..).zip(&node.children) {
        bounds += child.upper.len();
        let is_last = number == node.children.len();
        let ends = !child.upper.is_empty() && node_ends(node.level, number, bounds, &child.upper);
        if ends && !is_last {
            return Err(Flaw::Shape("a node goes on where it must end"));
        }
        if is_last && !ends && !child.upper.is_empty() {
            return Err(Flaw::Shape("a node ends where it must not"));
        }
    }
    Ok(())
}

/// By which numbers of bits all leaves of a tree may have been cut.
#[derive(Default)]
struct Cuts {
    /// By number of bits: the first leaf that cannot have been.
    against: [Option<Hash>; MOST_BITS as usize + 1],
}

impl Cuts {
    fn add(&mut self, id: Hash, possible: u16) {
        for (bits, against) in self.against.iter_mut().enumerate() {
            if possible & 1 << bits == 0 {
                against.get_or_insert(id);
            }
        }
    }

    fn check(&self, extent: Extent) -> Result<(), TreeError> {
        match self.against[extent.leaf_bits() as usize] {
            None => Ok(()),
            Some(id) => Err(Flaw::Shape("a leaf does not end where its keys say").of(id)),
        }
    }
}

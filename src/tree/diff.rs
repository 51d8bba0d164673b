//! What differs between two trees of one table. What both share is skipped without being read.

use super::cursor::{Entry, entry, read_place};
use super::leaf::{Entries, LeafReader};
use super::node::Node;
use super::walk::{NodeReader, Place, check_child};
use super::{Flaw, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use std::cmp::Ordering;
use std::sync::Arc;

/// Bytes of decoded leaves kept for deltas, and of nodes.
const LEAF_CACHE: usize = 32 * 1024 * 1024;
const NODE_CACHE: usize = 4 * 1024 * 1024;

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference<'a> {
    /// Only the newer tree has the key.
    Added(Entry<'a>),
    /// Only the older tree has the key.
    Removed(Entry<'a>),
    /// Both have the key, with different rows; in a multiset, the same row with different counts.
    Changed {
        /// The entry of the older tree.
        old: Entry<'a>,
        /// The entry of the newer tree.
        new: Entry<'a>,
    },
}

/// Goes through the differences between two trees in key order.
pub struct Diff<'o> {
    leaves: LeafReader<'o>,
    spec: KeySpec,
    old: Side<'o>,
    new: Side<'o>,
    /// Which sides stand at an entry that was given.
    given: (bool, bool),
}

/// What a step found.
enum Found {
    Old,
    New,
    Both,
    End,
}

impl<'o> Diff<'o> {
    /// The differences from tree `old` to tree `new`. Nothing is read yet.
    pub fn new(objects: &'o dyn Objects, spec: &KeySpec, old: &Hash, new: &Hash) -> Diff<'o> {
        let nodes = Arc::new(NodeReader::new(objects, NODE_CACHE));
        Diff {
            leaves: LeafReader::new(objects, LEAF_CACHE),
            spec: spec.clone(),
            old: Side::new(&nodes, old),
            new: Side::new(&nodes, new),
            given: (false, false),
        }
    }

    /// The next difference; `None` after the last.
    ///
    /// # Errors
    /// If an object is missing or not what its id says.
    pub fn next_difference(&mut self) -> Result<Option<Difference<'_>>, TreeError> {
        let (old, new) = std::mem::take(&mut self.given);
        if old {
            self.old.advance();
        }
        if new {
            self.new.advance();
        }
        let found = loop {
            if let Some(found) = self.step()? {
                break found;
            }
        };
        Ok(match found {
            Found::End => None,
            Found::Old => {
                self.given = (true, false);
                self.old.entry().map(Difference::Removed)
            }
            Found::New => {
                self.given = (false, true);
                self.new.entry().map(Difference::Added)
            }
            Found::Both => {
                self.given = (true, true);
                let (old, new) = (self.old.entry(), self.new.entry());
                old.zip(new).map(|(old, new)| Difference::Changed { old, new })
            }
        })
    }

    /// Skips what both sides share, or opens what has to be looked into; `Some` if both then stand at a difference.
    fn step(&mut self) -> Result<Option<Found>, TreeError> {
        let (old, new) = (&mut self.old, &mut self.new);
        old.settle()?;
        new.settle()?;
        if let (Some(a), Some(b)) = (old.start(), new.start())
            && a == b
        {
            if let (Head::Closed { place: a, .. }, Head::Closed { place: b, .. }) = (&old.head, &new.head)
                && a.totals != b.totals
            {
                return Err(Flaw::Shape("two nodes do not agree on what is in it").of(a.id));
            }
            old.skip();
            new.skip();
            return Ok(None);
        }
        match (&old.head, &new.head) {
            (Head::End, Head::End) => return Ok(Some(Found::End)),
            (Head::Open { .. }, Head::End) => return Ok(Some(Found::Old)),
            (Head::End, Head::Open { .. }) => return Ok(Some(Found::New)),
            (Head::Open { .. }, Head::Open { .. }) => {}
            (Head::Open { entries, at, .. }, Head::Closed { place, .. })
                if entries.key(*at) < place.lower.as_slice() =>
            {
                return Ok(Some(Found::Old));
            }
            (Head::Closed { place, .. }, Head::Open { entries, at, .. })
                if entries.key(*at) < place.lower.as_slice() =>
            {
                return Ok(Some(Found::New));
            }
            _ => {
                self.open()?;
                return Ok(None);
            }
        }
        let (Some(a), Some(b)) = (old.entry(), new.entry()) else { return Ok(Some(Found::End)) };
        Ok(match a.key.cmp(b.key) {
            Ordering::Less => Some(Found::Old),
            Ordering::Greater => Some(Found::New),
            Ordering::Equal if a.id == b.id && a.count == b.count => {
                old.advance();
                new.advance();
                None
            }
            Ordering::Equal => Some(Found::Both),
        })
    }

    /// Opens the higher of two subtrees, both if they are equally high, or the one that is still closed.
    fn open(&mut self) -> Result<(), TreeError> {
        let (old_level, new_level) = (self.old.closed_level(), self.new.closed_level());
        let open_old = old_level >= new_level;
        let mut open_new = new_level >= old_level;
        if old_level == Some(0) && new_level == Some(0) {
            let (Head::Closed { place: a, .. }, Head::Closed { place: b, .. }) = (&self.old.head, &self.new.head)
            else {
                return Ok(());
            };
            if b.is_before(a) {
                return self.new.open(&self.leaves, &self.spec);
            }
            if a.is_before(b) {
                open_new = false;
            } else {
                // One is often a delta on the other: decode once, then prove both side by side.
                self.leaves.load(&a.id)?;
                let (leaves, spec, old, new) = (&self.leaves, &self.spec, &mut self.old, &mut self.new);
                let (old, new) = rayon::join(|| old.open(leaves, spec), || new.open(leaves, spec));
                return old.and(new);
            }
        }
        if open_old {
            self.old.open(&self.leaves, &self.spec)?;
        }
        if open_new {
            self.new.open(&self.leaves, &self.spec)?;
        }
        Ok(())
    }
}

/// Where one side stands.
enum Head {
    /// Before the root; its level is not known yet.
    Root(Hash),
    /// Before a subtree that was not looked into; level 0 is a leaf.
    Closed { place: Place, level: u8 },
    /// In a leaf.
    Open { id: Hash, entries: Entries, at: usize },
    /// After the last subtree of what was opened; the next one is on the path.
    Between,
    /// After the last entry.
    End,
}

/// One of the two trees.
struct Side<'o> {
    nodes: Arc<NodeReader<'o>>,
    /// Opened nodes and the child to come next.
    path: Vec<(Arc<Node>, usize)>,
    lower: Vec<u8>,
    head: Head,
}

impl<'o> Side<'o> {
    fn new(nodes: &Arc<NodeReader<'o>>, root: &Hash) -> Side<'o> {
        Side { nodes: Arc::clone(nodes), path: Vec::new(), lower: Vec::new(), head: Head::Root(*root) }
    }

    /// Goes to the next subtree if the one before is done.
    fn settle(&mut self) -> Result<(), TreeError> {
        if let Head::Open { entries, at, .. } = &self.head
            && *at >= entries.len()
        {
            self.head = Head::Between;
        }
        while matches!(self.head, Head::Between) {
            let Some((node, at)) = self.path.last_mut() else {
                self.head = Head::End;
                return Ok(());
            };
            let Some(child) = node.children.get(*at) else {
                self.path.pop();
                continue;
            };
            *at += 1;
            let lower = std::mem::replace(&mut self.lower, child.upper.clone());
            let place = Place { id: child.id, lower, upper: child.upper.clone(), totals: Some(child.totals) };
            self.head = Head::Closed { place, level: node.level - 1 };
        }
        Ok(())
    }

    /// The id of the subtree it stands right before.
    fn start(&self) -> Option<Hash> {
        match &self.head {
            Head::Root(id) | Head::Open { id, at: 0, .. } => Some(*id),
            Head::Closed { place, .. } => Some(place.id),
            _ => None,
        }
    }

    /// Leaves out the subtree it stands before.
    fn skip(&mut self) {
        self.head = Head::Between;
    }

    /// The level of the subtree that could be opened; `None` if there is none. A root counts as the highest.
    fn closed_level(&self) -> Option<u8> {
        match &self.head {
            Head::Root(_) => Some(u8::MAX),
            Head::Closed { level, .. } => Some(*level),
            _ => None,
        }
    }

    fn open(&mut self, leaves: &LeafReader<'_>, spec: &KeySpec) -> Result<(), TreeError> {
        match &self.head {
            Head::Root(id) => {
                let id = *id;
                if let Some(node) = self.nodes.root(&id)? {
                    self.path.push((node, 0));
                    self.head = Head::Between;
                    return Ok(());
                }
                let place = Place { id, lower: Vec::new(), upper: Vec::new(), totals: None };
                self.head = Head::Closed { place, level: 0 };
            }
            Head::Closed { place, level: 0 } => {
                let entries = read_place(leaves, spec, place)?;
                self.head = Head::Open { id: place.id, entries, at: 0 };
            }
            Head::Closed { place, level } => {
                let node = self.nodes.load(&place.id)?;
                check_child(&node, place, *level)?;
                self.lower.clone_from(&place.lower);
                self.path.push((node, 0));
                self.head = Head::Between;
            }
            _ => {}
        }
        Ok(())
    }

    fn entry(&self) -> Option<Entry<'_>> {
        match &self.head {
            Head::Open { entries, at, .. } => Some(entry(entries, *at)),
            _ => None,
        }
    }

    fn advance(&mut self) {
        if let Head::Open { at, .. } = &mut self.head {
            *at += 1;
        }
    }
}

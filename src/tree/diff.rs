//! What differs between two trees of one table. What both share is skipped without being read.

mod side;

use super::cursor::Entry;
use super::leaf::LeafReader;
use super::walk::NodeReader;
use super::{Flaw, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use side::{Head, Side};
use std::cmp::Ordering;
use std::sync::Arc;

/// Bytes of decoded leaves kept for deltas, and of nodes.
const LEAF_CACHE: usize = 32 * 1024 * 1024;
const NODE_CACHE: usize = 4 * 1024 * 1024;
/// Leaves with more bytes of rows, of which a value must be huge, are decoded one after the other: that takes half the
/// memory.
const SIDE_BY_SIDE: u64 = 16 << 20;

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

    /// Lets go of what was given, where it was the last of its leaf: for those who have copied it and whose memory
    /// matters.
    ///
    /// # Errors
    /// As [`Diff::next_difference`].
    pub fn forget(&mut self) -> Result<(), TreeError> {
        let (old, new) = std::mem::take(&mut self.given);
        for (side, _) in [(&mut self.old, old), (&mut self.new, new)].into_iter().filter(|(_, given)| *given) {
            side.advance();
            side.settle()?;
        }
        Ok(())
    }

    /// The next difference; `None` after the last.
    ///
    /// # Errors
    /// If an object is missing or not what its id says.
    pub fn next_difference(&mut self) -> Result<Option<Difference<'_>>, TreeError> {
        self.forget()?;
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
                // One is often a delta on the other: decode once, then verify both side by side, and decode those that
                // come next.
                if self.leaves.load(&a.id)?.row_bytes() > SIDE_BY_SIDE {
                    self.old.open(&self.leaves, &self.spec)?;
                    return self.new.open(&self.leaves, &self.spec);
                }
                let next = if a.upper == b.upper { next_pair(&self.old, &self.new) } else { None };
                let (leaves, spec, old, new) = (&self.leaves, &self.spec, &mut self.old, &mut self.new);
                let both = || rayon::join(|| old.open(leaves, spec), || new.open(leaves, spec));
                let ahead = || next.map(|(a, b)| leaves.load(&a).and_then(|_| leaves.load(&b)));
                // What could not be read ahead comes to light in its turn.
                let ((old, new), _) = rayon::join(both, ahead);
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

/// The leaves that come next on both sides, if they are of the same bounds and differ: then both will be read.
fn next_pair(old: &Side<'_>, new: &Side<'_>) -> Option<(Hash, Hash)> {
    let (a, b) = (old.next_leaf()?, new.next_leaf()?);
    (a.upper == b.upper && a.id != b.id).then_some((a.id, b.id))
}

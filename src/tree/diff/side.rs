//! One of two trees that are compared, and where it stands.

use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::tree::TreeError;
use crate::tree::cursor::{Entry, entry, read_place};
use crate::tree::leaf::{Entries, LeafReader};
use crate::tree::node::{Child, Node};
use crate::tree::walk::{NodeReader, Position, check_child};
use std::sync::Arc;

/// Where one side stands.
pub(super) enum Head {
    /// Before the root; its level is not known yet.
    Root(Hash),
    /// Before a subtree that was not looked into; level 0 is a leaf.
    Closed { place: Position, level: u8 },
    /// In a leaf.
    Open { id: Hash, entries: Entries, at: usize },
    /// After the last subtree of what was opened; the next one is on the path.
    Between,
    /// After the last entry.
    End,
}

/// One of the two trees.
pub(super) struct Side<'o> {
    nodes: Arc<NodeReader<'o>>,
    /// Opened nodes and the child to come next.
    path: Vec<(Arc<Node>, usize)>,
    lower: Vec<u8>,
    pub(super) head: Head,
}

impl<'o> Side<'o> {
    pub(super) fn new(nodes: &Arc<NodeReader<'o>>, root: &Hash) -> Side<'o> {
        Side { nodes: Arc::clone(nodes), path: Vec::new(), lower: Vec::new(), head: Head::Root(*root) }
    }

    /// Goes to the next subtree if the one before is done.
    pub(super) fn settle(&mut self) -> Result<(), TreeError> {
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
            let place = Position { id: child.id, lower, upper: child.upper.clone(), totals: Some(child.totals) };
            self.head = Head::Closed { place, level: node.level - 1 };
        }
        Ok(())
    }

    /// The id of the subtree it stands right before.
    pub(super) fn start(&self) -> Option<Hash> {
        match &self.head {
            Head::Root(id) | Head::Open { id, at: 0, .. } => Some(*id),
            Head::Closed { place, .. } => Some(place.id),
            _ => None,
        }
    }

    /// Leaves out the subtree it stands before.
    pub(super) fn skip(&mut self) {
        self.head = Head::Between;
    }

    /// The leaf after the one it stands before, if the same node has it.
    pub(super) fn next_leaf(&self) -> Option<&Child> {
        let (node, at) = self.path.last()?;
        if node.level == 1 { node.children.get(*at) } else { None }
    }

    /// The level of the subtree that could be opened; `None` if there is none. A root counts as the highest.
    pub(super) fn closed_level(&self) -> Option<u8> {
        match &self.head {
            Head::Root(_) => Some(u8::MAX),
            Head::Closed { level, .. } => Some(*level),
            _ => None,
        }
    }

    pub(super) fn open(&mut self, leaves: &LeafReader<'_>, spec: &KeySpec) -> Result<(), TreeError> {
        match &self.head {
            Head::Root(id) => {
                let id = *id;
                if let Some(node) = self.nodes.root(&id)? {
                    self.path.push((node, 0));
                    self.head = Head::Between;
                    return Ok(());
                }
                let place = Position { id, lower: Vec::new(), upper: Vec::new(), totals: None };
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

    pub(super) fn entry(&self) -> Option<Entry<'_>> {
        match &self.head {
            Head::Open { entries, at, .. } => Some(entry(entries, *at)),
            _ => None,
        }
    }

    pub(super) fn advance(&mut self) {
        if let Head::Open { at, .. } = &mut self.head {
            *at += 1;
        }
    }
}

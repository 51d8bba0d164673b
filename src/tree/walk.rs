//! Walking down a tree: from a root to its leaves in key order, nodes checked on the way.

use super::frame::{DELTA, LEAF, NODE};
use super::lru::Lru;
use super::node::{Node, Totals};
use super::{Flaw, TreeError};
use crate::hash::Hash;
use crate::store::Objects;
use std::sync::Arc;

/// Reads nodes and keeps some of them. Shared between threads.
pub(super) struct NodeReader<'o> {
    objects: &'o dyn Objects,
    cache: Lru<Node>,
}

impl<'o> NodeReader<'o> {
    /// A reader that keeps at most `cache` bytes of nodes.
    pub(super) fn new(objects: &'o dyn Objects, cache: usize) -> NodeReader<'o> {
        NodeReader { objects, cache: Lru::new(cache) }
    }

    /// The node `id`.
    pub(super) fn load(&self, id: &Hash) -> Result<Arc<Node>, TreeError> {
        if let Some(node) = self.cache.get(id) {
            return Ok(node);
        }
        let node = Arc::new(Node::load(self.objects, *id)?);
        let bytes = node.children.iter().map(|child| child.upper.len() + 112).sum();
        self.cache.put(*id, &node, bytes);
        Ok(node)
    }

    /// The root `id`: a node, or `None` if it is a leaf.
    pub(super) fn root(&self, id: &Hash) -> Result<Option<Arc<Node>>, TreeError> {
        if let Some(node) = self.cache.get(id) {
            return Ok(Some(node));
        }
        match self.objects.get(id)?.kind {
            NODE => self.load(id).map(Some),
            LEAF | DELTA => Ok(None),
            kind => Err(Flaw::Kind(kind.0).of(*id)),
        }
    }
}

/// A leaf or node in its place in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) id: Hash,
    /// At or below all keys of it; empty for the first.
    pub(super) lower: Vec<u8>,
    /// Above all keys of it; empty for the last: no bound.
    pub(super) upper: Vec<u8>,
    /// What the node above says is in it; `None` for the root.
    pub(super) totals: Option<Totals>,
}

impl Position {
    /// Whether all its keys are below all keys of `other`.
    pub(super) fn is_before(&self, other: &Position) -> bool {
        !self.upper.is_empty() && self.upper <= other.lower
    }
}

/// Checks the node at `place` against what the node above says of it.
pub(super) fn check_child(node: &Node, place: &Position, level: u8) -> Result<(), TreeError> {
    let last = node.children.last().map(|last| &last.upper);
    let first = node.children.first().map(|first| &first.upper);
    let fits = node.level == level
        && node.totals() == place.totals
        && last == Some(&place.upper)
        && first.is_some_and(|upper| upper.is_empty() || *upper > place.lower);
    if fits { Ok(()) } else { Err(Flaw::Shape("a node is not what the node above says of it").of(place.id)) }
}

/// Walks over the leaves of one tree.
pub(super) struct Walk<'o> {
    nodes: Arc<NodeReader<'o>>,
    /// The root, if it is a leaf that was not given yet.
    root_leaf: Option<Hash>,
    /// The path to the next leaf, from the root: nodes and which child is next.
    path: Vec<(Hash, Arc<Node>, usize)>,
    lower: Vec<u8>,
}

impl<'o> Walk<'o> {
    /// A walk from the leaf that holds the first key at or above `from`, or would.
    pub(super) fn new(nodes: &Arc<NodeReader<'o>>, root: &Hash, from: &[u8]) -> Result<Walk<'o>, TreeError> {
        let mut walk = Walk { nodes: Arc::clone(nodes), root_leaf: None, path: Vec::new(), lower: Vec::new() };
        let Some(mut node) = nodes.root(root)? else {
            walk.root_leaf = Some(*root);
            return Ok(walk);
        };
        let mut id = *root;
        loop {
            let above = |child: &super::node::Child| !child.upper.is_empty() && child.upper.as_slice() <= from;
            let at = node.children.partition_point(above).min(node.children.len() - 1);
            if at > 0 {
                walk.lower.clone_from(&node.children[at - 1].upper);
            }
            walk.path.push((id, Arc::clone(&node), at));
            if node.level == 1 {
                return Ok(walk);
            }
            id = node.children[at].id;
            node = walk.child(&node, at)?;
        }
    }

    /// The child at `at` of `node`, which is a node too.
    fn child(&self, node: &Node, at: usize) -> Result<Arc<Node>, TreeError> {
        let told = &node.children[at];
        let child = self.nodes.load(&told.id)?;
        let (lower, upper) = (self.lower.clone(), told.upper.clone());
        check_child(&child, &Position { id: told.id, lower, upper, totals: Some(told.totals) }, node.level - 1)?;
        Ok(child)
    }

    /// The lower bound of the next leaf.
    pub(super) fn lower(&self) -> &[u8] {
        &self.lower
    }

    /// The next leaf; `None` after the last.
    pub(super) fn next_leaf(&mut self) -> Result<Option<Position>, TreeError> {
        if let Some(id) = self.root_leaf.take() {
            return Ok(Some(Position { id, lower: Vec::new(), upper: Vec::new(), totals: None }));
        }
        loop {
            let Some((_, node, at)) = self.path.last_mut() else { return Ok(None) };
            let Some(child) = node.children.get(*at) else {
                self.path.pop();
                if let Some((_, _, at)) = self.path.last_mut() {
                    *at += 1;
                }
                continue;
            };
            if node.level == 1 {
                *at += 1;
                let lower = std::mem::replace(&mut self.lower, child.upper.clone());
                return Ok(Some(Position {
                    id: child.id,
                    lower,
                    upper: child.upper.clone(),
                    totals: Some(child.totals),
                }));
            }
            let (node, at, id) = (Arc::clone(node), *at, child.id);
            let child = self.child(&node, at)?;
            self.path.push((id, child, 0));
        }
    }

    /// The leaves from the next one on whose keys may be below `until` (empty: all).
    pub(super) fn leaves_below(&mut self, until: &[u8]) -> Result<Vec<Position>, TreeError> {
        let mut leaves = Vec::new();
        while until.is_empty() || leaves.is_empty() || self.lower.as_slice() < until {
            match self.next_leaf()? {
                Some(leaf) => leaves.push(leaf),
                None => break,
            }
        }
        Ok(leaves)
    }
}

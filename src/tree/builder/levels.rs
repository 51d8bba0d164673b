//! Nodes over leaves, nodes over nodes, up to one root.

use crate::hash::Hash;
use crate::store::{Frame, NewObjects};
use crate::tree::TreeError;
use crate::tree::frame::NODE;
use crate::tree::node::{Child, Node};
use crate::tree::splitter::node_ends;

/// The right edge of a tree being built: at each level the children that no node holds yet.
pub(super) struct Levels<'o> {
    objects: Option<&'o dyn NewObjects>,
    level: i32,
    multiset: bool,
    open: Vec<Open>,
}

#[derive(Default)]
struct Open {
    children: Vec<Child>,
    bounds: usize,
}

impl<'o> Levels<'o> {
    /// No leaves yet; nodes are compressed with zstd's `level` and put into `objects`, if there are any.
    pub(super) fn new(objects: Option<&'o dyn NewObjects>, level: i32, multiset: bool) -> Levels<'o> {
        Levels { objects, level, multiset, open: Vec::new() }
    }

    /// Adds the next leaf; returns the bytes by which the store grew.
    pub(super) fn add_leaf(&mut self, leaf: Child) -> Result<u64, TreeError> {
        let mut child = leaf;
        let mut stored = 0;
        for level in 1u8.. {
            let height = usize::from(level) - 1;
            if self.open.len() == height {
                self.open.push(Open::default());
            }
            let open = &mut self.open[height];
            open.bounds += child.upper.len();
            // The last child of a level has no bound; what ends a node after it is the end.
            let ends = !child.upper.is_empty() && node_ends(level, open.children.len() + 1, open.bounds, &child.upper);
            open.children.push(child);
            if !ends {
                break;
            }
            let grown;
            (child, grown) = self.close(level)?;
            stored += grown;
        }
        Ok(stored)
    }

    /// Makes a node of the open children of a level.
    fn close(&mut self, level: u8) -> Result<(Child, u64), TreeError> {
        let open = std::mem::take(&mut self.open[usize::from(level) - 1]);
        let upper = open.children.last().map(|last| last.upper.clone()).unwrap_or_default();
        let node = Node { level, multiset: self.multiset, children: open.children };
        let totals = node.totals().ok_or(TreeError::Stopped)?;
        let bytes = node.encode();
        let id = Node::id_of(&bytes);
        let stored = match self.objects {
            Some(objects) if !is_held(objects, id)? => {
                objects.put_again(Frame::compress(id, NODE, &bytes, self.level)?)?
            }
            _ => 0,
        };
        Ok((Child { id, totals, upper }, stored))
    }

    /// Ends the tree, to which a leaf was added; returns its root and the bytes by which the store grew.
    pub(super) fn finish(&mut self) -> Result<(Hash, u64), TreeError> {
        let mut stored = 0;
        let mut level = 1u8;
        loop {
            let height = usize::from(level) - 1;
            let open = self.open.get(height).ok_or(TreeError::Stopped)?;
            let is_top = self.open.len() == height + 1;
            if let (true, [only]) = (is_top, open.children.as_slice()) {
                return Ok((only.id, stored));
            }
            let (child, grown) = self.close(level)?;
            stored += grown;
            if is_top {
                return Ok((child.id, stored));
            }
            self.open[height + 1].bounds += child.upper.len();
            self.open[height + 1].children.push(child);
            level += 1;
        }
    }
}

/// Whether the node is held and can be read. There is one for some dozens of leaves, so that all of them can be looked
/// at.
fn is_held(objects: &dyn NewObjects, id: Hash) -> Result<bool, TreeError> {
    match objects.contains(&id).then(|| Node::load(objects, id)) {
        None => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) if error.is_damage() => Ok(false),
        Some(Err(error)) => Err(error),
    }
}

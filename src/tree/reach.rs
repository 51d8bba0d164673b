//! Which objects a tree needs.

use super::frame::{DELTA, LEAF, NODE};
use super::node::Node;
use super::{Flaw, TreeError, leaf};
use crate::hash::Hash;
use crate::store::{ObjectKind, Objects};
use std::collections::HashSet;

/// Adds to `seen` every object that reading the tree `root` needs: nodes, leaves and, recursively, the leaves that deltas draw
/// on; calls `visit` for each that was not in `seen` before. What is in `seen` is taken to be known with all it needs, so that
/// many trees can be told one after the other. Each object is read once at most, whatever the graph; leaves are not decoded.
///
/// # Errors
/// If an object is missing, damaged or no object of a tree. What was seen up to then stays in `seen`, though not all it needs
/// may be: after an error `seen` must not be used to say that something is not needed.
pub fn reach(
    objects: &dyn Objects,
    root: &Hash,
    seen: &mut HashSet<Hash>,
    mut visit: impl FnMut(&Hash, ObjectKind),
) -> Result<(), TreeError> {
    let mut open = vec![*root];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        // A whole leaf needs nothing else: that it is held is enough.
        if objects.kind(&id) == Some(LEAF) {
            visit(&id, LEAF);
            continue;
        }
        let object = objects.get(&id)?;
        match object.kind {
            NODE => {
                if Node::id_of(&object.bytes) != id {
                    return Err(Flaw::Id.of(id));
                }
                let node = Node::decode(&object.bytes).map_err(|flaw| flaw.of(id))?;
                open.extend(node.children.iter().rev().map(|child| child.id).filter(|child| !seen.contains(child)));
            }
            DELTA => {
                let sources = leaf::sources(&object.bytes).map_err(|flaw| flaw.of(id))?;
                open.extend(sources.into_iter().filter(|source| !seen.contains(source)));
            }
            LEAF => {}
            kind => return Err(Flaw::Kind(kind.0).of(id)),
        }
        visit(&id, object.kind);
    }
    Ok(())
}

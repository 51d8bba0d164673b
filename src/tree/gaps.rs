//! Which rows of a tree cannot be read: what a lost or damaged object takes with it.

use super::frame::NODE;
use super::{LeafReader, Node, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::{Objects, StoreError};

/// Bytes of decoded leaves that are kept while deltas are read.
const CACHE: usize = 32 << 20;

/// Rows next to each other, in the order of their keys, that cannot be read.
#[derive(Debug)]
pub struct Gap {
    /// The leaf or node that cannot be read.
    pub id: Hash,
    /// The first of them, counted from 0.
    pub first: u64,
    /// How many.
    pub rows: u64,
    /// Why.
    pub error: TreeError,
}

/// Reads the tree `root`, of which its owner says that it has `rows` rows, and goes on behind what cannot be read. The
/// gaps come in the order of keys.
///
/// # Errors
/// What is no damage: the operating system refuses, or the work was interrupted.
pub fn gaps(
    objects: &dyn Objects,
    spec: &KeySpec,
    root: &Hash,
    rows: u64,
    interrupted: &dyn Fn() -> bool,
) -> Result<Vec<Gap>, TreeError> {
    let leaves = LeafReader::new(objects, CACHE);
    let mut gaps = Vec::new();
    let mut open: Vec<(Hash, u64, u64)> = vec![(*root, 0, rows)];
    while let Some((id, first, rows)) = open.pop() {
        if interrupted() {
            return Err(TreeError::Interrupted);
        }
        let read = match objects.kind(&id) {
            Some(NODE) => Node::load(objects, id).map(|node| {
                let mut at = first;
                let below = node.children.iter().map(|child| {
                    let place = (child.id, at, child.totals.rows);
                    at = at.saturating_add(child.totals.rows);
                    place
                });
                let below: Vec<_> = below.collect();
                open.extend(below.into_iter().rev());
            }),
            _ => leaves.read(&id, spec).map(drop),
        };
        match read {
            Ok(()) => {}
            Err(error) if is_damage(&error) => gaps.push(Gap { id, first, rows, error }),
            Err(error) => return Err(error),
        }
    }
    Ok(gaps)
}

fn is_damage(error: &TreeError) -> bool {
    matches!(
        error,
        TreeError::Corrupt { .. }
            | TreeError::Codec(_)
            | TreeError::Store(StoreError::Missing(_) | StoreError::Damaged { .. })
    )
}

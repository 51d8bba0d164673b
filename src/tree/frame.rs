//! Kinds of tree objects, and reading those that can have several copies.

use super::TreeError;
use crate::hash::Hash;
use crate::store::{ObjectKind, Objects};

/// A leaf stored whole.
pub const LEAF: ObjectKind = ObjectKind(1);
/// A leaf stored as a delta against other leaves.
pub const DELTA: ObjectKind = ObjectKind(2);
/// A node.
pub const NODE: ObjectKind = ObjectKind(3);

/// A table schema: no part of a tree.
pub const SCHEMA: ObjectKind = ObjectKind(4);

/// What `make` makes of the first copy of an object of which it makes anything. Where one copy is damaged or forged,
/// another can be whole.
///
/// # Errors
/// What was wrong with the first copy, if all are of no use.
pub(super) fn first_good<T>(
    objects: &dyn Objects,
    id: &Hash,
    mut make: impl FnMut(ObjectKind, &[u8]) -> Result<T, TreeError>,
) -> Result<T, TreeError> {
    let object = objects.get(id);
    let first = match object.map_err(TreeError::from).and_then(|object| make(object.kind, &object.bytes)) {
        Err(error) if error.is_damage() => error,
        done => return done,
    };
    let copies = objects.copies(id);
    if copies.len() > 1 {
        let mut bytes = Vec::new();
        for copy in copies {
            if objects.get_copy(id, &copy, &mut bytes).is_ok()
                && let Ok(made) = make(copy.kind, &bytes)
            {
                return Ok(made);
            }
        }
    }
    Err(first)
}

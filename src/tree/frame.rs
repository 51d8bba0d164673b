//! Kinds of tree objects.

use crate::store::ObjectKind;

/// A leaf stored whole.
pub const LEAF: ObjectKind = ObjectKind(1);
/// A leaf stored as a delta against other leaves.
pub const DELTA: ObjectKind = ObjectKind(2);
/// A node.
pub const NODE: ObjectKind = ObjectKind(3);

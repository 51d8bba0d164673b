//! The one way in which two trees of a table are compared: `diff` shows what it finds, `restore` writes it.

use super::OpError;
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use crate::tree::{Diff, Difference, Differences, Entry};

/// Gives `visit` both versions of every row that differs, in key order, until it returns `false`. Only leaves that differ are read, and
/// not even these if `noted` are the differences of these trees.
///
/// In a multiset both versions can be of one row, with different counts.
///
/// # Errors
/// If an object cannot be read, and what `visit` returns.
pub(super) fn each_difference<E: From<OpError>>(
    objects: &dyn Objects,
    spec: &KeySpec,
    before: &Hash,
    after: &Hash,
    noted: Option<&Differences>,
    mut visit: impl FnMut(Option<Entry<'_>>, Option<Entry<'_>>) -> Result<bool, E>,
) -> Result<(), E> {
    let mut take = |difference: Difference<'_>| match difference {
        Difference::Added(new) => visit(None, Some(new)),
        Difference::Removed(old) => visit(Some(old), None),
        Difference::Changed { old, new } => visit(Some(old), Some(new)),
    };
    if let Some(mut noted) = noted.and_then(|noted| noted.between(before, after)) {
        while let Some(difference) = noted.next_difference().map_err(OpError::from)? {
            if !take(difference)? {
                break;
            }
        }
        return Ok(());
    }
    let mut diff = Diff::new(objects, spec, before, after);
    while let Some(difference) = diff.next_difference().map_err(OpError::from)? {
        if !take(difference)? {
            break;
        }
    }
    Ok(())
}

//! The one way in which two trees of a table are compared: `diff` shows what it finds, `restore` writes it.

use super::OpError;
use crate::codec::KeySpec;
use crate::hash::Hash;
use crate::store::Objects;
use crate::tree::{Diff, Difference, Differences, Entry, Noted};

/// Both versions of a row.
pub(super) type Pair<'p> = (Option<Entry<'p>>, Option<Entry<'p>>);

/// Goes through the rows that differ between two trees, in key order.
pub(super) enum Pairs<'d> {
    /// They were noted when the newer tree was built.
    Noted(Noted<'d>),
    /// Both trees are read: of the leaves, those that differ.
    Read(Box<Diff<'d>>),
}

impl<'d> Pairs<'d> {
    /// The differences from tree `before` to tree `after`, which need not be read if `noted` are these.
    pub fn new(
        objects: &'d dyn Objects,
        spec: &KeySpec,
        before: &Hash,
        after: &Hash,
        noted: Option<&'d Differences>,
    ) -> Pairs<'d> {
        match noted.and_then(|noted| noted.between(before, after)) {
            Some(noted) => Pairs::Noted(noted),
            None => Pairs::Read(Box::new(Diff::new(objects, spec, before, after))),
        }
    }

    /// Both versions of the next row that differs; `None` after the last. In a multiset both can be of one row, with
    /// different counts.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub fn next_pair(&mut self) -> Result<Option<Pair<'_>>, OpError> {
        let next = match self {
            Pairs::Noted(noted) => noted.next_difference()?,
            Pairs::Read(diff) => diff.next_difference()?,
        };
        Ok(next.map(|difference| match difference {
            Difference::Added(new) => (None, Some(new)),
            Difference::Removed(old) => (Some(old), None),
            Difference::Changed { old, new } => (Some(old), Some(new)),
        }))
    }

    /// Lets go of the rows that were given, if they are long: for those who have copied them.
    ///
    /// # Errors
    /// As [`Pairs::next_pair`].
    pub fn forget(&mut self) -> Result<(), OpError> {
        match self {
            Pairs::Noted(noted) => noted.forget(),
            Pairs::Read(diff) => diff.forget()?,
        }
        Ok(())
    }
}

/// Gives `visit` what [`Pairs`] finds, until it returns `false`.
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
    let mut pairs = Pairs::new(objects, spec, before, after, noted);
    while let Some((old, new)) = pairs.next_pair()? {
        if !visit(old, new)? {
            break;
        }
    }
    Ok(())
}

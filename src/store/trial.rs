//! Objects on trial: a session within a session.

use super::{Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, Session, StoreError, TrialObjects};
use crate::hash::Hash;

/// What is put here goes into packs of its own, so that it can be taken away as a whole.
pub(super) struct Trial<'s> {
    session: &'s Session<'s>,
    own: Session<'s>,
}

impl<'s> Trial<'s> {
    /// A trial in `session`; `own` is another session of the same store, with nothing in it.
    pub(super) fn new(session: &'s Session<'s>, own: Session<'s>) -> Trial<'s> {
        Trial { session, own }
    }
}

impl Objects for Trial<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        if self.own.holds(id) { self.own.get(id) } else { self.session.get(id) }
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.own.kind(id).or_else(|| self.session.kind(id))
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        if self.own.holds(id) { self.own.copies(id) } else { self.session.copies(id) }
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.own.holds(id) { self.own.get_copy(id, copy, bytes) } else { self.session.get_copy(id, copy, bytes) }
    }
}

impl NewObjects for Trial<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.session.holds(&frame.id) { Ok(0) } else { self.own.put(frame) }
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.session.holds(&frame.id) { Ok(0) } else { self.own.put_again(frame) }
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        self.own.trial()
    }
}

impl TrialObjects for Trial<'_> {
    fn keep(self: Box<Self>) {
        self.session.adopt(self.own);
    }
}

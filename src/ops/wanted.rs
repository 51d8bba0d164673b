//! Storing of many objects only those that are wanted.

use crate::hash::Hash;
use crate::store::{
    Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, Session, StoreError, TrialObjects, Untried,
};
use std::collections::HashSet;

/// A session into which only some objects are put.
pub(super) struct Wanted<'s> {
    session: &'s Session<'s>,
    wanted: HashSet<Hash>,
}

impl<'s> Wanted<'s> {
    /// Objects for `session`, of which only those in `wanted` are kept.
    pub fn new(session: &'s Session<'s>, wanted: HashSet<Hash>) -> Wanted<'s> {
        Wanted { session, wanted }
    }
}

impl Objects for Wanted<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        self.session.get(id)
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.session.kind(id)
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        self.session.copies(id)
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        self.session.get_copy(id, copy, bytes)
    }
}

impl NewObjects for Wanted<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.wanted.contains(&frame.id) { self.session.put(frame) } else { Ok(0) }
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.wanted.contains(&frame.id) { self.session.put_again(frame) } else { Ok(0) }
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        // what is wanted is so whether the trial succeeds or not
        Box::new(Untried(self))
    }
}

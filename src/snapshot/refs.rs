//! Tags and pins, all at once.

use crate::hash::Hash;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;

/// All tags and pins of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// What each tag names.
    pub tags: BTreeMap<String, Hash>,
    /// Pinned snapshots, with the reason if one was given.
    pub pins: BTreeMap<Hash, Option<String>>,
}

impl Refs {
    /// Reads them.
    ///
    /// # Errors
    /// If one cannot be read or understood.
    pub fn load(store: &Store) -> Result<Refs, StoreError> {
        Ok(Refs {
            tags: store.tags()?.into_iter().collect(),
            pins: store.pins()?.into_iter().map(|pin| (pin.id, pin.reason)).collect(),
        })
    }
}

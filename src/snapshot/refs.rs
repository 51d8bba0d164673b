//! Tags and pins, all at once.

use crate::hash::Hash;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;

/// All tags and pins of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// What each tag names.
    pub tags: BTreeMap<String, Hash>,
    /// Pinned snapshots, with the reason if one was given and can be read.
    pub pins: BTreeMap<Hash, Option<String>>,
    /// Tags that cannot be understood, with the reason: what they name is not known.
    pub damaged_tags: BTreeMap<String, String>,
    /// Pinned snapshots whose pin cannot be understood, with the reason. They are among `pins` too: its name says what
    /// it keeps.
    pub damaged_pins: BTreeMap<Hash, String>,
}

impl Refs {
    /// Reads them. One that cannot be understood does not stop the others.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn load(store: &Store) -> Result<Refs, StoreError> {
        let mut refs = Refs::default();
        for (name, id) in store.each_tag()? {
            match id {
                Ok(id) => drop(refs.tags.insert(name, id)),
                Err(error) => drop(refs.damaged_tags.insert(name, reason(error))),
            }
        }
        for (id, pin) in store.each_pin()? {
            match pin {
                Ok(pin) => drop(refs.pins.insert(id, pin.reason)),
                Err(error) => {
                    refs.pins.insert(id, None);
                    refs.damaged_pins.insert(id, reason(error));
                }
            }
        }
        Ok(refs)
    }

    /// What is damaged, one line each.
    pub fn damage(&self) -> Vec<String> {
        let tags = self.damaged_tags.iter().map(|(name, reason)| {
            format!("tag {name} cannot be read ({reason}); dbsnap tag SNAPSHOT {name} --force sets it anew, dbsnap tag --delete {name} removes it")
        });
        let pins = self.damaged_pins.iter().map(|(id, reason)| {
            let id = id.short();
            format!("the pin of {id} cannot be read ({reason}); dbsnap pin {id} writes it anew, dbsnap unpin {id} removes it")
        });
        tags.chain(pins).collect()
    }
}

fn reason(error: StoreError) -> String {
    match error {
        StoreError::Damaged { reason, .. } => reason,
        error => error.to_string(),
    }
}

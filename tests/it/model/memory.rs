//! What the model remembers of a store: what it was told, and what it must therefore find.

use super::writer::Snapshot;
use dbsnap::hash::Hash;
use std::collections::BTreeSet;

/// What was acknowledged, and what may be so or not since its end was never told.
#[derive(Debug, Default)]
pub struct Memory {
    /// In the order in which they were acknowledged.
    pub snapshots: Vec<Snapshot>,
    /// Published or deleted without an answer: if they are listed, they are whole.
    pub unsure: Vec<Snapshot>,
    pub pins: BTreeSet<Hash>,
    pub unsure_pins: BTreeSet<Hash>,
    /// The snapshot that the one tag names, if that is known.
    pub tag: Option<Hash>,
}

impl Memory {
    /// The snapshot that a step's number means.
    pub fn pick(&self, number: u64) -> Option<&Snapshot> {
        let len = self.snapshots.len() as u64;
        self.snapshots.get(usize::try_from(number.checked_rem(len)?).ok()?)
    }

    pub fn get(&self, id: &Hash) -> Option<&Snapshot> {
        self.snapshots.iter().chain(&self.unsure).find(|snapshot| snapshot.id == *id)
    }

    /// Its end is begun: it may be there or not from now on.
    pub fn doubt(&mut self, id: &Hash) {
        if let Some(at) = self.snapshots.iter().position(|snapshot| snapshot.id == *id) {
            let snapshot = self.snapshots.remove(at);
            self.unsure.push(snapshot);
        }
    }

    /// It is gone for good.
    pub fn forget(&mut self, id: &Hash) {
        self.snapshots.retain(|snapshot| snapshot.id != *id);
        self.unsure.retain(|snapshot| snapshot.id != *id);
        self.pins.remove(id);
        self.unsure_pins.remove(id);
    }
}

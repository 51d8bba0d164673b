//! Whether what a sweep keeps of an object can be read, before other copies of it go.

use super::index::{Index, Location};
use super::{Live, Objects, Store, StoreError};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rayon::prelude::*;

impl Store {
    /// Proves each copy that is kept of an object of which another copy goes, or stays in a form that draws on what may
    /// go. An object with one copy is not read, nor one whose copies all stay as they are.
    ///
    /// # Errors
    /// As [`Store::plan_sweep`].
    pub(super) fn verify_kept(
        &self,
        index: &Index,
        live: &Live,
        stays: &[bool],
        is_kept: &dyn Fn(&Location) -> bool,
        monitor: &dyn Monitor,
    ) -> Result<(), StoreError> {
        let lasts = |place: &Location| {
            index.trusts(place) && stays[place.pack as usize] && !live.forms().may_draw(place.entry.kind)
        };
        let mut checked: Vec<Location> = Vec::new();
        for id in live.ids() {
            if index.all_places(id).nth(1).is_none() {
                continue;
            }
            let (kept, others): (Vec<Location>, Vec<Location>) = index.all_places(id).partition(is_kept);
            if !others.iter().all(lasts) {
                checked.extend(kept);
            }
        }
        checked.sort_unstable_by_key(|place| (place.pack, place.entry.offset));
        let verifier = live.forms().verifier(self);
        let verify = |place: &Location| match monitor.interrupted() {
            true => Err(StoreError::Interrupted),
            false => Ok(verifier.verify(&place.entry.id, &index.copy(place)).err().map(|reason| (*place, reason))),
        };
        let bad: Vec<Option<(Location, String)>> = checked.par_iter().map(verify).collect::<Result<_, _>>()?;
        let bad: Vec<(Location, String)> = bad.into_iter().flatten().collect();
        if bad.is_empty() {
            return Ok(());
        }
        let name = |place: &Location| index.packs[place.pack as usize].name;
        self.distrust(index, bad.iter().map(|(place, _)| place))?;
        let is_lost = |id: &Hash| self.copies(id).is_empty();
        match bad.iter().find(|(place, _)| is_lost(&place.entry.id)) {
            Some((place, reason)) => Err(StoreError::damaged(&self.layout.pack(&name(place)), reason)),
            None => Err(StoreError::CopiesDamaged(bad.len())),
        }
    }
}

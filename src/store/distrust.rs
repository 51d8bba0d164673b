//! Copies that were found damaged. Writers do not rely on them: what is in them is stored again.

use super::index::{Distrusted, Index, Location, WHOLE_PACK};
use super::refs::MAX_REF_LEN;
use super::{Access, ObjectCopy, Store, StoreError};
use crate::hash::Hash;
use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

/// The pointer that keeps them.
const POINTER: &str = "damaged-copies";
const RECORD: usize = Hash::LEN + 8;

impl Store {
    /// Tells those who write into the store from now on which copies are damaged, in place of what was told before.
    /// Each is `u64le` where in the pack after the pack's hash; where there are too many of them, packs are named as a
    /// whole.
    ///
    /// # Errors
    /// As [`Store::set_pointer`].
    pub fn tell_damaged(&self, copies: &[ObjectCopy]) -> Result<(), StoreError> {
        if copies.is_empty() {
            return match self.pointer(POINTER) {
                Ok(None) => Ok(()),
                _ => self.remove_pointer(POINTER).map(drop),
            };
        }
        let most = usize::try_from(MAX_REF_LEN).unwrap_or(usize::MAX) / RECORD;
        let mut told: BTreeSet<(Hash, u64)> = copies.iter().map(|copy| (copy.pack, copy.offset)).collect();
        if told.len() > most {
            told = told.into_iter().map(|(pack, _)| (pack, WHOLE_PACK)).collect();
        }
        let record = |(pack, offset): &(Hash, u64)| [&pack.as_bytes()[..], &offset.to_le_bytes()].concat();
        let bytes: Vec<u8> = told.iter().take(most).flat_map(record).collect();
        match self.pointer(POINTER) {
            Ok(Some(before)) if before == bytes => Ok(()),
            _ => self.set_pointer(POINTER, &bytes),
        }
    }

    /// What was told. Only those who add objects heed it: whoever checks or sweeps looks for himself.
    pub(super) fn heed_damaged(self) -> Store {
        if self.access == Access::Write
            && let Ok(Some(bytes)) = self.pointer(POINTER)
        {
            let records = bytes.chunks_exact(RECORD).filter_map(|record| {
                let (pack, offset) = record.split_at(Hash::LEN);
                Some((Hash::from_slice(pack)?, u64::from_le_bytes(offset.try_into().ok()?)))
            });
            self.distrusted().extend(records);
        }
        self
    }

    /// Does not give these copies any more.
    pub(super) fn distrust<'p>(
        &self,
        index: &Index,
        places: impl Iterator<Item = &'p Location>,
    ) -> Result<(), StoreError> {
        let name = |place: &Location| (index.packs[place.pack as usize].name, place.entry.offset);
        self.distrusted().extend(places.map(name));
        self.reload_index().map(drop)
    }

    /// Copies that are not given because they were found damaged.
    pub(super) fn distrusted(&self) -> MutexGuard<'_, Distrusted> {
        self.distrusted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

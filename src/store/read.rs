//! Reading objects.

use super::index::{Index, Location};
use super::pack;
use super::{Object, ObjectCopy, ObjectKind, Objects, Store, StoreError};
use crate::hash::Hash;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

impl Store {
    /// The index, loaded if it was not.
    pub(super) fn index(&self) -> Result<Arc<Index>, StoreError> {
        if let Some(index) = &*self.index.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(index));
        }
        self.update_index(|held| if let Some(index) = held { Ok(index) } else { self.load_index() })
    }

    /// The index as the directory is now: other writers may have added packs.
    pub(super) fn reload_index(&self) -> Result<Arc<Index>, StoreError> {
        self.update_index(|_| self.load_index())
    }

    /// Forgets the index and all open packs.
    pub(super) fn forget_index(&self) {
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.files.clear();
    }

    /// Replaces the index by what `update` makes of it; others wait meanwhile.
    pub(super) fn update_index(
        &self,
        update: impl FnOnce(Option<Arc<Index>>) -> Result<Arc<Index>, StoreError>,
    ) -> Result<Arc<Index>, StoreError> {
        let mut slot = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let index = update(slot.take())?;
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }

    fn load_index(&self) -> Result<Arc<Index>, StoreError> {
        Ok(Arc::new(Index::load(&*self.fs, &self.layout, &self.distrusted())?))
    }

    /// Reads one copy.
    pub(super) fn read_place(
        &self,
        index: &Index,
        place: &Location,
        bytes: &mut Vec<u8>,
    ) -> Result<ObjectKind, StoreError> {
        let pack = &index.packs[place.pack as usize];
        let file = self.files.get(&*self.fs, &self.layout, pack)?;
        pack::read_object(&*file, &self.layout.pack(&pack.name), &place.entry, bytes)?;
        Ok(place.entry.kind)
    }

    /// Reads an object from the first copy that is whole.
    fn read_from(&self, index: &Index, id: &Hash, bytes: &mut Vec<u8>) -> Result<ObjectKind, StoreError> {
        let mut first_error = None;
        for place in index.copies(id) {
            match self.read_place(index, &place, bytes) {
                Ok(kind) => return Ok(kind),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(StoreError::Missing(*id)))
    }

    /// Succeeds only if every object of `ids` is in a pack that is there, now, with the right size.
    pub(super) fn check_present(&self, ids: &[Hash]) -> Result<(), StoreError> {
        let mut index = self.index()?;
        let mut reloaded = false;
        let mut packs = HashMap::new();
        for id in ids {
            if self.is_present(&index, id, &mut packs)? {
                continue;
            }
            if !reloaded {
                (index, reloaded) = (self.reload_index()?, true);
                packs.clear();
            }
            if !self.is_present(&index, id, &mut packs)? {
                return Err(StoreError::Missing(*id));
            }
        }
        Ok(())
    }

    fn is_present(&self, index: &Index, id: &Hash, packs: &mut HashMap<u32, bool>) -> Result<bool, StoreError> {
        for place in index.all_places(id) {
            let there = match packs.get(&place.pack) {
                Some(there) => *there,
                None => {
                    let pack = &index.packs[place.pack as usize];
                    let stat = self.fs.stat(&self.layout.pack(&pack.name))?;
                    *packs.entry(place.pack).or_insert(stat.is_some_and(|stat| stat.len == pack.size))
                }
            };
            if there {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Objects for Store {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        let mut bytes = Vec::new();
        let kind = self.get_into(id, &mut bytes)?;
        Ok(Object { kind, bytes })
    }

    /// A miss reads the index again once, since another process may have added the object meanwhile.
    fn get_into(&self, id: &Hash, bytes: &mut Vec<u8>) -> Result<ObjectKind, StoreError> {
        match self.read_from(&*self.index()?, id, bytes) {
            Err(error) if matches!(error, StoreError::Missing(_)) || error.is_not_found() => {
                self.read_from(&*self.reload_index()?, id, bytes)
            }
            result => result,
        }
    }

    /// Does not read the index again: an object that another process has just added may be taken for absent, which
    /// costs no more than storing it twice.
    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        let index = self.index().ok()?;
        index.places(id).map(|place| place.entry.kind).min()
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        let Ok(index) = self.index() else { return Vec::new() };
        index.copies(id).iter().filter(|place| index.trusts(place)).map(|place| index.copy(place)).collect()
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let index = self.index()?;
        let place = index.all_places(id).find(|place| index.copy(place) == *copy).ok_or(StoreError::Missing(*id))?;
        self.read_place(&index, &place, bytes).map(drop)
    }
}

//! Taking objects again from packs that are no part of the store: those in quarantine, and those of other copies of it.

use super::mend::may_pass;
use super::pack::{self, PackEntry};
use super::salvage::{Found, MOST_SALVAGED, frames};
use super::{Forms, Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, Store, StoreError, Verifier};
use crate::fsio::{FileKind, read_whole};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

impl Store {
    /// The packs in quarantine.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn quarantined_packs(&self) -> Result<Vec<PathBuf>, StoreError> {
        let dir = self.layout.quarantine();
        let mut packs: Vec<PathBuf> = self
            .entries_of(&dir)?
            .into_iter()
            .filter(|entry| entry.stat.kind == FileKind::File && entry.name.contains(".pack"))
            .map(|entry| dir.join(entry.name))
            .collect();
        packs.sort_unstable();
        Ok(packs)
    }

    /// Takes from `packs`, which may be damaged, the objects in `wanted` that the store cannot read, and what they draw
    /// on. Returns how many objects were added.
    ///
    /// # Errors
    /// As [`Store::session`] and [`super::Session::seal`]; [`StoreError::Interrupted`]. A pack that cannot be read
    /// holds nothing, unless it is a right or a descriptor that is missing.
    pub fn recall(
        &self,
        packs: &[PathBuf],
        wanted: &HashSet<Hash>,
        forms: &dyn Forms,
        monitor: &dyn Monitor,
    ) -> Result<u64, StoreError> {
        let session = self.session()?;
        let outside = Outside { store: self, packs, found: RwLock::default() };
        outside.find(forms, monitor)?;
        for (id, copy) in outside.needed(wanted, forms)? {
            let file = self.fs.open(&packs[copy.pack])?;
            let read = pack::read_frame(&*file, &packs[copy.pack], &copy.entry)?;
            session.put_again(Frame { id, ..read })?;
        }
        Ok(session.seal()?.objects)
    }
}

/// An object in a pack that is no part of the store.
#[derive(Debug, Clone, Copy)]
struct OutsideCopy {
    /// Position in the list.
    pack: usize,
    entry: PackEntry,
}

/// The store, and what was found elsewhere: the first copy of each object.
struct Outside<'s> {
    store: &'s Store,
    packs: &'s [PathBuf],
    found: RwLock<HashMap<Hash, OutsideCopy>>,
}

impl Outside<'_> {
    fn found(&self) -> RwLockReadGuard<'_, HashMap<Hash, OutsideCopy>> {
        self.found.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks through all packs. What draws on others is told once these are known, so a copy never draws on itself.
    fn find(&self, forms: &dyn Forms, monitor: &dyn Monitor) -> Result<(), StoreError> {
        let mut unknown: Vec<Vec<Found>> = vec![Vec::new(); self.packs.len()];
        let (verifier, mut is_first) = (forms.verifier(self), true);
        loop {
            let before = self.found().len();
            for (number, unknown) in unknown.iter_mut().enumerate() {
                if !is_first && unknown.is_empty() {
                    continue;
                }
                let bytes = match read_whole(&*self.store.fs, &self.packs[number], MOST_SALVAGED).map_err(Into::into) {
                    Ok(bytes) => bytes,
                    Err(error) if may_pass(&error) => return Err(error),
                    Err(_) => continue,
                };
                if is_first {
                    *unknown = frames(&bytes);
                }
                let identified = self.identify(&*verifier, unknown, &bytes, monitor)?;
                unknown.retain(|frame| identified.iter().all(|entry| entry.offset != frame.offset));
                let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
                for entry in identified {
                    found.entry(entry.id).or_insert(OutsideCopy { pack: number, entry });
                }
            }
            is_first = false;
            if self.found().len() == before {
                return Ok(());
            }
        }
    }

    fn identify(
        &self,
        verifier: &dyn Verifier,
        unknown: &[Found],
        pack: &[u8],
        monitor: &dyn Monitor,
    ) -> Result<Vec<PackEntry>, StoreError> {
        let identify = |frame: &Found| match monitor.interrupted() {
            true => Err(StoreError::Interrupted),
            false => {
                monitor.advance(0, u64::from(frame.stored_len));
                let told = frame.raw(pack).and_then(|raw| verifier.identify(raw));
                Ok(told.map(|(id, kind)| frame.entry(id, kind)))
            }
        };
        let told: Vec<Option<PackEntry>> = unknown.par_iter().map(identify).collect::<Result<_, _>>()?;
        Ok(told.into_iter().flatten().collect())
    }

    /// Those that the store needs to read what is wanted.
    fn needed(&self, wanted: &HashSet<Hash>, forms: &dyn Forms) -> Result<Vec<(Hash, OutsideCopy)>, StoreError> {
        let verifier = forms.verifier(self.store);
        let (mut needed, mut seen) = (Vec::new(), HashSet::new());
        let mut open: Vec<Hash> = wanted.iter().copied().collect();
        open.sort_unstable();
        while let Some(id) = open.pop() {
            let held = self.store.copies(&id);
            if !seen.insert(id) || held.iter().any(|copy| verifier.verify(&id, copy).is_ok()) {
                continue;
            }
            let copy = self.found().get(&id).copied();
            let copies = match copy {
                Some(copy) => vec![self.copy(&copy)],
                None => held,
            };
            needed.extend(copy.map(|copy| (id, copy)));
            for copy in copies.iter().filter(|copy| forms.may_draw(copy.kind)) {
                let mut bytes = Vec::new();
                if self.get_copy(&id, copy, &mut bytes).is_ok() {
                    open.extend(forms.sources(copy.kind, &bytes).unwrap_or_default());
                }
            }
        }
        Ok(needed)
    }

    fn copy(&self, copy: &OutsideCopy) -> ObjectCopy {
        let pack = Hash::of(self.packs[copy.pack].as_os_str().as_encoded_bytes());
        ObjectCopy { kind: copy.entry.kind, pack, offset: copy.entry.offset }
    }

    fn read(&self, copy: &OutsideCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let path = &self.packs[copy.pack];
        let file = self.store.fs.open(path)?;
        pack::read_object(&*file, path, &copy.entry, bytes)
    }
}

impl Objects for Outside<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        let copy = self.found().get(id).copied();
        let Some(copy) = copy else { return self.store.get(id) };
        let mut bytes = Vec::new();
        self.read(&copy, &mut bytes)?;
        Ok(Object { kind: copy.entry.kind, bytes })
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.copies(id).iter().map(|copy| copy.kind).min()
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        let mut copies = self.store.copies(id);
        copies.extend(self.found().get(id).map(|copy| self.copy(copy)));
        copies
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let outside = self.found().get(id).copied();
        match outside.filter(|outside| self.copy(outside) == *copy) {
            Some(outside) => self.read(&outside, bytes),
            None => self.store.get_copy(id, copy, bytes),
        }
    }
}

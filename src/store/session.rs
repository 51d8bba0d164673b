//! Adding objects: a session collects them in temporary packs, which [`Session::seal`] makes part of the store.

use super::frame::MAX_OBJECT_LEN;
use super::index::Index;
use super::index_file::PackRef;
use super::pack::{self, PackEntry, u32_of};
use super::pack_writer::{FinishedPack, Finisher, PackWriter};
use super::trial::Trial;
use super::{Access, Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, Store, StoreError, TrialObjects};
use crate::fsio::{OpenFile, write_durably};
use crate::hash::Hash;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Objects that are being added. Shared between threads.
///
/// They can be read back at once through the session, and by nobody else until [`Session::seal`] has succeeded.
/// Dropping the session instead takes them away.
pub struct Session<'s> {
    store: &'s Store,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The pack being filled, and its place in `files`.
    current: Option<(u32, PackWriter)>,
    /// Every pack of this session, finished or not, open for reading.
    files: Vec<(PathBuf, Arc<dyn OpenFile>)>,
    finishing: Vec<Finishing>,
    pending: HashMap<Hash, Pending>,
    sealed: Sealed,
}

/// Where a pending object is: 20 bytes, since there can be many.
#[derive(Debug, Clone, Copy)]
struct Pending {
    file: u32,
    offset: u32,
    stored_len: u32,
    raw_len: u32,
    kind: ObjectKind,
}

enum Finishing {
    Open(Box<PackWriter>),
    Done(FinishedPack),
    Running(Finisher),
}

/// What a session added to the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Objects that were new.
    pub objects: u64,
    /// Bytes of their frames.
    pub stored_bytes: u64,
    /// Bytes of the objects, decompressed.
    pub raw_bytes: u64,
    /// Packs written.
    pub packs: u64,
    /// Bytes by which the files in `packs/` grew: frames, directories and trailers.
    pub pack_bytes: u64,
    /// The ids of the new objects, sorted.
    pub ids: Vec<Hash>,
}

impl Store {
    /// Begins to add objects.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::Poisoned`], or [`StoreError::Locked`] if the lock was lost.
    pub fn session(&self) -> Result<Session<'_>, StoreError> {
        self.ready_to_write()?;
        self.index()?;
        Ok(Session { store: self, state: Mutex::default() })
    }

    /// Enters packs that were just installed and synced into the index, and tidies `index/` if it is time.
    pub(super) fn index_packs(&self, packs: &[(PackRef, Vec<PackEntry>)]) -> Result<(), StoreError> {
        let mut wanted = false;
        // What was damaged under such a name was written anew.
        self.distrusted().retain(|(name, _)| packs.iter().all(|(pack, _)| pack.name != *name));
        let index = self.update_index(|held| {
            // The index is shared with readers at work, so a changed one is a new one.
            let mut index = match held.map(Arc::try_unwrap) {
                Some(Ok(index)) => index,
                _ => Index::load(&*self.fs, &self.layout, &self.distrusted())?,
            };
            for (pack, entries) in packs {
                wanted |= index.add_pack(*pack, entries, &self.layout);
            }
            Ok(Arc::new(index))
        })?;
        if wanted || index.is_fragmented() {
            self.write_index(&index)?;
        }
        Ok(())
    }

    /// Makes what is seen of `index/` durable: an index file that somebody removed must not come back after a power
    /// cut, since it can say that packs are empty which were written again.
    pub(super) fn sync_index(&self) -> Result<(), StoreError> {
        match self.fs.sync_dir(&self.layout.index()).map_err(StoreError::from) {
            Err(error) if error.is_not_found() => Ok(()),
            synced => synced,
        }
    }

    /// Writes one index file over everything and removes those that it replaces.
    pub(super) fn write_index(&self, index: &Index) -> Result<(), StoreError> {
        debug_assert!(self.access != Access::Read);
        let bytes = index.encode(&HashSet::new());
        let path = self.layout.index_file(&Hash::of(&bytes));
        write_durably(&*self.fs, &self.layout.temp(), &path, &bytes)?;
        for old in index.files.iter().filter(|file| file.path != path) {
            // A reader that finds it gone reads the directory again; one that stays is only ballast.
            let _ = self.fs.remove(&old.path);
        }
        self.reload_index().map(drop)
    }
}

impl Session<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, frame: &Frame) -> Result<u64, StoreError> {
        let (stored, full) = self.append(frame)?;
        if let Some(full) = full {
            // Not under the lock: others go on putting meanwhile.
            let finishing = self.finish(full)?;
            self.state().finishing.push(finishing);
        }
        Ok(stored)
    }

    /// Appends a frame to the current pack; returns its length, and the pack if this has filled it.
    fn append(&self, frame: &Frame) -> Result<(u64, Option<PackWriter>), StoreError> {
        let mut state = self.state();
        if state.pending.contains_key(&frame.id) {
            return Ok((0, None));
        }
        let (file, writer) = match &mut state.current {
            Some((file, writer)) => (*file, writer),
            None => {
                let writer = PackWriter::create(&self.store.fs, &self.store.layout)?;
                let place = u32_of(state.files.len() as u64)?;
                state.files.push((writer.path().clone(), writer.file()));
                (place, &mut state.current.insert((place, writer)).1)
            }
        };
        let entry = writer.add(frame)?;
        let full = if writer.is_full(self.store.pack_size) { state.current.take() } else { None };
        let pending = Pending {
            file,
            offset: u32_of(entry.offset)?,
            stored_len: entry.stored_len,
            raw_len: entry.raw_len,
            kind: entry.kind,
        };
        state.pending.insert(frame.id, pending);
        state.sealed.objects += 1;
        state.sealed.stored_bytes += u64::from(entry.stored_len);
        state.sealed.raw_bytes += frame.raw_len;
        Ok((u64::from(entry.stored_len), full.map(|(_, writer)| writer)))
    }

    /// Finishes a full pack beside the work that goes on: syncing and proving it takes its time.
    fn finish(&self, full: PackWriter) -> Result<Finishing, StoreError> {
        if self.store.finish_inline {
            return full.finish().map(Finishing::Done);
        }
        let spawned = thread::Builder::new().name("dbsnap-pack".to_owned()).spawn(move || full.finish());
        let failed = |source| StoreError::Io {
            action: "start a thread to finish a pack in",
            path: self.store.layout.temp(),
            source,
        };
        spawned.map(|thread| Finishing::Running(Finisher::new(thread))).map_err(failed)
    }

    /// Makes what was put part of the store: every pack is finished, synced, read back and verified before it gets its
    /// name; then the directory is synced, and the index brought up to date. Without new objects nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] if a put failed; [`StoreError::Damaged`] if what was read back is not what was put;
    /// [`StoreError::Io`]. Nothing may then be published through this store.
    pub fn seal(self) -> Result<Sealed, StoreError> {
        self.store.ready_to_write()?;
        let mut state = std::mem::take(&mut *self.state());
        let last = state.current.take().map(|(_, writer)| writer);
        if last.is_none() && state.finishing.is_empty() {
            return Ok(Sealed::default());
        }
        self.store.or_poison(self.install(&mut state, last))?;
        let mut sealed = std::mem::take(&mut state.sealed);
        sealed.ids = state.pending.keys().copied().collect();
        sealed.ids.sort_unstable();
        Ok(sealed)
    }

    fn install(&self, state: &mut State, last: Option<PackWriter>) -> Result<(), StoreError> {
        let layout = &self.store.layout;
        let last = last.map(PackWriter::finish).transpose()?;
        let mut finished = Vec::new();
        for pack in state.finishing.drain(..) {
            finished.push(match pack {
                Finishing::Open(pack) => pack.finish()?,
                Finishing::Done(pack) => pack,
                Finishing::Running(thread) => thread.join(layout)?,
            });
        }
        finished.extend(last);
        state.sealed.packs = finished.len() as u64;
        state.sealed.pack_bytes = finished.iter().map(|pack| pack.pack.size).sum();
        let installed =
            finished.into_iter().map(|pack| pack.install(layout)).collect::<Result<Vec<_>, StoreError>>()?;
        self.store.fs.sync_dir(&layout.packs())?;
        // A pack whose directory was damaged may just have been written again under its name: what is open is the old
        // file.
        self.store.files.clear();
        self.store.index_packs(&installed)
    }

    /// Whether the object was put into this session.
    pub(super) fn holds(&self, id: &Hash) -> bool {
        self.state().pending.contains_key(id)
    }

    /// Takes over what another session of the same store put.
    pub(super) fn adopt(&self, other: Session<'_>) {
        let theirs = std::mem::take(&mut *other.state());
        let mut state = self.state();
        let shift = u32::try_from(state.files.len()).unwrap_or(u32::MAX);
        if let Some((file, last)) = theirs.current
            && let Some((_, before)) = state.current.replace((file.saturating_add(shift), last))
        {
            state.finishing.push(Finishing::Open(Box::new(before)));
        }
        state.finishing.extend(theirs.finishing);
        state.files.extend(theirs.files);
        for (id, pending) in theirs.pending {
            state.pending.entry(id).or_insert(Pending { file: pending.file.saturating_add(shift), ..pending });
        }
        state.sealed.objects += theirs.sealed.objects;
        state.sealed.stored_bytes += theirs.sealed.stored_bytes;
        state.sealed.raw_bytes += theirs.sealed.raw_bytes;
    }

    fn pending(&self, id: &Hash) -> Option<(PathBuf, Arc<dyn OpenFile>, PackEntry)> {
        let state = self.state();
        let found = state.pending.get(id)?;
        let (path, file) = &state.files[found.file as usize];
        let entry = PackEntry {
            id: *id,
            kind: found.kind,
            offset: u64::from(found.offset),
            stored_len: found.stored_len,
            raw_len: found.raw_len,
        };
        Some((path.clone(), Arc::clone(file), entry))
    }
}

impl Objects for Session<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        let Some((path, file, entry)) = self.pending(id) else {
            return self.store.get(id);
        };
        let mut bytes = Vec::new();
        pack::read_object(&*file, &path, &entry, &mut bytes)?;
        Ok(Object { kind: entry.kind, bytes })
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        let pending = self.state().pending.get(id).map(|pending| pending.kind);
        pending.or_else(|| self.store.kind(id))
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        let pending = self.state().pending.get(id).map(|pending| pending.kind);
        pending.map_or_else(|| self.store.copies(id), |kind| vec![ObjectCopy::only(kind)])
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        match self.pending(id) {
            Some((path, file, entry)) => pack::read_object(&*file, &path, &entry, bytes),
            None => self.store.get_copy(id, copy, bytes),
        }
    }
}

impl NewObjects for Session<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        self.store.ready_to_put()?;
        if self.store.contains(&frame.id) { Ok(0) } else { self.put_again(frame) }
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        self.store.ready_to_put()?;
        let longest = frame.raw_len.max(frame.stored.len() as u64);
        if longest > MAX_OBJECT_LEN {
            return Err(StoreError::TooLarge { what: "an object", len: longest, limit: MAX_OBJECT_LEN });
        }
        self.store.or_poison(self.add(&frame))
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        Box::new(Trial::new(self, Session { store: self.store, state: Mutex::default() }))
    }
}

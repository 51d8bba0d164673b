//! Objects that are made to be looked at and never published: kept in a nameless file beside a store that is only read.

use super::OpError;
use crate::fsio::FileExt;
use crate::hash::Hash;
use crate::store::{
    Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, Store, StoreError, TrialObjects, Untried,
};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a store holds, and objects of our own that go when this does. Shared between threads.
pub(super) struct Overlay<'b> {
    base: &'b dyn Objects,
    file: File,
    dir: PathBuf,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    places: HashMap<Hash, Extent>,
    end: u64,
}

#[derive(Clone, Copy)]
struct Extent {
    offset: u64,
    stored_len: usize,
    raw_len: u64,
    kind: ObjectKind,
}

impl<'b> Overlay<'b> {
    /// An overlay over `store`, empty. Its file is in the store's directory for such files, or, where the store cannot
    /// be written, in the system's.
    ///
    /// # Errors
    /// If neither takes a file.
    pub fn new(store: &'b Store) -> Result<Overlay<'b>, OpError> {
        let mut dir = store.scratch_dir();
        let file = match tempfile::tempfile_in(&dir) {
            Ok(file) => file,
            Err(_) => {
                dir = std::env::temp_dir();
                tempfile::tempfile_in(&dir).map_err(|error| OpError::io("make a temporary file in", &dir, error))?
            }
        };
        Ok(Overlay { base: store, file, dir, held: Mutex::default() })
    }

    /// Where other temporary files go.
    pub fn scratch_dir(&self) -> &Path {
        &self.dir
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, action: &'static str) -> impl Fn(std::io::Error) -> StoreError {
        move |source| StoreError::Io { action, path: self.dir.clone(), source }
    }
}

impl Objects for Overlay<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        let place = self.held().places.get(id).copied();
        let Some(place) = place else { return self.base.get(id) };
        let mut stored = vec![0; place.stored_len];
        self.file.read_exact_at(&mut stored, place.offset).map_err(self.failed("read a temporary file in"))?;
        let frame = Frame { id: *id, kind: place.kind, raw_len: place.raw_len, stored };
        let bytes = frame.decompress().map_err(|reason| StoreError::Damaged { path: self.dir.clone(), reason })?;
        Ok(Object { kind: place.kind, bytes })
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        let kind = self.held().places.get(id).map(|place| place.kind);
        kind.or_else(|| self.base.kind(id))
    }

    fn copies(&self, id: &Hash) -> Vec<ObjectCopy> {
        let kind = self.held().places.get(id).map(|place| place.kind);
        kind.map_or_else(|| self.base.copies(id), |kind| vec![ObjectCopy::only(kind)])
    }

    fn get_copy(&self, id: &Hash, copy: &ObjectCopy, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.held().places.contains_key(id) {
            return self.get_into(id, bytes).map(drop);
        }
        self.base.get_copy(id, copy, bytes)
    }
}

impl NewObjects for Overlay<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.contains(&frame.id) { Ok(0) } else { self.put_again(frame) }
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.held().places.contains_key(&frame.id) {
            return Ok(0);
        }
        let stored_len = frame.stored.len();
        let offset = {
            let mut held = self.held();
            let offset = held.end;
            held.end += stored_len as u64;
            offset
        };
        self.file.write_all_at(&frame.stored, offset).map_err(self.failed("write a temporary file in"))?;
        let place = Extent { offset, stored_len, raw_len: frame.raw_len, kind: frame.kind };
        self.held().places.insert(frame.id, place);
        Ok(stored_len as u64)
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        // nothing of it is kept in the end
        Box::new(Untried(self))
    }
}

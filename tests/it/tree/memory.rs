//! A store in memory that counts what is asked of it.

use dbsnap::hash::Hash;
use dbsnap::store::{Frame, NewObjects, Object, ObjectKind, Objects, StoreError, TrialObjects};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct Memory {
    frames: Mutex<HashMap<Hash, Frame>>,
    reads: AtomicU64,
}

impl Memory {
    pub fn len(&self) -> usize {
        self.frames.lock().unwrap().len()
    }

    pub fn ids(&self) -> Vec<Hash> {
        self.frames.lock().unwrap().keys().copied().collect()
    }

    pub fn stored_bytes(&self) -> u64 {
        self.frames.lock().unwrap().values().map(|frame| frame.stored.len() as u64).sum()
    }

    /// Objects read since this was last asked.
    pub fn take_reads(&self) -> u64 {
        self.reads.swap(0, Ordering::Relaxed)
    }

    pub fn remove(&self, id: &Hash) -> Option<Frame> {
        self.frames.lock().unwrap().remove(id)
    }

    /// Holds `raw` under a name of choice, as a hostile store would.
    pub fn forge(&self, id: Hash, kind: ObjectKind, raw: &[u8]) {
        let stored = zstd::bulk::compress(raw, 1).unwrap();
        self.frames.lock().unwrap().insert(id, Frame { id, kind, raw_len: raw.len() as u64, stored });
    }
}

impl Objects for Memory {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let frame = self.frames.lock().unwrap().get(id).cloned().ok_or(StoreError::Missing(*id))?;
        let bytes = zstd::bulk::decompress(&frame.stored, usize::try_from(frame.raw_len).unwrap()).unwrap();
        Ok(Object { kind: frame.kind, bytes })
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.frames.lock().unwrap().get(id).map(|frame| frame.kind)
    }
}

impl NewObjects for Memory {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        let bytes = frame.stored.len() as u64;
        let mut frames = self.frames.lock().unwrap();
        if frames.contains_key(&frame.id) {
            return Ok(0);
        }
        frames.insert(frame.id, frame);
        Ok(bytes)
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        let bytes = frame.stored.len() as u64;
        Ok(self.frames.lock().unwrap().insert(frame.id, frame).map_or(bytes, |_| 0))
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        Box::new(Trial { beneath: self, own: Memory::default() })
    }
}

/// What is on trial in a store in memory.
struct Trial<'m> {
    beneath: &'m Memory,
    own: Memory,
}

impl Objects for Trial<'_> {
    fn get(&self, id: &Hash) -> Result<Object, StoreError> {
        self.own.get(id).or_else(|_| self.beneath.get(id))
    }

    fn kind(&self, id: &Hash) -> Option<ObjectKind> {
        self.own.kind(id).or_else(|| self.beneath.kind(id))
    }
}

impl NewObjects for Trial<'_> {
    fn put(&self, frame: Frame) -> Result<u64, StoreError> {
        if self.beneath.contains(&frame.id) { Ok(0) } else { self.own.put(frame) }
    }

    fn put_again(&self, frame: Frame) -> Result<u64, StoreError> {
        self.own.put_again(frame)
    }

    fn trial(&self) -> Box<dyn TrialObjects + '_> {
        self.own.trial()
    }
}

impl TrialObjects for Trial<'_> {
    fn keep(self: Box<Self>) {
        for frame in self.own.frames.into_inner().unwrap().into_values() {
            self.beneath.put(frame).unwrap();
        }
    }
}

//! A small cache that forgets what was not used for longest.

use crate::hash::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Objects by id, at most so many bytes of them. Shared between threads.
#[derive(Debug)]
pub(super) struct Lru<T> {
    inner: Mutex<Inner<T>>,
    most: usize,
}

#[derive(Debug)]
struct Inner<T> {
    held: HashMap<Hash, Slot<T>>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Slot<T> {
    value: Arc<T>,
    bytes: usize,
    used: u64,
}

impl<T> Lru<T> {
    /// A cache of at most `most` bytes.
    pub(super) fn new(most: usize) -> Lru<T> {
        Lru { inner: Mutex::new(Inner { held: HashMap::new(), bytes: 0, clock: 0 }), most }
    }

    /// What is held under `id`.
    pub(super) fn get(&self, id: &Hash) -> Option<Arc<T>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let clock = inner.clock;
        let slot = inner.held.get_mut(id)?;
        slot.used = clock;
        Some(Arc::clone(&slot.value))
    }

    /// Holds `value` of `bytes` bytes, and forgets others for it; what is larger than half of the cache is not held.
    pub(super) fn put(&self, id: Hash, value: &Arc<T>, bytes: usize) {
        if bytes > self.most / 2 {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let slot = Slot { value: Arc::clone(value), bytes, used: inner.clock };
        inner.bytes += bytes;
        if let Some(old) = inner.held.insert(id, slot) {
            inner.bytes -= old.bytes;
        }
        // Some dozens of slots, and one is forgotten for each leaf read: looking at all of them costs nothing.
        while inner.bytes > self.most {
            let Some(oldest) = inner.held.iter().min_by_key(|(_, slot)| slot.used).map(|(id, _)| *id) else { break };
            if let Some(slot) = inner.held.remove(&oldest) {
                inner.bytes -= slot.bytes;
            }
        }
    }
}

//! Open pack files, a few at a time.

use super::StoreError;
use super::index_file::PackRef;
use super::layout::Layout;
use super::pack;
use crate::fsio::{FileSystem, OpenFile};
use crate::hash::Hash;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many packs are kept open, if the system lets so many: a leaf can draw on as many others. Reads by several
/// threads can have a few more open for a moment.
const MAX_OPEN: usize = 64;

/// The packs used last, open. The least recently used one is closed to make room.
#[derive(Debug, Default)]
pub(super) struct PackFiles {
    open: Mutex<VecDeque<(Hash, Arc<dyn OpenFile>)>>,
}

impl PackFiles {
    /// An open file of that pack, which is checked to have the size that the index says.
    pub(super) fn get(
        &self,
        fs: &dyn FileSystem,
        layout: &Layout,
        pack: &PackRef,
    ) -> Result<Arc<dyn OpenFile>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|(name, _)| *name == pack.name)
            && let Some(found) = open.remove(at)
        {
            let file = Arc::clone(&found.1);
            open.push_back(found);
            return Ok(file);
        }
        let path = layout.pack(&pack.name);
        let file = match pack::open(fs, &path, pack.size) {
            Err(error) if !open.is_empty() && error.is_out_of_descriptors() => {
                open.clear();
                pack::open(fs, &path, pack.size)?
            }
            opened => opened?,
        };
        if open.len() >= MAX_OPEN {
            open.pop_front();
        }
        open.push_back((pack.name, Arc::clone(&file)));
        Ok(file)
    }

    /// Closes all.
    pub(super) fn clear(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

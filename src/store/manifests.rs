//! Manifests: opaque bytes named by their hash. A manifest's rename is what commits a snapshot.

use super::layout::hash_name;
use super::{Store, StoreError};
use crate::fsio::read_whole;
use crate::hash::Hash;
use std::io;

/// The longest manifest, in bytes: 64 MiB.
pub const MAX_MANIFEST_LEN: u64 = 64 << 20;

impl Store {
    /// Publishes a manifest, after which the snapshot exists; its id is the hash of `bytes`. `needs` are the objects
    /// that it refers to directly: each must be in a pack that is there. To publish the same bytes again is fine. What
    /// cannot be made durable is taken back.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if one of `needs` is absent; [`StoreError::Poisoned`] if an earlier write failed;
    /// [`StoreError::ReadOnly`], [`StoreError::TooLarge`], [`StoreError::Locked`] if the lock was lost,
    /// [`StoreError::Io`]; [`StoreError::NotDurable`] if it could not be taken back.
    pub fn publish(&self, bytes: &[u8], needs: &[Hash]) -> Result<Hash, StoreError> {
        let len = bytes.len() as u64;
        if len > MAX_MANIFEST_LEN {
            return Err(StoreError::TooLarge { what: "a manifest", len, limit: MAX_MANIFEST_LEN });
        }
        self.ready_to_write()?;
        self.check_present(needs)?;
        // Packs of others may be visible only: whoever installed them may have died, or failed, before they were
        // durable.
        self.or_poison(self.fs.sync_dir(&self.layout.packs()).map_err(StoreError::from))?;
        self.or_poison(self.sync_index())?;
        let id = Hash::of(bytes);
        let path = self.layout.manifest(&id);
        let is_new = self.fs.stat(&path)?.is_none();
        // Also if it is there already: whoever wrote it may have died before it was durable.
        match self.write_file(&path, bytes) {
            // Nobody was told of it yet, so it is taken back. If a power cut undoes that, it is whole: its objects are
            // durable.
            Err(StoreError::NotDurable { path: dir, source }) if is_new && self.fs.remove(&path).is_ok() => {
                Err(StoreError::Io { action: "sync", path: dir, source })
            }
            written => written.map(|()| id),
        }
    }

    /// Takes back a manifest that this handle published a moment ago, before anybody was told of it. Unlike
    /// [`Store::remove_manifest`] it does not need the store exclusively: a reader that has found it meanwhile sees a
    /// snapshot vanish, and no object goes.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::Poisoned`], [`StoreError::Locked`] if the lock was lost,
    /// [`StoreError::Io`].
    pub fn withdraw(&self, id: &Hash) -> Result<bool, StoreError> {
        self.ready_to_write()?;
        self.remove_file(&self.layout.manifest(id))
    }

    /// The ids of all manifests, sorted; whether each can be read is another question.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn manifest_ids(&self) -> Result<Vec<Hash>, StoreError> {
        let listed = match self.fs.names(&self.layout.manifests()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        // Also what is no regular file: to overlook a snapshot would be to sweep its objects away.
        let mut ids: Vec<Hash> = listed.iter().filter_map(|name| hash_name(name, ".json")).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// The bytes of a manifest, which have the hash that `id` says.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read_manifest(&self, id: &Hash) -> Result<Vec<u8>, StoreError> {
        let path = self.layout.manifest(id);
        let bytes = match read_whole(&*self.fs, &path, MAX_MANIFEST_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Missing(*id)),
            Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput) => {
                return Err(StoreError::damaged(&path, error.source.to_string()));
            }
            read => read?,
        };
        if Hash::of(&bytes) != *id {
            return Err(StoreError::damaged(&path, "its bytes do not have the hash that its name says"));
        }
        Ok(bytes)
    }

    /// Removes a manifest, durably; its objects stay until a sweep. Needs the store exclusively, so that no one is
    /// reading the snapshot or pinning it. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`], [`StoreError::Locked`] if the lock was lost, [`StoreError::Io`].
    pub fn remove_manifest(&self, id: &Hash) -> Result<bool, StoreError> {
        self.ready_to_delete()?;
        self.remove_file(&self.layout.manifest(id))
    }
}

//! Deleted manifests that can be taken back: they are set aside in `deleted/` until they are removed for good
//! (`docs/FORMAT.md`, sections 8 and 9).

use super::manifests::MAX_MANIFEST_LEN;
use super::open::dir_is_there;
use super::{Store, StoreError};
use crate::fsio::read_whole;
use crate::hash::Hash;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Who deleted a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeletedBy {
    /// Somebody who named it.
    Hand,
    /// Retention.
    Retention,
}

/// A manifest that was set aside. Its name in `deleted/` says it all: nothing has to be written to delete on a full
/// disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetAside {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The snapshot's id.
    pub id: Hash,
    /// Who did it.
    pub by: DeletedBy,
}

impl fmt::Display for SetAside {
    /// The file's name: `<id>.<microseconds>.<hand|retention>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            DeletedBy::Hand => "hand",
            DeletedBy::Retention => "retention",
        };
        write!(f, "{}.{}.{by}", self.id, self.at)
    }
}

impl SetAside {
    /// What a name in `deleted/` says; `None` for any name that is not exactly ours.
    fn parse(name: &str) -> Option<SetAside> {
        let mut parts = name.split('.');
        let id = Hash::parse_hex(parts.next()?)?;
        let at = parts.next()?.parse().ok()?;
        let by = match parts.next()? {
            "hand" => DeletedBy::Hand,
            "retention" => DeletedBy::Retention,
            _ => return None,
        };
        let aside = SetAside { at, id, by };
        (parts.next().is_none() && aside.to_string() == name).then_some(aside)
    }
}

impl Store {
    /// Sets manifests aside, durably: they are not there any more, and can be brought back. Needs the store
    /// exclusively. Those that the disk has no room to keep are removed instead; their ids are returned. What is not
    /// there is passed over.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`], [`StoreError::Locked`] if the lock was lost, [`StoreError::Io`].
    pub fn set_aside(&self, manifests: &[SetAside]) -> Result<Vec<Hash>, StoreError> {
        self.ready_to_delete()?;
        let room = manifests.is_empty() || self.make_deleted_dir()?;
        let mut lost = Vec::new();
        for aside in manifests {
            let from = self.layout.manifest(&aside.id);
            if room {
                match self.fs.rename(&from, &self.set_aside_path(aside)).map_err(StoreError::from) {
                    // What a full disk cannot take in goes: what is asked for then is room.
                    Err(error) if error.is_out_of_space() => {}
                    Err(error) if !error.is_not_found() => return Err(error),
                    _ => continue,
                }
            }
            if self.remove_file(&from)? {
                lost.push(aside.id);
            }
        }
        if !manifests.is_empty() {
            // Where it is before where it was: a crash must not leave it nowhere.
            if room {
                self.settle(&self.layout.deleted())?;
            }
            self.settle(&self.layout.manifests())?;
        }
        Ok(lost)
    }

    /// All manifests that were set aside, the oldest first; whether each can be read is another question.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn set_aside_manifests(&self) -> Result<Vec<SetAside>, StoreError> {
        let listed = self.entries_of(&self.layout.deleted())?;
        let mut found: Vec<SetAside> = listed.iter().filter_map(|entry| SetAside::parse(&entry.name)).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The bytes of a manifest that was set aside, which have its hash.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read_set_aside(&self, aside: &SetAside) -> Result<Vec<u8>, StoreError> {
        let path = self.set_aside_path(aside);
        let bytes = match read_whole(&*self.fs, &path, MAX_MANIFEST_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Missing(aside.id)),
            Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput) => {
                return Err(StoreError::damaged(&path, error.source.to_string()));
            }
            read => read?,
        };
        if Hash::of(&bytes) != aside.id {
            return Err(StoreError::damaged(&path, "its bytes do not have the hash that its name says"));
        }
        Ok(bytes)
    }

    /// Publishes a manifest again that was set aside; `needs` are the objects that it refers to directly.
    ///
    /// # Errors
    /// As [`Store::publish`] and [`Store::read_set_aside`].
    pub fn bring_back(&self, aside: &SetAside, needs: &[Hash]) -> Result<(), StoreError> {
        self.ready_to_delete()?;
        // A copy first: at every moment one of them is there.
        self.publish(&self.read_set_aside(aside)?, needs)?;
        self.remove_file(&self.set_aside_path(aside)).map(drop)
    }

    /// Removes manifests that were set aside, durably and for good. Needs the store exclusively.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`], [`StoreError::Locked`] if the lock was lost, [`StoreError::Io`].
    pub fn remove_set_aside(&self, manifests: &[SetAside]) -> Result<(), StoreError> {
        self.ready_to_delete()?;
        for aside in manifests {
            match self.fs.remove(&self.set_aside_path(aside)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        if !manifests.is_empty() {
            self.settle(&self.layout.deleted())?;
        }
        Ok(())
    }

    /// The file of a manifest that was set aside.
    pub(super) fn set_aside_path(&self, aside: &SetAside) -> PathBuf {
        self.layout.deleted().join(aside.to_string())
    }

    /// Makes what is seen of `deleted/` durable, if there is one.
    pub(super) fn sync_deleted(&self) -> Result<(), StoreError> {
        match dir_is_there(&*self.fs, &self.layout, &self.layout.deleted())? {
            true => Ok(self.fs.sync_dir(&self.layout.deleted())?),
            false => Ok(()),
        }
    }

    /// Makes `deleted/` if it is not there: stores of older versions have none. Returns whether there is room for it.
    fn make_deleted_dir(&self) -> Result<bool, StoreError> {
        let dir = self.layout.deleted();
        if dir_is_there(&*self.fs, &self.layout, &dir)? {
            return Ok(true);
        }
        match self.fs.create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let error = StoreError::from(error);
                return if error.is_out_of_space() { Ok(false) } else { Err(error) };
            }
            Ok(()) => {}
        }
        self.fs.sync_dir(self.layout.root())?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_exactly_ours_are_read() {
        let id = Hash::of(b"a manifest");
        for by in [DeletedBy::Hand, DeletedBy::Retention] {
            let aside = SetAside { at: -5, id, by };
            assert_eq!(SetAside::parse(&aside.to_string()), Some(aside));
        }
        for name in [
            format!("{id}.12.hand 2"),
            format!("._{id}.12.hand"),
            format!("{id}.012.hand"),
            format!("{id}.12.hand.json"),
            format!("{id}.12"),
            format!("{}.12.hand", id.to_hex().to_uppercase()),
            format!("{id}.99999999999999999999.hand"),
        ] {
            assert_eq!(SetAside::parse(&name), None, "{name}");
        }
    }
}

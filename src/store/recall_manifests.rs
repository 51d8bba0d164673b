//! Taking manifests again from files that are no part of the store: what is in quarantine, and other copies of it.

use super::manifests::MAX_MANIFEST_LEN;
use super::mend::may_pass;
use super::{Store, StoreError};
use crate::fsio::{FileKind, read_whole};
use crate::hash::Hash;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Manifests that were taken again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecalledManifests {
    /// The files that are there again.
    pub files: Vec<PathBuf>,
    /// What was there instead: it is in quarantine now.
    pub quarantined: Vec<PathBuf>,
}

/// The snapshot whose manifest a file of that name may hold: a store calls it by its id, whether it is deleted or not.
pub fn names_manifest(path: &Path) -> Option<Hash> {
    let name = path.file_name()?.to_str()?;
    let (id, rest) = name.split_at_checked(64)?;
    let is_manifest = rest.starts_with('.') && !rest.starts_with(".pack") && !rest.starts_with(".idx");
    Hash::parse_hex(id).filter(|_| is_manifest)
}

impl Store {
    /// Takes manifests that cannot be read, deleted ones too, and those that only a tag or a pin knows of from
    /// quarantine or from `files`, if they have the very bytes. Needs the store exclusively.
    ///
    /// # Errors
    /// [`StoreError::NotExclusive`], [`StoreError::Locked`] if the lock was lost, [`StoreError::Io`].
    pub fn recall_manifests(&self, files: &[PathBuf]) -> Result<RecalledManifests, StoreError> {
        self.ready_to_delete()?;
        let mut recalled = RecalledManifests::default();
        let lost = self.lost_manifests()?;
        if lost.is_empty() {
            return Ok(recalled);
        }
        let quarantine = self.layout.quarantine();
        let mut copies: Vec<PathBuf> =
            self.entries_of(&quarantine)?.iter().map(|entry| quarantine.join(&entry.name)).collect();
        copies.sort_unstable();
        copies.extend_from_slice(files);
        for (id, path, is_damaged) in lost {
            let read = |copy: &PathBuf| read_whole(&*self.fs, copy, MAX_MANIFEST_LEN).ok();
            let named = copies.iter().filter(|copy| names_manifest(copy) == Some(id));
            let Some(bytes) = named.filter_map(read).find(|bytes| Hash::of(bytes) == id) else { continue };
            if let Some(there) = self.fs.stat(&path)? {
                // A copy where there can be one: at every moment the name says which snapshot it is.
                let can_copy = is_damaged && there.kind == FileKind::File;
                recalled.quarantined.push(if can_copy { self.copy_away(&path)? } else { self.set_apart(&path)? });
            }
            self.write_file(&path, &bytes)?;
            recalled.files.push(path);
        }
        Ok(recalled)
    }

    /// Manifests that are needed and cannot be read, where they belong, and whether that is because of what the file
    /// holds.
    fn lost_manifests(&self) -> Result<Vec<(Hash, PathBuf, bool)>, StoreError> {
        let (ids, set_aside) = (self.manifest_ids()?, self.set_aside_manifests()?);
        let mut lost = Vec::new();
        let mut note = |id, path, read: Result<Vec<u8>, StoreError>| match read {
            Err(StoreError::Damaged { .. }) => lost.push((id, path, true)),
            Err(error) if !may_pass(&error) => lost.push((id, path, false)),
            _ => {}
        };
        for id in &ids {
            note(*id, self.layout.manifest(id), self.read_manifest(id));
        }
        for aside in &set_aside {
            note(aside.id, self.set_aside_path(aside), self.read_set_aside(aside));
        }
        let known: HashSet<Hash> = ids.into_iter().chain(set_aside.iter().map(|aside| aside.id)).collect();
        let tagged = self.each_tag()?.into_iter().filter_map(|(_, id)| id.ok());
        let pinned = self.each_pin()?.into_iter().map(|(id, _)| id);
        let mut absent: Vec<Hash> = tagged.chain(pinned).filter(|id| !known.contains(id)).collect();
        absent.sort_unstable();
        absent.dedup();
        lost.extend(absent.into_iter().map(|id| (id, self.layout.manifest(&id), false)));
        Ok(lost)
    }
}

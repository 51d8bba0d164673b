//! Small files of a damaged store put right: those of which a single bit is wrong, the one that is always the same, and
//! refs in the place of which there is a directory.

use super::layout::GITIGNORE;
use super::mend::Mended;
use super::refs::Misplaced;
use super::{Store, StoreError};
use crate::fsio::read_whole;
use crate::hash::Hash;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

impl Store {
    /// Manifests and refs are short and tell their own hash: where one bit is wrong, it can be found. `.gitignore` is
    /// always the same.
    pub(super) fn mend_small_files(&self, dry_run: bool, mended: &mut Mended) -> Result<(), StoreError> {
        let mut mendable = self.mendable_manifests()?;
        mendable.extend(self.mendable_refs()?);
        mendable.extend(self.wrong_gitignore());
        for (path, right) in mendable {
            mended.files.push(path.clone());
            if !dry_run {
                mended.quarantined.push(self.copy_away(&path)?);
                self.write_file(&path, &right)?;
            }
        }
        for Misplaced { path, right } in self.directories_for_refs()? {
            mended.directories.push(path.clone());
            if !dry_run {
                mended.quarantined.push(match right {
                    Some(right) => self.replace_directory(&path, &right)?,
                    None => self.set_apart(&path)?,
                });
            }
        }
        Ok(())
    }

    fn mendable_manifests(&self) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
        let mut found = Vec::new();
        for id in self.manifest_ids()? {
            if let Err(StoreError::Damaged { path, .. }) = self.read_manifest(&id) {
                found.push((path, id));
            }
        }
        for aside in self.set_aside_manifests()? {
            if let Err(StoreError::Damaged { path, .. }) = self.read_set_aside(&aside) {
                found.push((path, aside.id));
            }
        }
        let mend = |(path, id): (PathBuf, Hash)| {
            let right = self.one_bit_off(&path, &|bytes| Hash::of(bytes) == id)?;
            Some((path, right))
        };
        Ok(found.into_iter().filter_map(mend).collect())
    }

    fn wrong_gitignore(&self) -> Option<(PathBuf, Vec<u8>)> {
        let path = self.layout.gitignore();
        let found = read_whole(&*self.fs, &path, 1 << 16).ok()?;
        (found != GITIGNORE).then(|| (path, GITIGNORE.to_vec()))
    }

    /// The bytes that a file should have, if one bit of it is wrong.
    pub(super) fn one_bit_off(&self, path: &Path, is_right: &(dyn Fn(&[u8]) -> bool + Sync)) -> Option<Vec<u8>> {
        /// Every bit costs hashing the file once.
        const LONGEST: u64 = 32 << 10;
        let bytes = read_whole(&*self.fs, path, LONGEST).ok()?;
        (0..bytes.len() * 8).into_par_iter().find_map_any(|bit| {
            let mut tried = bytes.clone();
            tried[bit / 8] ^= 1 << (bit % 8);
            is_right(&tried).then_some(tried)
        })
    }
}

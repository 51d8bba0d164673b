//! How much room a store takes.

use super::layout::hash_name;
use super::open::is_stale_temp;
use super::{Store, StoreError};
use crate::fsio::{Entry, FileKind};
use std::io;
use std::path::{Path, PathBuf};

/// Files of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub files: u64,
    /// Their lengths together, in bytes.
    pub bytes: u64,
}

/// How much room a store takes, by kind of file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Packs.
    pub packs: Tally,
    /// Index files.
    pub index: Tally,
    /// Manifests, those of deleted snapshots included.
    pub manifests: Tally,
    /// Tags, pins and pointers.
    pub refs: Tally,
    /// Temporary files, of writers at work or left by dead ones.
    pub temporary: Tally,
}

impl Usage {
    /// All files together.
    pub fn total(&self) -> Tally {
        let all = [self.packs, self.index, self.manifests, self.refs, self.temporary];
        Tally { files: all.iter().map(|t| t.files).sum(), bytes: all.iter().map(|t| t.bytes).sum() }
    }
}

impl Store {
    /// Counts the store's files. Files that are not ours are not counted.
    ///
    /// # Errors
    /// If a directory cannot be listed.
    pub fn usage(&self) -> Result<Usage, StoreError> {
        let named = |suffix: &'static str| move |entry: &Entry| hash_name(&entry.name, suffix).is_some();
        let layout = &self.layout;
        let mut refs = Tally::default();
        for kind in ["tags", "pins", "pointers"] {
            let tally = self.tally(&layout.refs(kind), |_| true)?;
            refs = Tally { files: refs.files + tally.files, bytes: refs.bytes + tally.bytes };
        }
        let mut manifests = self.tally(&layout.manifests(), named(".json"))?;
        for aside in self.set_aside_manifests()? {
            let stat = self.fs.stat(&self.set_aside_path(&aside))?;
            manifests.files += 1;
            manifests.bytes += stat.map_or(0, |stat| stat.len);
        }
        Ok(Usage {
            packs: self.tally(&layout.packs(), named(".pack"))?,
            index: self.tally(&layout.index(), named(".idx"))?,
            manifests,
            refs,
            temporary: self.tally(&layout.temp(), is_stale_temp)?,
        })
    }

    /// Temporary files, which nobody owns while the store is held exclusively, and their lengths.
    pub(super) fn stale_temps(&self) -> Result<Vec<(PathBuf, u64)>, StoreError> {
        let entries = self.entries_of(&self.layout.temp())?;
        let stale = entries.iter().filter(|entry| is_stale_temp(entry));
        Ok(stale.map(|entry| (self.layout.temp().join(&entry.name), entry.stat.len)).collect())
    }

    fn tally(&self, dir: &Path, ours: impl Fn(&Entry) -> bool) -> Result<Tally, StoreError> {
        let entries = self.entries_of(dir)?;
        let files = entries.iter().filter(|entry| entry.stat.kind == FileKind::File && ours(entry));
        Ok(files.fold(Tally::default(), |t, entry| Tally { files: t.files + 1, bytes: t.bytes + entry.stat.len }))
    }

    /// The entries of a directory of the store; one that is not there is empty.
    pub(super) fn entries_of(&self, dir: &Path) -> Result<Vec<Entry>, StoreError> {
        match self.fs.list(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => Ok(listed?),
        }
    }
}

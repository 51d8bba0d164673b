//! Making a store, and completing one that was not made to the end.

use super::layout::{DIRS, FORMAT, GITIGNORE, Layout, ROOT_NAMES, hash_name};
use super::open::{dir_is_there, not_a_directory, not_a_store, read_format};
use super::{Store, StoreError};
use crate::fsio::{Disk, Entry, FileKind, FileSystem, write_durably};
use std::io;
use std::path::Path;

/// What [`Store::init`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// There was nothing; now there is a store.
    Created,
    /// An interrupted `init`, or a store that had lost a file or directory of its frame, was completed.
    Completed,
    /// There was a whole store already.
    Existing,
}

impl Store {
    /// Makes a store at `root`, whose parent must exist, or completes one whose `init` was interrupted.
    ///
    /// # Errors
    /// [`StoreError::NotAStore`] if there is something else, [`StoreError::UnknownFormat`], [`StoreError::Io`].
    pub fn init(root: &Path) -> Result<Init, StoreError> {
        Store::init_on(&Disk, root)
    }

    /// As [`Store::init`], on any file system.
    ///
    /// # Errors
    /// As [`Store::init`].
    pub fn init_on(fs: &dyn FileSystem, root: &Path) -> Result<Init, StoreError> {
        let layout = Layout::new(root);
        let existed = match fs.stat(root)? {
            None => false,
            Some(stat) if stat.kind == FileKind::Dir => true,
            Some(stat) => return Err(not_a_store(root, not_a_directory(stat.kind))),
        };
        let mut whole = false;
        if existed {
            match read_format(fs, &layout) {
                Ok(()) => whole = true,
                Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    refuse_foreign(fs, &layout)?;
                    refuse_filled(fs, &layout)?;
                }
                Err(error) => return Err(error),
            }
        } else {
            create_dir(fs, root)?;
        }
        // `format` comes last: a directory with it is a store.
        let changed = complete(fs, &layout)?;
        if !whole {
            write_durably(fs, &layout.temp(), &layout.format(), FORMAT)?;
        }
        // An `init` that was killed after its last rename may have left names that no directory sync made durable.
        fs.sync_dir(root)?;
        if let Some(parent) = root.parent() {
            fs.sync_dir(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
        Ok(match (existed, whole && !changed) {
            (false, _) => Init::Created,
            (true, true) => Init::Existing,
            (true, false) => Init::Completed,
        })
    }
}

fn create_dir(fs: &dyn FileSystem, dir: &Path) -> Result<(), StoreError> {
    match fs.create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => Ok(done?),
    }
}

/// Refuses to turn a directory into a store that holds anything but parts of one.
fn refuse_foreign(fs: &dyn FileSystem, layout: &Layout) -> Result<(), StoreError> {
    let foreign = |entry: &Entry| !ROOT_NAMES.contains(&entry.name.as_str());
    if fs.list(layout.root())?.iter().any(foreign) {
        return Err(not_a_store(layout.root(), "it is a directory with other things in it"));
    }
    Ok(())
}

/// Refuses to say of a directory with packs or snapshots in it of which format they are: `init` was never interrupted
/// there.
fn refuse_filled(fs: &dyn FileSystem, layout: &Layout) -> Result<(), StoreError> {
    for (dir, suffix) in [(layout.packs(), ".pack"), (layout.manifests(), ".json")] {
        let is_ours = |entry: &Entry| hash_name(&entry.name, suffix).is_some();
        if dir_is_there(fs, layout, &dir)? && fs.list(&dir)?.iter().any(is_ours) {
            let reason = "it has lost its `format` file, and holds snapshots; if they were made by a dbsnap of this format, write it \
                          again: a line that says `dbsnap store 1`";
            return Err(not_a_store(layout.root(), reason));
        }
    }
    Ok(())
}

/// Makes what a store must have and has not, except `format`. Returns whether there was anything to make.
pub(super) fn complete(fs: &dyn FileSystem, layout: &Layout) -> Result<bool, StoreError> {
    let mut changed = false;
    dir_is_there(fs, layout, &layout.deleted())?;
    for dir in DIRS {
        let path = layout.root().join(dir);
        if dir_is_there(fs, layout, &path)? {
            continue;
        }
        create_dir(fs, &path)?;
        fs.sync_dir(path.parent().unwrap_or(layout.root()))?;
        changed = true;
    }
    for (path, bytes) in [(layout.lock(), &b""[..]), (layout.gitignore(), GITIGNORE)] {
        if fs.stat(&path)?.is_none() {
            write_durably(fs, &layout.temp(), &path, bytes)?;
            changed = true;
        }
    }
    Ok(changed)
}

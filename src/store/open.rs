//! Making, opening and locking a store.

use super::StoreError;
use super::index::{Distrusted, Index};
use super::init::complete;
use super::layout::{DIRS, FORMAT, FORMAT_NAME, FORMAT_VERSION, Layout};
use super::pack_files::PackFiles;
use super::pack_writer::PACK_SIZE;
use crate::fsio::{
    Disk, Entry, FileKind, FileSystem, FsError, Lock, LockMode, has_no_locks, is_temp_name, read_whole, write_visibly,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

/// How long [`Store::open`] waits for another process to finish with the store.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading, beside readers and writers; works on a read-only file system.
    Read,
    /// Reading and adding, beside readers and writers.
    Write,
    /// Everything, deleting included, with nobody beside.
    Exclusive,
}

/// An open store. Its lock is held until it is dropped.
///
/// One process must not open a store exclusively while it has it open otherwise: it would wait for itself.
#[derive(Debug)]
pub struct Store {
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) layout: Layout,
    pub(super) access: Access,
    lock: Box<dyn Lock>,
    /// Loaded when first needed.
    pub(super) index: RwLock<Option<Arc<Index>>>,
    /// Copies that were found damaged through this handle.
    pub(super) distrusted: Mutex<Distrusted>,
    pub(super) files: PackFiles,
    /// What the first write failed with that did.
    poisoned: OnceLock<StoreError>,
    pub(super) pack_size: u64,
    /// Whether full packs are finished by the thread that fills them.
    pub(super) finish_inline: bool,
}

impl Store {
    /// Opens the store at `root`; waits up to [`DEFAULT_WAIT`] for a process that has it exclusively.
    ///
    /// # Errors
    /// [`StoreError::NoStore`], [`StoreError::NotAStore`], [`StoreError::UnknownFormat`], [`StoreError::Locked`],
    /// [`StoreError::ReadOnly`] if it cannot be written and that was asked for, [`StoreError::Io`].
    pub fn open(root: &Path, access: Access) -> Result<Store, StoreError> {
        Store::open_on(Arc::new(Disk), root, access, DEFAULT_WAIT)
    }

    /// Opens the store with nobody beside, as deleting needs it; waits up to `wait` for others to finish.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn exclusive(root: &Path, wait: Duration) -> Result<Store, StoreError> {
        Store::open_on(Arc::new(Disk), root, Access::Exclusive, wait)
    }

    /// As [`Store::open`], on any file system and with any patience.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(fs: Arc<dyn FileSystem>, root: &Path, access: Access, wait: Duration) -> Result<Store, StoreError> {
        let layout = Layout::new(root);
        match fs.stat(root)? {
            None => return Err(StoreError::NoStore(root.to_path_buf())),
            Some(stat) if stat.kind != FileKind::Dir => return Err(not_a_store(root, not_a_directory(stat.kind))),
            Some(_) => {}
        }
        read_format(&*fs, &layout).map_err(|error| match error {
            error if error.is_not_found() => not_a_store(root, "it has no `format` file"),
            error => error,
        })?;
        let lock = wait_for_lock(&*fs, &layout, access, wait)?;
        if access == Access::Read {
            check_dirs(&*fs, &layout)?;
        } else {
            complete(&*fs, &layout)?;
        }
        let store = Store {
            fs,
            layout,
            access,
            lock,
            index: RwLock::new(None),
            distrusted: Mutex::default(),
            files: PackFiles::default(),
            poisoned: OnceLock::new(),
            pack_size: PACK_SIZE,
            finish_inline: false,
        };
        Ok(store.heed_damaged())
    }

    /// Where the store is.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// The directory for temporary files of those who work on this store; gc takes away what they leave.
    pub fn scratch_dir(&self) -> PathBuf {
        self.layout.temp()
    }

    /// What the store was opened for.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Lets packs end at about `bytes` instead of 16 MiB.
    pub fn set_pack_size(&mut self, bytes: u64) {
        self.pack_size = bytes;
    }

    /// Has full packs finished by the thread that fills them instead of beside it, so that the same work is the same
    /// operations in the same order, as a simulated crash needs it.
    pub fn finish_packs_in_turn(&mut self) {
        self.finish_inline = true;
    }

    /// Succeeds if this store may be written and no write has failed.
    pub(super) fn ready_to_put(&self) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        self.poisoned.get().map_or(Ok(()), |failed| Err(failed.poison()))
    }

    /// Succeeds if this store may be written, still holds its lock, and no write has failed.
    pub(super) fn ready_to_write(&self) -> Result<(), StoreError> {
        self.ready_to_put()?;
        // Someone may have deleted the lock file and locked its successor.
        if self.lock.holds()? { Ok(()) } else { Err(StoreError::Locked) }
    }

    /// As [`Store::ready_to_write`], with nobody beside.
    pub(super) fn ready_to_delete(&self) -> Result<(), StoreError> {
        if self.access == Access::Exclusive { self.ready_to_write() } else { Err(StoreError::NotExclusive) }
    }

    /// Passes a result on; an error means that nothing is published through this store from now on.
    pub(super) fn or_poison<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.poisoned.get_or_init(|| error.poison());
        }
        result
    }

    /// Removes one file, durably. Returns whether it was there.
    pub(super) fn remove_file(&self, path: &Path) -> Result<bool, StoreError> {
        match self.fs.remove(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            removed => removed?,
        }
        self.settle(path.parent().unwrap_or(self.layout.root()))?;
        Ok(true)
    }

    /// Makes durable what has changed in a directory, where that is the last step.
    pub(super) fn settle(&self, dir: &Path) -> Result<(), StoreError> {
        let undurable = |error: FsError| StoreError::NotDurable { path: error.path, source: error.source };
        self.fs.sync_dir(dir).map_err(undurable)
    }

    /// Writes one small file, whole and durable.
    pub(super) fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        self.ready_to_write()?;
        self.or_poison(write_visibly(&*self.fs, &self.layout.temp(), path, bytes).map_err(StoreError::from))?;
        self.or_poison(self.settle(path.parent().unwrap_or(self.layout.root())))
    }
}

pub(super) fn not_a_store(root: &Path, reason: &str) -> StoreError {
    StoreError::NotAStore { path: root.to_path_buf(), reason: reason.to_owned() }
}

/// What a path is that should be a store's directory.
pub(super) fn not_a_directory(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Other => "it is a symbolic link or a special file; name the directory itself with --store",
        FileKind::File | FileKind::Dir => "it is not a directory",
    }
}

/// Succeeds if the store's format is the one this program knows.
pub(super) fn read_format(fs: &dyn FileSystem, layout: &Layout) -> Result<(), StoreError> {
    let unknown = |found: &str| StoreError::UnknownFormat { found: found.to_owned(), known: FORMAT_VERSION.to_owned() };
    let bytes = match read_whole(fs, &layout.format(), 256) {
        Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput) => {
            return Err(unknown("unreadable"));
        }
        read => read?,
    };
    if bytes == FORMAT {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&bytes);
    let is_number = |text: &&str| !text.trim_end().is_empty() && text.trim_end().bytes().all(|b| b.is_ascii_digit());
    let version = text.strip_prefix(FORMAT_NAME).or(Some(&*text).filter(is_number)).map(str::trim_end);
    // Only what is harmless on a terminal is repeated.
    let plain =
        version.filter(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
    Err(unknown(plain.unwrap_or("unreadable")))
}

fn check_dirs(fs: &dyn FileSystem, layout: &Layout) -> Result<(), StoreError> {
    dir_is_there(fs, layout, &layout.deleted())?;
    DIRS.iter().try_for_each(|dir| dir_is_there(fs, layout, &layout.root().join(dir)).map(drop))
}

/// Whether a directory of the store is there; anything else in its place, a link above all, is refused.
pub(super) fn dir_is_there(fs: &dyn FileSystem, layout: &Layout, path: &Path) -> Result<bool, StoreError> {
    match fs.stat(path)? {
        None => Ok(false),
        Some(stat) if stat.kind == FileKind::Dir => Ok(true),
        Some(_) => Err(not_a_store(layout.root(), &format!("{} is not a directory", path.display()))),
    }
}

fn wait_for_lock(
    fs: &dyn FileSystem,
    layout: &Layout,
    access: Access,
    wait: Duration,
) -> Result<Box<dyn Lock>, StoreError> {
    let mode = match access {
        Access::Read => LockMode::Read,
        Access::Write => LockMode::Write,
        Access::Exclusive => LockMode::Exclusive,
    };
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match fs.lock(&layout.lock(), mode) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = "its lock file is missing; when no other dbsnap uses it, `dbsnap init` puts it back";
                return Err(not_a_store(layout.root(), reason));
            }
            Err(error) if access != Access::Read && is_read_only(&error.source) => return Err(StoreError::ReadOnly),
            Err(FsError { action: "lock", path, source }) if has_no_locks(&source) => {
                return Err(StoreError::NoLocks { path, source });
            }
            Err(error) => return Err(error.into()),
        }
        let left = wait.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(StoreError::Locked);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

/// Whether a file in `tmp/` is one that dbsnap left there.
pub(super) fn is_stale_temp(entry: &Entry) -> bool {
    entry.stat.kind == FileKind::File && is_temp_name(&entry.name)
}

//! Files, durably: the one small trait under all store I/O.
//!
//! Everything the store does to a disk goes through [`FileSystem`]: [`Disk`] is the real one, `Simulated` (feature
//! `testing`) keeps what was never synced apart from what was, so that a test can cut the power at any operation.
//!
//! A file becomes visible under its final name only whole and durable: created under a random name, written, synced,
//! read back, renamed, and the directory synced ([`write_durably`]). Nothing is ever changed in place.

mod disk;
mod input;
mod new_file;
#[cfg(any(test, feature = "testing"))]
mod simulated;
mod system;

pub use disk::Disk;
pub use input::{LARGE_INPUT, Links, SMALL_INPUT, open_input, read_input, read_input_text};
pub use new_file::NewFile;
#[cfg(any(test, feature = "testing"))]
pub use simulated::Simulated;
pub use system::{
    Access, FileExt, Ownership, create_private, has_no_locks, is_gone_or_own, is_out_of_descriptors, is_program,
    is_read_as_another, mode_of, names_of, others_have_access, owner_writes, set_mode, slashed, sync_file,
};

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use thiserror::Error;

/// What the operating system refused, and where.
#[derive(Debug, Error)]
#[error("cannot {action} {}", path.display())]
pub struct FsError {
    /// What was tried: `open`, `write`, `sync`, `rename`.
    pub action: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

impl FsError {
    /// An error for `action` on `path`.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> FsError {
        FsError { action, path: path.to_path_buf(), source }
    }

    /// The kind of the system's reason.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// The result of every file operation.
pub type FsResult<T> = Result<T, FsError>;

/// What a directory entry is; links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link, pipe, device or socket: nothing that a store may hold.
    Other,
}

/// What is known of a path without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Its length in bytes; of no meaning unless it is a regular file.
    pub len: u64,
    /// When it was last written, by the system's clock; its beginning where that is not known.
    pub modified: SystemTime,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; bytes that are not UTF-8 are replaced, so such a name matches no name of ours.
    pub name: String,
    /// What it is.
    pub stat: Stat,
}

/// How a lock file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Shared with others; works where nothing can be written.
    Read,
    /// Shared with others; fails where nothing can be written.
    Write,
    /// Alone.
    Exclusive,
}

/// Files of one machine. All paths are used as given; the last component is never followed if it is a link.
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Opens an existing regular file for reading.
    ///
    /// # Errors
    /// If it is absent, is not a regular file, or cannot be read.
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>>;

    /// Creates a file that must not exist, for reading and writing by its owner only (0600).
    ///
    /// # Errors
    /// If the path exists in any form or cannot be created.
    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>>;

    /// What is at `path`; `None` if nothing is.
    ///
    /// # Errors
    /// If the system cannot tell.
    fn stat(&self, path: &Path) -> FsResult<Option<Stat>>;

    /// The entries of a directory, in no order.
    ///
    /// # Errors
    /// If it is absent, is not a directory, or cannot be read.
    fn list(&self, dir: &Path) -> FsResult<Vec<Entry>>;

    /// The names in a directory, in no order; cheaper than [`FileSystem::list`], which looks at every entry.
    ///
    /// # Errors
    /// As [`FileSystem::list`].
    fn names(&self, dir: &Path) -> FsResult<Vec<String>> {
        Ok(self.list(dir)?.into_iter().map(|entry| entry.name).collect())
    }

    /// Creates a directory for its owner only (0700). It is durable once its parent is synced.
    ///
    /// # Errors
    /// If the path exists in any form or cannot be created.
    fn create_dir(&self, dir: &Path) -> FsResult<()>;

    /// Gives a file another name, replacing what has that name. Durable once the directory of `to` is synced.
    ///
    /// # Errors
    /// If the system refuses.
    fn rename(&self, from: &Path, to: &Path) -> FsResult<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// If it is absent or the system refuses.
    fn remove(&self, path: &Path) -> FsResult<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// If the system refuses; what is durable is then unknown.
    fn sync_dir(&self, dir: &Path) -> FsResult<()>;

    /// Tries to lock an existing file without waiting; `None` if others hold it.
    ///
    /// # Errors
    /// If the file is absent or the file system has no locks.
    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>>;
}

/// An open regular file. Reads and writes name their offset, so a file can be used from several threads.
#[expect(clippy::len_without_is_empty, reason = "a file's length can fail to be known, and emptiness is of no use")]
pub trait OpenFile: fmt::Debug + Send + Sync {
    /// Fills `buf` with the bytes at `offset`.
    ///
    /// # Errors
    /// If the file ends before `buf` is full, or cannot be read.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> FsResult<()>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// If not all could be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> FsResult<()>;

    /// Makes content and length durable. After an error the content must be taken for lost, even if a second call
    /// succeeds.
    ///
    /// # Errors
    /// If the system refuses.
    fn sync(&self) -> FsResult<()>;

    /// Length in bytes, now.
    ///
    /// # Errors
    /// If the system cannot tell.
    fn len(&self) -> FsResult<u64>;
}

/// A lock that is held. Dropping it releases it; so does the end of the process, however it comes.
pub trait Lock: fmt::Debug + Send + Sync {
    /// Whether the lock's path still leads to the file that was locked. If not, someone has removed the lock file, and
    /// another process may hold a lock on its successor.
    ///
    /// # Errors
    /// If the system cannot tell.
    fn holds(&self) -> FsResult<bool>;
}

/// A name for a temporary file: 16 random hex digits and `.tmp`.
pub fn temp_name() -> String {
    // Each `RandomState` is keyed from the system's randomness and no two of a process are alike. A collision with a
    // file of another process would be an error of `create`, not an overwrite.
    format!("{:016x}.tmp", RandomState::new().hash_one(std::process::id()))
}

/// Whether `name` is one that [`temp_name`] makes.
pub fn is_temp_name(name: &str) -> bool {
    name.strip_suffix(".tmp")
        .is_some_and(|stem| stem.len() == 16 && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Bytes that are read back at a time.
const COMPARED: usize = 64 << 10;

/// Makes `target` hold `bytes`, whole and durable, or leaves what was there: writes a new file in `temp_dir` (of the
/// same file system), syncs it, reads it back, renames it to `target` and syncs the directory of `target`.
///
/// # Errors
/// If any step fails. The temporary file is then removed; if only the last step failed, `target` may be there.
pub fn write_durably(fs: &dyn FileSystem, temp_dir: &Path, target: &Path, bytes: &[u8]) -> FsResult<()> {
    write_visibly(fs, temp_dir, target, bytes)?;
    fs.sync_dir(target.parent().unwrap_or(Path::new(".")))
}

/// [`write_durably`] without its last step: the content is durable, the name is not yet.
///
/// # Errors
/// If any step fails: `target` is then what it was.
pub fn write_visibly(fs: &dyn FileSystem, temp_dir: &Path, target: &Path, bytes: &[u8]) -> FsResult<()> {
    let temp = temp_dir.join(temp_name());
    let file = fs.create(&temp)?;
    let written = write_checked(&*file, &temp, bytes).and_then(|()| fs.rename(&temp, target));
    drop(file);
    // Best effort: litter in a temporary directory is harmless and is swept later.
    written.inspect_err(|_| drop(fs.remove(&temp)))
}

fn write_checked(file: &dyn OpenFile, path: &Path, bytes: &[u8]) -> FsResult<()> {
    file.write_at(0, bytes)?;
    file.sync()?;
    check_len(file, path, bytes.len() as u64)?;
    let (mut offset, mut buffer) = (0, vec![0; bytes.len().min(COMPARED)]);
    for written in bytes.chunks(COMPARED) {
        let read = &mut buffer[..written.len()];
        file.read_at(offset, read)?;
        if read != written {
            let reason = "what was read back is not what was written";
            return Err(FsError::new("write", path, io::Error::new(io::ErrorKind::InvalidData, reason)));
        }
        offset += written.len() as u64;
    }
    Ok(())
}

/// Succeeds only if `file` is `expected` bytes long.
///
/// # Errors
/// If it is not, or the system cannot tell.
pub fn check_len(file: &dyn OpenFile, path: &Path, expected: u64) -> FsResult<()> {
    let found = file.len()?;
    if found == expected {
        return Ok(());
    }
    let reason = format!("{found} bytes were kept of {expected}");
    Err(FsError::new("write", path, io::Error::new(io::ErrorKind::WriteZero, reason)))
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// If it cannot be read, or is longer (`FileTooLarge`): nothing is allocated then.
pub fn read_whole(fs: &dyn FileSystem, path: &Path, limit: u64) -> FsResult<Vec<u8>> {
    let file = fs.open(path)?;
    let len = file.len()?;
    if len > limit {
        let reason = format!("{len} bytes where at most {limit} are expected");
        return Err(FsError::new("read", path, io::Error::new(io::ErrorKind::FileTooLarge, reason)));
    }
    let mut bytes = Vec::new();
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(len).map_err(|_| FsError::new("read", path, io::ErrorKind::OutOfMemory.into()))?;
    bytes.resize(len, 0);
    file.read_at(0, &mut bytes)?;
    Ok(bytes)
}

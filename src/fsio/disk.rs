//! The real file system.

use super::input::flags_of;
use super::{Entry, FileKind, FileSystem, FsError, FsResult, Lock, LockMode, OpenFile, Stat};
use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

/// Whose a file or directory is, as far as trusting it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// It belongs to the user this process runs as.
    pub ours: bool,
    /// User id of its owner.
    pub uid: u32,
    /// Permission bits, `0o700` for what dbsnap makes.
    pub mode: u32,
}

impl Ownership {
    /// Who owns `path` and who may write there. Of a link, both it and what it leads to must be ours.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn of(path: &Path) -> FsResult<Ownership> {
        let failed = |e| FsError::new("examine", path, e);
        let own = rustix::process::geteuid().as_raw();
        let (named, found) =
            (std::fs::symlink_metadata(path).map_err(failed)?, std::fs::metadata(path).map_err(failed)?);
        let uid = if named.uid() == own { found.uid() } else { named.uid() };
        Ok(Ownership { ours: uid == own, uid, mode: found.mode() & 0o7777 })
    }

    /// Whether every user of the machine can write there.
    pub const fn all_write(&self) -> bool {
        self.mode & 0o002 != 0
    }
}

impl FileSystem for Disk {
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let file = open_regular(path, OpenOptions::new().read(true))?;
        Ok(Arc::new(DiskFile { file, path: path.to_path_buf() }))
    }

    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let failed = |e| FsError::new("create", path, e);
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path).map_err(failed)?;
        // The mode given to `open` is cut by the umask; this one is not.
        if let Err(error) = file.set_permissions(Permissions::from_mode(FILE_MODE)) {
            let _ = std::fs::remove_file(path);
            return Err(failed(error));
        }
        Ok(Arc::new(DiskFile { file, path: path.to_path_buf() }))
    }

    fn stat(&self, path: &Path) -> FsResult<Option<Stat>> {
        match std::fs::symlink_metadata(path) {
            Ok(meta) => Ok(Some(stat_of(&meta))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(FsError::new("examine", path, e)),
        }
    }

    fn list(&self, dir: &Path) -> FsResult<Vec<Entry>> {
        let mut entries = Vec::new();
        for name in names_in(dir)? {
            match std::fs::symlink_metadata(dir.join(&name)) {
                Ok(meta) => entries.push(Entry { name: name.to_string_lossy().into_owned(), stat: stat_of(&meta) }),
                // Removed since it was listed.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(FsError::new("list", dir, e)),
            }
        }
        Ok(entries)
    }

    fn names(&self, dir: &Path) -> FsResult<Vec<String>> {
        Ok(names_in(dir)?.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn create_dir(&self, dir: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("create directory", dir, e);
        retry(|| DirBuilder::new().mode(DIR_MODE).create(dir)).map_err(failed)?;
        std::fs::set_permissions(dir, Permissions::from_mode(DIR_MODE)).map_err(failed)
    }

    fn rename(&self, from: &Path, to: &Path) -> FsResult<()> {
        retry(|| std::fs::rename(from, to)).map_err(|e| FsError::new("rename to", to, e))
    }

    fn remove(&self, path: &Path) -> FsResult<()> {
        retry(|| std::fs::remove_file(path)).map_err(|e| FsError::new("remove", path, e))
    }

    fn sync_dir(&self, dir: &Path) -> FsResult<()> {
        let failed = |e| FsError::new("sync", dir, e);
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let dir = OpenOptions::new().read(true).custom_flags(flags_of(flags)).open(dir).map_err(failed)?;
        dir.sync_all().map_err(failed)
    }

    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(mode != LockMode::Read);
        let file = open_regular(path, &mut options)?;
        let tried =
            retry(|| match if mode == LockMode::Exclusive { file.try_lock() } else { file.try_lock_shared() } {
                Ok(()) => Ok(true),
                Err(TryLockError::WouldBlock) => Ok(false),
                Err(TryLockError::Error(e)) => Err(e),
            });
        if !tried.map_err(|e| FsError::new("lock", path, e))? {
            return Ok(None);
        }
        let lock = DiskLock { file, path: path.to_path_buf() };
        // Between opening and locking the file may have lost its name: then this lock excludes nobody.
        Ok(if lock.holds()? { Some(Box::new(lock)) } else { None })
    }
}

fn names_in(dir: &Path) -> FsResult<Vec<OsString>> {
    let failed = |e| FsError::new("list", dir, e);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = retry(|| Ok(rustix::fs::open(dir, flags, Mode::empty())?)).map_err(failed)?;
    let mut names = Vec::new();
    // Not `std::fs::read_dir`: it panics if closing the directory fails.
    for entry in Dir::new(opened).map_err(|e| failed(e.into()))? {
        let entry = entry.map_err(|e| failed(e.into()))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Makes a call again that a signal has interrupted. (For files the standard library does so itself.)
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Opens a file that must be regular. Without waiting, so that a pipe in its place cannot hang the program, and without
/// following a link.
fn open_regular(path: &Path, options: &mut OpenOptions) -> FsResult<File> {
    let failed = |e| FsError::new("open", path, e);
    let odd = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    let flags = flags_of(OFlags::NOFOLLOW | OFlags::NONBLOCK);
    let file = options.custom_flags(flags).open(path).map_err(|e| {
        let link = e.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        failed(if link || e.kind() == io::ErrorKind::IsADirectory { odd() } else { e })
    })?;
    if file.metadata().map_err(failed)?.is_file() { Ok(file) } else { Err(failed(odd())) }
}

fn stat_of(meta: &Metadata) -> Stat {
    let kind = if meta.is_file() {
        FileKind::File
    } else if meta.is_dir() {
        FileKind::Dir
    } else {
        FileKind::Other
    };
    Stat { kind, len: meta.len(), modified: meta.modified().unwrap_or(UNIX_EPOCH) }
}

#[derive(Debug)]
struct DiskFile {
    file: File,
    path: PathBuf,
}

impl OpenFile for DiskFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> FsResult<()> {
        self.file.read_exact_at(buf, offset).map_err(|e| FsError::new("read", &self.path, e))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> FsResult<()> {
        self.file.write_all_at(bytes, offset).map_err(|e| FsError::new("write", &self.path, e))
    }

    fn sync(&self) -> FsResult<()> {
        self.file.sync_all().map_err(|e| FsError::new("sync", &self.path, e))
    }

    fn len(&self) -> FsResult<u64> {
        self.file.metadata().map(|meta| meta.len()).map_err(|e| FsError::new("examine", &self.path, e))
    }
}

#[derive(Debug)]
struct DiskLock {
    file: File,
    path: PathBuf,
}

impl Lock for DiskLock {
    fn holds(&self) -> FsResult<bool> {
        let failed = |e| FsError::new("examine", &self.path, e);
        let held = self.file.metadata().map_err(failed)?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(failed(e)),
        }
    }
}

//! The real file system.

use super::system::{self, FileExt};
use super::{Entry, FileKind, FileSystem, FsError, FsResult, Links, Lock, LockMode, OpenFile, Stat};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn open(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let file = regular(path, system::open_regular(path, OpenOptions::new().read(true), Links::Refuse))?;
        Ok(Arc::new(DiskFile { file, path: path.to_path_buf() }))
    }

    fn create(&self, path: &Path) -> FsResult<Arc<dyn OpenFile>> {
        let file = system::create_private(path).map_err(|e| FsError::new("create", path, e))?;
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
        system::create_private_dir(dir).map_err(|e| FsError::new("create directory", dir, e))
    }

    fn rename(&self, from: &Path, to: &Path) -> FsResult<()> {
        system::retry(|| std::fs::rename(from, to)).map_err(|e| FsError::new("rename to", to, e))
    }

    fn remove(&self, path: &Path) -> FsResult<()> {
        system::retry(|| std::fs::remove_file(path)).map_err(|e| FsError::new("remove", path, e))
    }

    fn sync_dir(&self, dir: &Path) -> FsResult<()> {
        system::open_dir(dir).and_then(|dir| dir.sync_all()).map_err(|e| FsError::new("sync", dir, e))
    }

    fn lock(&self, path: &Path, mode: LockMode) -> FsResult<Option<Box<dyn Lock>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(mode != LockMode::Read);
        let file = regular(path, system::open_to_lock(path, &mut options))?;
        let tried = system::retry(|| {
            match if mode == LockMode::Exclusive { file.try_lock() } else { file.try_lock_shared() } {
                Ok(()) => Ok(true),
                Err(TryLockError::WouldBlock) => Ok(false),
                Err(TryLockError::Error(e)) => Err(e),
            }
        });
        if !tried.map_err(|e| FsError::new("lock", path, e))? {
            return Ok(None);
        }
        let lock = DiskLock { file, path: path.to_path_buf() };
        // Between opening and locking the file may have lost its name: then this lock excludes nobody.
        Ok(if lock.holds()? { Some(Box::new(lock)) } else { None })
    }
}

fn names_in(dir: &Path) -> FsResult<Vec<std::ffi::OsString>> {
    system::names_in(dir).map_err(|e| FsError::new("list", dir, e))
}

/// The file that was opened, which must be a regular one.
fn regular(path: &Path, opened: io::Result<Option<File>>) -> FsResult<File> {
    let odd = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    opened.and_then(|file| file.ok_or_else(odd)).map_err(|e| FsError::new("open", path, e))
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
        match system::is_same_file(&self.path, &self.file) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            told => told.map_err(|e| FsError::new("examine", &self.path, e)),
        }
    }
}

impl Drop for DiskLock {
    fn drop(&mut self) {
        system::release(&self.file);
    }
}

//! Files that appear whole or not at all: a private temporary file, fsync, rename, fsync of the directory.

use super::ExportError;
use crate::fsio::{Links, open_input};
use crossbeam_channel::{Sender, bounded};
use std::fs::{File, symlink_metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use tempfile::NamedTempFile;

/// A temporary file (mode 0600) in the directory of `path`.
pub(super) fn temporary_for(path: &Path) -> Result<NamedTempFile, ExportError> {
    let dir = directory_of(path);
    tempfile::Builder::new().prefix(".dbsnap-").suffix(".tmp").tempfile_in(&dir).map_err(ExportError::io(&dir))
}

/// Makes `temp` durable under `path`, where nothing or a regular file may stand, which is replaced. After an error nothing new stands at `path`.
pub(super) fn publish(temp: NamedTempFile, path: &Path) -> Result<(), ExportError> {
    temp.as_file().sync_all().map_err(ExportError::io(path))?;
    require_regular_or_absent(path)?;
    temp.persist(path).map_err(|error| ExportError::io(path)(error.error))?;
    let dir = directory_of(path);
    sync_directory(&dir).map_err(ExportError::io(&dir))
}

/// Writes a small file whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let mut temp = temporary_for(path)?;
    temp.write_all(bytes).map_err(ExportError::io(path))?;
    publish(temp, path)
}

/// Writes a `.gitignore` into a directory of exports: rows should not get into version control by accident.
///
/// # Errors
/// [`ExportError::Io`]
pub fn write_gitignore(dir: &Path) -> Result<(), ExportError> {
    write_whole(&dir.join(".gitignore"), b"# Exported rows. To commit them, delete this file.\n*\n")
}

/// Has a long file written to the disk while more of it is being made, so that little is left to wait for in [`publish`].
#[derive(Debug)]
pub(super) struct EarlySync {
    asked: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
    waiting: usize,
}

impl EarlySync {
    /// Bytes after which the disk is asked again.
    const EVERY: usize = 4 << 20;

    pub(super) fn new(file: &File) -> io::Result<EarlySync> {
        let file = file.try_clone()?;
        let (asked, received) = bounded(1);
        let work = move || received.into_iter().try_for_each(|()| file.sync_data());
        let thread = std::thread::Builder::new().name("dbsnap-sync".to_owned()).spawn(work)?;
        Ok(EarlySync { asked, thread, waiting: 0 })
    }

    /// Tells that so many bytes more are in the file.
    pub(super) fn written(&mut self, bytes: usize) {
        self.waiting += bytes;
        // If the disk is still busy with what it was asked for before, the next time is soon enough.
        if self.waiting >= EarlySync::EVERY && self.asked.try_send(()).is_ok() {
            self.waiting = 0;
        }
    }

    /// Waits for what was asked for. The kernel tells a failed write only once: here, if it was asked here.
    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.asked);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs the file stopped")))
    }
}

/// Opens a regular file for reading; links, pipes, devices and directories are refused.
pub(super) fn open_regular(path: &Path) -> Result<File, ExportError> {
    open_input(path, Links::Refuse).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => refused(path),
        _ => ExportError::io(path)(error),
    })
}

fn require_regular_or_absent(path: &Path) -> Result<(), ExportError> {
    match symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(refused(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ExportError::io(path)(error)),
    }
}

fn refused(path: &Path) -> ExportError {
    ExportError::Refused { path: path.to_path_buf(), reason: "is not a regular file (links are not followed)" }
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

//! Where exported files go: each appears whole or not at all.

use super::ExportError;
use crate::fsio::{Disk, FileKind, FileSystem, FsError, Links, NewFile, OpenFile, open_input, write_durably};
use crossbeam_channel::{Sender, bounded};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Where a file goes: nothing or a regular file may stand there, which is replaced.
#[derive(Debug, Clone)]
pub(super) struct OutputFile {
    fs: Arc<dyn FileSystem>,
    /// As it was given, for messages.
    named: PathBuf,
    /// Without links among the directories.
    path: PathBuf,
}

impl OutputFile {
    /// A place on the disk, in a directory that exists.
    pub(super) fn on_disk(path: &Path) -> Result<OutputFile, ExportError> {
        let dir = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let name = path.file_name().ok_or_else(|| refused(path))?;
        let path_without_links = dunce::canonicalize(dir).map_err(ExportError::io(dir))?.join(name);
        Ok(OutputFile { path: path_without_links, ..OutputFile::on(Arc::new(Disk), path) })
    }

    /// A place on another file system.
    pub(super) fn on(fs: Arc<dyn FileSystem>, path: &Path) -> OutputFile {
        OutputFile { fs, named: path.to_path_buf(), path: path.to_path_buf() }
    }

    /// The path, for messages.
    pub(super) fn named(&self) -> &Path {
        &self.named
    }

    /// Begins the file, under a temporary name (mode 0600).
    pub(super) fn begin(&self) -> Result<NewFile, ExportError> {
        NewFile::create(Arc::clone(&self.fs), &self.path).map_err(self.failed())
    }

    /// Makes `file` durable at this place, `len` bytes long. After an error nothing new stands there.
    pub(super) fn publish(&self, file: NewFile, len: u64) -> Result<(), ExportError> {
        self.require_regular_or_absent()?;
        file.publish(len).map_err(self.failed())
    }

    /// Writes a small file whole.
    pub(super) fn write_whole(&self, bytes: &[u8]) -> Result<(), ExportError> {
        self.require_regular_or_absent()?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        write_durably(&*self.fs, dir, &self.path, bytes).map_err(self.failed())
    }

    /// Names the file in an error of the system.
    pub(super) fn failed(&self) -> impl Fn(FsError) -> ExportError + Copy + '_ {
        |error| ExportError::Io { path: self.named.clone(), source: error.source }
    }

    fn require_regular_or_absent(&self) -> Result<(), ExportError> {
        match self.fs.stat(&self.path).map_err(self.failed())? {
            None => Ok(()),
            Some(stat) if stat.kind == FileKind::File => Ok(()),
            Some(_) => Err(refused(&self.named)),
        }
    }
}

/// Writes a `.gitignore` into a directory of exports: rows should not get into version control by accident.
///
/// # Errors
/// [`ExportError::Io`]
pub fn write_gitignore(dir: &Path) -> Result<(), ExportError> {
    OutputFile::on_disk(&dir.join(".gitignore"))?
        .write_whole(b"# Exported rows. To commit them, delete this file.\n*\n")
}

/// Has a long file written to the disk while more of it is being made, so that little is left to wait for when it is
/// published.
#[derive(Debug)]
pub(super) struct EarlySync {
    asked: Sender<()>,
    thread: JoinHandle<Result<(), FsError>>,
    waiting: usize,
}

impl EarlySync {
    /// Bytes after which the disk is asked again.
    const EVERY: usize = 4 << 20;

    pub(super) fn new(file: &Arc<dyn OpenFile>) -> io::Result<EarlySync> {
        let file = Arc::clone(file);
        let (asked, received) = bounded(1);
        let work = move || received.into_iter().try_for_each(|()| file.sync());
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
        let stopped = || io::Error::other("the thread that syncs the file stopped");
        self.thread.join().map_err(|_| stopped())?.map_err(|error| error.source)
    }
}

/// Opens a regular file for reading; links, pipes, devices and directories are refused.
pub(super) fn open_regular(path: &Path) -> Result<File, ExportError> {
    open_input(path, Links::Refuse).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => refused(path),
        _ => ExportError::io(path)(error),
    })
}

fn refused(path: &Path) -> ExportError {
    ExportError::Refused { path: path.to_path_buf(), reason: "is not a regular file (links are not followed)" }
}

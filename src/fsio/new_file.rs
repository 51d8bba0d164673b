//! Files that are written piece by piece and appear whole or not at all.

use super::{Access, FileSystem, FsResult, OpenFile, check_len, temp_name};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file without its name yet: it stands beside it under a temporary one. Dropped, it is gone.
#[derive(Debug)]
pub struct NewFile {
    fs: Arc<dyn FileSystem>,
    file: Arc<dyn OpenFile>,
    /// Its temporary name; `None` once it has its own.
    temp: Option<PathBuf>,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file that is to be called `target`, in a directory that exists.
    ///
    /// # Errors
    /// If no file can be created there.
    pub fn create(fs: Arc<dyn FileSystem>, target: &Path) -> FsResult<NewFile> {
        let temp = target.with_file_name(format!(".dbsnap-{}", temp_name()));
        let file = fs.create(&temp)?;
        Ok(NewFile { fs, file, temp: Some(temp), target: target.to_path_buf() })
    }

    /// The file, to be written.
    pub fn file(&self) -> &Arc<dyn OpenFile> {
        &self.file
    }

    /// Gives others this access to it; without that it is its owner's alone. For files of the machine's disk.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn set_access(&self, access: Access) -> FsResult<()> {
        access.give(self.temp.as_deref().unwrap_or(&self.target))
    }

    /// Another one beside it, to take its place.
    ///
    /// # Errors
    /// As [`NewFile::create`].
    pub fn another(&self) -> FsResult<NewFile> {
        NewFile::create(Arc::clone(&self.fs), &self.target)
    }

    /// Makes the file durable, `len` bytes long, and gives it its name; what has that name is replaced.
    ///
    /// # Errors
    /// If any step fails. Unless it was the last, what had the name still has it.
    pub fn publish(mut self, len: u64) -> FsResult<()> {
        self.file.sync()?;
        if let Some(temp) = &self.temp {
            check_len(&*self.file, temp, len)?;
            self.fs.rename(temp, &self.target)?;
        }
        self.temp = None;
        self.fs.sync_dir(self.target.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temp) = &self.temp {
            // Best effort: the name says what it is.
            let _ = self.fs.remove(temp);
        }
    }
}

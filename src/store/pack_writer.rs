//! Writing one pack: frames appended to a temporary file, then directory and trailer, then verification, then a name.

use super::index_file::PackRef;
use super::layout::Layout;
use super::pack::{self, MAGIC, MAX_OBJECTS, PackEntry, u32_of};
use super::{Frame, StoreError};
use crate::fsio::{FileSystem, FsError, OpenFile, check_len, temp_name};
use crate::hash::Hasher;
use rayon::prelude::*;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A pack ends with the object that brings it to this many bytes.
pub(super) const PACK_SIZE: u64 = 16 << 20;

/// A temporary file; removed when dropped, unless it was given a final name.
#[derive(Debug)]
pub(super) struct TempFile {
    fs: Arc<dyn FileSystem>,
    pub(super) path: PathBuf,
    kept: bool,
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is swept later.
            let _ = self.fs.remove(&self.path);
        }
    }
}

/// A pack that is being written.
pub(super) struct PackWriter {
    temp: TempFile,
    file: Arc<dyn OpenFile>,
    hasher: Hasher,
    len: u64,
    entries: Vec<PackEntry>,
}

/// A pack that is whole, durable and verified, under a temporary name.
#[derive(Debug)]
pub(super) struct FinishedPack {
    temp: TempFile,
    pub(super) pack: PackRef,
    pub(super) entries: Vec<PackEntry>,
}

impl PackWriter {
    pub(super) fn create(fs: &Arc<dyn FileSystem>, layout: &Layout) -> Result<PackWriter, StoreError> {
        let path = layout.temp().join(temp_name());
        let file = fs.create(&path)?;
        let temp = TempFile { fs: Arc::clone(fs), path, kept: false };
        let mut writer = PackWriter { temp, file, hasher: Hasher::new(), len: 0, entries: Vec::new() };
        writer.append(MAGIC)?;
        Ok(writer)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_at(self.len, bytes)?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Appends a frame; returns where it is.
    pub(super) fn add(&mut self, frame: &Frame) -> Result<PackEntry, StoreError> {
        let entry = PackEntry {
            id: frame.id,
            kind: frame.kind,
            offset: self.len,
            stored_len: u32_of(frame.stored.len() as u64)?,
            raw_len: u32_of(frame.raw_len)?,
        };
        self.append(&frame.stored)?;
        self.entries.push(entry);
        Ok(entry)
    }

    /// Whether the next frame belongs into another pack.
    pub(super) fn is_full(&self, limit: u64) -> bool {
        self.len >= limit || self.entries.len() >= MAX_OBJECTS
    }

    /// The file, for reading back what was added.
    pub(super) fn file(&self) -> Arc<dyn OpenFile> {
        Arc::clone(&self.file)
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.temp.path
    }

    /// Writes directory and trailer, syncs, and verifies the file: it is opened anew, hashed, and every frame decoded.
    pub(super) fn finish(mut self) -> Result<FinishedPack, StoreError> {
        self.append(&pack::tail(&self.entries)?)?;
        self.file.sync()?;
        check_len(&*self.file, &self.temp.path, self.len)?;
        let finished = FinishedPack {
            temp: self.temp,
            pack: PackRef { name: self.hasher.finish(), size: self.len },
            entries: self.entries,
        };
        finished.verify()?;
        Ok(finished)
    }
}

impl FinishedPack {
    fn verify(&self) -> Result<(), StoreError> {
        let path = &self.temp.path;
        let file = pack::open(&*self.temp.fs, path, self.pack.size)?;
        if pack::hash_file(&*file, self.pack.size)? != self.pack.name {
            return Err(StoreError::damaged(path, "what was read back is not what was written"));
        }
        if pack::read_directory(&*file, path, self.pack.size)? != self.entries {
            return Err(StoreError::damaged(path, "its directory was not read back as it was written"));
        }
        self.entries
            .par_iter()
            .try_for_each_init(Vec::new, |room, entry| pack::verify_object(&*file, path, entry, room))
    }

    /// Gives the pack its final name. Durable once `packs/` is synced.
    pub(super) fn install(mut self, layout: &Layout) -> Result<(PackRef, Vec<PackEntry>), StoreError> {
        self.temp.fs.rename(&self.temp.path, &layout.pack(&self.pack.name))?;
        self.temp.kept = true;
        Ok((self.pack, std::mem::take(&mut self.entries)))
    }
}

/// A thread that finishes a pack. Dropping it waits for its end, so that no thread outlives its session.
pub(super) struct Finisher(Option<JoinHandle<Result<FinishedPack, StoreError>>>);

impl Finisher {
    pub(super) fn new(thread: JoinHandle<Result<FinishedPack, StoreError>>) -> Finisher {
        Finisher(Some(thread))
    }

    pub(super) fn join(mut self, layout: &Layout) -> Result<FinishedPack, StoreError> {
        let joined = self.0.take().and_then(|thread| thread.join().ok());
        let died = || FsError::new("finish a pack in", &layout.temp(), io::Error::other("the thread died"));
        joined.unwrap_or_else(|| Err(died().into()))
    }
}

impl Drop for Finisher {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // The session is given up, and with it the pack: its temporary file goes here.
            drop(thread.join());
        }
    }
}

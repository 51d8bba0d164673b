//! Sorted runs in a temporary file, written by a thread of their own.

use super::Record;
use super::arena::Arena;
use super::run::put_header;
use crate::hash::Hash;
use crate::tree::TreeError;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::thread::JoinHandle;

/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 256 * 1024;
/// Rows that are hashed side by side.
const HASHED: usize = 512;

/// A temporary file that runs are appended to. It has no name (or loses it at once): nothing is left behind.
pub(super) struct Spill {
    file: File,
    end: u64,
    runs: Vec<Range<u64>>,
    writing: Option<JoinHandle<Result<(Arena, u64), TreeError>>>,
}

/// A finished spill.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) file: File,
    pub(super) runs: Vec<Range<u64>>,
}

impl Spill {
    pub(super) fn new(directory: &Path) -> Result<Spill, TreeError> {
        let file = tempfile::tempfile_in(directory);
        let file = file.map_err(|source| TreeError::Io { action: "create a temporary file for sorting", source })?;
        Ok(Spill { file, end: 0, runs: Vec::new(), writing: None })
    }

    /// Sorts and writes `full` in the background, once the arena before it is written; gives an empty arena to go on
    /// with.
    pub(super) fn write(&mut self, full: Arena, arena_bytes: usize, multiset: bool) -> Result<Arena, TreeError> {
        let spare = self.wait()?;
        let file = self.file.try_clone().map_err(refused)?;
        let writing = std::thread::Builder::new().name("dbsnap-sort".to_owned()).spawn(move || {
            let mut full = full;
            full.sort(multiset)?;
            let written = write_run(&full, &file, multiset)?;
            Ok((full, written))
        });
        self.writing = Some(writing.map_err(|source| TreeError::Io { action: "start a thread", source })?);
        Ok(spare.map(|arena| arena.recycled(arena_bytes)).unwrap_or_default())
    }

    /// Waits for the run that is being written, and gives back its arena.
    fn wait(&mut self) -> Result<Option<Arena>, TreeError> {
        let Some(writing) = self.writing.take() else { return Ok(None) };
        let (arena, written) = writing.join().map_err(|_| TreeError::Stopped)??;
        self.runs.push(self.end..self.end + written);
        self.end += written;
        Ok(Some(arena))
    }

    pub(super) fn finish(mut self) -> Result<Runs, TreeError> {
        self.wait()?;
        Ok(Runs { file: self.file, runs: self.runs })
    }
}

/// Writes the records at the end of `file`; returns the bytes written. Rows are hashed here, and not when they are read
/// again: that is when the processors have most to do.
fn write_run(arena: &Arena, mut file: &File, multiset: bool) -> Result<u64, TreeError> {
    let mut buffer = Vec::with_capacity(WRITE_BYTES + 4096);
    let mut written = 0;
    let mut ids = Vec::new().into_iter();
    for index in 0..arena.len() {
        if !multiset && index % HASHED == 0 {
            let records = (index..arena.len().min(index + HASHED)).filter_map(|at| arena.record(at));
            ids = Hash::of_each(&records.map(|record| record.row).collect::<Vec<_>>()).into_iter();
        }
        let Some(record) = arena.record(index).map(|record| Record { id: ids.next(), ..record }) else { break };
        put_header(&mut buffer, &record);
        buffer.extend_from_slice(record.key);
        let row = record.row;
        if row.len() > WRITE_BYTES {
            // Not copied: it may be a gigabyte.
            file.write_all(&buffer).map_err(refused)?;
            written += buffer.len() as u64;
            buffer.clear();
            file.write_all(row).map_err(refused)?;
            written += row.len() as u64;
            continue;
        }
        buffer.extend_from_slice(row);
        if buffer.len() >= WRITE_BYTES {
            file.write_all(&buffer).map_err(refused)?;
            written += buffer.len() as u64;
            buffer.clear();
        }
    }
    file.write_all(&buffer).map_err(refused)?;
    Ok(written + buffer.len() as u64)
}

fn refused(source: std::io::Error) -> TreeError {
    TreeError::Io { action: "write a temporary file for sorting", source }
}

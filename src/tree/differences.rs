//! What differs between two trees, written down while the newer one is built.
//!
//! A builder joins the new rows with the tree before them, and so sees every row that differs. What it sees goes into a
//! temporary file without a name, and nobody has to read both trees again for it. Its workers write pieces in any
//! order; they are read in the order of keys.

use super::cursor::Entry;
use super::{Difference, TreeError};
use crate::fsio::FileExt;
use crate::hash::Hash;
use crate::wire::{Reader, WireError, put_bytes, put_uvarint};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Bytes at which a piece is written; with the last difference it may be longer.
const PIECE: usize = 256 * 1024;
/// Bytes that are written down, at most. Where more differs, reading both trees costs little beside what is done with
/// it.
const MOST: u64 = 1 << 30;

/// Which entries a difference has.
const OLD: u8 = 1;
const NEW: u8 = 2;

/// What workers write their differences to.
#[derive(Debug)]
pub(super) struct DiffLog {
    dir: PathBuf,
    file: OnceLock<File>,
    end: AtomicU64,
}

impl DiffLog {
    /// An empty one. Its file is made in `dir` with the first difference.
    pub(super) fn new(dir: &Path) -> DiffLog {
        DiffLog { dir: dir.to_owned(), file: OnceLock::new(), end: AtomicU64::new(0) }
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let made = tempfile::tempfile_in(&self.dir)?;
        // Where two workers are the first, one of their files goes.
        Ok(self.file.get_or_init(|| made))
    }

    fn is_full(&self) -> bool {
        self.end.load(Ordering::Relaxed) > MOST
    }
}

/// The differences of one leaf on their way to the file.
pub(super) struct Notes<'p> {
    log: &'p DiffLog,
    buffer: Vec<u8>,
    pieces: Vec<Range<u64>>,
}

impl<'p> Notes<'p> {
    pub(super) fn new(log: &'p DiffLog) -> Notes<'p> {
        Notes { log, buffer: Vec::new(), pieces: Vec::new() }
    }

    /// Adds what differs under the next key.
    pub(super) fn add(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Result<(), TreeError> {
        let Some(entry) = new.or(old) else { return Ok(()) };
        let which = old.map_or(0, |_| OLD) | new.map_or(0, |_| NEW);
        let rows = [old, new].into_iter().flatten();
        if rows.clone().map(|entry| entry.row.len()).sum::<usize>() > PIECE {
            // Not copied: each may be a gigabyte.
            self.flush()?;
            let mut parts: Vec<(Vec<u8>, &[u8])> = Vec::new();
            let mut head = vec![which];
            put_bytes(&mut head, entry.key);
            for entry in rows {
                head.extend_from_slice(entry.id.as_bytes());
                put_uvarint(&mut head, entry.count);
                put_uvarint(&mut head, entry.row.len() as u64);
                parts.push((std::mem::take(&mut head), entry.row));
            }
            return self.write(&parts.iter().flat_map(|(head, row)| [head, *row]).collect::<Vec<_>>());
        }
        self.buffer.push(which);
        put_bytes(&mut self.buffer, entry.key);
        for entry in rows {
            self.buffer.extend_from_slice(entry.id.as_bytes());
            put_uvarint(&mut self.buffer, entry.count);
            put_bytes(&mut self.buffer, entry.row);
        }
        if self.buffer.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), TreeError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        self.write(&[&buffer])?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }

    /// Writes a piece that is in several parts.
    fn write(&mut self, parts: &[&[u8]]) -> Result<(), TreeError> {
        let bytes = parts.iter().map(|part| part.len() as u64).sum();
        let start = self.log.end.fetch_add(bytes, Ordering::Relaxed);
        let mut at = start;
        for part in parts.iter().take_while(|_| !self.log.is_full()) {
            let written = self.log.file().and_then(|file| file.write_all_at(part, at));
            written.map_err(|source| TreeError::Io { action: "write a temporary file for differences", source })?;
            at += part.len() as u64;
        }
        self.pieces.push(start..start + bytes);
        Ok(())
    }

    /// Where in the file they are, in order.
    pub(super) fn finish(mut self) -> Result<Vec<Range<u64>>, TreeError> {
        self.flush()?;
        Ok(self.pieces)
    }
}

/// Every difference between two trees, to be read as often as wanted. The file goes when the last copy of this does.
#[derive(Debug, Clone)]
pub struct Differences {
    old: Hash,
    new: Hash,
    log: Arc<DiffLog>,
    pieces: Vec<Range<u64>>,
}

impl Differences {
    /// Those from tree `old` to tree `new`, which stand in `pieces`; `None` if there were too many to be written down.
    pub(super) fn new(old: Hash, new: Hash, log: Arc<DiffLog>, pieces: Vec<Range<u64>>) -> Option<Differences> {
        (!log.is_full()).then_some(Differences { old, new, log, pieces })
    }

    /// From the first, if they are those from tree `old` to tree `new` or the other way round.
    pub fn between(&self, old: &Hash, new: &Hash) -> Option<Noted<'_>> {
        let swap = match (self.old == *old && self.new == *new, self.old == *new && self.new == *old) {
            (true, _) => false,
            (_, true) => true,
            _ => return None,
        };
        Some(Noted { from: self, swap, next: 0, piece: Vec::new(), at: 0 })
    }
}

/// Goes through differences that were written down, in key order.
pub struct Noted<'d> {
    from: &'d Differences,
    swap: bool,
    /// Number of the piece to be read next.
    next: usize,
    piece: Vec<u8>,
    at: usize,
}

impl Noted<'_> {
    /// Lets go of what was given, if it was long and nothing else was read with it.
    pub fn forget(&mut self) {
        if self.at == self.piece.len() && self.piece.capacity() > 2 * PIECE {
            (self.piece, self.at) = (Vec::new(), 0);
        }
    }

    /// The next difference; `None` after the last. Its rows are held against their hashes once more.
    ///
    /// # Errors
    /// If the temporary file cannot be read, or is not what was written.
    pub fn next_difference(&mut self) -> Result<Option<Difference<'_>>, TreeError> {
        while self.at == self.piece.len() {
            let Some(range) = self.from.pieces.get(self.next) else { return Ok(None) };
            let bytes =
                usize::try_from(range.end - range.start).map_err(|_| refused(io::ErrorKind::InvalidData.into()))?;
            self.forget();
            self.piece.resize(bytes, 0);
            let file = self.from.log.file().map_err(refused)?;
            file.read_exact_at(&mut self.piece, range.start).map_err(refused)?;
            self.next += 1;
            self.at = 0;
        }
        let mut reader = Reader::new(&self.piece[self.at..]);
        let read = read(&mut reader).map_err(|wire| refused(io::Error::new(io::ErrorKind::InvalidData, wire)))?;
        self.at = self.piece.len() - reader.rest().len();
        let (old, new) = if self.swap { (read.1, read.0) } else { read };
        if [old, new].into_iter().flatten().any(|entry| Hash::of(entry.row) != entry.id) {
            return Err(refused(io::ErrorKind::InvalidData.into()));
        }
        match (old, new) {
            (Some(old), Some(new)) => Ok(Some(Difference::Changed { old, new })),
            (Some(old), None) => Ok(Some(Difference::Removed(old))),
            (None, Some(new)) => Ok(Some(Difference::Added(new))),
            (None, None) => Err(refused(io::ErrorKind::InvalidData.into())),
        }
    }
}

type Both<'a> = (Option<Entry<'a>>, Option<Entry<'a>>);

fn read<'a>(reader: &mut Reader<'a>) -> Result<Both<'a>, WireError> {
    let which = reader.byte()?;
    let key = reader.bytes()?;
    let mut entry = |bit: u8| {
        if which & bit == 0 {
            return Ok(None);
        }
        let id = Hash::from_bytes(reader.array()?);
        let count = reader.uvarint()?;
        Ok(Some(Entry { key, id, row: reader.bytes()?, count }))
    };
    Ok((entry(OLD)?, entry(NEW)?))
}

fn refused(source: io::Error) -> TreeError {
    TreeError::Io { action: "read a temporary file for differences", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_not_told_in_part() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (Hash::of(b"old"), Hash::of(b"new"));
        let entry = Entry { key: b"k", id: Hash::of(b"row"), row: b"row", count: 1 };
        for (end, told) in [(0, true), (MOST - 1, false)] {
            let log = Arc::new(DiffLog::new(dir.path()));
            log.end.store(end, Ordering::Relaxed);
            let mut notes = Notes::new(&log);
            notes.add(None, Some(entry)).unwrap();
            let pieces = notes.finish().unwrap();
            assert_eq!(Differences::new(old, new, log, pieces).is_some(), told);
        }
    }

    #[test]
    fn a_row_that_is_not_the_one_noted_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (Hash::of(b"old"), Hash::of(b"new"));
        let log = Arc::new(DiffLog::new(dir.path()));
        let mut notes = Notes::new(&log);
        notes.add(None, Some(Entry { key: b"k", id: Hash::of(b"row"), row: b"row", count: 1 })).unwrap();
        let pieces = notes.finish().unwrap();
        let end = pieces[0].end;
        let differences = Differences::new(old, new, Arc::clone(&log), pieces).unwrap();
        assert!(matches!(differences.between(&old, &new).unwrap().next_difference(), Ok(Some(Difference::Added(_)))));
        assert!(matches!(differences.between(&new, &old).unwrap().next_difference(), Ok(Some(Difference::Removed(_)))));
        log.file().unwrap().write_all_at(b"W", end - 1).unwrap();
        assert!(differences.between(&old, &new).unwrap().next_difference().is_err());
        log.file().unwrap().set_len(end - 1).unwrap();
        assert!(differences.between(&old, &new).unwrap().next_difference().is_err());
    }
}

//! One sorted run, read record by record from memory or from the temporary file.

use super::Record;
use super::arena::Arena;
use crate::hash::Hash;
use crate::tree::TreeError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// Bytes before each record in the file: lengths of key and row and the count, `u32` little-endian each. After it,
/// unless the table is a multiset, comes the row's id.
const HEADER: usize = 12;

/// Appends the header of a record from an arena, where lengths and counts fit, and its id if it has one.
pub(super) fn put_header(out: &mut Vec<u8>, record: &Record<'_>) {
    for number in [record.key.len() as u64, record.row.len() as u64, record.count] {
        out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend_from_slice(record.id.as_ref().map_or(&[][..], |id| id.as_bytes()));
}

/// A sorted run and the record it stands at.
#[derive(Debug)]
pub(super) enum Run {
    /// In memory.
    Memory(Arena, usize),
    /// In the file.
    File(FileRun),
}

impl Run {
    /// The record where it stands; `None` after the last.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        match self {
            Run::Memory(arena, at) => arena.record(*at),
            Run::File(run) => run.record(),
        }
    }

    /// Goes on to the next record.
    pub(super) fn advance(&mut self, file: Option<&File>) -> Result<(), TreeError> {
        match self {
            Run::Memory(_, at) => {
                *at += 1;
                Ok(())
            }
            Run::File(run) => run.advance(file.ok_or(TreeError::Stopped)?),
        }
    }
}

/// A run in the file, read in pieces.
#[derive(Debug)]
pub(super) struct FileRun {
    /// What has not been read from the file yet.
    rest: Range<u64>,
    buffer: Vec<u8>,
    /// Where the record stands in `buffer`, its header left out.
    at: usize,
    key_len: usize,
    row_len: usize,
    count: u32,
    /// Bytes of an id: none in a multiset, whose keys are ids.
    id_len: usize,
    id: Option<Hash>,
    /// Bytes to read at once.
    piece: usize,
    ended: bool,
}

impl FileRun {
    /// The run at `range` of the file, before its first record; `piece` bytes are read at once.
    pub(super) fn new(range: Range<u64>, piece: usize, multiset: bool) -> FileRun {
        FileRun {
            rest: range,
            buffer: Vec::new(),
            at: 0,
            key_len: 0,
            row_len: 0,
            count: 0,
            id_len: if multiset { 0 } else { Hash::LEN },
            id: None,
            piece,
            ended: false,
        }
    }

    fn record(&self) -> Option<Record<'_>> {
        if self.ended {
            return None;
        }
        let row = self.at + self.key_len;
        let (key, row) = (self.buffer.get(self.at..row)?, self.buffer.get(row..row + self.row_len)?);
        Some(Record { key, row, count: u64::from(self.count), id: self.id })
    }

    pub(super) fn advance(&mut self, file: &File) -> Result<(), TreeError> {
        let mut next = self.at + self.key_len + self.row_len;
        let header = HEADER + self.id_len;
        if self.buffer.len() - next < header {
            if self.buffer.len() == next && self.rest.is_empty() {
                self.ended = true;
                self.buffer = Vec::new();
                (self.at, self.key_len, self.row_len) = (0, 0, 0);
                return Ok(());
            }
            self.fill(next, header, file)?;
            next = 0;
        }
        let number = |at: usize| {
            let bytes = self.buffer.get(at..at + 4).and_then(|bytes| bytes.first_chunk::<4>());
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        (self.key_len, self.row_len) = (number(next) as usize, number(next + 4) as usize);
        self.count = number(next + 8);
        self.id = self.buffer.get(next + HEADER..next + header).and_then(Hash::from_slice);
        self.at = next + header;
        let need = self.key_len + self.row_len;
        if self.buffer.len() - self.at < need {
            self.fill(self.at, need, file)?;
            self.at = 0;
        }
        Ok(())
    }

    /// Drops what stands before `keep` and reads on, so that at least `need` bytes are there.
    fn fill(&mut self, keep: usize, need: usize, mut file: &File) -> Result<(), TreeError> {
        let refused = |source| TreeError::Io { action: "read the temporary file for sorting", source };
        if need <= self.piece && self.buffer.capacity() > 4 * self.piece {
            // A long row has passed.
            self.buffer = self.buffer[keep..].to_vec();
        } else {
            self.buffer.drain(..keep);
        }
        let held = self.buffer.len();
        let left = self.rest.end - self.rest.start;
        let wanted = need.max(self.piece).saturating_sub(held);
        let wanted = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
        self.buffer.reserve_exact(wanted);
        file.seek(SeekFrom::Start(self.rest.start)).map_err(refused)?;
        let read = file.take(wanted as u64).read_to_end(&mut self.buffer).map_err(refused)?;
        self.rest.start += read as u64;
        if read < wanted || self.buffer.len() < need {
            return Err(refused(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }
}

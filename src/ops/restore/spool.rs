//! Rows kept on disk between planning and writing: memory does not grow with the number of changes.

use crate::db::{DbError, RowStream};
use crate::hash::Hash;
use crate::monitor::{Monitor, Silent};
use crate::ops::OpError;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of a row that is not held longer than it must be.
const LONG: usize = 1 << 20;

/// Rows that were written, to be read as often as wanted. The file has no name and goes with the spool.
pub(super) struct Spool {
    file: BufWriter<File>,
    dir: PathBuf,
    rows: u64,
    bytes: u64,
}

impl Spool {
    /// An empty spool with its file in `dir`.
    pub fn new(dir: &Path) -> Result<Spool, OpError> {
        let file = tempfile::tempfile_in(dir).map_err(|error| OpError::io("make a temporary file in", dir, error))?;
        Ok(Spool { file: BufWriter::new(file), dir: dir.to_owned(), rows: 0, bytes: 0 })
    }

    /// Adds a row `times` times.
    pub fn push(&mut self, row: &[u8], times: u64) -> Result<(), OpError> {
        for _ in 0..times {
            self.file
                .write_all(&(row.len() as u64).to_le_bytes())
                .and_then(|()| self.file.write_all(row))
                .map_err(|error| OpError::io("write a temporary file in", &self.dir, error))?;
        }
        self.rows += times;
        self.bytes += times * row.len() as u64;
        Ok(())
    }

    /// Rows held.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hashes of the rows.
    pub fn hashes(&mut self) -> Result<HashSet<Hash>, OpError> {
        let mut rows = self.stream()?;
        let mut hashes = HashSet::new();
        loop {
            match rows.next_row() {
                Ok(Some(row)) => hashes.insert(Hash::of(row)),
                Ok(None) => return Ok(hashes),
                Err(error) => return Err(rows.explain(error)),
            };
        }
    }

    /// Reads the rows from the first.
    pub fn stream(&mut self) -> Result<SpoolStream<'_>, OpError> {
        let rewound = self.file.flush().and_then(|()| self.file.get_mut().seek(SeekFrom::Start(0)));
        rewound.map_err(|error| OpError::io("read a temporary file in", &self.dir, error))?;
        let (left, bytes) = (self.rows, self.bytes);
        let file = BufReader::new(self.file.get_mut());
        Ok(SpoolStream { file, left, bytes, row: Vec::new(), length: 0, failed: None, monitor: &Silent })
    }
}

/// The rows of a spool, in order.
pub(super) struct SpoolStream<'s> {
    file: BufReader<&'s mut File>,
    left: u64,
    /// Bytes of the rows that are left: no length can be above.
    bytes: u64,
    row: Vec<u8>,
    /// Bytes of the row that was given; it may be forgotten.
    length: usize,
    failed: Option<std::io::Error>,
    monitor: &'s dyn Monitor,
}

impl<'s> SpoolStream<'s> {
    /// Tells `monitor` of each row that is taken.
    pub fn watched(self, monitor: &'s dyn Monitor) -> SpoolStream<'s> {
        SpoolStream { monitor, ..self }
    }

    fn read_row(&mut self) -> std::io::Result<()> {
        let mut length = [0u8; 8];
        self.file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let changed = || std::io::Error::new(ErrorKind::InvalidData, "what is read is not what was written");
        self.bytes = self.bytes.checked_sub(length).ok_or_else(changed)?;
        let length = usize::try_from(length).map_err(std::io::Error::other)?;
        self.length = length;
        self.row.resize(length, 0);
        self.file.read_exact(&mut self.row)
    }

    fn read_again(&mut self) -> std::io::Result<()> {
        if self.row.len() == self.length {
            return Ok(());
        }
        self.file.seek(SeekFrom::Current(-i64::try_from(self.length).map_err(std::io::Error::other)?))?;
        self.row.resize(self.length, 0);
        self.file.read_exact(&mut self.row)
    }

    /// Whether the file could not be read: the reader is then told no more than "stopped".
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Turns the reader's "stopped" into what really happened to the file.
    pub fn explain(&mut self, error: DbError) -> OpError {
        match (error, self.failed.take()) {
            (DbError::Stopped, Some(failed)) => OpError::io("read", "a temporary file", failed),
            (error, _) => error.into(),
        }
    }
}

impl RowStream for SpoolStream<'_> {
    fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if let Err(error) = self.read_row() {
            self.failed = Some(error);
            return Err(DbError::Stopped);
        }
        self.monitor.advance(1, self.row.len() as u64);
        Ok(Some(&self.row))
    }

    fn forget(&mut self) {
        if self.row.len() > LONG {
            self.row = Vec::new();
        }
    }

    fn again(&mut self) -> Result<&[u8], DbError> {
        if let Err(error) = self.read_again() {
            self.failed = Some(error);
            return Err(DbError::Stopped);
        }
        Ok(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(dir.path()).unwrap();
        spool.push(b"one", 1).unwrap();
        spool.push(b"", 2).unwrap();
        let long = vec![7; LONG + 1];
        spool.push(&long, 1).unwrap();
        for _ in 0..2 {
            let mut stream = spool.stream().unwrap();
            let mut rows = Vec::new();
            while let Some(row) = stream.next_row().unwrap() {
                rows.push(row.to_vec());
                stream.forget();
                assert!(stream.again().unwrap() == rows.last().unwrap().as_slice());
            }
            assert!(rows == [b"one".to_vec(), Vec::new(), Vec::new(), long.clone()]);
        }
        assert_eq!(spool.rows(), 4);
        // A disk that gives other bytes than it was given.
        spool.file.get_mut().seek(SeekFrom::Start(0)).unwrap();
        spool.file.get_mut().write_all(&(1u64 << 60).to_le_bytes()).unwrap();
        let mut stream = spool.stream().unwrap();
        assert!(matches!(stream.next_row(), Err(DbError::Stopped)));
        assert!(stream.explain(DbError::Stopped).to_string().contains("not what was written"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

//! Rows in any order become rows in key order, within a bounded amount of memory.
//!
//! Rows are gathered in an arena; a full one is sorted and written to a temporary file while the next one fills, and in
//! the end all sorted runs are merged. The file has no name, so it is gone when the sorter is, however the process
//! ends.

mod arena;
mod merge;
mod run;
mod spill;

use super::{Builder, Extent, TreeError};
use crate::codec::KeySpec;
use crate::hash::Hash;
pub(super) use arena::{Arena, prefix};
pub use merge::Sorted;
use spill::Spill;
use std::path::{Path, PathBuf};

/// One entry in key order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The key, as the table's `KeySpec` makes it of the row.
    pub key: &'a [u8],
    /// The row's canonical bytes.
    pub row: &'a [u8],
    /// How often it occurs; 1 unless the table is a multiset.
    pub count: u64,
    /// The row's id, if it was taken already.
    pub id: Option<Hash>,
}

/// Takes rows in any order.
pub struct Sorter {
    spec: KeySpec,
    directory: PathBuf,
    /// Bytes at which an arena is full: a third of the budget, since one fills, one is written, and merging reads.
    arena_bytes: usize,
    budget: usize,
    arena: Arena,
    spill: Option<Spill>,
    rows: u64,
    row_bytes: u64,
}

impl Sorter {
    /// A sorter that uses about `budget` bytes of memory (and as much as the longest row where that is more), and a
    /// temporary file in `directory` for what does not fit.
    pub fn new(spec: KeySpec, directory: &Path, budget: usize) -> Sorter {
        Sorter {
            spec,
            directory: directory.to_path_buf(),
            arena_bytes: (budget / 3).max(64 * 1024),
            budget: budget.max(256 * 1024),
            arena: Arena::default(),
            spill: None,
            rows: 0,
            row_bytes: 0,
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If it is not a canonical row of the table or too long, or the temporary file cannot be written. After an error
    /// the sorter is of no use.
    pub fn push(&mut self, row: &[u8]) -> Result<(), TreeError> {
        if row.len() as u64 > super::MAX_ROW {
            return Err(TreeError::RowTooLong(row.len() as u64));
        }
        // Before it is added, not after: the arena must not grow beyond its bytes unless a single row does.
        if !self.arena.is_empty() && self.arena.bytes() + row.len() > self.arena_bytes {
            self.spill_arena()?;
        }
        self.arena.push(&self.spec, row)?;
        self.rows += 1;
        self.row_bytes += row.len() as u64;
        if self.arena.bytes() >= self.arena_bytes {
            self.spill_arena()?;
        }
        Ok(())
    }

    /// Rows added so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of rows added so far.
    pub fn row_bytes(&self) -> u64 {
        self.row_bytes
    }

    fn spill_arena(&mut self) -> Result<(), TreeError> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new(&self.directory)?),
        };
        let full = std::mem::take(&mut self.arena);
        self.arena = spill.write(full, self.arena_bytes, self.spec.is_multiset())?;
        Ok(())
    }

    /// Takes the rows away as long as all are in memory: the sorter is empty then.
    pub(super) fn take_arena(&mut self) -> Option<Arena> {
        if self.spill.is_some() {
            return None;
        }
        (self.rows, self.row_bytes) = (0, 0);
        Some(std::mem::take(&mut self.arena))
    }

    /// The extent of the rows added so far.
    pub(super) fn extent(&self) -> Extent {
        Extent { rows: self.rows, row_bytes: self.row_bytes }
    }

    /// Ends the rows; what was added can now be had in key order.
    ///
    /// # Errors
    /// If the temporary file cannot be written or read, or two rows of a table with a key have the same (as far as that
    /// is known yet; the rest comes to light in [`Sorted::next_record`]).
    pub fn finish(mut self) -> Result<Sorted, TreeError> {
        self.arena.sort(self.spec.is_multiset())?;
        let runs = match self.spill.take() {
            Some(spill) => Some(spill.finish()?),
            None => None,
        };
        let extent = self.extent();
        Sorted::new(self.arena, runs, self.budget / 3, self.spec.is_multiset(), extent)
    }
}

impl Builder<'_> {
    /// Pushes everything that `sorted` has.
    ///
    /// # Errors
    /// As [`Builder::push`] and [`Sorted::next_record`].
    pub fn push_sorted(&mut self, mut sorted: Sorted) -> Result<(), TreeError> {
        while let Some(record) = sorted.next_record()? {
            self.push_named(record)?;
        }
        Ok(())
    }
}

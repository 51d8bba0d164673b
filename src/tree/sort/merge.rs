//! Sorted runs merged into one.

use super::Record;
use super::arena::{Arena, prefix};
use super::run::{FileRun, Run};
use super::spill::Runs;
use crate::tree::{Extent, TreeError};
use std::cmp::Ordering;
use std::fs::File;

/// Bytes read at once from each run, at least and at most.
const PIECE: (usize, usize) = (4 * 1024, 1024 * 1024);

/// Everything a sorter was given, in key order. Reads the temporary file; dropping it removes that.
#[derive(Debug)]
pub struct Sorted {
    extent: Extent,
    file: Option<File>,
    /// A heap: no run stands at a key below that of its parent, (index - 1) / 2.
    heap: Vec<Head>,
    multiset: bool,
    /// Whether the first run stands at a record that was given out.
    given: bool,
}

#[derive(Debug)]
struct Head {
    prefix: u64,
    run: Run,
}

impl Sorted {
    /// Merges what is still in memory, sorted, and the runs in the file, with read buffers of `budget` bytes.
    pub(super) fn new(
        arena: Arena,
        runs: Option<Runs>,
        budget: usize,
        multiset: bool,
        extent: Extent,
    ) -> Result<Sorted, TreeError> {
        let mut sorted = Sorted { extent, file: None, heap: Vec::new(), multiset, given: false };
        sorted.add(Run::Memory(arena, 0));
        if let Some(runs) = runs {
            // With more runs than PIECE allows for (64 MB of buffers are 4,096 runs, hundreds of gigabytes) memory
            // grows slowly.
            let piece = (budget / runs.runs.len().max(1)).clamp(PIECE.0, PIECE.1);
            let file = sorted.file.insert(runs.file);
            let mut opened = Vec::with_capacity(runs.runs.len());
            for range in runs.runs {
                let mut run = FileRun::new(range, piece, multiset);
                run.advance(file)?;
                opened.push(Run::File(run));
            }
            for run in opened {
                sorted.add(run);
            }
        }
        for index in (0..sorted.heap.len() / 2).rev() {
            sorted.sink(index);
        }
        Ok(sorted)
    }

    fn add(&mut self, run: Run) {
        if let Some(record) = run.record() {
            self.heap.push(Head { prefix: prefix(record.key), run });
        }
    }

    /// How large the table is.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The next entry; `None` after the last. In a multiset equal rows are one entry.
    ///
    /// # Errors
    /// [`TreeError::DuplicateKey`] if two rows of a table with a key have the same; an error of the temporary file.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, TreeError> {
        if self.given {
            self.advance(0)?;
        }
        self.given = !self.heap.is_empty();
        let mut others = 0u64;
        while let Some(index) = self.next_equal() {
            if !self.multiset {
                return Err(TreeError::DuplicateKey);
            }
            others += self.heap[index].run.record().map_or(0, |record| record.count);
            self.advance(index)?;
        }
        let record = self.heap.first().and_then(|head| head.run.record());
        Ok(record.map(|record| Record { count: record.count + others, ..record }))
    }

    /// Another run at the same key as the first; in a heap that is a child of the first if there is any.
    fn next_equal(&self) -> Option<usize> {
        let first = self.heap.first()?;
        [1, 2].into_iter().find(|index| self.heap.get(*index).is_some_and(|head| order(head, first) == Ordering::Equal))
    }

    /// Moves the run at `index` to its next record and restores the heap.
    fn advance(&mut self, index: usize) -> Result<(), TreeError> {
        let head = &mut self.heap[index];
        head.run.advance(self.file.as_ref())?;
        match head.run.record() {
            Some(record) => head.prefix = prefix(record.key),
            None => {
                self.heap.swap_remove(index);
            }
        }
        self.sink(index);
        Ok(())
    }

    fn sink(&mut self, mut index: usize) {
        loop {
            let (left, right) = (2 * index + 1, 2 * index + 2);
            let Some(child) = self.heap.get(left) else { return };
            let mut least = left;
            if self.heap.get(right).is_some_and(|other| order(other, child) == Ordering::Less) {
                least = right;
            }
            if order(&self.heap[least], &self.heap[index]) != Ordering::Less {
                return;
            }
            self.heap.swap(least, index);
            index = least;
        }
    }
}

/// Compares where two runs stand.
fn order(a: &Head, b: &Head) -> Ordering {
    a.prefix.cmp(&b.prefix).then_with(|| match (a.run.record(), b.run.record()) {
        (Some(a), Some(b)) => a.key.cmp(b.key),
        _ => Ordering::Equal,
    })
}

//! Capturing a table: rows stream from the database through the sorter into a tree in the store.
//!
//! The database is read on the calling thread; keys are made and rows sorted on a second one, so that reading never waits
//! for more than a full channel. Memory is bounded by the channel and the sorter's budget, whatever the table's size.

use super::OpError;
use crate::codec::{KeySpec, TableSchema};
use crate::db::{DbError, RowSink, Snapshot};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::store::{Frame, NewObjects, ObjectKind};
use crate::tree::{BuildOptions, Builder, Built, Sorter, TreeError};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::{Path, PathBuf};

/// Bytes of rows handed from thread to thread at once.
const BATCH: usize = 1 << 20;
/// Batches that may wait.
const WAITING: usize = 4;
/// Bytes of rows sorted in memory before a run is spilled to disk.
const SORT_BUDGET: usize = 64 << 20;
/// zstd level of schemas; trees choose their own.
const SCHEMA_LEVEL: i32 = 3;
/// Object kind of a table schema (`docs/FORMAT.md`, section 5).
const KIND_SCHEMA: ObjectKind = ObjectKind(4);

/// What is needed to capture tables into one session of the store.
pub(super) struct Capture<'c> {
    /// Where new objects go.
    pub objects: &'c dyn NewObjects,
    /// Where the sorter may spill.
    pub scratch: PathBuf,
    /// Whom to tell.
    pub monitor: &'c dyn Monitor,
}

impl Capture<'_> {
    /// Captures the table at `index` of `snapshot`. `previous` are roots of older trees of it, the one to count changes
    /// against first. Returns the tree; its number of rows is the number the database says it sent.
    ///
    /// # Errors
    /// If reading, sorting or storing fails, or the counts differ.
    pub fn table(
        &self,
        snapshot: &mut dyn Snapshot,
        index: usize,
        spec: &KeySpec,
        previous: &[Hash],
    ) -> Result<Built, OpError> {
        let (sender, receiver) = bounded::<Batch>(WAITING);
        let (read, sorted) = std::thread::scope(|scope| {
            let sorting = scope.spawn(move || sort(&receiver, spec, &self.scratch));
            let mut feed = Feed { batch: Batch::default(), sender, monitor: self.monitor };
            let read = snapshot.read(index, &mut feed).and_then(|rows| feed.flush().map(|()| rows));
            drop(feed);
            (read, join(sorting.join()))
        });
        // A sorter that failed makes the reader stop: its own error is the one to tell.
        let (sorter, read) = match (sorted, read) {
            (Err(error), _) => return Err(error.into()),
            (Ok(_), Err(DbError::Stopped)) if self.monitor.interrupted() => return Err(OpError::Interrupted),
            (Ok(_), Err(error)) => return Err(error.into()),
            (Ok(sorter), Ok(read)) => (sorter, read),
        };
        let sorted = sorter.finish()?;
        let built = std::thread::scope(|scope| {
            let mut builder =
                Builder::new(scope, self.objects, spec, previous, sorted.extent(), BuildOptions::new(self.monitor));
            builder.push_sorted(sorted)?;
            builder.finish()
        })?;
        if built.totals.rows != read {
            return Err(OpError::Verification(format!(
                "the database sent {read} rows, but {} were stored",
                built.totals.rows
            )));
        }
        Ok(built)
    }

    /// Stores a table's schema and returns the id of its object.
    ///
    /// # Errors
    /// If the store refuses.
    pub fn schema(&self, schema: &TableSchema) -> Result<Hash, OpError> {
        let json = serde_json::to_vec(schema)
            .map_err(|error| OpError::Verification(format!("the schema cannot be written as JSON: {error}")))?;
        let id = Hash::of(&json);
        self.objects.put(Frame::compress(id, KIND_SCHEMA, &json, SCHEMA_LEVEL)?)?;
        Ok(id)
    }
}

/// Some rows: their bytes one after the other, and where each ends.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The sink that the database writes to.
struct Feed<'c> {
    batch: Batch,
    sender: Sender<Batch>,
    monitor: &'c dyn Monitor,
}

impl Feed<'_> {
    fn flush(&mut self) -> Result<(), DbError> {
        if self.batch.ends.is_empty() {
            return Ok(());
        }
        if self.monitor.interrupted() {
            return Err(DbError::Stopped);
        }
        self.monitor.advance(self.batch.ends.len() as u64, self.batch.bytes.len() as u64);
        let full = std::mem::replace(
            &mut self.batch,
            Batch { bytes: Vec::with_capacity(BATCH + BATCH / 8), ends: Vec::with_capacity(4096) },
        );
        self.sender.send(full).map_err(|_| DbError::Stopped)
    }
}

impl RowSink for Feed<'_> {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        self.batch.bytes.extend_from_slice(row);
        self.batch.ends.push(self.batch.bytes.len());
        if self.batch.bytes.len() >= BATCH { self.flush() } else { Ok(()) }
    }
}

fn sort(batches: &Receiver<Batch>, spec: &KeySpec, scratch: &Path) -> Result<Sorter, TreeError> {
    let mut sorter = Sorter::new(spec.clone(), scratch, SORT_BUDGET);
    for batch in batches {
        let mut start = 0;
        for &end in &batch.ends {
            sorter.push(&batch.bytes[start..end])?;
            start = end;
        }
    }
    Ok(sorter)
}

/// A thread's result; a panic in it goes on in the caller.
fn join<T>(result: std::thread::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

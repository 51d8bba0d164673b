//! Capturing a table: rows stream from the database into a tree in the store.
//!
//! The database is read on the calling thread; the tree is loaded on a second one and its workers, so that reading
//! never waits for more than a full channel. Memory is bounded by the channel and the loader's budgets, whatever the
//! table's size.

use super::OpError;
use crate::codec::{Definition, KeySpec, TableSchema};
use crate::db::{DbError, RowSink, TableId, TableReader};
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::snapshot::read_schema;
use crate::store::{Frame, NewObjects};
use crate::tree::{BuildOptions, Built, LoadOptions, Loader, RowBatch, SCHEMA, TreeError};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::PathBuf;

/// Batches that may wait.
const WAITING: usize = 4;
/// Bytes of rows sorted in memory before a run is spilled to disk.
const SORT_BUDGET: usize = 64 << 20;
/// zstd level of schemas; trees choose their own.
const SCHEMA_LEVEL: i32 = 3;

/// What is needed to capture tables into one session of the store.
pub(super) struct Capture<'c> {
    /// Where new objects go.
    pub objects: &'c dyn NewObjects,
    /// Where the sorter may spill.
    pub scratch: PathBuf,
    /// The table's name, if storing what is left when all rows have been read is told of as a step of its own.
    pub storing: Option<&'c str>,
    /// Whom to tell.
    pub monitor: &'c dyn Monitor,
    /// Whether the rows that differ from the first of the previous trees are wanted, and not only their number.
    pub differences: bool,
}

impl Capture<'_> {
    /// Captures the table at `index` of `snapshot`. `previous` are roots of older trees of it, the one to count changes
    /// against first. Returns the tree; its number of rows is the number the database says it sent.
    ///
    /// # Errors
    /// If reading, sorting or storing fails, or the counts differ.
    pub fn table(
        &self,
        snapshot: &mut dyn TableReader,
        index: usize,
        spec: &KeySpec,
        previous: &[Hash],
    ) -> Result<Built, OpError> {
        let (sender, receiver) = bounded::<Message>(WAITING);
        let (emptied, spare) = bounded(WAITING);
        let (read, loaded) = std::thread::scope(|scope| {
            let load = move || self.load(&receiver, &emptied, spec, previous);
            let loading = std::thread::Builder::new().spawn_scoped(scope, load);
            let loading = loading.map_err(|error| OpError::NoThreads(error.to_string()))?;
            let mut feed = Feed { batch: RowBatch::new(), sender, spare, monitor: self.monitor };
            let read = snapshot.read(TableId::at(index), &mut feed).and_then(|rows| feed.end().map(|()| rows));
            drop(feed);
            // What is still to be sorted and stored can take as long as reading.
            if let Some(subject) = self.storing {
                self.monitor.begin(&Step { verb: "Storing", subject, ..Step::default() });
            }
            Ok::<_, OpError>((read, join(loading.join())))
        })?;
        // One that fails makes the other stop: the error to tell is that of the first.
        let (built, read) = match (loaded, read) {
            (Ok(built), Ok(read)) => (built, read),
            (Err(error), Ok(_)) => return Err(error.into()),
            (_, Err(DbError::Stopped)) if self.monitor.interrupted() => return Err(OpError::Interrupted),
            (Err(error), Err(DbError::Stopped)) => return Err(error.into()),
            (_, Err(error)) => return Err(error.into()),
        };
        if built.totals.rows != read {
            return Err(OpError::Verification(format!(
                "the database sent {read} rows, but {} were stored",
                built.totals.rows
            )));
        }
        Ok(built)
    }

    /// Loads what comes until [`Message::End`]; batches that can be filled again go to `emptied`.
    fn load(
        &self,
        messages: &Receiver<Message>,
        emptied: &Sender<RowBatch>,
        spec: &KeySpec,
        previous: &[Hash],
    ) -> Result<Built, TreeError> {
        let trial = self.objects.trial();
        let options = LoadOptions {
            build: BuildOptions {
                differences: self.differences.then_some(self.scratch.as_path()),
                ..BuildOptions::new(self.monitor)
            },
            scratch: &self.scratch,
            budget: SORT_BUDGET,
            trial: Some(&*trial),
        };
        let loaded = std::thread::scope(|scope| {
            let mut loader = Loader::new(scope, self.objects, spec, previous, options);
            loop {
                match messages.recv() {
                    Ok(Message::Rows(batch)) => {
                        if let Some(batch) = loader.push_batch(batch)? {
                            // One more than can wait is not needed.
                            let _ = emptied.try_send(batch);
                        }
                    }
                    Ok(Message::End) => return loader.finish(),
                    Err(_) => return Err(TreeError::Stopped),
                }
            }
        })?;
        if loaded.on_trial {
            trial.keep();
        }
        Ok(loaded.built)
    }

    /// Stores a table's schema, with its definition if it is known, and returns the id of the object.
    ///
    /// # Errors
    /// If the store refuses.
    pub fn schema(&self, schema: &TableSchema, definition: Option<&Definition>) -> Result<Hash, OpError> {
        let json = schema
            .to_object(definition)
            .map_err(|error| OpError::Verification(format!("the schema cannot be written as JSON: {error}")))?;
        let id = Hash::of(&json);
        if !self.objects.contains(&id) || read_schema(self.objects, &id).is_err() {
            self.objects.put_again(Frame::compress(id, SCHEMA, &json, SCHEMA_LEVEL)?)?;
        }
        Ok(id)
    }
}

/// What the reading thread says.
enum Message {
    Rows(RowBatch),
    /// There are no more rows, and none was lost.
    End,
}

/// The sink that the database writes to.
struct Feed<'c> {
    batch: RowBatch,
    sender: Sender<Message>,
    spare: Receiver<RowBatch>,
    monitor: &'c dyn Monitor,
}

impl Feed<'_> {
    fn flush(&mut self) -> Result<(), DbError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        if self.monitor.interrupted() {
            return Err(DbError::Stopped);
        }
        self.monitor.advance(self.batch.len() as u64, self.batch.bytes() as u64);
        let next = self.spare.try_recv().unwrap_or_else(|_| RowBatch::new());
        let full = std::mem::replace(&mut self.batch, next);
        self.sender.send(Message::Rows(full)).map_err(|_| DbError::Stopped)
    }

    fn end(&mut self) -> Result<(), DbError> {
        self.flush()?;
        self.sender.send(Message::End).map_err(|_| DbError::Stopped)
    }
}

impl RowSink for Feed<'_> {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        self.batch.push(row);
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    fn row_by(&mut self, write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), DbError>) -> Result<(), DbError> {
        self.batch.push_by(write)?;
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }
}

/// A thread's result; a panic in it goes on in the caller.
fn join<T>(result: std::thread::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

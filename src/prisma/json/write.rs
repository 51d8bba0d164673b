//! Writing a backup file.
//!
//! Rows are encoded by the caller's thread (or several, see [`ExportWriter::append`]); a second thread hashes the bytes and
//! writes them. The metadata stands before the data but is complete only after it: a small file is held back until then, in
//! a larger one as much is left free as the metadata is expected to take by what the first records needed. If it takes another
//! length after all, the data is copied into another file behind it.

use super::encode::RecordEncoder;
use super::fields::{FieldNames, Fields};
use super::metadata::{ExportInfo, Metadata};
use super::notes::Notes;
use crate::codec::TableSchema;
use crate::prisma::ExportError;
use crate::prisma::place::{self, EarlySync};
use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tempfile::NamedTempFile;

/// Bytes of records that are handed to the writing thread at a time.
const BLOCK: usize = 256 << 10;
/// Blocks that wait to be written while the disk is busy, if they are no longer than that.
const WAITING: usize = 16;
/// Buffers that wait to be used again, and how large they may be.
const SPARE: usize = 32;
const SPARE_BYTES: usize = 2 << 20;
/// Data up to this size is held back until the head is known.
const HELD_BACK: usize = 2 << 20;
const BEFORE_DATA: &str = "\n  \"data\": ";
const END: &[u8] = b"\n}\n";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Records in the file.
    pub records: u64,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// The checksum in the metadata: `sha256:` and 64 hex digits.
    pub checksum: String,
    /// What the values of each column needed.
    pub notes: Notes,
}

/// Buffers that were written and can be used again, from any thread: memory that is new each time costs more than filling it.
#[derive(Debug, Clone)]
pub struct Spare(Receiver<Vec<u8>>);

impl Spare {
    /// An empty buffer, or a new one for about `bytes`.
    pub fn take(&self, bytes: usize) -> Vec<u8> {
        self.0.try_recv().unwrap_or_else(|_| Vec::with_capacity(bytes))
    }
}

/// Writes one backup file. It appears under its name in [`ExportWriter::finish`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct ExportWriter {
    path: PathBuf,
    metadata: Metadata,
    encoder: RecordEncoder,
    notes: Notes,
    records: u64,
    block: Vec<u8>,
    blocks: Option<Sender<Vec<u8>>>,
    spare: Spare,
    worker: Option<JoinHandle<io::Result<Data>>>,
    /// Bytes of records handed to the worker.
    sent: usize,
    /// Where the data begins in a file that is not held back; 0 until that is decided.
    start: Arc<AtomicU64>,
}

impl ExportWriter {
    /// Begins the file `path` (mode 0600, in a directory that exists).
    ///
    /// # Errors
    /// [`ExportError::FieldTwice`] if two columns have one field name, [`ExportError::Io`] if no file can be made there.
    pub fn create(
        path: &Path,
        schema: &TableSchema,
        names: &dyn FieldNames,
        info: ExportInfo,
    ) -> Result<ExportWriter, ExportError> {
        let fields = Fields::named(info.engine, schema, names)?;
        let metadata = Metadata::new(schema, &fields, names, info);
        let columns = schema.columns.len();
        let start = Arc::new(AtomicU64::new(0));
        let mut data = Data::new(place::temporary_for(path)?, Arc::clone(&start));
        let (blocks, received) = bounded::<Vec<u8>>(WAITING);
        let (recycle, empty) = bounded(SPARE);
        let worker = std::thread::Builder::new().name("dbsnap-export".to_owned()).spawn(move || {
            for mut block in received.into_iter().filter(|block| !block.is_empty()) {
                data.add(&block)?;
                block.clear();
                if block.capacity() <= SPARE_BYTES {
                    // A full or closed channel only means that the buffer is not needed again.
                    let _ = recycle.try_send(block);
                }
            }
            Ok(data)
        });
        Ok(ExportWriter {
            path: path.to_path_buf(),
            metadata,
            encoder: RecordEncoder::new(Arc::new(fields)),
            notes: Notes::none(columns),
            records: 0,
            block: Vec::with_capacity(BLOCK + BLOCK / 4),
            blocks: Some(blocks),
            spare: Spare(empty),
            worker: Some(worker.map_err(ExportError::io(path))?),
            sent: 0,
            start,
        })
    }

    /// Adds one row, given in canonical bytes.
    ///
    /// # Errors
    /// [`ExportError::Row`] if it is no row of this table, which then is not in the file; [`ExportError::Io`] if writing has failed.
    pub fn row(&mut self, row: &[u8]) -> Result<(), ExportError> {
        let start = self.block.len();
        if let Err(error) = self.encoder.encode(row, &mut self.block) {
            self.block.truncate(start);
            return Err(error.into());
        }
        self.records += 1;
        if self.block.len() >= BLOCK {
            let next = self.spare.take(BLOCK + BLOCK / 4);
            let full = std::mem::replace(&mut self.block, next);
            self.send(full)?;
        }
        Ok(())
    }

    /// An encoder for another thread, whose records are then given to [`ExportWriter::append`].
    pub fn encoder(&self) -> RecordEncoder {
        let mut encoder = self.encoder.clone();
        encoder.forget_notes();
        encoder
    }

    /// Buffers for those records.
    pub fn spare(&self) -> Spare {
        self.spare.clone()
    }

    /// Adds `records` records that a [`RecordEncoder`] of this writer has encoded, and what it noted.
    ///
    /// # Errors
    /// [`ExportError::Io`] if writing has failed.
    pub fn append(&mut self, block: Vec<u8>, records: u64, notes: &Notes) -> Result<(), ExportError> {
        let before = std::mem::take(&mut self.block);
        self.send(before)?;
        self.notes.merge(notes);
        self.records += records;
        self.send(block)
    }

    /// Completes the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`ExportError::Io`]; also if something stands at the path already. Nothing new stands there then.
    pub fn finish(mut self) -> Result<Written, ExportError> {
        let last = std::mem::take(&mut self.block);
        self.send(last)?;
        let mut data = self.join()?;
        let failed = ExportError::io(&self.path);
        self.notes.merge(self.encoder.notes());
        let closed = data.add(if self.records == 0 { b"]" } else { b"\n  ]" });
        closed.map_err(failed)?;
        self.metadata.record_count = self.records;
        self.metadata.checksum = checksum_text(std::mem::take(&mut data.hash));
        self.metadata.set_notes(&self.notes);
        let (temp, size_bytes) = data.complete(&self.metadata.head()?, &self.path)?;
        place::publish(temp, &self.path)?;
        Ok(Written {
            records: self.records,
            size_bytes,
            checksum: self.metadata.checksum.clone(),
            notes: self.notes.clone(),
        })
    }

    fn send(&mut self, block: Vec<u8>) -> Result<(), ExportError> {
        self.sent += block.len();
        if self.sent + 1 > HELD_BACK && self.start.load(Ordering::Relaxed) == 0 {
            let mut expected = self.metadata.clone();
            self.notes.merge(self.encoder.notes());
            expected.set_notes(&self.notes);
            self.start.store((expected.head()?.len() + BEFORE_DATA.len()) as u64, Ordering::Release);
        }
        // A long one takes as many places as its bytes, so that what waits is bounded however long records are.
        let places = (block.len() / BLOCK).clamp(usize::from(!block.is_empty()), WAITING);
        let mut all = (1..places).map(|_| Vec::new()).chain([block]).take(places);
        if self.blocks.as_ref().is_some_and(|blocks| all.all(|block| blocks.send(block).is_ok())) {
            return Ok(());
        }
        // The worker hangs up only when it has failed.
        self.join().and(Err(ExportError::WriterStopped))
    }

    /// Waits for the worker to write what it was sent.
    fn join(&mut self) -> Result<Data, ExportError> {
        self.blocks = None;
        let worker = self.worker.take().ok_or(ExportError::WriterStopped)?;
        worker.join().map_err(|_| ExportError::WriterStopped)?.map_err(ExportError::io(&self.path))
    }
}

impl Drop for ExportWriter {
    /// Waits until the temporary file is gone.
    fn drop(&mut self) {
        if self.worker.is_some() {
            let _ = self.join();
        }
    }
}

/// The data array on its way into the file.
#[derive(Debug)]
struct Data {
    temp: NamedTempFile,
    hash: Sha256,
    /// Where the data begins in a file that is not held back; set before the bytes come that make it so.
    start: Arc<AtomicU64>,
    held: Vec<u8>,
    /// Bytes of data so far, brackets included.
    len: u64,
    /// `None` while the data is held back.
    sync: Option<EarlySync>,
}

impl Data {
    fn new(temp: NamedTempFile, start: Arc<AtomicU64>) -> Data {
        Data { temp, hash: Sha256::new(), start, held: Vec::new(), len: 0, sync: None }
    }

    fn add(&mut self, block: &[u8]) -> io::Result<()> {
        if self.len == 0 {
            self.write(b"[")?;
            return self.write(block.strip_prefix(b",").unwrap_or(block));
        }
        self.write(block)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.len += bytes.len() as u64;
        if self.sync.is_none() && self.held.len() + bytes.len() <= HELD_BACK {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        let file = self.temp.as_file_mut();
        let sync = match &mut self.sync {
            Some(sync) => sync,
            none => {
                file.seek(SeekFrom::Start(self.start.load(Ordering::Acquire)))?;
                file.write_all(&std::mem::take(&mut self.held))?;
                none.insert(EarlySync::new(file)?)
            }
        };
        file.write_all(bytes)?;
        sync.written(bytes.len());
        Ok(())
    }

    /// Writes the head before the data and the end after it; gives the size of the file, which is to be named `path`.
    fn complete(mut self, head: &str, path: &Path) -> Result<(NamedTempFile, u64), ExportError> {
        let failed = ExportError::io(path);
        let before = (head.len() + BEFORE_DATA.len()) as u64;
        let (is_held, start) = (self.sync.is_none(), self.start.load(Ordering::Acquire));
        if let Some(sync) = self.sync.take() {
            sync.finish().map_err(failed)?;
        }
        if !is_held && start != before {
            let behind = place::temporary_for(path)?;
            let data = std::mem::replace(&mut self.temp, behind);
            move_data(data.into_file(), start, self.temp.as_file_mut(), before).map_err(failed)?;
        }
        self.close(head, is_held).map_err(failed)?;
        let size = before + self.len + 3;
        // What is published is what was counted.
        if self.temp.as_file().metadata().map_err(failed)?.len() != size {
            return Err(failed(io::Error::other("the file does not have the length that was written")));
        }
        Ok((self.temp, size))
    }

    fn close(&mut self, head: &str, is_held: bool) -> io::Result<()> {
        let file = self.temp.as_file_mut();
        if !is_held {
            file.seek(SeekFrom::End(0))?;
            file.write_all(END)?;
            file.seek(SeekFrom::Start(0))?;
        }
        file.write_all(head.as_bytes())?;
        file.write_all(BEFORE_DATA.as_bytes())?;
        if is_held {
            file.write_all(&self.held)?;
            file.write_all(END)?;
        }
        Ok(())
    }
}

/// Copies what stands in `from` at `start` into `to` at `place`.
fn move_data(mut from: File, start: u64, to: &mut File, place: u64) -> io::Result<()> {
    from.seek(SeekFrom::Start(start))?;
    to.seek(SeekFrom::Start(place))?;
    io::copy(&mut from, to).map(drop)
}

/// A finished hash as the metadata has it.
pub(super) fn checksum_text(hash: Sha256) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

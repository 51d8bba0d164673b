//! Writing a backup file.
//!
//! Rows are encoded by the caller's thread (or several, see [`ExportWriter::append`]); a second thread hashes the bytes
//! and writes them. The metadata stands before the data but is complete only after it: a small file is held back until
//! then, in a larger one as much is left free as the metadata is expected to take by what the first records needed. If
//! it takes another length after all, the data is copied into another file behind it.

use super::encode::RecordEncoder;
use super::fields::{FieldNames, Fields};
use super::metadata::{ExportInfo, Metadata};
use super::notes::Notes;
use crate::codec::TableSchema;
use crate::fsio::{FsResult, NewFile, OpenFile};
use crate::prisma::ExportError;
use crate::prisma::output_file::{EarlySync, OutputFile};
use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

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

/// Buffers that were written and can be used again, from any thread: memory that is new each time costs more than
/// filling it.
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
    place: OutputFile,
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
    /// [`ExportError::FieldTwice`] if two columns have one field name, [`ExportError::Io`] if no file can be made
    /// there.
    pub fn create(
        path: &Path,
        schema: &TableSchema,
        names: &dyn FieldNames,
        info: ExportInfo,
    ) -> Result<ExportWriter, ExportError> {
        ExportWriter::begin(OutputFile::on_disk(path)?, schema, names, info)
    }

    /// As [`ExportWriter::create`], on another file system.
    ///
    /// # Errors
    /// As [`ExportWriter::create`].
    #[cfg(feature = "testing")]
    pub fn create_on(
        fs: Arc<dyn crate::fsio::FileSystem>,
        path: &Path,
        schema: &TableSchema,
        names: &dyn FieldNames,
        info: ExportInfo,
    ) -> Result<ExportWriter, ExportError> {
        ExportWriter::begin(OutputFile::on(fs, path), schema, names, info)
    }

    fn begin(
        place: OutputFile,
        schema: &TableSchema,
        names: &dyn FieldNames,
        info: ExportInfo,
    ) -> Result<ExportWriter, ExportError> {
        let fields = Fields::named(info.engine, schema, names)?;
        let metadata = Metadata::new(schema, &fields, names, info);
        let columns = schema.columns.len();
        let start = Arc::new(AtomicU64::new(0));
        let mut data = Data::new(place.begin()?, Arc::clone(&start));
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
        let worker = worker.map_err(ExportError::io(place.named()))?;
        Ok(ExportWriter {
            place,
            metadata,
            encoder: RecordEncoder::new(Arc::new(fields)),
            notes: Notes::none(columns),
            records: 0,
            block: Vec::with_capacity(BLOCK + BLOCK / 4),
            blocks: Some(blocks),
            spare: Spare(empty),
            worker: Some(worker),
            sent: 0,
            start,
        })
    }

    /// Adds one row, given in canonical bytes.
    ///
    /// # Errors
    /// [`ExportError::Row`] if it is no row of this table, which then is not in the file; [`ExportError::Io`] if
    /// writing has failed.
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
        self.notes.merge(self.encoder.notes());
        let closed = data.add(if self.records == 0 { b"]" } else { b"\n  ]" });
        closed.map_err(ExportError::io(self.place.named()))?;
        self.metadata.record_count = self.records;
        self.metadata.checksum = checksum_text(std::mem::take(&mut data.hash));
        self.metadata.set_notes(&self.notes);
        let head = self.metadata.head()?;
        let (file, size_bytes) = data.complete(&head).map_err(ExportError::io(self.place.named()))?;
        self.place.publish(file, size_bytes)?;
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
        worker.join().map_err(|_| ExportError::WriterStopped)?.map_err(ExportError::io(self.place.named()))
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
    file: NewFile,
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
    fn new(file: NewFile, start: Arc<AtomicU64>) -> Data {
        Data { file, hash: Sha256::new(), start, held: Vec::new(), len: 0, sync: None }
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
        let file = self.file.file();
        let start = self.start.load(Ordering::Acquire);
        let sync = match &mut self.sync {
            Some(sync) => sync,
            none => {
                let held = std::mem::take(&mut self.held);
                file.write_at(start, &held).map_err(|error| error.source)?;
                none.insert(EarlySync::new(file)?)
            }
        };
        let before = self.len - bytes.len() as u64;
        file.write_at(start + before, bytes).map_err(|error| error.source)?;
        sync.written(bytes.len());
        Ok(())
    }

    /// Writes the head before the data and the end after it; gives the file and its size.
    fn complete(mut self, head: &str) -> io::Result<(NewFile, u64)> {
        let before = (head.len() + BEFORE_DATA.len()) as u64;
        let (is_held, start) = (self.sync.is_none(), self.start.load(Ordering::Acquire));
        if let Some(sync) = self.sync.take() {
            sync.finish()?;
        }
        self.close(head, before, if is_held { None } else { Some(start) }).map_err(|error| error.source)?;
        Ok((self.file, before + self.len + END.len() as u64))
    }

    /// Writes what is missing; `start` is where the data stands, unless it is held back.
    fn close(&mut self, head: &str, before: u64, start: Option<u64>) -> FsResult<()> {
        if start.is_some_and(|start| start != before) {
            let behind = self.file.another()?;
            copy(&**self.file.file(), start.unwrap_or(before), &**behind.file(), before, self.len)?;
            self.file = behind;
        }
        let file = self.file.file();
        if start.is_none() {
            file.write_at(before, &self.held)?;
        }
        file.write_at(before + self.len, END)?;
        file.write_at(0, head.as_bytes())?;
        file.write_at(head.len() as u64, BEFORE_DATA.as_bytes())
    }
}

/// Copies `len` bytes that stand in `from` at `start` into `to` at `place`.
fn copy(from: &dyn OpenFile, mut start: u64, to: &dyn OpenFile, mut place: u64, len: u64) -> FsResult<()> {
    let (end, mut buffer) = (start + len, vec![0; BLOCK]);
    while start < end {
        let next = usize::try_from(end - start).unwrap_or(BLOCK).min(BLOCK);
        from.read_at(start, &mut buffer[..next])?;
        to.write_at(place, &buffer[..next])?;
        (start, place) = (start + next as u64, place + next as u64);
    }
    Ok(())
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

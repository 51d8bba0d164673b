//! The records of one table: the tree is read on one thread, encoded on several, and written in order.

use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::prisma::{ExportError, ExportWriter, Notes, RecordEncoder};
use crate::tree::Cursor;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;

/// Bytes of rows that are encoded at a time.
const BATCH: usize = 512 << 10;

/// Rows on their way to an encoder: bytes, and where each ends and how often it occurs.
#[derive(Default)]
struct Batch {
    number: u64,
    bytes: Vec<u8>,
    rows: Vec<(usize, u64)>,
}

/// What an encoder made of a batch.
struct Encoded {
    number: u64,
    block: Vec<u8>,
    records: u64,
    notes: Notes,
    /// The batch, to be filled again.
    batch: Batch,
}

/// Writes every row of the tree under `cursor`, in key order.
pub(super) fn write(
    cursor: &mut Cursor<'_>,
    writer: &mut ExportWriter,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    let threads = threads.max(1);
    let (to_encode, batches) = bounded::<Batch>(2 * threads);
    let (made, encoded) = bounded::<Result<Encoded, ExportError>>(2 * threads + 2);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (encoder, batches, made) = (writer.encoder(), batches.clone(), made.clone());
            scope.spawn(move || encode_all(&encoder, &batches, &made));
        }
        drop((batches, made));
        let mut order = Order { encoded, waiting: BTreeMap::new(), sent: 0, written: 0, spare: Vec::new() };
        let result = feed(cursor, writer, &to_encode, &mut order, 2 * threads as u64, monitor);
        // Encoders end when nothing can come any more, and when nobody listens.
        drop((to_encode, order));
        result
    })
}

fn encode_all(encoder: &RecordEncoder, batches: &Receiver<Batch>, made: &Sender<Result<Encoded, ExportError>>) {
    for batch in batches {
        if made.send(encode(encoder.clone(), batch)).is_err() {
            return;
        }
    }
}

fn encode(mut encoder: RecordEncoder, batch: Batch) -> Result<Encoded, ExportError> {
    let mut block = Vec::with_capacity(batch.bytes.len() * 2);
    let (mut start, mut records) = (0, 0);
    for &(end, count) in &batch.rows {
        for _ in 0..count {
            encoder.encode(&batch.bytes[start..end], &mut block)?;
        }
        records += count;
        start = end;
    }
    Ok(Encoded { number: batch.number, block, records, notes: encoder.notes().clone(), batch })
}

/// Batches that are under way, and what has to wait for those before it.
struct Order {
    encoded: Receiver<Result<Encoded, ExportError>>,
    waiting: BTreeMap<u64, Encoded>,
    sent: u64,
    written: u64,
    spare: Vec<Batch>,
}

impl Order {
    /// Waits for one batch, and writes all that are next.
    fn take(&mut self, writer: &mut ExportWriter) -> Result<(), OpError> {
        let encoded = self.encoded.recv().map_err(|_| ExportError::WriterStopped)??;
        self.waiting.insert(encoded.number, encoded);
        while let Some(next) = self.waiting.remove(&self.written) {
            writer.append(next.block, next.records, &next.notes)?;
            self.written += 1;
            self.spare.push(next.batch);
        }
        Ok(())
    }
}

fn feed(
    cursor: &mut Cursor<'_>,
    writer: &mut ExportWriter,
    to_encode: &Sender<Batch>,
    order: &mut Order,
    most: u64,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    let mut batch = Batch::default();
    loop {
        let row = cursor.next_entry()?;
        let is_end = row.is_none();
        if let Some(row) = row {
            batch.bytes.extend_from_slice(row.row);
            // a row that occurs very often is not encoded in one block
            let mut left = row.count;
            batch.rows.push((batch.bytes.len(), left.min(1024)));
            left -= left.min(1024);
            while left > 0 {
                send(&mut batch, writer, to_encode, order, most, monitor)?;
                batch.bytes.extend_from_slice(row.row);
                batch.rows.push((batch.bytes.len(), left.min(1024)));
                left -= left.min(1024);
            }
        }
        if batch.bytes.len() >= BATCH || (is_end && !batch.rows.is_empty()) {
            send(&mut batch, writer, to_encode, order, most, monitor)?;
        }
        if is_end {
            while order.written < order.sent {
                order.take(writer)?;
            }
            return Ok(());
        }
    }
}

/// Hands a batch to the encoders and takes what they have made.
fn send(
    batch: &mut Batch,
    writer: &mut ExportWriter,
    to_encode: &Sender<Batch>,
    order: &mut Order,
    most: u64,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    let rows: u64 = batch.rows.iter().map(|(_, count)| count).sum();
    monitor.advance(rows, batch.bytes.len() as u64);
    if monitor.interrupted() {
        return Err(OpError::Interrupted);
    }
    let mut next = order.spare.pop().unwrap_or_default();
    next.bytes.clear();
    next.rows.clear();
    next.number = order.sent + 1;
    let full = std::mem::replace(batch, next);
    to_encode.send(full).map_err(|_| ExportError::WriterStopped)?;
    order.sent += 1;
    while order.sent - order.written >= most {
        order.take(writer)?;
    }
    Ok(())
}

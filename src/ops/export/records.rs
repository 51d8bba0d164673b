//! The records of one table: leaves are read and encoded on several threads, and written in order.

use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::prisma::{ExportError, ExportWriter, Notes, RecordEncoder, Spare};
use crate::tree::{Entries, LeafMap};

/// Bytes of one record over and over that are written at once.
const REPEATED: usize = 1 << 20;
/// Bytes after which a part is handed on: leaves differ in size, and buffers that fit the largest would be more memory
/// than is used.
const PART: usize = 256 << 10;

/// Records as they stand in the file, and how often one after the other.
struct Part {
    block: Vec<u8>,
    records: u64,
    times: u64,
}

/// What was made of one leaf.
pub(super) struct Encoded {
    parts: Vec<Part>,
    rows: u64,
    row_bytes: u64,
    notes: Notes,
}

/// Encodes the rows of a leaf.
pub(super) fn encode(mut encoder: RecordEncoder, spare: &Spare, leaf: &Entries) -> Result<Encoded, ExportError> {
    let row_bytes = leaf.leaf().row_bytes();
    let mut parts = Vec::new();
    let mut rows = 0;
    let empty = || Part { block: spare.take(PART + PART / 8), records: 0, times: 1 };
    let mut part = empty();
    for (row, count) in (0..leaf.len()).map(|at| (leaf.leaf().row(at), leaf.leaf().count(at))) {
        rows += count;
        if count == 1 {
            encoder.encode(row, &mut part.block)?;
            part.records += 1;
            if part.block.len() >= PART {
                parts.push(std::mem::replace(&mut part, empty()));
            }
            continue;
        }
        let mut repeated = Part { block: Vec::new(), records: 1, times: count };
        encoder.encode(row, &mut repeated.block)?;
        let before = std::mem::replace(&mut part, Part { block: Vec::new(), records: 0, times: 1 });
        parts.extend([before, repeated]);
    }
    parts.push(part);
    Ok(Encoded { parts, rows, row_bytes, notes: encoder.notes().clone() })
}

/// Writes every record that the leaves give, in key order.
pub(super) fn write(
    leaves: &mut LeafMap<'_, Result<Encoded, ExportError>>,
    writer: &mut ExportWriter,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    while let Some(encoded) = leaves.next_leaf()? {
        let Encoded { parts, rows, row_bytes, notes } = encoded?;
        for Part { block, records, times } in parts {
            let mut left = times;
            let at_once = (REPEATED / block.len().max(1)).max(1) as u64;
            while left > 1 {
                let now = left.min(at_once);
                writer.append(block.repeat(usize::try_from(now).unwrap_or(1)), records * now, &notes)?;
                left -= now;
            }
            if left == 1 {
                writer.append(block, records, &notes)?;
            }
        }
        monitor.advance(rows, row_bytes);
        if monitor.interrupted() {
            return Err(OpError::Interrupted);
        }
    }
    Ok(())
}

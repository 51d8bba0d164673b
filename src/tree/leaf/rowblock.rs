//! Row blocks: rows stored column by column, which compresses better than row by row. `docs/FORMAT.md`, section 4.5.

use super::chunk::{ChunkReader, Column};
use super::long::LongRow;
use crate::codec::{CodecError, RowFiller, RowReader};
use crate::tree::Flaw;
use crate::tree::splitter::MOST_BYTES;
use crate::wire::{Reader, put_uvarint};

/// Columns that no table has: PostgreSQL stops at 1,600, SQLite at 32,767.
pub(super) const MOST_COLUMNS: usize = 65_536;

/// Appends a block of `rows`.
///
/// # Errors
/// If a row is not canonical or rows have different numbers of values.
pub(super) fn put<'r>(rows: impl Iterator<Item = &'r [u8]>, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut columns: Vec<Column<'r>> = Vec::new();
    let expected = rows.size_hint().0;
    for (index, row) in rows.enumerate() {
        let mut reader = RowReader::new(row);
        let mut found = 0;
        while let Some(value) = reader.next_value()? {
            if index == 0 {
                columns.push(Column::default());
            }
            if let Some(column) = columns.get_mut(found) {
                column.push(value, expected);
            }
            found += 1;
        }
        if found != columns.len() {
            return Err(CodecError::ColumnCount { expected: columns.len(), found });
        }
    }
    put_uvarint(out, columns.len() as u64);
    for column in columns {
        column.put(out);
    }
    Ok(())
}

/// Reads a block of `count` rows off `reader`: their canonical bytes come in place of what is in `rows`, the end of
/// each is appended to `ends`.
///
/// # Errors
/// If the bytes are not such a block, or a leaf of these rows would be longer than leaves can be.
pub(super) fn read(
    reader: &mut Reader<'_>,
    count: usize,
    rows: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), Flaw> {
    read_rows(reader, count, rows, ends, None).map(drop)
}

/// As [`read`] from `bytes`, but a last row that is long is left for the caller to put together in these bytes.
pub(super) fn read_but_long_last(
    reader: &mut Reader<'_>,
    count: usize,
    rows: &mut Vec<u8>,
    ends: &mut Vec<usize>,
    bytes: &[u8],
) -> Result<Option<LongRow>, Flaw> {
    read_rows(reader, count, rows, ends, Some(bytes))
}

fn read_rows(
    reader: &mut Reader<'_>,
    count: usize,
    rows: &mut Vec<u8>,
    ends: &mut Vec<usize>,
    bytes: Option<&[u8]>,
) -> Result<Option<LongRow>, Flaw> {
    let columns = reader.length()?;
    // A value takes a byte at least, both here as a column and in all rows but the last.
    let least = (count as u64).saturating_sub(1).checked_mul(columns as u64);
    if columns > reader.rest().len().min(MOST_COLUMNS) || least.is_none_or(|least| least >= MOST_BYTES && count > 1) {
        return Err(Flaw::Shape("a block has more columns than it can have"));
    }
    if count == 0 {
        rows.clear();
        return if columns == 0 { Ok(None) } else { Err(Flaw::Shape("a block of no rows has columns")) };
    }
    let mut chunks = Vec::with_capacity(columns);
    for _ in 0..columns {
        chunks.push(ChunkReader::read(reader, count)?);
    }
    let most = chunks.iter().map(ChunkReader::most).sum::<usize>();
    // All rows but the last are shorter than this together.
    let bytes = bytes.filter(|_| most > LONG);
    let most = if bytes.is_some() { most.min(MOST_BYTES_USIZE) } else { most };
    // What is left of other rows is gone over.
    rows.resize(most + RowFiller::SLACK, 0);
    ends.reserve(count);
    let mut row = RowFiller::new(rows);
    for _ in 0..count - usize::from(bytes.is_some()) {
        if row.filled() >= MOST_BYTES_USIZE {
            return Err(Flaw::Shape("a leaf is longer than leaves can be"));
        }
        for chunk in &mut chunks {
            chunk.put_next(&mut row)?;
        }
        ends.push(row.filled());
    }
    let filled = row.filled();
    rows.truncate(filled);
    let Some(bytes) = bytes else { return Ok(None) };
    if filled >= MOST_BYTES_USIZE {
        return Err(Flaw::Shape("a leaf is longer than leaves can be"));
    }
    let mut last = LongRow::default();
    for chunk in &mut chunks {
        last.push(chunk.next_value()?, bytes);
    }
    Ok(Some(last))
}

/// Bytes of rows from which on the last one is not copied.
const LONG: usize = 4 << 20;

/// [`MOST_BYTES`] as a length in memory.
#[expect(clippy::cast_possible_truncation, reason = "it is 1 MiB")]
const MOST_BYTES_USIZE: usize = MOST_BYTES as usize;

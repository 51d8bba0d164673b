//! Patch blocks: rows told by what differs from another row. `docs/FORMAT.md`, section 4.5.

use super::chunk::{self, ChunkReader};
use super::rowblock::MOST_COLUMNS;
use crate::codec::row::RowWriter;
use crate::codec::{CodecError, RowReader, ValueRef};
use crate::tree::Flaw;
use crate::wire::{Reader, put_uvarint};

/// Collects replaced values, column by column.
#[derive(Debug, Default)]
pub(super) struct PatchWriter<'r> {
    columns: Vec<Vec<ValueRef<'r>>>,
    masks: Vec<Vec<u8>>,
    uses: Vec<usize>,
    old: Vec<ValueRef<'r>>,
    new: Vec<ValueRef<'r>>,
}

impl<'r> PatchWriter<'r> {
    /// Adds what makes `new` of `old`; `false` if that cannot be said: they have different numbers of columns.
    ///
    /// # Errors
    /// If one of them is not a canonical row.
    pub(super) fn add(&mut self, old: &'r [u8], new: &'r [u8]) -> Result<bool, CodecError> {
        read_values(old, &mut self.old)?;
        read_values(new, &mut self.new)?;
        let columns = self.new.len();
        if self.old.len() != columns || (!self.columns.is_empty() && self.columns.len() != columns) {
            return Ok(false);
        }
        self.columns.resize(columns, Vec::new());
        let mut mask = vec![0u8; columns.div_ceil(8)];
        for (column, (old, new)) in self.old.iter().zip(&self.new).enumerate() {
            if old != new {
                mask[column / 8] |= 1 << (column % 8);
                self.columns[column].push(*new);
            }
        }
        let known = self.masks.iter().position(|known| *known == mask);
        self.uses.push(known.unwrap_or(self.masks.len()));
        if known.is_none() {
            self.masks.push(mask);
        }
        Ok(true)
    }

    /// Appends the block; nothing if there are no patches.
    pub(super) fn finish(self, out: &mut Vec<u8>) {
        if self.uses.is_empty() {
            return;
        }
        put_uvarint(out, self.columns.len() as u64);
        put_uvarint(out, self.masks.len() as u64);
        for mask in &self.masks {
            out.extend_from_slice(mask);
        }
        if self.masks.len() > 1 {
            for mask in self.uses {
                put_uvarint(out, mask as u64);
            }
        }
        for values in self.columns.iter().filter(|values| !values.is_empty()) {
            chunk::put(values.iter().copied(), out);
        }
    }
}

fn read_values<'r>(row: &'r [u8], values: &mut Vec<ValueRef<'r>>) -> Result<(), CodecError> {
    values.clear();
    let mut reader = RowReader::new(row);
    while let Some(value) = reader.next_value()? {
        values.push(value);
    }
    Ok(())
}

/// A patch block being read, patch by patch.
pub(super) struct PatchReader<'a> {
    masks: Vec<&'a [u8]>,
    uses: std::vec::IntoIter<usize>,
    chunks: Vec<Option<ChunkReader<'a>>>,
}

impl<'a> PatchReader<'a> {
    /// Reads the block of `count` patches off `reader`; for no patches there is none.
    pub(super) fn read(reader: &mut Reader<'a>, count: usize) -> Result<PatchReader<'a>, Flaw> {
        if count == 0 {
            return Ok(PatchReader { masks: Vec::new(), uses: Vec::new().into_iter(), chunks: Vec::new() });
        }
        let columns = reader.length()?;
        let mask_count = reader.length()?;
        if columns > MOST_COLUMNS || mask_count > count || mask_count == 0 {
            return Err(Flaw::Shape("a patch block has more columns or masks than it can have"));
        }
        let width = columns.div_ceil(8);
        let mut masks = Vec::with_capacity(mask_count.min(reader.rest().len()));
        for _ in 0..mask_count {
            masks.push(reader.take(width)?);
        }
        let mut uses = vec![0; count];
        if mask_count > 1 {
            for mask in &mut uses {
                *mask = reader.length()?;
            }
        }
        let mut times = vec![0usize; mask_count];
        for &mask in &uses {
            *times.get_mut(mask).ok_or(Flaw::Shape("a patch has a mask that is not there"))? += 1;
        }
        let mut chunks = Vec::with_capacity(columns);
        for column in 0..columns {
            let replaced = masks.iter().zip(&times).filter(|(mask, _)| has(mask, column)).map(|(_, times)| times).sum();
            chunks.push(if replaced == 0 { None } else { Some(ChunkReader::read(reader, replaced)?) });
        }
        Ok(PatchReader { masks, uses: uses.into_iter(), chunks })
    }

    /// Appends the next patched row, made of `old`, to `out`.
    pub(super) fn apply(&mut self, old: &[u8], out: &mut Vec<u8>) -> Result<(), Flaw> {
        let mask =
            self.uses.next().and_then(|mask| self.masks.get(mask)).ok_or(Flaw::Shape("there are too few patches"))?;
        let mut values = RowReader::new(old);
        let mut writer = RowWriter::new(out);
        for (column, chunk) in self.chunks.iter_mut().enumerate() {
            let value = values.next_value()?.ok_or(Flaw::Shape("a patched row has too few columns"))?;
            match chunk {
                Some(chunk) if has(mask, column) => writer.value(chunk.next_value()?),
                _ => writer.value(value),
            }
        }
        match values.next_value()? {
            None => Ok(()),
            Some(_) => Err(Flaw::Shape("a patched row has too many columns")),
        }
    }
}

fn has(mask: &[u8], column: usize) -> bool {
    mask[column / 8] & 1 << (column % 8) != 0
}

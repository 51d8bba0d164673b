//! Rows in memory with an index that is sorted in their stead.

use super::Record;
use crate::codec::KeySpec;
use crate::tree::TreeError;

/// Where a record is: the key at `start`, the row after it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Eight bytes of the key after what all keys share; set when sorting.
    prefix: u64,
    start: usize,
    key_len: u32,
    row_len: u32,
    count: u32,
}

/// Keys and rows, one after the other, and where they are.
#[derive(Debug, Default)]
pub(in crate::tree) struct Arena {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// Bytes that all keys begin with.
    shared: usize,
    /// Whether a key was not above the key before it.
    unordered: bool,
}

impl Arena {
    pub(in crate::tree) fn push(&mut self, spec: &KeySpec, row: &[u8]) -> Result<(), TreeError> {
        let start = self.bytes.len();
        spec.key_of(row, &mut self.bytes)?;
        self.end_entry(start, row)
    }

    /// Adds the row to the key that begins at `start`.
    fn end_entry(&mut self, start: usize, row: &[u8]) -> Result<(), TreeError> {
        let too_long = |_| TreeError::RowTooLong(row.len() as u64);
        let key_len = u32::try_from(self.bytes.len() - start).map_err(too_long)?;
        let row_len = u32::try_from(row.len()).map_err(too_long)?;
        let key = &self.bytes[start..];
        if let (Some(first), Some(last)) = (self.slots.first(), self.slots.last()) {
            self.unordered |= self.key_of_slot(last) >= key;
            let first = &self.bytes[first.start..first.start + self.shared];
            if !key.starts_with(first) {
                self.shared = first.iter().zip(key).take_while(|(a, b)| a == b).count();
            }
        } else {
            self.shared = key.len();
        }
        self.bytes.extend_from_slice(row);
        self.slots.push(Slot { prefix: 0, start, key_len, row_len, count: 1 });
        Ok(())
    }

    pub(in crate::tree) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(in crate::tree) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of memory in use.
    pub(in crate::tree) fn bytes(&self) -> usize {
        self.bytes.len() + self.slots.len() * size_of::<Slot>()
    }

    /// Empties it and keeps its buffers, unless a long row made them larger than `most`.
    pub(in crate::tree) fn recycled(mut self, most: usize) -> Arena {
        if self.bytes.capacity() > most + most / 4 {
            return Arena::default();
        }
        self.bytes.clear();
        self.slots.clear();
        Arena { bytes: self.bytes, slots: self.slots, shared: 0, unordered: false }
    }

    /// Sorts the records by key, equal rows of a multiset becoming one; nothing to do if they came in order.
    ///
    /// # Errors
    /// [`TreeError::DuplicateKey`] if two rows have the same key and it is not a multiset.
    pub(in crate::tree) fn sort(&mut self, multiset: bool) -> Result<(), TreeError> {
        if !self.unordered {
            return Ok(());
        }
        let (bytes, shared) = (&self.bytes, self.shared);
        for slot in &mut self.slots {
            let key = &bytes[slot.start..slot.start + slot.key_len as usize];
            slot.prefix = prefix(key.get(shared..).unwrap_or_default());
        }
        let key = |slot: &Slot| &bytes[slot.start..slot.start + slot.key_len as usize];
        self.slots.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(key(b))));
        self.unordered = false;
        let before = self.slots.len();
        self.slots.dedup_by(|later, first| {
            let is_equal = later.prefix == first.prefix && key(later) == key(first);
            // Fewer than 2^32 records fit an arena: each takes more than a byte.
            first.count += if is_equal { later.count } else { 0 };
            is_equal
        });
        if self.slots.len() < before && !multiset { Err(TreeError::DuplicateKey) } else { Ok(()) }
    }

    fn key_of_slot(&self, slot: &Slot) -> &[u8] {
        &self.bytes[slot.start..slot.start + slot.key_len as usize]
    }

    /// The record at `index` in the order sorted.
    pub(in crate::tree) fn record(&self, index: usize) -> Option<Record<'_>> {
        let slot = self.slots.get(index)?;
        let row = slot.start + slot.key_len as usize;
        let (key, row) = (&self.bytes[slot.start..row], &self.bytes[row..row + slot.row_len as usize]);
        Some(Record { key, row, count: u64::from(slot.count), id: None })
    }
}

/// The first eight bytes as a number that compares as they do; what is not there is 0, and a tie is for the rest to
/// break.
pub(in crate::tree) fn prefix(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => {
            let mut padded = [0u8; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(padded)
        }
    }
}

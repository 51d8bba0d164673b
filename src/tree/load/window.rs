//! Rows that come nearly in key order, put in order before they are built.
//!
//! Databases seldom give rows exactly in the order of their keys even where they were inserted so: a row fills a gap in
//! an earlier page, ids of one millisecond are shuffled. So some megabytes of the highest keys are always held back.

use super::RowBatch;
use crate::codec::KeySpec;
use crate::tree::sort::{Record, prefix};
use crate::tree::{Builder, TreeError};

/// Bytes of rows that are taken in before any is built, and those that are held back then.
const FRESH: usize = 4 << 20;
const HELD: usize = 2 << 20;
/// Bytes of batches that rows held back may keep alive; with more, these rows are copied.
const KEPT: usize = 8 << 20;

/// Rows on their way to a builder. They stay in the batches they came in.
#[derive(Default)]
pub(super) struct Window {
    batches: Vec<RowBatch>,
    keys: Vec<u8>,
    /// In key order.
    held: Vec<Slot>,
    /// As they came, until they are sorted.
    fresh: Vec<Slot>,
    held_bytes: usize,
    fresh_bytes: usize,
    /// Whether a key was not above the key before it.
    unordered: bool,
    spare: Vec<RowBatch>,
}

/// Where a row and its key are.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Eight bytes of the key after what all keys share; set when sorting.
    prefix: u64,
    key: usize,
    key_len: u32,
    len: u32,
    start: usize,
    batch: usize,
}

/// What became of rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// They are in order.
    InOrder,
    /// One has a key below one that is built already.
    TooLate,
}

impl Window {
    /// Adds rows; says whether it is time to pass some on.
    pub(super) fn push(&mut self, spec: &KeySpec, batch: RowBatch) -> Result<bool, TreeError> {
        let number = self.batches.len();
        let mut start = 0;
        for row in batch.rows() {
            let too_long = |_| TreeError::RowTooLong(row.len() as u64);
            let key = self.keys.len();
            spec.key_of(row, &mut self.keys)?;
            let key_len = u32::try_from(self.keys.len() - key).map_err(too_long)?;
            let len = u32::try_from(row.len()).map_err(too_long)?;
            if let Some(last) = self.fresh.last() {
                self.unordered |= self.key(last) >= &self.keys[key..];
            }
            self.fresh.push(Slot { prefix: 0, key, key_len, len, start, batch: number });
            self.fresh_bytes += key_len as usize + row.len();
            start += row.len();
        }
        self.batches.push(batch);
        Ok(self.fresh_bytes >= FRESH)
    }

    /// An emptied batch, if there is one.
    pub(super) fn spare(&mut self) -> Option<RowBatch> {
        self.spare.pop()
    }

    fn key(&self, slot: &Slot) -> &[u8] {
        &self.keys[slot.key..slot.key + slot.key_len as usize]
    }

    fn row(&self, slot: &Slot) -> &[u8] {
        self.batches[slot.batch].slice(slot.start, slot.len as usize)
    }

    /// Passes rows on to `builder`, the lowest keys first: all but the last few megabytes.
    pub(super) fn pass(&mut self, builder: &mut Builder<'_>) -> Result<Passed, TreeError> {
        self.pass_but(HELD, builder)
    }

    /// Passes all rows on.
    pub(super) fn pass_all(&mut self, builder: &mut Builder<'_>) -> Result<Passed, TreeError> {
        self.pass_but(0, builder)
    }

    fn pass_but(&mut self, hold: usize, builder: &mut Builder<'_>) -> Result<Passed, TreeError> {
        self.sort()?;
        if let (Some(first), Some(last)) = (self.fresh.first(), builder.last_key())
            && self.key(first) <= last
        {
            return if self.key(first) == last { Err(TreeError::DuplicateKey) } else { Ok(Passed::TooLate) };
        }
        let mut left = self.fresh_bytes + self.held_bytes;
        let (mut held, mut fresh) = (0, 0);
        let mut rest = Vec::new();
        self.held_bytes = 0;
        loop {
            let slot = match (self.held.get(held), self.fresh.get(fresh)) {
                (Some(old), Some(new)) if self.key(old) < self.key(new) => (*old, &mut held),
                (Some(old), None) => (*old, &mut held),
                (_, Some(new)) => (*new, &mut fresh),
                (None, None) => break,
            };
            *slot.1 += 1;
            let slot = slot.0;
            let bytes = slot.key_len as usize + slot.len as usize;
            if left > hold {
                left = left.saturating_sub(bytes);
                builder.push(self.key(&slot), self.row(&slot), 1)?;
            } else {
                self.held_bytes += bytes;
                rest.push(slot);
            }
        }
        self.keep(rest);
        Ok(Passed::InOrder)
    }

    fn sort(&mut self) -> Result<(), TreeError> {
        if !std::mem::take(&mut self.unordered) {
            return Ok(());
        }
        let keys = &self.keys;
        let key = |slot: &Slot| &keys[slot.key..slot.key + slot.key_len as usize];
        let first = self.fresh.first().map(key).unwrap_or_default();
        let common = |slot: &Slot| first.iter().zip(key(slot)).take_while(|(a, b)| a == b).count();
        let shared = self.fresh.iter().map(common).min().unwrap_or(0);
        for slot in &mut self.fresh {
            slot.prefix = prefix(key(slot).get(shared..).unwrap_or_default());
        }
        self.fresh.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(key(b))));
        let twice =
            self.fresh.windows(2).any(|pair| pair[0].prefix == pair[1].prefix && key(&pair[0]) == key(&pair[1]));
        if twice { Err(TreeError::DuplicateKey) } else { Ok(()) }
    }

    /// Keeps the rows at `rest`, which are in key order, and nothing else.
    fn keep(&mut self, mut rest: Vec<Slot>) {
        let mut keys = Vec::with_capacity(self.keys.len());
        let mut used = vec![false; self.batches.len()];
        for slot in &mut rest {
            used[slot.batch] = true;
            let key = keys.len();
            keys.extend_from_slice(&self.keys[slot.key..slot.key + slot.key_len as usize]);
            slot.key = key;
        }
        let alive: usize =
            self.batches.iter().zip(&used).filter(|(_, used)| **used).map(|(batch, _)| batch.bytes()).sum();
        if alive > KEPT.max(2 * self.held_bytes) {
            let mut copied = RowBatch::default();
            for slot in &mut rest {
                let start = copied.bytes();
                copied.push(self.batches[slot.batch].slice(slot.start, slot.len as usize));
                (slot.start, slot.batch) = (start, self.batches.len());
            }
            self.batches.push(copied);
            used.fill(false);
            used.push(true);
        }
        let mut places = vec![0; used.len()];
        let (mut kept, mut number) = (Vec::new(), 0);
        for (at, batch) in std::mem::take(&mut self.batches).into_iter().enumerate() {
            if used[at] {
                places[at] = number;
                number += 1;
                kept.push(batch);
            } else if self.spare.len() < 8
                && let Some(spare) = batch.recycled()
            {
                self.spare.push(spare);
            }
        }
        for slot in &mut rest {
            slot.batch = places[slot.batch];
        }
        self.batches = kept;
        self.keys = keys;
        self.held = rest;
        self.fresh.clear();
        self.fresh_bytes = 0;
    }

    /// The rows that were not passed on, in no order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let slots = self.held.iter().chain(&self.fresh);
        slots.map(|slot| Record { key: self.key(slot), row: self.row(slot), count: 1, id: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{KeyOrder, RowReader, Value, ValueRef, row};

    /// Every batch begins with a row of a key above all others: rows held back do not keep every batch alive.
    #[test]
    fn rows_held_back_do_not_keep_all_batches() {
        let spec = KeySpec::columns(vec![(0, KeyOrder::Storage)]);
        let mut window = Window::default();
        let text = Value::Text(vec![b'x'; 1000]);
        for round in 0..64i64 {
            let mut batch = RowBatch::new();
            batch.push(&row::encode(&[Value::Int(1 << 40 | round), text.clone()]));
            for at in 0..1000 {
                batch.push(&row::encode(&[Value::Int(round * 1000 + at), text.clone()]));
            }
            window.push(&spec, batch).unwrap();
            window.sort().unwrap();
            let is_high = |slot: &&Slot| matches!(RowReader::new(window.row(slot)).next_value(), Ok(Some(ValueRef::Int(id))) if id >= 1 << 40);
            let mut rest: Vec<Slot> = window.fresh.iter().chain(&window.held).filter(is_high).copied().collect();
            rest.sort_by(|a, b| window.key(a).cmp(window.key(b)));
            window.held_bytes = rest.len() * 1010;
            window.keep(rest);
            assert!(window.batches.iter().map(RowBatch::bytes).sum::<usize>() <= KEPT + RowBatch::BYTES);
        }
        let keys: Vec<&[u8]> = window.records().map(|record| record.key).collect();
        assert!(keys.len() == 64 && keys.windows(2).all(|pair| pair[0] < pair[1]));
        for record in window.records() {
            let mut key = Vec::new();
            spec.key_of(record.row, &mut key).unwrap();
            assert_eq!(key, record.key);
        }
    }
}

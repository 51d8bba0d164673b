//! Rows that come nearly in key order, put in order before they are built.
//!
//! Databases seldom give rows exactly in the order of their keys even where they were inserted so: a row fills a gap in an
//! earlier page, ids of one millisecond are shuffled. So some megabytes of the highest keys are always held back.

use crate::codec::KeySpec;
use crate::tree::sort::{Arena, Record};
use crate::tree::{Builder, TreeError};

/// Bytes of rows that are taken in before any is built, and those that are held back then.
const FRESH: usize = 4 << 20;
const HELD: usize = 2 << 20;

/// Rows on their way to a builder.
pub(super) struct Window {
    /// In key order.
    held: Arena,
    /// As they came.
    fresh: Arena,
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
    /// A window with rows as they came.
    pub(super) fn new(fresh: Arena) -> Window {
        Window { held: Arena::default(), fresh }
    }

    /// Adds a row; says whether it is time to pass some on.
    pub(super) fn push(&mut self, spec: &KeySpec, row: &[u8]) -> Result<bool, TreeError> {
        self.fresh.push(spec, row)?;
        Ok(self.fresh.bytes() >= FRESH)
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
        self.fresh.sort(false)?;
        if let (Some(first), Some(last)) = (self.fresh.record(0), builder.last_key())
            && first.key <= last
        {
            return if first.key == last { Err(TreeError::DuplicateKey) } else { Ok(Passed::TooLate) };
        }
        let mut left = self.fresh.bytes() + self.held.bytes();
        let (mut held, mut fresh) = (0, 0);
        let mut rest = Arena::default();
        loop {
            let record = match (self.held.record(held), self.fresh.record(fresh)) {
                (Some(old), Some(new)) if old.key < new.key => (old, &mut held),
                (Some(old), None) => (old, &mut held),
                (_, Some(new)) => (new, &mut fresh),
                (None, None) => break,
            };
            *record.1 += 1;
            let record = record.0;
            if left > hold {
                left = left.saturating_sub(record.key.len() + record.row.len());
                builder.push(record.key, record.row, record.count)?;
            } else {
                rest.push_record(record)?;
            }
        }
        self.fresh = std::mem::take(&mut self.held).recycled(FRESH + HELD);
        self.held = rest;
        Ok(Passed::InOrder)
    }

    /// The rows that were not passed on, in no order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let held = (0..self.held.len()).filter_map(|index| self.held.record(index));
        held.chain((0..self.fresh.len()).filter_map(|index| self.fresh.record(index)))
    }
}

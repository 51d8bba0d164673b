//! What a table is to become: the snapshot's rows in the shape of the live table, and of them only those that are asked
//! for.
//!
//! Where the snapshot's rows are rows of the live table as they are, and all of them are wanted, its tree is the
//! projection. Otherwise both trees are walked side by side and a third one is made, which nobody keeps.

use super::drift::ColumnSource;
use crate::codec::row::TAG_NULL;
use crate::codec::{KeySpec, RowReader};
use crate::db::Filter;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::waiting::{Kept, Matching, Versions, Waiting, held};
use crate::store::NewObjects;
use crate::tree::{BuildOptions, Cursor, LoadOptions, Loader, RowBatch};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::path::Path;

/// Takes rows that wait.
type Settle<'p> = dyn FnMut(&mut Waiting) -> Result<(), OpError> + 'p;

/// Which rows are wanted; a row that changed is if either version is.
#[derive(Default)]
pub(super) struct Selection {
    /// Only rows for which this holds.
    pub condition: Option<Filter>,
    /// Only the row with this key.
    pub key: Option<Vec<u8>>,
}

impl Selection {
    /// Whether all rows are wanted.
    pub fn is_all(&self) -> bool {
        self.condition.is_none() && self.key.is_none()
    }
}

/// How the snapshot's rows become rows of the live table.
pub(super) struct Projection {
    /// For each live column where its values come from.
    pub origins: Vec<ColumnSource>,
    /// Which rows are wanted.
    pub selection: Selection,
    /// Whether rows that are gone stay gone.
    pub only_present: bool,
    /// How rows of the snapshot and live ones are keyed.
    pub specs: (KeySpec, KeySpec),
    /// Columns of the snapshot.
    pub columns: usize,
}

/// What making the tree needs.
pub(super) struct Making<'m> {
    pub objects: &'m dyn NewObjects,
    pub scratch: &'m Path,
    pub monitor: &'m dyn Monitor,
    /// Tells which rows are wanted.
    pub matching: &'m mut Matching<'m>,
}

impl Projection {
    /// The tree of what the table is to become; live rows that are not wanted stand in it as they are. `snapshot` and
    /// `live` are the roots of both tables.
    ///
    /// # Errors
    /// If an object or a row cannot be read, the database cannot tell whether a row is wanted, or the disk refuses.
    pub fn tree(&self, making: Making<'_>, snapshot: &Hash, live: &Hash) -> Result<Hash, OpError> {
        let options = LoadOptions {
            build: BuildOptions::new(making.monitor),
            scratch: making.scratch,
            budget: 16 << 20,
            trial: None,
        };
        std::thread::scope(|scope| {
            let mut loader = Loader::new(scope, making.objects, &self.specs.1, &[*live, *snapshot], options);
            let was = Cursor::new(making.objects, &self.specs.0, snapshot)?;
            let now = Cursor::new(making.objects, &self.specs.1, live)?;
            let mut waiting = Waiting::new(making.scratch);
            let mut settle = |waiting: &mut Waiting| {
                for kept in self.settled(&waiting.take(), making.matching)? {
                    for _ in 0..kept.count {
                        match kept.row()? {
                            Cow::Borrowed(row) => loader.push(row)?,
                            Cow::Owned(row) => drop(loader.push_batch(RowBatch::of(row))?),
                        }
                    }
                }
                if making.monitor.interrupted() { Err(OpError::Interrupted) } else { Ok(()) }
            };
            if self.specs.1.is_multiset() {
                self.both(was, now, &mut waiting, &mut settle)?;
            } else {
                self.side_by_side(was, now, &mut waiting, &mut settle)?;
            }
            settle(&mut waiting)?;
            Ok(loader.finish()?.built.root)
        })
    }

    /// Tables without a key: rows of the one, then those of the other.
    fn both(
        &self,
        mut was: Cursor<'_>,
        mut now: Cursor<'_>,
        waiting: &mut Waiting,
        settle: &mut Settle<'_>,
    ) -> Result<(), OpError> {
        while let Some(entry) = was.next_entry()? {
            waiting.push(Some((entry, &self.translated(entry.row, None)?)), None)?;
            was.forget();
            settle_if_full(waiting, settle)?;
        }
        while let Some(entry) = now.next_entry()? {
            waiting.push(None, Some((entry, &[entry.row])))?;
            now.forget();
            settle_if_full(waiting, settle)?;
        }
        Ok(())
    }

    fn side_by_side(
        &self,
        mut was: Cursor<'_>,
        mut now: Cursor<'_>,
        waiting: &mut Waiting,
        settle: &mut Settle<'_>,
    ) -> Result<(), OpError> {
        let (mut old, mut live) = (was.next_entry()?, now.next_entry()?);
        loop {
            let order = match (&old, &live) {
                (Some(old), Some(live)) => old.key.cmp(live.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let beside = live.filter(|_| order != Ordering::Less);
            let row = [beside.map_or(&[][..], |live| live.row)];
            let from = old.filter(|_| order != Ordering::Greater);
            let parts = from.map(|old| self.translated(old.row, beside.map(|live| live.row))).transpose()?;
            waiting.push(from.zip(parts.as_deref()), beside.map(|live| (live, &row[..])))?;
            // Long rows are not held beside what is done with them.
            match order {
                Ordering::Less => {
                    was.forget();
                    settle_if_full(waiting, settle)?;
                    old = was.next_entry()?;
                }
                Ordering::Greater => {
                    now.forget();
                    settle_if_full(waiting, settle)?;
                    live = now.next_entry()?;
                }
                Ordering::Equal => {
                    was.forget();
                    now.forget();
                    settle_if_full(waiting, settle)?;
                    (old, live) = (was.next_entry()?, now.next_entry()?);
                }
            }
        }
    }

    /// What the table is to have of these rows.
    fn settled<'r>(&self, rows: &'r [Versions], matching: &mut Matching<'_>) -> Result<Vec<&'r Kept>, OpError> {
        let has_key = |kept: &Kept| self.selection.key.as_ref().is_none_or(|wanted| *wanted == kept.key);
        let is_same = |both: &Versions| matches!(both, (Some(was), Some(now)) if was.is_same_row(now));
        let wanted = match &self.selection.condition {
            Some(_) => held(rows, matching, |kept, both| has_key(kept) && !is_same(both))?,
            None => {
                rows.iter().map(|(was, now)| [was, now].map(|row| row.as_ref().is_some_and(has_key)).into()).collect()
            }
        };
        let stays_gone = self.only_present && !self.specs.1.is_multiset();
        let settle = |((was, now), (was_wanted, now_wanted)): (&'r Versions, (bool, bool))| match (was, now) {
            (Some(was), Some(_)) if was_wanted || now_wanted => Some(was),
            (Some(was), None) if was_wanted && !stays_gone => Some(was),
            (_, Some(now)) if !now_wanted => Some(now),
            _ => None,
        };
        Ok(rows.iter().zip(wanted).filter_map(settle).collect())
    }

    /// A row of the snapshot as a row of the live table, value by value. Columns that it does not give are those of
    /// `live`, or NULL.
    fn translated<'r>(&self, row: &'r [u8], live: Option<&'r [u8]>) -> Result<Vec<&'r [u8]>, OpError> {
        let values = RowReader::parts(row, self.columns)?;
        let kept = live.map(|live| RowReader::parts(live, self.origins.len())).transpose()?.unwrap_or_default();
        let value = |(at, origin): (usize, &ColumnSource)| match origin {
            ColumnSource::Snapshot(position) => values.get(*position).copied(),
            ColumnSource::Kept => kept.get(at).copied(),
        };
        Ok(self.origins.iter().enumerate().map(|origin| value(origin).unwrap_or(&[TAG_NULL])).collect())
    }
}

fn settle_if_full(waiting: &mut Waiting, settle: &mut Settle<'_>) -> Result<(), OpError> {
    if waiting.is_full() { settle(waiting) } else { Ok(()) }
}

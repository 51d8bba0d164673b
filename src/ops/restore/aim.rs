//! What a table is to become: the snapshot's rows in the shape of the live table, and of them only those that are asked for.
//!
//! Where the snapshot's rows are rows of the live table as they are, and all of them are wanted, its tree is the aim. Otherwise
//! both trees are walked side by side and a third one is made, which nobody keeps.

use super::drift::Origin;
use crate::codec::{KeySpec, RowReader, RowWriter, ValueRef};
use crate::db::sqlite::Condition;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::store::NewObjects;
use crate::tree::{BuildOptions, Cursor, Entry, LoadOptions, Loader};
use std::cmp::Ordering;
use std::path::Path;

/// Takes a row, so many times.
type Push<'p> = dyn FnMut(&[u8], u64) -> Result<(), OpError> + 'p;

/// Which rows are wanted; a row that changed is if either version is.
#[derive(Default)]
pub(super) struct Selection {
    /// Only rows for which this holds.
    pub condition: Option<Condition>,
    /// Only the row with this key.
    pub key: Option<Vec<u8>>,
}

impl Selection {
    /// Whether all rows are wanted.
    pub fn is_all(&self) -> bool {
        self.condition.is_none() && self.key.is_none()
    }

    fn takes(&self, key: &[u8], row: &[u8], columns: usize) -> Result<bool, OpError> {
        if self.key.as_ref().is_some_and(|wanted| wanted != key) {
            return Ok(false);
        }
        match &self.condition {
            Some(condition) => Ok(condition.holds(&RowReader::values(row, columns)?)?),
            None => Ok(true),
        }
    }
}

/// How the snapshot's rows become rows of the live table.
pub(super) struct Aim {
    /// For each live column where its values come from.
    pub origins: Vec<Origin>,
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
}

impl Aim {
    /// The tree of what the table is to become; live rows that are not wanted stand in it as they are. `snapshot` and `live` are
    /// the roots of both tables.
    ///
    /// # Errors
    /// If an object or a row cannot be read, or the disk refuses.
    pub fn tree(&self, making: &Making<'_>, snapshot: &Hash, live: &Hash) -> Result<Hash, OpError> {
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
            let mut push =
                |row: &[u8], count: u64| (0..count).try_for_each(|_| loader.push(row)).map_err(OpError::from);
            if self.specs.1.is_multiset() {
                self.both(was, now, &mut push)?
            } else {
                self.side_by_side(was, now, &mut push)?
            }
            Ok(loader.finish()?.built.root)
        })
    }

    /// Tables without a key: rows of the one, then those of the other.
    fn both(&self, mut was: Cursor<'_>, mut now: Cursor<'_>, push: &mut Push<'_>) -> Result<(), OpError> {
        let mut row = Vec::new();
        while let Some(entry) = was.next_entry()? {
            self.translate(entry.row, None, &mut row)?;
            if self.selection.takes(&[], &row, self.origins.len())? {
                push(&row, entry.count)?;
            }
        }
        while let Some(entry) = now.next_entry()? {
            if !self.selection.is_all() && !self.selection.takes(&[], entry.row, self.origins.len())? {
                push(entry.row, entry.count)?;
            }
        }
        Ok(())
    }

    fn side_by_side(&self, mut was: Cursor<'_>, mut now: Cursor<'_>, push: &mut Push<'_>) -> Result<(), OpError> {
        let (mut old, mut live) = (was.next_entry()?, now.next_entry()?);
        let mut row = Vec::new();
        loop {
            let order = match (&old, &live) {
                (Some(old), Some(live)) => old.key.cmp(live.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            if let (Ordering::Less | Ordering::Equal, Some(entry)) = (order, &old) {
                let beside = live.as_ref().filter(|_| order == Ordering::Equal);
                self.translate(entry.row, beside.map(|live| live.row), &mut row)?;
                if let Some(row) = self.choose(entry.key, &row, beside)? {
                    push(row, 1)?;
                }
            } else if let Some(entry) = &live
                && !self.takes(entry.key, entry.row)?
            {
                push(entry.row, 1)?;
            }
            if order != Ordering::Greater {
                old = was.next_entry()?;
            }
            if order != Ordering::Less {
                live = now.next_entry()?;
            }
        }
    }

    /// What the table is to have under a key that the snapshot has.
    fn choose<'r>(&self, key: &[u8], row: &'r [u8], live: Option<&Entry<'r>>) -> Result<Option<&'r [u8]>, OpError> {
        let wanted = self.takes(key, row)?;
        Ok(match live {
            Some(live) if wanted || self.takes(key, live.row)? => Some(row),
            Some(live) => Some(live.row),
            None => (wanted && !self.only_present).then_some(row),
        })
    }

    fn takes(&self, key: &[u8], row: &[u8]) -> Result<bool, OpError> {
        self.selection.takes(key, row, self.origins.len())
    }

    /// A row of the snapshot as a row of the live table. Columns that it does not give are those of `live`, or NULL.
    fn translate(&self, row: &[u8], live: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), OpError> {
        let values = RowReader::values(row, self.columns)?;
        let kept = live.map(|live| RowReader::values(live, self.origins.len())).transpose()?.unwrap_or_default();
        out.clear();
        let mut writer = RowWriter::new(out);
        for (at, origin) in self.origins.iter().enumerate() {
            let value = match origin {
                Origin::Snapshot(position) => values.get(*position),
                Origin::Kept => kept.get(at),
            };
            writer.value(value.copied().unwrap_or(ValueRef::Null));
        }
        Ok(())
    }
}

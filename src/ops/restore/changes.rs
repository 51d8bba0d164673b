//! The changes that turn a live table into what the restore promises, and a digest by which they are verified.

use super::spool::Spool;
use super::{Mode, PlannedTable};
use crate::codec::KeySpec;
use crate::hash::{Hash, Hasher};
use crate::ops::OpError;
use crate::ops::difference::each_difference;
use crate::store::Objects;
use crate::tree::{Differences, Entry};
use std::path::Path;

/// The trees that are compared.
pub(super) struct Sides {
    /// The live table.
    pub live: Hash,
    /// The live table within the snapshot's filter, if the snapshot has one and rows may be deleted.
    pub live_in_filter: Option<Hash>,
    /// The snapshot.
    pub snapshot: Hash,
    /// What differs between the live table and another tree, if it was noted when that table was captured.
    pub noted: Option<Differences>,
}

/// The changes to one table.
pub(super) struct Changes {
    /// Live rows to delete.
    pub delete: Spool,
    /// Rows of the snapshot whose key is live with other values.
    pub update: Spool,
    /// Rows of the snapshot that are not live.
    pub insert: Spool,
    /// Live rows that differ from the snapshot or are not in it, and stay.
    pub left: u64,
    /// Rows that are the same.
    pub same: u64,
    /// Rows of the live table.
    pub live_rows: u64,
    /// What identifies the changes: equal for equal changes.
    pub digest: Hash,
    /// What the digest is made of.
    pub tally: Digest,
}

impl Changes {
    /// Rows to be written.
    pub fn rows(&self) -> u64 {
        self.delete.rows() + self.update.rows() + self.insert.rows()
    }

    /// Compares the trees and collects what `mode` writes. Only leaves that differ are read.
    ///
    /// # Errors
    /// If an object cannot be read, or the disk refuses.
    pub fn collect(
        objects: &dyn Objects,
        spec: &KeySpec,
        sides: &Sides,
        rows: (u64, u64),
        mode: Mode,
        scratch: &Path,
    ) -> Result<Changes, OpError> {
        let mut collecting = Collecting {
            changes: Changes {
                delete: Spool::new(scratch)?,
                update: Spool::new(scratch)?,
                insert: Spool::new(scratch)?,
                left: 0,
                same: 0,
                live_rows: rows.0,
                digest: Hash::of(b""),
                tally: Digest::default(),
            },
            mode,
            // Rows outside the filter are not the snapshot's to delete.
            deletes: mode == Mode::Exact && sides.live_in_filter.is_none(),
            changed_live: 0,
        };
        each_difference(objects, spec, &sides.live, &sides.snapshot, sides.noted.as_ref(), |before, after| {
            collecting.take(before, after).map(|()| true)
        })?;
        if let (Mode::Exact, Some(live)) = (mode, &sides.live_in_filter) {
            each_difference(objects, spec, live, &sides.snapshot, None, |before, after| {
                collecting.take_within_filter(before, after).map(|()| true)
            })?;
        }
        let mut changes = collecting.changes;
        changes.same = changes.live_rows.saturating_sub(collecting.changed_live);
        changes.digest = changes.tally.finish();
        Ok(changes)
    }

    /// The counts as the plan shows them.
    pub fn describe(&self, table: String, rows: (u64, u64), notes: Vec<String>) -> PlannedTable {
        let (live_rows, snapshot_rows) = rows;
        PlannedTable {
            table,
            created: false,
            snapshot_rows,
            live_rows,
            insert: self.insert.rows(),
            update: self.update.rows(),
            delete: self.delete.rows(),
            unchanged: self.same,
            left: self.left,
            conflicts: 0,
            notes,
        }
    }
}

struct Collecting {
    changes: Changes,
    mode: Mode,
    deletes: bool,
    /// Live rows that the diff named: everything else is the same on both sides.
    changed_live: u64,
}

impl Collecting {
    fn take(&mut self, before: Option<Entry<'_>>, after: Option<Entry<'_>>) -> Result<(), OpError> {
        let live = before.map_or(0, |entry| entry.count);
        let wanted = after.map_or(0, |entry| entry.count);
        self.changed_live += live;
        match (before, after) {
            (Some(old), Some(new)) if old.id != new.id => {
                if self.mode == Mode::Missing {
                    self.changes.left += live;
                    return Ok(());
                }
                self.changes.update.push(new.row, 1)?;
                self.changes.tally.add(before, after);
            }
            // Copies of one row in a multiset: the same row on both sides, another number of times.
            (_, Some(new)) if wanted > live => {
                self.changed_live -= live;
                self.changes.insert.push(new.row, wanted - live)?;
                self.changes.tally.add(before, after);
            }
            (Some(old), _) => {
                self.changed_live -= wanted;
                if self.deletes {
                    self.changes.delete.push(old.row, live - wanted)?;
                    self.changes.tally.add(before, after);
                } else {
                    self.changes.left += live - wanted;
                }
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// Deletes live rows that the filter matches and the snapshot has not.
    fn take_within_filter(&mut self, before: Option<Entry<'_>>, after: Option<Entry<'_>>) -> Result<(), OpError> {
        let Some(old) = before else { return Ok(()) };
        let wanted = after.map_or(0, |entry| entry.count);
        let changed = after.is_some_and(|new| new.id != old.id);
        if !changed && old.count > wanted {
            self.changes.delete.push(old.row, old.count - wanted)?;
            self.changes.left = self.changes.left.saturating_sub(old.count - wanted);
            self.changes.tally.add(before, after);
        }
        Ok(())
    }
}

/// The digest of a set of changes; the order in which they are added does not matter.
///
/// Each change (key, row before, row after, with counts) is hashed, and the hashes are added up in four 64-bit lanes.
#[derive(Default)]
pub(super) struct Digest {
    lanes: [u64; 4],
    changes: u64,
}

impl Digest {
    /// Adds one change.
    pub fn add(&mut self, before: Option<Entry<'_>>, after: Option<Entry<'_>>) {
        for (lane, word) in self.lanes.iter_mut().zip(Digest::of(before, after)) {
            *lane = lane.wrapping_add(word);
        }
        self.changes += 1;
    }

    /// Takes a change that was added out again.
    pub fn remove(&mut self, before: Option<Entry<'_>>, after: Option<Entry<'_>>) {
        for (lane, word) in self.lanes.iter_mut().zip(Digest::of(before, after)) {
            *lane = lane.wrapping_sub(word);
        }
        self.changes -= 1;
    }

    /// What one change adds to the lanes.
    fn of(before: Option<Entry<'_>>, after: Option<Entry<'_>>) -> [u64; 4] {
        let key = before.or(after).map_or(&[][..], |entry| entry.key);
        let mut hasher = Hasher::new();
        hasher.update(&(key.len() as u64).to_le_bytes()).update(key);
        for version in [before, after] {
            match version {
                Some(version) => {
                    hasher.update(&version.count.to_le_bytes()).update(version.id.as_bytes());
                }
                None => {
                    hasher.update(&0u64.to_le_bytes());
                }
            }
        }
        words(&hasher.finish())
    }

    /// Puts an added row in the place of another with the same key.
    pub fn replace_added(&mut self, key: &[u8], old: &[u8], new: &[u8]) {
        let entry = |row| Entry { key, id: Hash::of(row), row, count: 1 };
        self.remove(None, Some(entry(old)));
        self.add(None, Some(entry(new)));
    }

    /// The digest of everything added.
    pub fn finish(&self) -> Hash {
        let mut hasher = Hasher::new();
        hasher.update(&self.changes.to_le_bytes());
        for lane in self.lanes {
            hasher.update(&lane.to_le_bytes());
        }
        hasher.finish()
    }
}

/// A hash as four numbers.
fn words(hash: &Hash) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(hash.as_bytes().as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The digest of everything that differs between two trees, `noted` or read.
///
/// # Errors
/// If an object cannot be read.
pub(super) fn digest_between(
    objects: &dyn Objects,
    spec: &KeySpec,
    before: &Hash,
    after: &Hash,
    noted: Option<&Differences>,
) -> Result<Hash, OpError> {
    let mut digest = Digest::default();
    each_difference(objects, spec, before, after, noted, |before, after| {
        digest.add(before, after);
        Ok::<bool, OpError>(true)
    })?;
    Ok(digest.finish())
}

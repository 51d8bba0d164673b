//! Undoing the run of a command: what it changed goes back, row by row, where nobody has changed the row since.
//!
//! Of each row there are three versions: before the command, after it, and live. The rows that differ between the first
//! two are looked at, and no others. A row that is live as it was after the command becomes what it was before; one that
//! is that already stays; every other one is a conflict, and stays too unless it is forced. So is one whose unique value
//! another row has that stays: that one cannot be forced.

use super::changes::Changes;
use super::mismatches::key_of;
use super::spool::Spool;
use super::{Conflict, PlannedTable};
use crate::codec::{Engine, KeySpec, TableName, TableSchema};
use crate::db::{Snapshot, TableId};
use crate::hash::Hash;
use crate::ops::OpError;
use crate::ops::difference::{Pair, Pairs};
use crate::prisma::{FieldNames, RecordEncoder};
use crate::store::Objects;
use crate::tree::{Differences, Entry};
use std::collections::BTreeSet;
use std::path::Path;

/// Conflicts of a table that a plan lists; all are counted.
const LISTED: usize = 100;
/// Bytes of the longest row that a conflict shows.
const SHOWN: usize = 16 << 10;

/// The three versions of a table.
pub(super) struct Versions {
    pub before: Hash,
    pub after: Hash,
    pub live: Hash,
    /// What differs between the last two, if it was noted.
    pub noted: Option<Differences>,
}

/// How rows of a table are read and shown.
pub(super) struct Shape<'s> {
    pub engine: Engine,
    pub schema: &'s TableSchema,
    pub spec: &'s KeySpec,
    pub names: &'s dyn FieldNames,
}

/// The keys of rows that are treated in another way than the three versions say.
#[derive(Clone, Copy)]
pub(super) struct Exceptions<'e> {
    /// They go back, whatever became of them.
    pub forced: &'e BTreeSet<Vec<u8>>,
    /// They stay: other rows have what must be unique.
    pub taken: &'e BTreeSet<Vec<u8>>,
}

/// What goes back in a table, and what does not.
pub(super) struct Undone {
    pub changes: Changes,
    /// The first conflicts.
    pub conflicts: Vec<Conflict>,
    /// How many there are.
    pub conflicting: u64,
}

/// Compares the three versions of a table.
///
/// # Errors
/// If an object cannot be read, the disk refuses, or the command did not change a row that is `forced`.
pub(super) fn compare(
    objects: &dyn Objects,
    shape: &Shape<'_>,
    versions: &Versions,
    Exceptions { forced, taken }: Exceptions<'_>,
    live_rows: u64,
    scratch: &Path,
) -> Result<Undone, OpError> {
    let mut undone = Undone { changes: Changes::none(live_rows, scratch)?, conflicts: Vec::new(), conflicting: 0 };
    let mut kept = 0;
    let mut left: BTreeSet<&Vec<u8>> = forced.iter().collect();
    let mut of_run = Pairs::new(objects, shape.spec, &versions.before, &versions.after, None);
    let mut since = Pairs::new(objects, shape.spec, &versions.after, &versions.live, versions.noted.as_ref());
    let mut later = since.next_pair()?;
    while let Some((was, made)) = of_run.next_pair()? {
        let Some(key) = key((was, made)) else { continue };
        while later.and_then(self::key).is_some_and(|other| other < key) {
            later = since.next_pair()?;
        }
        let touched = later.filter(|later| self::key(*later) == Some(key));
        let live = touched.map_or(made, |(_, live)| live);
        let is_forced = left.remove(&key.to_vec());
        if is_same(live, was) {
            continue;
        }
        let is_taken = taken.contains(key);
        if (touched.is_none() || is_forced) && !is_taken {
            undone.changes.replace(live, was)?;
        } else {
            undone.conflicting += 1;
            kept += u64::from(live.is_some());
            if undone.conflicts.len() < LISTED {
                undone.conflicts.push(conflict(shape, [was, made, live], is_taken)?);
            }
        }
    }
    if !left.is_empty() {
        let table = &shape.schema.table;
        return Err(OpError::Usage(format!("the command did not change every row of {table} that --force names")));
    }
    let changes = &mut undone.changes;
    changes.same = live_rows.saturating_sub(changes.update.rows() + changes.delete.rows() + kept);
    changes.left = undone.conflicting;
    changes.digest = changes.tally.finish();
    Ok(undone)
}

impl Changes {
    /// Nothing yet.
    fn none(live_rows: u64, scratch: &Path) -> Result<Changes, OpError> {
        Ok(Changes {
            delete: Spool::new(scratch)?,
            update: Spool::new(scratch)?,
            insert: Spool::new(scratch)?,
            left: 0,
            same: 0,
            live_rows,
            digest: Hash::of(b""),
            tally: super::changes::Digest::default(),
        })
    }

    /// Adds the change of one row, or of the number of its copies.
    fn replace(&mut self, live: Option<Entry<'_>>, wanted: Option<Entry<'_>>) -> Result<(), OpError> {
        let (has, needs) = (live.map_or(0, |row| row.count), wanted.map_or(0, |row| row.count));
        match (live, wanted) {
            (Some(live), Some(wanted)) if live.id != wanted.id => self.update.push(wanted.row, 1)?,
            (_, Some(wanted)) if needs > has => self.insert.push(wanted.row, needs - has)?,
            (Some(live), _) => self.delete.push(live.row, has - needs)?,
            (None, _) => {}
        }
        self.tally.add(live, wanted);
        Ok(())
    }
}

fn key<'p>((old, new): Pair<'p>) -> Option<&'p [u8]> {
    old.or(new).map(|entry| entry.key)
}

fn is_same(one: Option<Entry<'_>>, other: Option<Entry<'_>>) -> bool {
    one.map(|row| (row.id, row.count)) == other.map(|row| (row.id, row.count))
}

/// A conflict as it is shown: the versions of the row before the command, after it, and now.
fn conflict(shape: &Shape<'_>, versions: [Option<Entry<'_>>; 3], taken: bool) -> Result<Conflict, OpError> {
    let row = versions.iter().flatten().next().map_or(&[][..], |entry| entry.row);
    let encoder = RecordEncoder::of_table(shape.engine, shape.schema, shape.names)?;
    let record = |entry: Option<Entry<'_>>| {
        let entry = entry.filter(|entry| entry.row.len() <= SHOWN)?;
        serde_json::from_str(&serde_json::to_string(&encoder.record(entry.row)).ok()?).ok()
    };
    let [before, after, live] = versions;
    Ok(Conflict {
        table: shape.schema.table.to_string(),
        key: key_of(shape.schema, row),
        deleted: live.is_none(),
        taken,
        before: record(before),
        after: record(after),
        live: record(live),
    })
}

impl Undone {
    /// Makes updates of the rows to be inserted for which the database has another row (see `rivals`), if that is one
    /// which the command left; if not, it is a conflict.
    ///
    /// # Errors
    /// If the database cannot tell, or the disk refuses.
    pub fn pair(
        &mut self,
        shape: &Shape<'_>,
        live: &mut dyn Snapshot,
        index: usize,
        scratch: &Path,
    ) -> Result<(), OpError> {
        if self.changes.insert.rows() == 0 || !live.has_rivals(TableId::at(index))? {
            return Ok(());
        }
        let deleted = self.changes.delete.hashes()?;
        let Undone { changes, conflicts, conflicting } = self;
        let mut kept = 0;
        changes.pair_where(live, (index, shape.spec), scratch, &mut |row, rival| {
            if deleted.contains(&Hash::of(rival)) {
                return Ok(true);
            }
            kept += 1;
            if conflicts.len() < LISTED {
                let entry = |row| Some(Entry { key: &[], id: Hash::of(row), row, count: 1 });
                conflicts.push(conflict(shape, [entry(row), None, entry(rival)], true)?);
            }
            Ok(false)
        })?;
        *conflicting += kept;
        changes.left = *conflicting;
        changes.same = changes.same.saturating_sub(kept);
        Ok(())
    }

    /// The counts as the plan shows them.
    pub fn describe(&self, table: &TableName, rows: (u64, u64), notes: Vec<String>) -> PlannedTable {
        PlannedTable { conflicts: self.conflicting, left: 0, ..self.changes.describe(table.to_string(), rows, notes) }
    }
}

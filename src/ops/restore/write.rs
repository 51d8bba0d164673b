//! Writing what differs, and the verification of it.

use super::Mode;
use super::cascade::nothing_else;
use super::changes::{Changes, Sides, digest_between};
use super::mismatches;
use super::perform::Work;
use super::verification::is_as_planned;
use crate::db::{RestoreTxn, TableId};
use crate::hash::Hash;
use crate::monitor::Step;
use crate::ops::OpError;
use crate::ops::capture::Capture;
use crate::store::Session;

/// How often rows that foreign keys took along are put right before that is given up.
const ROUNDS: u32 = 4;

impl Work<'_> {
    /// Deletes children first, then updates and inserts parents first.
    pub(super) fn write(&self, txn: &mut dyn RestoreTxn, changes: &mut [Changes]) -> Result<(), OpError> {
        for (index, changes) in changes.iter_mut().enumerate().rev() {
            if changes.delete.rows() > 0 {
                self.step("Deleting", index, changes.delete.rows());
                let mut rows = changes.delete.stream()?.watched(self.monitor);
                txn.delete(TableId::at(index), &mut rows).map_err(|error| rows.explain(error))?;
            }
        }
        for (index, changes) in changes.iter_mut().enumerate() {
            if changes.update.rows() > 0 {
                self.step("Updating", index, changes.update.rows());
                let mut rows = changes.update.stream()?.watched(self.monitor);
                txn.update(TableId::at(index), &mut rows).map_err(|error| rows.explain(error))?;
            }
            if changes.insert.rows() > 0 {
                self.step("Inserting", index, changes.insert.rows());
                let mut rows = changes.insert.stream()?.watched(self.monitor);
                txn.insert(TableId::at(index), &mut rows).map_err(|error| rows.explain(error))?;
            }
        }
        // not before every row is known: a sink may hold back rows that hang together, and counters are read from the
        // tables
        for index in 0..changes.len() {
            txn.advance_counters(TableId::at(index))?;
        }
        self.monitor.end();
        Ok(())
    }

    fn step(&self, verb: &str, index: usize, rows: u64) {
        let subject = self.targets.tables[index].entry.table.to_string();
        self.monitor.begin(&Step { verb, subject: &subject, rows: Some(rows), bytes: None });
    }

    /// Reads every table back inside the transaction: what differs from before must be the plan, no more and no less.
    /// Where the database can tell what was written, no more than that is read.
    ///
    /// Where foreign keys act, they may have taken rows of these tables along (the value that a row refers to has moved
    /// to another row); those are written once more, and everything is read again.
    pub(super) fn verify(
        &self,
        txn: &mut dyn RestoreTxn,
        before: &[Hash],
        changes: &mut [Changes],
    ) -> Result<(), OpError> {
        for round in 0.. {
            let session = self.store.session()?;
            let mismatched = self.mismatched(txn, &session, before, changes, round == 0)?;
            let Some((first, after)) = mismatched.first() else { return nothing_else(txn) };
            let is_other = |index: &usize| self.run.is_some() || self.targets.tables[*index].projection.is_some();
            let helpless = mismatched.iter().any(|(index, _)| is_other(index));
            if round == ROUNDS || helpless || !txn.foreign_keys_act() {
                let target = &self.targets.tables[*first];
                let rows = match self.run {
                    Some(_) => String::new(),
                    None => mismatches::in_words(&session, target, after, self.options.mode)?,
                };
                return Err(OpError::NotAsPlanned(format!(
                    "table {} is not what the plan says after writing it{rows} (a trigger, a rule or a default changed rows); \
                     everything was rolled back",
                    target.entry.table
                )));
            }
            let mut again = self.put_right(txn, &session, &mismatched)?;
            drop(session);
            txn.retry_detached();
            self.write(txn, &mut again)?;
        }
        Ok(())
    }

    /// Tables that are not what the plan says, and what they are. With `planned_only`, nothing but the plan was written
    /// yet.
    fn mismatched(
        &self,
        txn: &mut dyn RestoreTxn,
        session: &Session<'_>,
        before: &[Hash],
        changes: &mut [Changes],
        planned_only: bool,
    ) -> Result<Vec<(usize, Hash)>, OpError> {
        let capture = Capture {
            objects: session,
            scratch: self.store.scratch_dir(),
            storing: None,
            monitor: self.monitor,
            differences: true,
        };
        let mut mismatched = Vec::new();
        for (index, target) in self.targets.tables.iter().enumerate() {
            if planned_only {
                let Changes { delete, update, insert, .. } = &changes[index];
                self.step("Verifying", index, delete.rows() + update.rows() + insert.rows());
                if is_as_planned(txn, index, &mut changes[index], self.monitor)? {
                    self.monitor.end();
                    continue;
                }
            }
            self.step("Verifying", index, target.entry.rows);
            let after = capture.table(txn, index, &target.spec, &[before[index], target.entry.root])?;
            self.monitor.end();
            let noted = after.differences.as_ref();
            if digest_between(session, &target.spec, &before[index], &after.root, noted)? != changes[index].digest {
                mismatched.push((index, after.root));
            }
        }
        Ok(mismatched)
    }

    /// What still differs from the snapshot in tables whose rows do not match.
    fn put_right(
        &self,
        txn: &mut dyn RestoreTxn,
        session: &Session<'_>,
        mismatched: &[(usize, Hash)],
    ) -> Result<Vec<Changes>, OpError> {
        let scratch = self.store.scratch_dir();
        let mut all = Vec::with_capacity(self.targets.tables.len());
        for (index, target) in self.targets.tables.iter().enumerate() {
            let snapshot = target.entry.root;
            let live = mismatched.iter().find(|(at, _)| *at == index).map_or(snapshot, |(_, after)| *after);
            // of a filtered snapshot, no row was deleted that is not in it: nor is one now
            let mode = if target.filtered.is_some() { Mode::Upsert } else { self.options.mode };
            let sides = Sides { live, live_in_filter: None, snapshot, noted: None };
            let mut changes = Changes::collect(session, &target.spec, &sides, (0, target.entry.rows), mode, &scratch)?;
            changes.pair(txn, (index, &target.spec), mode, &scratch)?;
            all.push(changes);
        }
        Ok(all)
    }
}

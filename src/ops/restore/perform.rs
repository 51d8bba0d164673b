//! The restore itself: guards, plan, confirmation, safety snapshot, writing, verification, commit.

use super::changes::Changes;
use super::plan::{Prepared, Targets, prepare};
use super::undoing::{Outcome, Undoing};
use super::{CascadedRows, Mode, RestoreOptions, RestorePlan, RestoreReport, defaults, safety};
use crate::codec::{DanglingRows, TableName};
use crate::db::{Catalog, Commit, DbError, MayDangle, RestoreTxn, Sink, TableId};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::actor;
use crate::ops::plan::{Basis, Plan};
use crate::ops::publish::{Captured, Draft, Published, Taking, publish};
use crate::ops::repository::Repository;
use crate::ops::wording::counted;
use crate::snapshot::{Entry, History, Origin, Refs, SnapshotKind};
use crate::store::{Session, Store};

/// Safety snapshots that stay pinned; an older one is left to retention.
const SAFETY_PINS: usize = 5;
/// How the pin of a safety snapshot begins.
const SAFETY_REASON: &str = "safety: before restoring ";

/// A restore whose tables are chosen.
pub(super) struct Work<'w> {
    pub project: &'w Repository,
    pub store: &'w Store,
    pub history: &'w History,
    pub entry: &'w Entry,
    pub origin: &'w Origin,
    pub targets: Targets,
    pub header: RestorePlan,
    pub options: &'w RestoreOptions,
    pub catalog: &'w Catalog,
    /// The run of a command that is undone, if it is that.
    pub run: Option<Undoing<'w>>,
    pub monitor: &'w dyn Monitor,
}

impl Work<'_> {
    /// Plans without locks: nobody is kept waiting while a person reads.
    ///
    /// # Errors
    /// As [`Operation::plan`](crate::ops::Operation::plan).
    pub fn plan(&self, sink: &mut dyn Sink) -> Result<Plan<RestoreOptions>, OpError> {
        let session = self.store.session()?;
        let mut live = sink.snapshot(&self.targets.reads, self.monitor)?;
        let mut prepared = self.prepare(&session, live.as_mut())?;
        let found = self.reached(live.as_mut(), &mut prepared.changes)?;
        prepared.plan.cascaded = CascadedRows::all(&found);
        let digest = self.basis(&prepared)?.digest();
        let may_go = self.may_go(&found, &prepared.changes);
        let refused = self.can_come_back(&prepared.changes).and(may_go);
        let refused = refused.and_then(|()| self.check_rules(live.as_mut(), &mut prepared.changes)).err();
        Ok(Plan { refused, ..Plan::new(self.options, prepared.plan, digest) })
    }

    /// Plans under locks, and if that is what was planned, writes, verifies and commits.
    ///
    /// # Errors
    /// As [`Operation::apply`](crate::ops::Operation::apply).
    pub fn apply(&self, sink: &mut dyn Sink, planned: Option<&Hash>) -> Result<RestoreReport, OpError> {
        let session = self.store.session()?;
        let mut txn = sink.restore(&self.targets.reads, self.monitor)?;
        let mut prepared = self.prepare(&session, txn.as_mut())?;
        let outcomes = self.run.map(|run| run.outcomes(&session, &self.targets, &prepared)).transpose()?;
        txn.may_dangle(self.may_dangle(&outcomes.unwrap_or_default()));
        if prepared.plan.writes() > 0 {
            self.can_come_back(&prepared.changes)?;
            self.can_be_written(txn.as_mut(), &mut prepared.changes)?;
            self.take_along(txn.as_mut(), &session, &mut prepared)?;
        }
        self.basis(&prepared)?.check(planned)?;
        if prepared.plan.writes() == 0 {
            return Ok(RestoreReport::idle(prepared.plan));
        }
        self.write_all(txn, session, prepared)
    }

    /// What the plan stands on: the database, the snapshot, the columns of the live tables, their rows, and the
    /// changes.
    fn basis(&self, prepared: &Prepared) -> Result<Basis, OpError> {
        let reads: Vec<_> = self.targets.reads.iter().map(|read| &read.schema).collect();
        let rows: Vec<_> = prepared.live.iter().zip(&self.targets.tables).map(|(live, _)| live.built.root).collect();
        let changes: Vec<_> = prepared.changes.iter().map(|changes| changes.digest).collect();
        Basis::of(self.options)?.and(&(self.origin, self.entry.id, reads, rows, changes, &prepared.plan))
    }

    pub(super) fn taking<'t>(&'t self, session: &'t Session<'t>) -> Taking<'t> {
        Taking { store: self.store, history: self.history, session, origin: self.origin, monitor: self.monitor }
    }

    fn prepare(&self, session: &Session<'_>, live: &mut dyn crate::db::Snapshot) -> Result<Prepared, OpError> {
        let (taking, scratch) = (self.taking(session), self.store.scratch_dir());
        let mut prepared =
            prepare(&taking, live, &self.targets, (&self.entry.id, self.run), self.header.clone(), &scratch)?;
        for (target, planned) in self.targets.tables.iter().zip(&mut prepared.plan.tables) {
            if planned.delete > 0 {
                planned.notes.extend(self.left_by_prisma(&target.entry.table));
            }
        }
        Ok(prepared)
    }

    /// Of rows that are deleted: that tables outside of the restore may refer to them by relations that only Prisma
    /// knows, if any may.
    fn left_by_prisma(&self, table: &TableName) -> Option<String> {
        let is_restored = |table: &TableName| self.targets.tables.iter().any(|target| target.entry.table == *table);
        let others = self.catalog.tables.iter().filter(|info| !is_restored(&info.schema.table));
        let refer = others.filter(|info| self.project.prismas_references(info).contains(table));
        let refer: Vec<String> = refer.map(|info| info.schema.table.to_string()).collect();
        (!refer.is_empty()).then(|| {
            format!(
                "rows of {} may refer to rows that are deleted: no foreign key holds them (relationMode = \"prisma\")",
                refer.join(", ")
            )
        })
    }

    /// Writes, verifies and commits. Until the commit is acknowledged, whatever fails leaves the database as it was.
    fn write_all(
        &self,
        mut txn: Box<dyn RestoreTxn + '_>,
        session: Session<'_>,
        prepared: Prepared,
    ) -> Result<RestoreReport, OpError> {
        let Prepared { plan, mut changes, live } = prepared;
        let roots: Vec<Hash> = live.iter().map(|captured| captured.built.root).collect();
        // Undoing the undoing of a run must not touch tables that it only looks at.
        let is_written = |at: usize| changes.get(at).is_none_or(|changes| changes.rows() > 0);
        let live: Vec<Captured> = live
            .into_iter()
            .enumerate()
            .filter(|(at, _)| self.run.is_none() || is_written(*at))
            .map(|(_, live)| live)
            .collect();
        // A table that was just made has nothing to go back to.
        let safety = match self.options.into {
            Some(_) => {
                session.seal()?;
                None
            }
            None => {
                let changed =
                    changes.iter().enumerate().filter(|(_, changes)| changes.delete.rows() + changes.update.rows() > 0);
                let changed: Vec<TableId> = changed.map(|(index, _)| TableId::at(index)).collect();
                let dangling = txn.dangling(&changed)?;
                Some(self.take_safety(session, live, dangling)?)
            }
        };
        let written = self
            .fill_defaults(txn.as_mut(), &mut changes)
            .and_then(|()| self.write(txn.as_mut(), &mut changes))
            .and_then(|()| self.verify(txn.as_mut(), &roots, &mut changes))
            .and_then(|()| match self.monitor.interrupted() {
                true => Err(OpError::Interrupted),
                false => Ok(()),
            });
        if let Err(error) = written {
            drop(txn);
            self.forget_safety(safety.as_ref())?;
            return Err(error);
        }
        match txn.commit() {
            Ok(Commit::Done) => Ok(RestoreReport {
                applied: true,
                safety: safety.map(|safety| safety.entry.id.to_hex()),
                ..RestoreReport::idle(plan)
            }),
            Ok(Commit::RolledBack) => {
                self.forget_safety(safety.as_ref())?;
                Err(OpError::Verification("the database rolled the restore back; nothing was changed".to_owned()))
            }
            // With an unknown outcome the safety snapshot may be needed: it stays.
            Err(error @ DbError::Unknown(_)) => Err(error.into()),
            Err(error) => {
                self.forget_safety(safety.as_ref())?;
                Err(error.into())
            }
        }
    }

    /// Refuses rows that are gone where a column of theirs can get no value.
    fn can_come_back(&self, changes: &[Changes]) -> Result<(), OpError> {
        for (target, changes) in self.targets.tables.iter().zip(changes) {
            let lacking = target.lacking();
            if !lacking.is_empty() && changes.insert.rows() > 0 {
                return Err(OpError::Drift {
                    table: target.entry.table.clone(),
                    differences: vec![format!(
                        "{} cannot be re-inserted: column {} has no value",
                        counted(changes.insert.rows(), "row"),
                        lacking.join(", ")
                    )],
                });
            }
        }
        Ok(())
    }

    fn fill_defaults(&self, txn: &mut dyn RestoreTxn, changes: &mut [Changes]) -> Result<(), OpError> {
        let scratch = self.store.scratch_dir();
        for (index, (target, changes)) in self.targets.tables.iter().zip(changes).enumerate() {
            let shape = (&target.spec, target.read.schema.columns.len());
            defaults::fill(txn, index, &target.defaulted, shape, changes, &scratch)?;
        }
        Ok(())
    }

    /// What dangled in the state that is restored may dangle again; anything else only if it was asked for.
    ///
    /// Of a run that is undone, `outcomes` says what becomes of each table.
    pub(super) fn may_dangle(&self, outcomes: &[Outcome]) -> MayDangle {
        let as_they_were = self.targets.tables.iter().enumerate().filter(|(index, target)| {
            let whole = target.entry.filter.is_none() && target.projection.is_none();
            let back = self.run.is_none() || outcomes.get(*index).is_some_and(|outcome| outcome.as_before);
            whole && self.options.mode == Mode::Exact && back
        });
        let as_they_were = as_they_were.map(|(_, target)| target);
        let whole = self.targets.tables.iter().zip(outcomes).filter(|(_, outcome)| outcome.keeps_all);
        // rows that were in this database before the restore that is undone, or under the same rules, and come back as they
        // were in every column
        let here = self.entry.manifest.source.same_database(self.origin);
        let undoes = here && self.entry.manifest.restored.is_some();
        let unchecked = self.targets.tables.iter().filter(|target| {
            let now = self.catalog.table(&target.entry.table).and_then(|info| info.definition.as_ref());
            let same_rules = now.is_some() && now == target.entry.definition.as_ref();
            here && target.takes_every_column() && (undoes || same_rules)
        });
        MayDangle {
            known: match (undoes, &self.entry.manifest.restored) {
                (true, Some(restored)) => restored.dangling.clone(),
                _ => Vec::new(),
            },
            among: as_they_were.map(|target| target.entry.table.clone()).collect(),
            onto: whole.map(|(target, _)| target.entry.table.clone()).collect(),
            all: self.options.allow_dangling,
            unchecked: unchecked.map(|target| target.entry.table.clone()).collect(),
        }
    }

    fn take_safety(
        &self,
        session: Session<'_>,
        live: Vec<Captured>,
        dangling: Vec<DanglingRows>,
    ) -> Result<Published, OpError> {
        let reason = format!("{SAFETY_REASON}{}", self.entry.id.short());
        let draft = Draft {
            kind: SnapshotKind::Safety,
            message: match &self.run {
                Some(run) => format!("{}{}", safety::UNDOING_RUN, run.command_line()),
                None => safety::message(self.history, self.entry),
            },
            actor: actor::detect(self.project),
            origin: self.origin.clone(),
            catalog: Some(self.catalog),
            schema_version: None,
            restored: Some(safety::restored(self.run.map_or(self.entry, |run| run.run.after), dangling)),
            imported: false,
            hook: false,
            run: None,
            mark: None,
            captured: live,
        };
        let safety = publish(self.store, session, self.history, draft)?;
        self.store.pin(&safety.entry.id, Some(&reason))?;
        let pins = Refs::load(self.store)?.pins;
        let older = self
            .history
            .entries
            .iter()
            .filter(|entry| {
                let reason = pins.get(&entry.id).and_then(|reason| reason.as_deref());
                reason.is_some_and(|reason| reason.starts_with(SAFETY_REASON))
            })
            .skip(SAFETY_PINS - 1);
        for entry in older {
            self.store.unpin(&entry.id)?;
        }
        Ok(safety)
    }

    /// A restore that changed nothing needs no safety snapshot.
    fn forget_safety(&self, safety: Option<&Published>) -> Result<(), OpError> {
        let Some(safety) = safety else { return Ok(()) };
        self.store.unpin(&safety.entry.id)?;
        self.store.withdraw(&safety.entry.id)?;
        Ok(())
    }
}

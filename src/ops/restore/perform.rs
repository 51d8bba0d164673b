//! The restore itself: guards, plan, confirmation, safety snapshot, writing, proof, commit.

use super::changes::Changes;
use super::plan::{Prepared, Targets, prepare};
use super::{Bystander, RestoreOptions, RestorePlan, RestoreReport, defaults};
use crate::db::{Commit, DbError, RestoreTxn, Sink};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::actor;
use crate::ops::project::Project;
use crate::ops::publish::{Captured, Draft, Published, Taking, publish};
use crate::snapshot::{Entry, History, Origin, Refs, SnapshotKind};
use crate::store::{Session, Store};

/// Safety snapshots that stay pinned; an older one is left to retention.
const SAFETY_PINS: usize = 5;
/// How the pin of a safety snapshot begins.
const SAFETY_REASON: &str = "safety: before restoring ";

/// A restore whose tables are chosen.
pub(super) struct Work<'w> {
    pub project: &'w Project,
    pub store: &'w Store,
    pub history: &'w History,
    pub entry: &'w Entry,
    pub origin: &'w Origin,
    pub targets: Targets,
    pub header: RestorePlan,
    pub options: &'w RestoreOptions,
    pub monitor: &'w dyn Monitor,
}

impl Work<'_> {
    /// Plans, asks, writes, proves and commits.
    ///
    /// # Errors
    /// As [`super::restore`].
    pub fn run(
        &self,
        sink: &mut dyn Sink,
        confirm: &mut dyn FnMut(&RestorePlan) -> Result<bool, OpError>,
    ) -> Result<RestoreReport, OpError> {
        let mut shown = None;
        if self.options.dry_run || !self.options.yes {
            // Planned without locks: nobody is kept waiting while a person reads.
            let session = self.store.session()?;
            let preview = {
                let mut live = sink.snapshot(&self.targets.reads, self.monitor)?;
                self.prepare(&session, live.as_mut())?
            };
            if self.options.dry_run || preview.plan.writes() == 0 {
                return Ok(RestoreReport::of(preview.plan, self.options.dry_run));
            }
            if !confirm(&preview.plan)? {
                return Err(OpError::Declined);
            }
            shown = Some(preview.digest());
        }
        let session = self.store.session()?;
        let mut txn = sink.restore(&self.targets.reads, self.monitor)?;
        let prepared = self.prepare(&session, txn.as_mut())?;
        if shown.is_some_and(|shown| shown != prepared.digest()) {
            return Err(OpError::PlanChanged);
        }
        if prepared.plan.writes() == 0 {
            return Ok(RestoreReport::of(prepared.plan, false));
        }
        self.apply(txn, session, prepared)
    }

    fn taking<'t>(&'t self, session: &'t Session<'t>) -> Taking<'t> {
        Taking { store: self.store, history: self.history, session, origin: self.origin, monitor: self.monitor }
    }

    fn prepare(&self, session: &Session<'_>, live: &mut dyn crate::db::Snapshot) -> Result<Prepared, OpError> {
        prepare(&self.taking(session), live, &self.targets, self.header.clone(), &self.store.scratch_dir())
    }

    /// Writes, proves and commits. Until the commit is acknowledged, whatever fails leaves the database as it was.
    fn apply(
        &self,
        mut txn: Box<dyn RestoreTxn + '_>,
        session: Session<'_>,
        prepared: Prepared,
    ) -> Result<RestoreReport, OpError> {
        let Prepared { plan, mut changes, live } = prepared;
        self.can_come_back(&changes)?;
        let bystanders = self.bystanders(txn.as_mut(), &mut changes)?;
        let roots: Vec<Hash> = live.iter().map(|captured| captured.built.root).collect();
        // A table that was just made has nothing to go back to.
        let safety = match self.options.into {
            Some(_) => {
                session.seal()?;
                None
            }
            None => Some(self.take_safety(session, live)?),
        };
        let written = self
            .fill_defaults(txn.as_mut(), &mut changes)
            .and_then(|()| self.write(txn.as_mut(), &mut changes))
            .and_then(|()| self.prove(txn.as_mut(), &roots, &mut changes))
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
                bystanders,
                ..RestoreReport::of(plan, false)
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
                        "{} rows are gone and cannot come back without a value for column {}",
                        changes.insert.rows(),
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

    fn bystanders(&self, txn: &mut dyn RestoreTxn, changes: &mut [Changes]) -> Result<Vec<Bystander>, OpError> {
        let (mut found, mut following) = (Vec::new(), false);
        for (index, changes) in changes.iter_mut().enumerate() {
            let mut reached = Vec::new();
            if changes.delete.rows() > 0 {
                let mut rows = changes.delete.stream()?;
                reached.extend(txn.bystanders(index, &mut rows).map_err(|error| rows.explain(error))?);
            }
            if changes.update.rows() > 0 {
                let mut rows = changes.update.stream()?;
                let followers = txn.bystanders_of_updates(index, &mut rows).map_err(|error| rows.explain(error))?;
                following |= !followers.is_empty();
                reached.extend(followers);
            }
            found.extend(reached.into_iter().map(|(table, rows)| Bystander { table: table.to_string(), rows }));
        }
        if found.is_empty() {
            return Ok(found);
        }
        let list: Vec<String> = found.iter().map(|by| format!("{} rows of {}", by.rows, by.table)).collect();
        let list = list.join(", ");
        if self.options.cascade {
            return Ok(found);
        }
        let doing = if following { "restoring" } else { "deleting" };
        let what = format!("{doing} rows would also delete or change {list}");
        Err(OpError::Refused { what, allow: Some("--cascade") })
    }

    fn take_safety(&self, session: Session<'_>, live: Vec<Captured>) -> Result<Published, OpError> {
        let reason = format!("{SAFETY_REASON}{}", self.entry.id.short());
        let draft = Draft {
            kind: SnapshotKind::Safety,
            message: format!("before restoring {}: {}", self.entry.id.short(), self.entry.manifest.message),
            actor: actor::detect(&self.project.root),
            origin: self.origin.clone(),
            schema_version: None,
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

//! `undo`: the tables of a restore become again what they were before it.
//!
//! A restore leaves a pinned safety snapshot of the tables as they were. Undoing it is restoring that snapshot exactly,
//! which leaves a safety snapshot as well: so an undo can be undone.

use super::safety::{is_safety, of_restore};
use super::{Mode, RestoreOptions, RestorePlan, RestoreReport, idle};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::plan::{Operation, Plan};
use crate::ops::publish::origin;
use crate::ops::refs;
use crate::ops::repository::Repository;
use crate::snapshot::{Entry, History, Origin, Refs};
use crate::store::{Access, Store};
use serde::{Deserialize, Serialize};

/// Which restore to take back, and which guards are lifted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UndoOptions {
    /// The safety snapshot, or the snapshot that was restored, as typed; otherwise the last restore of this database.
    pub reference: Option<String>,
    /// Allow foreign keys to delete or change rows of other tables.
    pub cascade: bool,
    /// Allow a database on another machine.
    pub remote: bool,
    /// Allow it under `NODE_ENV=production`.
    pub production: bool,
    /// Allow rows without what they refer to, also those that had it before the restore.
    pub allow_dangling: bool,
}

/// Takes a restore back. Rows that were changed after it go back too; the plan shows them before anything is written.
impl Operation for UndoOptions {
    const COMMAND: &'static str = "undo";
    type Effect = RestorePlan;
    type Report = RestoreReport;

    fn plan(
        &self,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Plan<UndoOptions>, OpError> {
        let (restore, tables) = self.restoring(repository, database)?;
        let plan = restore.plan(repository, database, monitor);
        let plan = plan.map_err(|error| with_other_tables(error, &restore, &tables))?;
        let digest = plan.digest();
        Ok(Plan { refused: plan.refused, ..Plan::new(self, plan.effect, digest) })
    }

    fn apply(
        &self,
        repository: &Repository,
        database: &mut Database,
        digest: Option<&Hash>,
        monitor: &dyn Monitor,
    ) -> Result<RestoreReport, OpError> {
        let (restore, tables) = self.restoring(repository, database)?;
        let report = restore.apply(repository, database, digest, monitor);
        report.map_err(|error| with_other_tables(error, &restore, &tables))
    }
}

impl UndoOptions {
    /// The restore that takes the other one back, and its tables.
    ///
    /// # Errors
    /// If there is none to take back.
    fn restoring(
        &self,
        repository: &Repository,
        database: &mut Database,
    ) -> Result<(RestoreOptions, Vec<String>), OpError> {
        let store = repository.open(Access::Read)?;
        let history = History::load(&store)?;
        let safety = match &self.reference {
            Some(typed) => {
                let found = refs::resolve(repository, &history, &Refs::load(&store)?, typed)?.entry;
                of_restore(&history, found)?
            }
            None => {
                let here = origin(database.identity()?, repository);
                last_restore(&store, &history, &here)?
            }
        };
        let restore = RestoreOptions {
            reference: safety.id.to_hex(),
            mode: Mode::Exact,
            cascade: self.cascade,
            remote: self.remote,
            production: self.production,
            allow_dangling: self.allow_dangling,
            ..RestoreOptions::default()
        };
        Ok((restore, safety.manifest.tables.iter().map(|table| table.table.to_string()).collect()))
    }
}

/// Names the way to take the other `tables` back where one is gone.
fn with_other_tables(error: OpError, restore: &RestoreOptions, tables: &[String]) -> OpError {
    match error {
        OpError::NoSuchTable { typed, place, .. } if tables.len() > 1 => {
            let others: Vec<&str> = tables.iter().map(String::as_str).filter(|other| *other != typed).collect();
            OpError::GoneTable {
                what: format!("there is no table '{typed}' in {place}"),
                command: format!(
                    "dbsnap restore {} {} --mode exact",
                    &restore.reference[..Hash::SHORT],
                    others.join(" ")
                ),
            }
        }
        error => error,
    }
}

/// The safety snapshot of the last restore into `here`, whose last restore must have changed something.
fn last_restore<'h>(store: &Store, history: &'h History, here: &Origin) -> Result<&'h Entry, OpError> {
    let into_here = |entry: &&Entry| is_safety(entry) && entry.manifest.source.same_database(here);
    let last = history.entries.iter().find(into_here);
    let taken = last.and_then(|entry| entry.manifest.sequence);
    if let Some(idle) = idle::last(store, here)?.filter(|idle| taken.is_none_or(|taken| taken <= idle.after)) {
        let restored = idle.restored.get(..Hash::SHORT).unwrap_or(&idle.restored);
        let earlier = last.map(|last| format!("; dbsnap undo {} undoes the restore before it", last.id.short()));
        return Err(OpError::Usage(format!(
            "the last restore into {}, of snapshot {restored}, changed nothing, so there is nothing to undo{}",
            here.database,
            earlier.unwrap_or_default()
        )));
    }
    last.ok_or_else(|| OpError::Usage(format!("no restore into {} can be undone", here.database)))
}

//! `undo`: the tables of a restore, or of the run of a command, become again what they were before it.
//!
//! A restore leaves a pinned safety snapshot of the tables as they were. Undoing it is restoring that snapshot exactly,
//! which leaves a safety snapshot as well: so an undo can be undone. A run leaves a snapshot from before it and one from
//! after it. Undoing it is described in `three_way`.

use super::safety::{is_safety, of_restore, undoes_run};
use super::undoing::RunToUndo;
use super::{Mode, RestoreOptions, RestorePlan, RestoreReport, idle, start};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::plan::{Operation, Plan};
use crate::ops::publish::origin;
use crate::ops::refs;
use crate::ops::repository::Repository;
use crate::ops::run::in_a_line;
use crate::snapshot::{Deleted, Entry, History, Origin, Refs};
use crate::store::{Access, Store};
use serde::{Deserialize, Serialize};

/// Which restore or run to take back, and which guards are lifted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UndoOptions {
    /// The safety snapshot, or the snapshot that was restored, or one before or after a run, as typed; otherwise what
    /// was done last to this database.
    pub reference: Option<String>,
    /// Rows that go back to what they were before a run whatever became of them: `TABLE:KEY`.
    pub force: Vec<String>,
    /// Allow foreign keys to delete or change rows of other tables.
    pub cascade: bool,
    /// Allow a database on another machine.
    pub remote: bool,
    /// Allow it under `NODE_ENV=production`.
    pub production: bool,
    /// Allow rows without what they refer to, also those that had it before the restore.
    pub allow_dangling: bool,
}

/// Takes a restore or a run back. Rows that were changed after a restore go back too; those that were changed after a
/// run stay. The plan shows them before anything is written.
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
        let undo = self.found(repository, database)?;
        let plan = start::plan(&undo.restore, undo.run(self), repository, database, monitor);
        let plan = plan.map_err(|error| with_other_tables(error, &undo))?;
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
        let undo = self.found(repository, database)?;
        let report = start::apply(&undo.restore, undo.run(self), repository, database, (digest, monitor));
        report.map_err(|error| with_other_tables(error, &undo))
    }
}

/// What is undone.
struct Found {
    /// The restore of what was there before.
    restore: RestoreOptions,
    /// Its tables.
    tables: Vec<String>,
    /// The snapshot after the run, if it is one.
    after: Option<Hash>,
}

impl Found {
    fn run<'f>(&'f self, options: &'f UndoOptions) -> Option<RunToUndo<'f>> {
        self.after.as_ref().map(|after| RunToUndo { after, force: &options.force })
    }
}

/// What can be undone.
enum Done<'h> {
    /// A restore, by its safety snapshot.
    Restore(&'h Entry),
    /// A run, by the snapshot after it.
    Run(&'h Entry),
}

impl UndoOptions {
    /// What is undone, and how.
    ///
    /// # Errors
    /// If there is nothing to undo.
    fn found(&self, repository: &Repository, database: &mut Database) -> Result<Found, OpError> {
        let store = repository.open(Access::Read)?;
        let history = History::load(&store)?;
        let done = match &self.reference {
            Some(typed) => {
                let found = refs::resolve(repository, &history, &Refs::load(&store)?, typed)?.entry;
                named(&store, &history, found)?
            }
            None => {
                let here = origin(database.identity()?, repository);
                last(&store, &history, &here)?
            }
        };
        let (before, after) = match done {
            Done::Restore(_) if !self.force.is_empty() => {
                let what = "--force goes with the undoing of a run, and this is a restore: name the run's snapshot";
                return Err(OpError::Usage(what.to_owned()));
            }
            Done::Restore(safety) => (safety, None),
            Done::Run(after) => (before_run(&history, after)?, Some(after.id)),
        };
        let restore = RestoreOptions {
            reference: before.id.to_hex(),
            mode: Mode::Exact,
            cascade: self.cascade,
            remote: self.remote,
            production: self.production,
            allow_dangling: self.allow_dangling,
            ..RestoreOptions::default()
        };
        let tables = before.manifest.tables.iter().map(|table| table.table.to_string()).collect();
        Ok(Found { restore, tables, after })
    }
}

/// The snapshot before the run that `after` was taken after.
fn before_run<'h>(history: &'h History, after: &Entry) -> Result<&'h Entry, OpError> {
    let before = after.manifest.run.as_ref().and_then(|run| run.ended.as_ref()).map(|ended| ended.before);
    before.and_then(|before| history.now_called(&before)).ok_or_else(|| {
        OpError::Usage(format!("the snapshot before the run of {} is not kept any more", after.id.short()))
    })
}

/// What was done with the snapshot `found`: it is of a safety snapshot, or after a run, or what was done last with it.
fn named<'h>(store: &Store, history: &'h History, found: &'h Entry) -> Result<Done<'h>, OpError> {
    let run = match has_ended(found) {
        true => Some(found),
        false => history.entries.iter().find(|entry| is_after(entry, found)),
    };
    let Some(run) = run else {
        return match of_restore(history, found) {
            Err(_) if found.manifest.run.is_some() => Err(unfinished(store, found, "")),
            safety => safety.map(Done::Restore),
        };
    };
    match of_restore(history, found) {
        // a restore of the snapshot before or after the run, after the run
        Ok(safety) if safety.manifest.order() > run.manifest.order() && !undoes_run(safety) => {
            Ok(Done::Restore(safety))
        }
        _ => Ok(Done::Run(run)),
    }
}

/// Whether it is the snapshot after a run.
fn has_ended(entry: &Entry) -> bool {
    entry.manifest.run.as_ref().is_some_and(|run| run.ended.is_some())
}

/// Whether `entry` was taken after the run that `before` was taken before.
fn is_after(entry: &Entry, before: &Entry) -> bool {
    let ended = entry.manifest.run.as_ref().and_then(|run| run.ended.as_ref());
    ended.is_some_and(|ended| before.is_or_was(&ended.before))
}

/// That of a run nothing is known but how it began.
fn unfinished(store: &Store, before: &Entry, earlier: &str) -> OpError {
    let deleted = Deleted::load(store).unwrap_or_default().snapshots;
    let deleted = deleted.iter().find(|one| is_after(&one.entry, before));
    let deleted =
        deleted.map_or_else(String::new, |one| format!(" (dbsnap undelete {} brings it back)", one.entry.id.short()));
    let command = before.manifest.run.as_ref().map(|run| in_a_line(&run.command)).unwrap_or_default();
    let id = before.id.short();
    OpError::Usage(format!(
        "no snapshot was taken after the run of {command}: it is not over, changed nothing, its tables could not be read, or the \
         snapshot was deleted{deleted}; dbsnap restore {id} brings back the rows from before it{earlier}"
    ))
}

/// Names the way to take the other `tables` back where one is gone.
fn with_other_tables(error: OpError, undo: &Found) -> OpError {
    let Found { restore, tables, after } = undo;
    // rows that came after a run stay
    let mode = if after.is_some() { "" } else { " --mode exact" };
    match error {
        OpError::TableGone { table, defined } => {
            let command = format!("dbsnap restore {}", &restore.reference[..Hash::SHORT]);
            let others: Vec<&str> = tables.iter().map(String::as_str).filter(|other| *other != table).collect();
            OpError::GoneTable {
                again: defined.then(|| format!("{command} --create{mode}")),
                others: (!others.is_empty()).then(|| format!("{command} {}{mode}", others.join(" "))),
                what: OpError::TableGone { table, defined }.to_string(),
            }
        }
        error => error,
    }
}

/// What was done last to `here`, which must have changed something.
fn last<'h>(store: &Store, history: &'h History, here: &Origin) -> Result<Done<'h>, OpError> {
    let is_here = |entry: &&Entry| entry.manifest.source.same_database(here);
    let done = |entry: &&Entry| is_safety(entry) || entry.manifest.run.is_some();
    // a snapshot before a run stands for one that has not ended; the one after it is newer
    let ended: Vec<&Entry> = history.entries.iter().filter(is_here).filter(|entry| has_ended(entry)).collect();
    let counts = |entry: &&Entry| !ended.iter().any(|after| is_after(after, entry));
    let mut all = history.entries.iter().filter(is_here).filter(done).filter(counts);
    let last = all.next();
    let earlier = |entry: &Entry| format!("; dbsnap undo {} undoes what was done before it", entry.id.short());
    let taken = last.and_then(|entry| entry.manifest.sequence);
    if let Some(idle) = idle::last(store, here)?.filter(|idle| taken.is_none_or(|taken| taken <= idle.after)) {
        let restored = idle.restored.get(..Hash::SHORT).unwrap_or(&idle.restored);
        // the snapshot before a run that changed nothing
        let is_its_own = |entry: &&Entry| idle.run && entry.id.to_hex() == idle.restored;
        let before = last.filter(|last| !is_its_own(last)).or_else(|| all.find(|entry| !is_unfinished(entry)));
        let earlier = before.map(|entry| match is_safety(entry) {
            true => format!("; dbsnap undo {} undoes the restore before it", entry.id.short()),
            false => earlier(entry),
        });
        let earlier = earlier.unwrap_or_default();
        let what = match idle.run {
            true => {
                format!("the last run of a command, after snapshot {restored}, changed nothing in {}", here.database)
            }
            false => format!("the last restore into {}, of snapshot {restored}, changed nothing", here.database),
        };
        return Err(OpError::Usage(format!("{what}, so there is nothing to undo{earlier}")));
    }
    match last {
        Some(entry) if is_unfinished(entry) => {
            let before = all.find(|entry| !is_unfinished(entry));
            Err(unfinished(store, entry, &before.map(earlier).unwrap_or_default()))
        }
        Some(entry) if is_safety(entry) => Ok(Done::Restore(entry)),
        Some(entry) => Ok(Done::Run(entry)),
        None => Err(OpError::Usage(format!("no restore into {} can be undone, and no run", here.database))),
    }
}

/// Whether it is the snapshot before a run, which nothing is known of yet.
fn is_unfinished(entry: &Entry) -> bool {
    entry.manifest.run.is_some() && !has_ended(entry)
}

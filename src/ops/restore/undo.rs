//! `undo`: the tables of a restore become again what they were before it.
//!
//! A restore leaves a pinned safety snapshot of the tables as they were. Undoing it is restoring that snapshot exactly, which
//! leaves a safety snapshot as well: so an undo can be undone.

use super::safety::{is_safety, of_restore};
use super::start::restore_by;
use super::{Mode, RestoreOptions, RestorePlan, RestoreReport, idle};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::project::{Place, Project};
use crate::ops::publish::origin;
use crate::ops::{refs, settings};
use crate::snapshot::{Entry, History, Origin, Refs};
use crate::store::{Access, Store};

/// Which restore to take back, and which guards are lifted.
#[derive(Debug, Clone, Default)]
pub struct UndoOptions {
    /// The safety snapshot, or the snapshot that was restored, as typed; otherwise the last restore of this database.
    pub reference: Option<String>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
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
///
/// # Errors
/// If there is no restore to take back; otherwise as [`super::restore`].
pub fn undo(
    place: &Place,
    options: &UndoOptions,
    confirm: &mut dyn FnMut(&RestorePlan) -> Result<bool, OpError>,
    monitor: &dyn Monitor,
) -> Result<RestoreReport, OpError> {
    let project = Project::find(place)?;
    let (safety, others, open) = {
        let store = project.open(Access::Read)?;
        let history = History::load(&store)?;
        match &options.reference {
            Some(typed) => {
                let found = refs::resolve(&project, &history, &Refs::load(&store)?, typed)?.entry;
                let safety = of_restore(&history, found)?;
                (safety.id, names(safety), None)
            }
            None => {
                let open = settings::connect(place, &project)?;
                let here = origin(open.0.identity(), &project);
                let safety = last_restore(&store, &history, &here)?;
                (safety.id, names(safety), Some(open))
            }
        }
    };
    let options = RestoreOptions {
        reference: safety.to_hex(),
        mode: Mode::Exact,
        dry_run: options.dry_run,
        yes: options.yes,
        cascade: options.cascade,
        remote: options.remote,
        production: options.production,
        allow_dangling: options.allow_dangling,
        ..RestoreOptions::default()
    };
    restore_by(open, place, &options, confirm, monitor).map_err(|error| match error {
        OpError::NoSuchTable { typed, place, .. } if others.len() > 1 => OpError::GoneTable {
            what: format!("there is no table '{typed}' in {place}"),
            command: format!(
                "dbsnap restore {} {} --mode exact",
                safety.short(),
                others.into_iter().filter(|other| *other != typed).collect::<Vec<_>>().join(" ")
            ),
        },
        error => error,
    })
}

fn names(entry: &Entry) -> Vec<String> {
    entry.manifest.tables.iter().map(|table| table.table.to_string()).collect()
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

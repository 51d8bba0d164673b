//! `undo`: the tables of a restore become again what they were before it.
//!
//! A restore leaves a pinned safety snapshot of the tables as they were. Undoing it is restoring that snapshot exactly, which
//! leaves a safety snapshot as well: so an undo can be undone.

use super::perform::RESTORING;
use super::{Mode, RestoreOptions, RestorePlan, RestoreReport, restore};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::project::{Place, Project};
use crate::ops::publish::origin;
use crate::ops::{refs, settings};
use crate::snapshot::{Entry, History, Refs, SnapshotKind};
use crate::store::Access;

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
}

/// Takes a restore back. Rows that were changed after it go back too; the plan shows them before anything is written.
///
/// # Errors
/// If there is no restore to take back; otherwise as [`restore`].
pub fn undo(
    place: &Place,
    options: &UndoOptions,
    confirm: &mut dyn FnMut(&RestorePlan) -> Result<bool, OpError>,
    monitor: &dyn Monitor,
) -> Result<RestoreReport, OpError> {
    let project = Project::find(place)?;
    let safety = {
        let store = project.open(Access::Read)?;
        let history = History::load(&store)?;
        match &options.reference {
            Some(typed) => {
                let reference = project.reference(typed);
                let found = refs::resolve(&history, &Refs::load(&store)?, &reference)?.entry;
                of_restore(&history, found)?.id
            }
            None => {
                let (sink, _) = settings::connect(place, &project)?;
                let here = origin(sink.identity(), &project);
                let last =
                    history.entries.iter().find(|entry| is_safety(entry) && entry.manifest.source.same_database(&here));
                last.ok_or_else(|| OpError::Usage(format!("no restore into {} can be taken back", here.database)))?.id
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
        ..RestoreOptions::default()
    };
    restore(place, &options, confirm, monitor)
}

fn is_safety(entry: &Entry) -> bool {
    entry.manifest.kind == SnapshotKind::Safety
}

/// The safety snapshot of the last restore of `found`, or `found` if it is one.
fn of_restore<'h>(history: &'h History, found: &'h Entry) -> Result<&'h Entry, OpError> {
    if is_safety(found) {
        return Ok(found);
    }
    let begins = format!("{RESTORING}{}:", found.id.short());
    let mut safeties = history.entries.iter().filter(|entry| is_safety(entry));
    safeties.find(|entry| entry.manifest.message.starts_with(&begins)).ok_or_else(|| {
        OpError::Usage(format!(
            "snapshot {} was not restored, or what was there before is not kept any more",
            found.id.short()
        ))
    })
}

//! From what was typed to the work: the snapshot, the database, the guards, the tables.

use super::perform::Work;
use super::plan::{Targets, targets, whole};
use super::{RestoreOptions, RestorePlan, RestoreReport, guard, into};
use crate::db::{Catalog, Sink};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::project::{Place, Project};
use crate::ops::publish::origin;
use crate::ops::{refs, settings};
use crate::snapshot::{Entry, History, Origin, Refs, TableEntry};
use crate::store::{Access, Store};

/// Is shown the plan and says whether to go on.
type Confirm<'c> = dyn FnMut(&RestorePlan) -> Result<bool, OpError> + 'c;

/// Plans and, unless it is a dry run, applies a restore. `confirm` is shown the plan and says whether to go on; it is not
/// asked if nothing would be written.
///
/// # Errors
/// If anything fails before COMMIT: then the database is as it was. [`crate::db::DbError::Unknown`] if COMMIT's outcome is not known.
pub fn restore(
    place: &Place,
    options: &RestoreOptions,
    confirm: &mut Confirm<'_>,
    monitor: &dyn Monitor,
) -> Result<RestoreReport, OpError> {
    let started = std::time::Instant::now();
    let project = Project::find(place)?;
    let store = project.open(Access::Write)?;
    let history = History::load(&store)?;
    let reference = project.reference(&options.reference);
    let resolved = refs::resolve(&history, &Refs::load(&store)?, &reference)?;
    let mut options = options.clone();
    options.tables.extend(reference.table);
    options.key = options.key.or(reference.key);
    if options.key.is_some() && !options.named_key.is_empty() {
        return Err(OpError::Usage("the reference names a row already: leave --key out".to_owned()));
    }
    let (mut sink, chosen) = settings::connect(place, &project)?;
    let target = origin(sink.identity(), &project);
    guard::check(&options, &resolved.entry.manifest.source, &target, sink.identity())?;
    let catalog = sink.catalog()?;
    let start = Start {
        project: &project,
        store: &store,
        history: &history,
        entry: resolved.entry,
        only: resolved.table,
        origin: &target,
        header: RestorePlan {
            id: resolved.entry.id.to_hex(),
            message: resolved.entry.manifest.message.clone(),
            created_at: resolved.entry.manifest.created_at,
            target: chosen.url.display(),
            mode: options.mode,
            tables: Vec::new(),
            bystanders: Vec::new(),
        },
        monitor,
    };
    let mut report = match &options.into {
        Some(name) => start.beside(name, sink.as_mut(), &catalog, &options, confirm)?,
        None => start.in_place(sink.as_mut(), &catalog, &options, confirm)?,
    };
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// What is known before the tables are looked at.
struct Start<'s> {
    project: &'s Project,
    store: &'s Store,
    history: &'s History,
    entry: &'s Entry,
    only: Option<usize>,
    origin: &'s Origin,
    header: RestorePlan,
    monitor: &'s dyn Monitor,
}

impl Start<'_> {
    fn work<'w>(&'w self, targets: Targets, options: &'w RestoreOptions, catalog: &'w Catalog) -> Work<'w> {
        Work {
            project: self.project,
            store: self.store,
            history: self.history,
            entry: self.entry,
            origin: self.origin,
            targets,
            header: self.header.clone(),
            options,
            catalog,
            monitor: self.monitor,
        }
    }

    fn in_place(
        &self,
        sink: &mut dyn Sink,
        catalog: &Catalog,
        options: &RestoreOptions,
        confirm: &mut Confirm<'_>,
    ) -> Result<RestoreReport, OpError> {
        let engine = sink.identity().engine;
        let targets = targets(self.project, self.store, self.entry, self.only, options, catalog, engine)?;
        self.work(targets, options, catalog).run(sink, confirm)
    }

    /// Restores into a new table.
    fn beside(
        &self,
        name: &str,
        sink: &mut dyn Sink,
        catalog: &Catalog,
        options: &RestoreOptions,
        confirm: &mut Confirm<'_>,
    ) -> Result<RestoreReport, OpError> {
        let new = into::plan(self.store, self.entry, self.only, name, options, catalog)?;
        let plan = RestorePlan { tables: vec![new.planned], ..self.header.clone() };
        if options.dry_run {
            return Ok(RestoreReport::of(plan, true));
        }
        if !options.yes && !confirm(&plan)? {
            return Err(OpError::Declined);
        }
        let options = RestoreOptions { yes: true, ..options.clone() };
        sink.create(&new.schema)?;
        let filled = self.fill(sink, &new.entry, &options, confirm);
        if filled.is_err() {
            // What was just made is empty: a restore that fails leaves nothing behind.
            sink.discard(&new.schema.table)?;
        }
        filled
    }

    fn fill(
        &self,
        sink: &mut dyn Sink,
        entry: &TableEntry,
        options: &RestoreOptions,
        confirm: &mut Confirm<'_>,
    ) -> Result<RestoreReport, OpError> {
        let catalog = sink.catalog()?;
        let targets = whole(self.project, self.store, entry, &catalog, sink.identity().engine)?;
        self.work(targets, options, &catalog).run(sink, confirm)
    }
}

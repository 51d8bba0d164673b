//! From what was typed to the work: the snapshot, the database, the guards, the tables.

use super::perform::Work;
use super::plan::{Targets, targets, whole};
use super::{RestoreOptions, RestorePlan, RestoreReport, guard, into};
use crate::db::{Catalog, Sink};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::project::{Place, Project};
use crate::ops::publish::origin;
use crate::ops::settings::ChosenUrl;
use crate::ops::{ledgers, refs, settings};
use crate::snapshot::{Entry, History, Origin, Refs, SnapshotKind, read_schema};
use crate::store::{Access, Store};
use std::time::{Duration, Instant};

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
    restore_by(None, place, options, confirm, monitor)
}

/// The same by a connection that is open already, if there is one: some servers take no other before they have seen the end of it.
pub(super) fn restore_by(
    open: Option<(Box<dyn Sink>, ChosenUrl)>,
    place: &Place,
    options: &RestoreOptions,
    confirm: &mut Confirm<'_>,
    monitor: &dyn Monitor,
) -> Result<RestoreReport, OpError> {
    let (started, mut asked) = (Instant::now(), Duration::ZERO);
    // How long a person thinks is not how long the restore takes.
    let mut confirm = |plan: &RestorePlan| {
        let since = Instant::now();
        let answer = confirm(plan);
        asked += since.elapsed();
        answer
    };
    let project = Project::find(place)?;
    let store = project.open(Access::Write)?;
    let history = History::load(&store)?;
    let marks = Refs::load(&store)?;
    refs::warn(&marks, monitor);
    let resolved = refs::resolve_or_table(&project, &history, &marks, &options.reference)?;
    let mut positions = resolved.chosen(&project, &options.tables, &options.exclude)?;
    let is_named = !options.tables.is_empty() || !resolved.tables.is_empty();
    let left_out = if is_named { None } else { leave_out_ledgers(&store, resolved.entry, &mut positions)? };
    let mut options = options.clone();
    options.key = options.key.or(resolved.key);
    if options.key.is_some() && !options.named_key.is_empty() {
        return Err(OpError::Usage("the reference names a row already: leave --key out".to_owned()));
    }
    let (mut sink, chosen) = match open {
        Some(open) => open,
        None => settings::connect(place, &project)?,
    };
    let target = origin(sink.identity(), &project);
    guard::check(&options, &resolved.entry.manifest.source, &target, sink.identity())?;
    let catalog = sink.catalog()?;
    let filtered = positions.iter().any(|at| resolved.entry.manifest.tables[*at].filter.is_some());
    let start = Start {
        project: &project,
        store: &store,
        history: &history,
        entry: resolved.entry,
        chosen: positions,
        origin: &target,
        header: RestorePlan {
            id: resolved.entry.id.to_hex(),
            message: resolved.entry.manifest.message.clone(),
            created_at: resolved.entry.manifest.created_at,
            target: chosen.url.display(),
            mode: options.mode,
            partial: options.has_key() || options.filter.is_some() || filtered,
            tables: Vec::new(),
            cascaded: Vec::new(),
            left_out,
        },
        monitor,
    };
    let mut report = match &options.into {
        Some(name) => start.beside(name, sink.as_mut(), &catalog, &options, &mut confirm)?,
        None => start.in_place(sink.as_mut(), &catalog, &options, &mut confirm)?,
    };
    report.seconds = started.elapsed().saturating_sub(asked).as_secs_f64();
    Ok(report)
}

/// Takes lists of migrations out of `chosen`; what was there before a restore comes back whole. A line that says so, if there are any.
fn leave_out_ledgers(store: &Store, entry: &Entry, chosen: &mut Vec<usize>) -> Result<Option<String>, OpError> {
    if entry.manifest.kind == SnapshotKind::Safety {
        return Ok(None);
    }
    let mut ledgers = Vec::new();
    let mut others = Vec::new();
    for position in chosen.iter().copied() {
        let table = &entry.manifest.tables[position];
        match ledgers::kept_by(&read_schema(store, &table.schema_object)?) {
            Some(tool) => ledgers.push((table.table.clone(), tool)),
            None => others.push(position),
        }
    }
    if others.is_empty() {
        // a snapshot of nothing else was taken for their sake
        return Ok(None);
    }
    *chosen = others;
    Ok(ledgers::left_out(&ledgers))
}

/// What is known before the tables are looked at.
struct Start<'s> {
    project: &'s Project,
    store: &'s Store,
    history: &'s History,
    entry: &'s Entry,
    /// The positions of the snapshot's tables that are restored.
    chosen: Vec<usize>,
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
        let targets = targets(self.project, self.store, self.entry, &self.chosen, options, catalog, engine)?;
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
        let new = into::plan(self.store, self.entry, &self.chosen, name, options, catalog)?;
        let plan = RestorePlan { tables: vec![new.planned.clone()], ..self.header.clone() };
        if options.dry_run {
            return Ok(RestoreReport::of(plan, true));
        }
        if !options.yes && !confirm(&plan)? {
            return Err(OpError::Declined);
        }
        let options = RestoreOptions { yes: true, ..options.clone() };
        sink.create(&new.schema)?;
        let filled = self.fill(sink, &new, &options, confirm);
        if filled.is_err() {
            // What was just made is empty: a restore that fails leaves nothing behind.
            sink.discard(&new.schema.table)?;
        }
        filled
    }

    fn fill(
        &self,
        sink: &mut dyn Sink,
        new: &into::New,
        options: &RestoreOptions,
        confirm: &mut Confirm<'_>,
    ) -> Result<RestoreReport, OpError> {
        let catalog = sink.catalog()?;
        let engine = sink.identity().engine;
        let targets = whole(self.project, self.store, &new.entry, &new.partitions, &catalog, engine)?;
        self.work(targets, options, &catalog).run(sink, confirm)
    }
}

//! From what was typed to the work: the snapshot, the database, the guards, the tables.

use super::create::Creation;
use super::perform::Work;
use super::place::{Place, open};
use super::plan::{Targets, targets, whole};
use super::undoing::{Run, RunToUndo, Undoing};
use super::{Elsewhere, RestoreOptions, RestorePlan, RestoreReport, UndoneRun, guard, idle, into};
use crate::codec::{Location, Part, TableName};
use crate::db::{Catalog, DbError, Engine, Sink};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::diff::schema::differences;
use crate::ops::plan::{Basis, Operation, Plan};
use crate::ops::publish::origin;
use crate::ops::repository::Repository;
use crate::ops::{ledgers, refs};
use crate::snapshot::{Entry, History, Manifest, Origin, Refs, SnapshotKind, TableEntry, read_schema};
use crate::store::{Access, Store};
use std::collections::BTreeSet;
use std::time::Instant;

impl Operation for RestoreOptions {
    const COMMAND: &'static str = "restore";
    type Effect = RestorePlan;
    type Report = RestoreReport;

    fn plan(
        &self,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Plan<RestoreOptions>, OpError> {
        plan(self, None, repository, database, monitor)
    }

    /// # Errors
    /// If anything fails before COMMIT: then the database is as it was. [`crate::db::DbError::Unknown`] if COMMIT's
    /// outcome is not known.
    fn apply(
        &self,
        repository: &Repository,
        database: &mut Database,
        digest: Option<&Hash>,
        monitor: &dyn Monitor,
    ) -> Result<RestoreReport, OpError> {
        apply(self, None, repository, database, (digest, monitor))
    }
}

/// Plans a restore, or the undoing of a `run`, of which `options` name the snapshot before it.
///
/// # Errors
/// As [`Operation::plan`].
pub(super) fn plan(
    options: &RestoreOptions,
    run: Option<RunToUndo<'_>>,
    repository: &Repository,
    database: &mut Database,
    monitor: &dyn Monitor,
) -> Result<Plan<RestoreOptions>, OpError> {
    let mut plan =
        start((options, run), repository, database, monitor, |start, place, options| start.plan(place, options))?;
    plan.options = options.clone();
    Ok(plan)
}

/// Does it.
///
/// # Errors
/// As [`Operation::apply`].
pub(super) fn apply(
    options: &RestoreOptions,
    run: Option<RunToUndo<'_>>,
    repository: &Repository,
    database: &mut Database,
    (digest, monitor): (Option<&Hash>, &dyn Monitor),
) -> Result<RestoreReport, OpError> {
    let started = Instant::now();
    let mut report = start((options, run), repository, database, monitor, |start, place, options| {
        start.apply(place, options, digest)
    })?;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// That a run cannot be undone in a table that has other columns now.
fn changed_since(table: &TableName, differences: &[String]) -> OpError {
    let what = format!(
        "the schema of {table} has changed since the command, so what it did cannot be undone row by row:\n{}",
        differences.join("\n")
    );
    OpError::Refused { what, allow: None }
}

/// Finds what is restored and where to, and goes on with that.
fn start<T>(
    (options, run): (&RestoreOptions, Option<RunToUndo<'_>>),
    repository: &Repository,
    database: &mut Database,
    monitor: &dyn Monitor,
    go_on: impl FnOnce(&Start<'_>, Place<'_>, &RestoreOptions) -> Result<T, OpError>,
) -> Result<T, OpError> {
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let marks = Refs::load(&store)?;
    refs::warn(&marks, monitor);
    let resolved = refs::resolve_or_table(repository, &history, &marks, &options.reference)?;
    let mut positions = resolved.chosen(repository, &options.tables, &options.exclude)?;
    let is_named = !options.tables.is_empty() || !resolved.tables.is_empty();
    let run = match run {
        Some(wanted) => {
            let (run, changed) = Run::find(repository, &store, &history, resolved.entry, wanted)?;
            positions = changed;
            Some(run)
        }
        None => None,
    };
    let mut options = options.clone();
    options.key = options.key.or(resolved.key);
    if options.key.is_some() && !options.named_key.is_empty() {
        return Err(OpError::Usage("the reference names a row already: leave --key out".to_owned()));
    }
    if options.create && options.into.is_some() {
        return Err(OpError::Usage(
            "--into makes a new table, --create those that are gone: use one of them".to_owned(),
        ));
    }
    let (place, name) = open(database, &options, |identity| {
        resolved.entry.manifest.source.same_database(&origin(identity, repository))
    })?;
    let identity = place.identity().clone();
    let target = origin(&identity, repository);
    guard::check(&options, &resolved.entry.manifest.source, &target, &identity)?;
    let (place, catalog) = place.with_catalog()?;
    let left_out = match is_named || run.is_some() {
        true => None,
        false => leave_out_ledgers(&store, resolved.entry, &mut positions, &|table| {
            options.create && catalog.table(table).is_none()
        })?,
    };
    // what refers to nothing comes back only where foreign keys do not act
    if run.is_some() && identity.engine.info().location == Location::File {
        let more = Run::referred(&store, resolved.entry, &positions, &catalog)?;
        positions.extend(more);
    }
    let filtered = positions.iter().any(|at| resolved.entry.manifest.tables[*at].filter.is_some());
    let start = Start {
        project: repository,
        store: &store,
        history: &history,
        entry: resolved.entry,
        chosen: positions,
        is_part: is_named || !options.exclude.is_empty() || options.has_key(),
        origin: &target,
        engine: identity.engine,
        header: RestorePlan {
            id: resolved.entry.id.to_hex(),
            message: resolved.entry.manifest.message.clone(),
            created_at: resolved.entry.manifest.created_at,
            target: name,
            mode: options.mode,
            partial: options.has_key() || options.filter.is_some() || filtered,
            tables: Vec::new(),
            created: Vec::new(),
            warnings: Vec::new(),
            creates_database: matches!(place, Place::Absent(_)),
            cascaded: Vec::new(),
            run: run.as_ref().map(|run| UndoneRun {
                after: run.after.id.to_hex(),
                argv: run.after.manifest.run.as_ref().map(|run| run.command.clone()).unwrap_or_default(),
            }),
            conflicts: Vec::new(),
            left_out,
            notes: place.remarks(&resolved.entry.manifest.settings),
        },
        catalog,
        run: run.as_ref().map(|run| Undoing { run, project: repository, engine: identity.engine }),
        monitor,
    };
    go_on(&start, place, &options)
}

/// Takes lists of migrations out of `chosen`, but for those that are `made` again; what was there before a restore comes
/// back whole. A line that says so, if there are any.
fn leave_out_ledgers(
    store: &Store,
    entry: &Entry,
    chosen: &mut Vec<usize>,
    made: &dyn Fn(&TableName) -> bool,
) -> Result<Option<String>, OpError> {
    if entry.manifest.kind == SnapshotKind::Safety {
        return Ok(None);
    }
    let mut ledgers = Vec::new();
    let mut others = Vec::new();
    for position in chosen.iter().copied() {
        let table = &entry.manifest.tables[position];
        match ledgers::kept_by(&read_schema(store, &table.schema_object)?) {
            Some(tool) if !made(&table.table) => ledgers.push((table.table.clone(), tool)),
            _ => others.push(position),
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
pub(super) struct Start<'s> {
    pub project: &'s Repository,
    pub store: &'s Store,
    history: &'s History,
    pub entry: &'s Entry,
    /// The positions of the snapshot's tables that are restored.
    pub chosen: Vec<usize>,
    /// Whether tables were named or left out, or a row.
    is_part: bool,
    pub origin: &'s Origin,
    pub engine: Engine,
    pub catalog: Catalog,
    pub header: RestorePlan,
    run: Option<Undoing<'s>>,
    monitor: &'s dyn Monitor,
}

impl Start<'_> {
    fn work<'w>(
        &'w self,
        (targets, creation): (Targets, Option<Creation>),
        options: &'w RestoreOptions,
        catalog: &'w Catalog,
    ) -> Work<'w> {
        let created = creation.as_ref().map(Creation::shown).unwrap_or_default();
        let warnings = creation.as_ref().map(|creation| creation.warnings.clone()).unwrap_or_default();
        Work {
            project: self.project,
            store: self.store,
            history: self.history,
            entry: self.entry,
            origin: self.origin,
            targets,
            header: RestorePlan { created, warnings, ..self.header.clone() },
            options,
            catalog,
            creation,
            run: self.run,
            monitor: self.monitor,
        }
    }

    /// The tables that are restored, those that are made again among them.
    pub fn targets(&self, options: &RestoreOptions) -> Result<Targets, OpError> {
        targets(self.project, self.store, self.entry, &self.chosen, options, &self.catalog, self.engine)
    }

    /// What is made, if anything is; `existing` as [`Sink::existing`].
    pub fn creation(
        &self,
        targets: &Targets,
        existing: impl FnOnce(&[Part]) -> Result<Vec<Part>, DbError>,
    ) -> Result<Option<Creation>, OpError> {
        let missing = targets.tables.iter().filter(|target| target.made).map(|target| &target.entry);
        let missing: Vec<&TableEntry> = missing.collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let chosen: Vec<&TableName> = targets.tables.iter().map(|target| &target.entry.table).collect();
        Creation::plan(self.store, self.entry, (&chosen, &missing), &self.catalog, existing).map(Some)
    }

    fn in_place<'w>(&'w self, sink: &mut dyn Sink, options: &'w RestoreOptions) -> Result<Work<'w>, OpError> {
        let targets = self.targets(options).map_err(|error| match error {
            OpError::Drift { table, differences } if self.run.is_some() => changed_since(&table, &differences),
            error => error,
        })?;
        if let (Some(_), Some(other)) = (self.run, targets.tables.iter().find(|target| target.projection.is_some())) {
            let was = read_schema(self.store, &other.entry.schema_object)?;
            return Err(changed_since(&other.entry.table, &differences(&was, &other.read.schema)));
        }
        let creation = self.creation(&targets, |parts| sink.existing(parts))?;
        Ok(self.work((targets, creation), options, &self.catalog))
    }

    fn plan(&self, place: Place<'_>, options: &RestoreOptions) -> Result<Plan<RestoreOptions>, OpError> {
        let sink = match place {
            Place::There(sink) => sink,
            Place::Absent(_) => return self.plan_absent(options),
        };
        match &options.into {
            Some(name) => {
                let (_, plan, basis) = self.beside(name, options)?;
                Ok(Plan::new(options, plan, basis.digest()))
            }
            None => self.in_place(sink, options)?.plan(sink),
        }
    }

    fn apply(
        &self,
        place: Place<'_>,
        options: &RestoreOptions,
        planned: Option<&Hash>,
    ) -> Result<RestoreReport, OpError> {
        match place {
            Place::There(sink) => self.apply_to(sink, options, planned),
            Place::Absent(absent) => self.apply_absent(absent, options, planned),
        }
    }

    /// Applies it to the database that is there.
    pub fn apply_to(
        &self,
        sink: &mut dyn Sink,
        options: &RestoreOptions,
        planned: Option<&Hash>,
    ) -> Result<RestoreReport, OpError> {
        let Some(name) = &options.into else {
            let report = self.in_place(sink, options)?.apply(sink, planned)?;
            if !report.applied && self.run.is_none() {
                idle::note(self.store, self.history, self.origin, (&self.entry.id, false))?;
            }
            return Ok(RestoreReport { elsewhere: self.elsewhere(), ..report });
        };
        let (new, _, basis) = self.beside(name, options)?;
        basis.check(planned)?;
        sink.create(&new.schema)?;
        let filled = self.fill(sink, &new, options);
        if filled.is_err() {
            // What was just made is empty: a restore that fails leaves nothing behind.
            sink.discard(&new.schema.table)?;
        }
        filled
    }

    /// What newer snapshots of the same database have beside the snapshot's tables, if no part of it was asked for.
    fn elsewhere(&self) -> Option<Elsewhere> {
        let Manifest { kind, source, tables, .. } = &self.entry.manifest;
        if self.is_part || *kind == SnapshotKind::Safety {
            return None;
        }
        let newer = self.history.asked_for().take_while(|newer| newer.id != self.entry.id);
        let newer = newer.filter(|newer| newer.manifest.source.same_database(source));
        let held = newer.flat_map(|newer| newer.manifest.tables.iter().map(move |held| (&held.table, newer)));
        let mut first = None;
        let mut others = BTreeSet::new();
        for (table, newer) in held.filter(|(table, _)| tables.iter().all(|held| held.table != **table)) {
            let (table_of_first, _) = first.get_or_insert((table, newer));
            if *table_of_first != table {
                others.insert(table);
            }
        }
        first.map(|(table, newer)| Elsewhere {
            table: table.to_string(),
            snapshot: newer.id.to_hex(),
            others: others.len(),
        })
    }

    /// The plan of a restore into a new table.
    fn beside(&self, name: &str, options: &RestoreOptions) -> Result<(into::New, RestorePlan, Basis), OpError> {
        let new = into::plan(self.store, self.entry, &self.chosen, name, options, &self.catalog)?;
        let plan = RestorePlan { tables: vec![new.planned.clone()], ..self.header.clone() };
        let basis = Basis::of(options)?.and(&(self.origin, self.entry.id, &new.schema, &plan))?;
        Ok((new, plan, basis))
    }

    fn fill(&self, sink: &mut dyn Sink, new: &into::New, options: &RestoreOptions) -> Result<RestoreReport, OpError> {
        let catalog = sink.catalog()?;
        let engine = sink.identity().engine;
        let targets = whole(self.project, self.store, &new.entry, &new.partitions, &catalog, engine)?;
        self.work((targets, None), options, &catalog).apply(sink, None)
    }
}

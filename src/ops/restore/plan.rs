//! From a reference and the live catalog to what is read, and from captured trees to a plan.

use super::changes::{Changes, Sides};
use super::drift::ColumnSource;
use super::into::joined;
use super::projection::{Making, Projection, Selection};
use super::undoing::Undoing;
use super::{Mode, PlannedTable, RestoreOptions, RestorePlan, drift};
use crate::codec::{KeySpec, TableSchema};
use crate::db::{Catalog, Engine, Filter, FilterNames, RowStream, Snapshot, TableId, TableRead};
use crate::hash::Hash;
use crate::ops::keys::{Names, TypedKey};
use crate::ops::names::whole as whole_of;
use crate::ops::order::parents_first;
use crate::ops::publish::{Captured, Compared, Taking};
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, TableEntry, read_definition, read_schema};
use crate::store::{NewObjects, Objects};
use crate::tree::Finder;
use std::path::Path;

/// One table to restore: what the snapshot holds and how the live table is read.
pub(super) struct Target {
    /// The snapshot's entry of the table.
    pub entry: TableEntry,
    /// How the live table is read: whole, whatever the snapshot's filter.
    pub read: TableRead,
    /// The position among the reads of the same table within the snapshot's filter, if rows outside must not be
    /// deleted.
    pub filtered: Option<usize>,
    /// How live rows are keyed.
    pub spec: KeySpec,
    /// How the snapshot's rows become what the table is to have; `None` if they are that.
    pub projection: Option<Projection>,
    /// Columns whose defaults rows that come back get.
    pub defaulted: Vec<usize>,
    /// The trees of the partitions whose rows come into one new table; otherwise none.
    pub partitions: Vec<Hash>,
    /// Whether the table is gone, and is made again.
    pub made: bool,
    pub notes: Vec<String>,
}

impl Target {
    /// Refuses the key of a row that the snapshot has not: nothing could come back.
    fn has_the_key(&self, objects: &dyn Objects, entry: &Entry, options: &RestoreOptions) -> Result<(), OpError> {
        let Some((projection, key)) =
            self.projection.as_ref().and_then(|projection| Some((projection, projection.selection.key.as_ref()?)))
        else {
            return Ok(());
        };
        let (was, now) = &projection.specs;
        if was != now || Finder::new(objects).find(was, &self.entry.root, key)?.is_some() {
            return Ok(());
        }
        let key = options.key_as_typed();
        Err(OpError::NoSuchRow { key, table: self.entry.table.to_string(), snapshot: Some(entry.id) })
    }

    /// The tree of the snapshot with the id `snapshot`, where it is what the live table is compared with.
    fn compared(&self, snapshot: &Hash) -> Option<Compared> {
        let whole = self.entry.filter.is_none();
        (self.projection.is_none() && self.partitions.is_empty()).then_some(Compared {
            root: self.entry.root,
            snapshot: *snapshot,
            whole,
        })
    }

    /// Whether rows come back as they were in every column: each has the snapshot's value of that column.
    pub fn takes_every_column(&self) -> bool {
        let as_they_were = |projection: &Projection| {
            projection.origins.iter().enumerate().all(|(at, origin)| *origin == ColumnSource::Snapshot(at))
        };
        self.projection.as_ref().is_none_or(as_they_were)
    }

    /// Columns without which no row can come back: they are not in the snapshot, NOT NULL, and have no default.
    pub fn lacking(&self) -> Vec<&str> {
        let Some(projection) = &self.projection else { return Vec::new() };
        let columns = self.read.schema.columns.iter().zip(&projection.origins);
        columns
            .filter(|(column, origin)| {
                let has_value = column.nullable || column.default.is_some() || column.identity.is_some();
                **origin == ColumnSource::Kept && !has_value
            })
            .map(|(column, _)| column.name.as_str())
            .collect()
    }
}

/// All tables to restore, parents before children, and what is read for them.
pub(super) struct Targets {
    /// The tables; the first reads are theirs, in this order.
    pub tables: Vec<Target>,
    /// Everything that is read: the tables, then filtered second looks.
    pub reads: Vec<TableRead>,
}

/// Chooses the snapshot's tables and checks each against the live schema.
///
/// # Errors
/// If a table is not in the snapshot, is gone from the database, or its schema no longer takes the rows.
pub(super) fn targets(
    project: &Repository,
    objects: &dyn Objects,
    entry: &Entry,
    chosen: &[usize],
    options: &RestoreOptions,
    catalog: &Catalog,
    engine: Engine,
) -> Result<Targets, OpError> {
    let named: Vec<_> = chosen.iter().map(|at| &entry.manifest.tables[*at]).collect();
    let whole = whole_of(&named.iter().map(|table| (&table.table, &table.part_of[..])).collect::<Vec<_>>());
    if whole.is_none() && (options.has_key() || options.filter.is_some() || !options.columns.is_empty()) {
        let what = format!("a key, --where and --columns go with one table, and {} are restored", chosen.len());
        return Err(OpError::Usage(what));
    }
    // A row of a partitioned table is in one of its partitions.
    let chosen = match options.has_key() && chosen.len() > 1 {
        true => vec![holder(project, objects, entry, chosen, options)?],
        false => chosen.to_vec(),
    };
    let mut tables = Vec::new();
    for position in chosen {
        tables.push(target(project, objects, &entry.manifest.tables[position], options, catalog, engine)?);
    }
    if let [target] = tables.as_slice()
        && options.mode != Mode::Exact
    {
        target.has_the_key(objects, entry, options)?;
    }
    let order = parents_first(&tables.iter().map(|target| &target.read.schema).collect::<Vec<_>>());
    let mut unsorted: Vec<Option<Target>> = tables.into_iter().map(Some).collect();
    let mut tables: Vec<Target> = order.into_iter().filter_map(|at| unsorted[at].take()).collect();
    let mut reads: Vec<TableRead> = tables.iter().map(|target| target.read.clone()).collect();
    for target in &mut tables {
        if let (Mode::Exact, Some(typed), false) = (options.mode, &target.entry.filter, target.made) {
            let filter =
                Filter::kept(typed, engine, &target.read.schema, &project.filter_names(&target.read.schema.table))?;
            if filter.typed != *typed {
                let what = format!(
                    "the filter of table {} was kept with Prisma's names of enum values: {typed}; they may stand for others today, \
                     so --mode exact could delete other rows than it took",
                    target.entry.table
                );
                return Err(OpError::Refused { what, allow: None });
            }
            target.filtered = Some(reads.len());
            reads.push(TableRead { schema: target.read.schema.clone(), filter: Some(filter) });
        }
    }
    Ok(Targets { tables, reads })
}

/// The position of the partition that has the row whose key was typed.
fn holder(
    project: &Repository,
    objects: &dyn Objects,
    entry: &Entry,
    chosen: &[usize],
    options: &RestoreOptions,
) -> Result<usize, OpError> {
    for position in chosen {
        let table = &entry.manifest.tables[*position];
        let schema = read_schema(objects, &table.schema_object)?;
        let typed = typed_key(project, entry.manifest.source.engine()?, &schema, options)?;
        if typed.map(|typed| typed.find(&Finder::new(objects), &schema, &table.root)).transpose()?.flatten().is_some() {
            return Ok(*position);
        }
    }
    let (key, table) = (options.key_as_typed(), options.reference.clone());
    Err(OpError::NoSuchRow { key, table, snapshot: Some(entry.id) })
}

/// The key of the one row that is wanted, if one is.
fn typed_key(
    project: &Repository,
    engine: Engine,
    schema: &TableSchema,
    options: &RestoreOptions,
) -> Result<Option<TypedKey>, OpError> {
    let filter = project.filter_names(&schema.table);
    let names = Names { engine, filter: &filter, fields: &*project.field_names(schema) };
    match &options.key {
        Some(typed) => TypedKey::parse(schema, typed, names).map(Some),
        None if options.named_key.is_empty() => Ok(None),
        None => TypedKey::named(schema, &options.named_key, names).map(Some),
    }
}

/// The restore of one table, whole; its rows are those of `partitions`, if there are any.
///
/// # Errors
/// As [`targets`].
pub(super) fn whole(
    project: &Repository,
    objects: &dyn Objects,
    entry: &TableEntry,
    partitions: &[Hash],
    catalog: &Catalog,
    engine: Engine,
) -> Result<Targets, OpError> {
    let target = target(project, objects, entry, &RestoreOptions::default(), catalog, engine)?;
    let target = Target { partitions: partitions.to_vec(), ..target };
    Ok(Targets { reads: vec![target.read.clone()], tables: vec![target] })
}

fn target(
    project: &Repository,
    objects: &dyn Objects,
    entry: &TableEntry,
    options: &RestoreOptions,
    catalog: &Catalog,
    engine: Engine,
) -> Result<Target, OpError> {
    let schema = read_schema(objects, &entry.schema_object)?;
    let Some(live) = catalog.table(&entry.table) else {
        let defined = read_definition(objects, &entry.schema_object)?.is_some();
        return match options.create {
            true if options.has_key() || options.filter.is_some() || !options.columns.is_empty() => {
                let what = format!(
                    "table {} is gone, and --create makes it with all rows: leave out the key, --where and --columns",
                    entry.table
                );
                Err(OpError::Usage(what))
            }
            true => Ok(Target::made(entry, schema)),
            false => Err(OpError::TableGone { table: entry.table.to_string(), defined }),
        };
    };
    if let Some(refusal) = &live.refusal {
        return Err(OpError::Refused { what: refusal.clone(), allow: None });
    }
    let names = project.filter_names(&entry.table);
    // Prisma's field for a column that is not called so itself.
    let column = |typed: &String| match live.schema.columns.iter().any(|column| column.name == *typed) {
        true => typed.clone(),
        false => names.column(typed).unwrap_or_else(|| typed.clone()),
    };
    let options = &RestoreOptions { columns: options.columns.iter().map(column).collect(), ..options.clone() };
    let columns = schema.columns.iter().chain(&live.schema.columns).map(|column| column.name.as_str());
    for typed in &options.columns {
        if !columns.clone().any(|name| name == typed) {
            let distance = |name: &&str| strsim::damerau_levenshtein(&name.to_lowercase(), &typed.to_lowercase());
            let near = columns.clone().min_by_key(distance).filter(|name| distance(name) <= 2 + name.len() / 4);
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(OpError::Usage(format!("table {} has no column '{typed}'{near}", entry.table)));
        }
    }
    let drift = drift::compare(&schema, &live.schema, options);
    if !drift.obstacles.is_empty() {
        return Err(OpError::Drift { table: entry.table.clone(), differences: drift.obstacles });
    }
    let is_plain = drift.is_plain(&schema);
    let defaulted = |(at, origin): (usize, &ColumnSource)| {
        let column = drift.schema.columns.get(at)?;
        (*origin == ColumnSource::Kept && (column.default.is_some() || column.identity.is_some())).then_some(at)
    };
    let defaulted = drift.origins.iter().enumerate().filter_map(defaulted).collect();
    let projection = Projection {
        selection: Selection {
            condition: match &options.filter {
                Some(typed) => Some(Filter::parse_named(typed, engine, &drift.schema, &names)?),
                None => None,
            },
            key: match typed_key(project, engine, &drift.schema, options)? {
                Some(typed) => {
                    let held = typed.find(&Finder::new(objects), &schema, &entry.root)?;
                    Some(held.map_or_else(|| typed.likeliest().to_vec(), |held| held.key))
                }
                None => None,
            },
        },
        only_present: !options.columns.is_empty(),
        specs: (schema.key_spec(), drift.schema.key_spec()),
        columns: schema.columns.len(),
        origins: drift.origins,
    };
    Ok(Target {
        entry: entry.clone(),
        spec: drift.schema.key_spec(),
        projection: (!is_plain || !projection.selection.is_all()).then_some(projection),
        defaulted,
        partitions: Vec::new(),
        made: false,
        read: TableRead { schema: drift.schema, filter: None },
        filtered: None,
        notes: drift.notes,
    })
}

/// The plan of a restore with the changes behind it.
pub(super) struct Prepared {
    /// The plan as it is shown.
    pub plan: RestorePlan,
    /// The changes, table by table in the plan's order.
    pub changes: Vec<Changes>,
    /// The live tables as they were captured.
    pub live: Vec<Captured>,
}

/// Captures the live tables from `live` and compares them with the trees of the snapshot with the id `snapshot`.
///
/// # Errors
/// If reading, storing or comparing fails.
pub(super) fn prepare(
    taking: &Taking<'_>,
    live: &mut dyn Snapshot,
    targets: &Targets,
    (snapshot, run): (&Hash, Option<Undoing<'_>>),
    header: RestorePlan,
    scratch: &Path,
) -> Result<Prepared, OpError> {
    let expected: Vec<(Option<u64>, Option<u64>)> =
        targets.tables.iter().map(|target| (Some(target.entry.rows), Some(target.entry.bytes))).collect();
    let compared = |target: &Target| match run {
        Some(run) => {
            run.after(target).map(|after| Compared { root: after.root, snapshot: run.run.after.id, whole: true })
        }
        None => target.compared(snapshot),
    };
    let compared: Vec<Option<Compared>> = targets.tables.iter().map(compared).collect();
    let mut captured = taking.capture_noting(live, &targets.reads, &expected, &compared)?;
    let mut plan = header;
    let mut all = Vec::with_capacity(targets.tables.len());
    for (index, target) in targets.tables.iter().enumerate() {
        let now = captured[index].built.root;
        // What the table is to become is made to be compared with, and not kept.
        let trial = taking.session.trial();
        if let Some(run) = run {
            let noted = captured[index].built.differences.take();
            let rows = (captured[index].built.totals.rows, target.entry.rows);
            let undone = run.compare(&*trial, target, (&now, noted), rows.0, (&mut *live, index, scratch))?;
            let mut notes = target.notes.clone();
            notes.extend(run.note(target, &now));
            plan.tables.push(undone.describe(&target.entry.table, rows, notes));
            plan.conflicts.extend(undone.conflicts);
            all.push(undone.changes);
            continue;
        }
        let held = match target.partitions.as_slice() {
            [] => target.entry.root,
            partitions => joined(&*trial, partitions, &target.spec, scratch, taking.monitor)?,
        };
        let snapshot = match &target.projection {
            Some(projection) => {
                let matching = &mut |rows: &mut dyn RowStream| match &projection.selection.condition {
                    Some(filter) => live.matching(TableId::at(index), filter, &target.read.schema, rows),
                    None => Ok(Vec::new()),
                };
                let making = Making { objects: &*trial, scratch, monitor: taking.monitor, matching };
                projection.tree(making, &held, &now)?
            }
            None => held,
        };
        let live_in_filter = target.filtered.map(|position| captured[position].built.root);
        let sides = Sides { live: now, live_in_filter, snapshot, noted: captured[index].built.differences.take() };
        let rows = (captured[index].built.totals.rows, target.entry.rows);
        let mut changes = Changes::collect(&*trial, &target.spec, &sides, rows, plan.mode, scratch)?;
        changes.pair(live, (index, &target.spec), plan.mode, scratch)?;
        let planned = changes.describe(target.entry.table.to_string(), rows, target.notes.clone());
        plan.tables.push(PlannedTable { created: target.made, ..planned });
        all.push(changes);
    }
    captured.truncate(targets.tables.len());
    Ok(Prepared { plan, changes: all, live: captured })
}

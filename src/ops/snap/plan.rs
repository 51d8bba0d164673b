//! The plan of a snapshot: which tables, how many rows, how long, and what a deletion would take along.

use super::{SnapOptions, SnapPlan, SnapTable, Strategy, TakenAlong};
use crate::codec::TableName;
use crate::db::{Catalog, Engine, Filter, Sink, TableId, TableInfo, TableRead};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::{Connection, Database};
use crate::ops::ledgers;
use crate::ops::names::{Tables, whole};
use crate::ops::plan::{Basis, Plan};
use crate::ops::publish::origin;
use crate::ops::repository::Repository;
use std::collections::BTreeSet;

/// From this many rows on a table is read "in batches" in the output.
const BATCHES_FROM: u64 = 10_000;
/// From this many rows on filtering is advised.
const ADVISE_FROM: u64 = 100_000;
/// Tables estimated larger than this are not counted before reading: the count would cost as much as it tells.
const COUNT_UP_TO: u64 = 200_000;
/// Bytes of a row where nothing is known of the table's size.
const USUAL_ROW: u64 = 256;
/// Bytes a second that the time estimate reckons with.
const BYTES_PER_SECOND: u64 = 150 << 20;

/// The tables of a snapshot, and what is told beside them. Nothing is read of them yet.
pub(super) struct Prepared {
    pub catalog: Catalog,
    pub tables: Vec<TableInfo>,
    pub reads: Vec<TableRead>,
    taken_along: Vec<TakenAlong>,
    left_out: Option<String>,
    /// What a plan stands on: the database and the columns of the tables. Not how many rows they have.
    pub basis: Basis,
}

impl Prepared {
    /// Finds the tables, and what deletions would take along.
    ///
    /// # Errors
    /// If there is no store or database, or a table or filter cannot be used.
    pub fn find(repository: &Repository, database: &mut Database, options: &SnapOptions) -> Result<Prepared, OpError> {
        let catalog = database.catalog()?;
        let identity = database.identity()?;
        let chosen = choose(repository, &catalog, options)?;
        if let Some((table, refusal)) = chosen.iter().find_map(|info| Some((&info.schema.table, info.refusal.clone()?)))
        {
            return Err(match chosen.len() > 1 {
                true => OpError::RefusedTable { what: refusal, table: table.to_string() },
                false => OpError::Refused { what: refusal, allow: None },
            });
        }
        let reads = reads(repository, &chosen, options, identity.engine)?;
        let names: BTreeSet<&TableName> = chosen.iter().map(|info| &info.schema.table).collect();
        let taken_along = taken_along(repository, &catalog, &names);
        let left_out = match options.all {
            true => ledgers::left_out(&catalog.tables.iter().filter_map(ledger).collect::<Vec<_>>()),
            false => None,
        };
        let schemas: Vec<_> = reads.iter().map(|read| &read.schema).collect();
        let basis = Basis::of(options)?.and(&(origin(identity, repository), schemas, &taken_along, &left_out))?;
        let tables = chosen.into_iter().cloned().collect();
        Ok(Prepared { catalog, tables, reads, taken_along, left_out, basis })
    }

    /// Counts or estimates the rows.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn plan(
        self,
        repository: &Repository,
        database: &mut Database,
        options: &SnapOptions,
        monitor: &dyn Monitor,
    ) -> Result<Plan<SnapOptions>, OpError> {
        let Connection { sink, name, origin } = database.connect()?;
        let tables = estimate(&self.tables, &self.reads, sink.as_mut(), monitor)?;
        let bytes: u64 = tables.iter().filter_map(|table| table.bytes).sum();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let seconds = bytes as f64 / BYTES_PER_SECOND as f64;
        let plan = SnapPlan {
            database: name.clone(),
            url_origin: match &repository.models().broken {
                Some(broken) => format!("{origin}; the Prisma schema cannot be read: {broken}"),
                None => origin.clone(),
            },
            tables,
            taken_along: self.taken_along,
            left_out: self.left_out,
            seconds,
        };
        Ok(Plan::new(options, plan, self.basis.digest()))
    }
}

fn choose<'c>(
    project: &Repository,
    catalog: &'c Catalog,
    options: &SnapOptions,
) -> Result<Vec<&'c TableInfo>, OpError> {
    let known = Tables::of_catalog(project, catalog);
    let positions = match (options.all, &options.tables[..]) {
        (true, [_, ..]) => return Err(OpError::Usage("--all takes no table names".to_owned())),
        (true, []) if catalog.tables.is_empty() => {
            return Err(OpError::Usage("the database has no tables".to_owned()));
        }
        (true, []) => (0..catalog.tables.len()).filter(|at| ledger(&catalog.tables[*at]).is_none()).collect(),
        (false, []) => {
            return Err(OpError::Usage(
                "name the tables to snapshot (dbsnap tables lists them), or give --all".to_owned(),
            ));
        }
        (false, typed) => known.find_all(typed)?,
    };
    let excluded = known.find_all(&options.exclude)?;
    let mut chosen: Vec<&TableInfo> = Vec::new();
    chosen.extend(positions.iter().filter(|at| !excluded.contains(at)).map(|at| &catalog.tables[*at]));
    if options.cascade {
        add_taken_along(project, catalog, &mut chosen);
        chosen.retain(|info| !excluded.iter().any(|at| catalog.tables[*at].schema.table == info.schema.table));
    }
    if chosen.is_empty() {
        let what = if options.exclude.is_empty() {
            "there is nothing but lists of migrations"
        } else {
            "--exclude leaves no table"
        };
        return Err(OpError::Usage(format!("{what} to snapshot")));
    }
    Ok(chosen)
}

/// The tool that keeps its list of migrations in a table.
fn ledger(info: &TableInfo) -> Option<(TableName, &'static str)> {
    ledgers::kept_by(&info.schema).map(|tool| (info.schema.table.clone(), tool))
}

/// Adds, again and again, the tables that a deletion in the chosen ones would take along.
fn add_taken_along<'c>(project: &Repository, catalog: &'c Catalog, chosen: &mut Vec<&'c TableInfo>) {
    loop {
        let names: BTreeSet<&TableName> = chosen.iter().map(|info| &info.schema.table).collect();
        let more: BTreeSet<String> =
            taken_along(project, catalog, &names).into_iter().map(|along| along.table).collect();
        if more.is_empty() {
            return;
        }
        chosen.extend(catalog.tables.iter().filter(|info| more.contains(&info.schema.table.to_string())));
    }
}

/// Tables outside `names` that refer into them, where a deletion would follow: by foreign keys, or by Prisma's client.
fn taken_along(project: &Repository, catalog: &Catalog, names: &BTreeSet<&TableName>) -> Vec<TakenAlong> {
    let mut found = Vec::new();
    for info in catalog.tables.iter().filter(|info| !names.contains(&info.schema.table)) {
        for reach in project.reaches(info) {
            let refers_to = &reach.refers_to;
            let is_target = |name: &&&TableName| {
                **name == refers_to || catalog.table(name).is_some_and(|table| table.part_of.contains(refers_to))
            };
            if let Some(target) = names.iter().find(is_target) {
                found.push(TakenAlong {
                    table: info.schema.table.to_string(),
                    refers_to: target.to_string(),
                    on_delete: reach.on_delete,
                    by_prisma: reach.by_prisma,
                });
            }
        }
    }
    found
}

fn reads(
    project: &Repository,
    chosen: &[&TableInfo],
    options: &SnapOptions,
    engine: Engine,
) -> Result<Vec<TableRead>, OpError> {
    let named: Vec<_> = chosen.iter().map(|info| (&info.schema.table, &info.part_of[..])).collect();
    if options.filter.is_some() && whole(&named).is_none() {
        return Err(OpError::Usage(format!("--where goes with one table; {} were named", chosen.len())));
    }
    chosen
        .iter()
        .map(|info| {
            let filter = match &options.filter {
                Some(typed) => {
                    Some(Filter::parse_named(typed, engine, &info.schema, &project.filter_names(&info.schema.table))?)
                }
                None => None,
            };
            Ok(TableRead { schema: info.schema.clone(), filter })
        })
        .collect()
}

/// Counts small tables and filtered ones exactly, in one instant; takes the estimate for large ones.
fn estimate(
    chosen: &[TableInfo],
    reads: &[TableRead],
    source: &mut dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<SnapTable>, OpError> {
    let mut snapshot = source.snapshot(reads, monitor)?;
    let mut tables = Vec::with_capacity(chosen.len());
    for (index, (info, read)) in chosen.iter().zip(reads).enumerate() {
        let count = read.filter.is_some() || info.estimated_rows.is_none_or(|rows| rows <= COUNT_UP_TO);
        let rows = if count { Some(snapshot.count(TableId::at(index))?) } else { info.estimated_rows };
        let bytes = match (info.bytes, info.estimated_rows, rows) {
            (Some(bytes), Some(all), Some(rows)) if read.filter.is_some() && all > 0 => Some(bytes / all.max(1) * rows),
            (bytes, ..) => bytes,
        };
        let strategy = match rows.unwrap_or(0) {
            0..BATCHES_FROM => Strategy::Full,
            BATCHES_FROM..=ADVISE_FROM => Strategy::Batches,
            _ => Strategy::Large,
        };
        tables.push(SnapTable {
            table: info.schema.table.to_string(),
            rows,
            counted: count,
            // A server tells the size of a table only once it has looked at it.
            bytes: bytes.or(rows.map(|rows| rows.saturating_mul(USUAL_ROW))),
            strategy,
            filter: read.filter.as_ref().map(|filter| filter.typed.clone()),
        });
    }
    Ok(tables)
}

//! The plan of a snapshot: which tables, how many rows, how long, and what a deletion would take along.

use super::{PlannedTable, SnapOptions, SnapPlan, Strategy, TakenAlong};
use crate::codec::{ReferentialAction, TableName};
use crate::db::{Catalog, Engine, Filter, Sink, TableInfo, TableRead};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::names;
use crate::ops::project::{Place, Project};
use crate::ops::settings;
use std::collections::BTreeSet;

/// From this many rows on a table is read "in batches" in the plan's words.
const BATCHES_FROM: u64 = 10_000;
/// From this many rows on filtering is advised.
const ADVISE_FROM: u64 = 100_000;
/// Tables estimated larger than this are not counted before reading: the count would cost as much as it tells.
const COUNT_UP_TO: u64 = 200_000;
/// Bytes of a row where nothing is known of the table's size.
const USUAL_ROW: u64 = 256;
/// Bytes a second that the time estimate reckons with.
const BYTES_PER_SECOND: u64 = 150 << 20;

/// Makes the plan: finds the tables, counts or estimates, and looks for what deletions would take along. Nothing is written.
///
/// # Errors
/// If there is no store or database, or a table or filter cannot be used.
pub fn plan(place: &Place, options: SnapOptions, monitor: &dyn Monitor) -> Result<SnapPlan, OpError> {
    let project = Project::find(place)?;
    let (mut source, chosen) = settings::connect(place, &project)?;
    let catalog = source.catalog()?;
    let chosen_tables = choose(&project, &catalog, &options)?;
    if let Some(refusal) = chosen_tables.iter().find_map(|info| info.refusal.clone()) {
        return Err(OpError::Refused { what: refusal, allow: None });
    }
    let reads = reads(&project, &chosen_tables, &options, source.identity().engine)?;
    let tables = estimate(&chosen_tables, &reads, source.as_mut(), monitor)?;
    let names: BTreeSet<&TableName> = chosen_tables.iter().map(|info| &info.schema.table).collect();
    let bytes: u64 = tables.iter().filter_map(|table| table.bytes).sum();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = bytes as f64 / BYTES_PER_SECOND as f64;
    Ok(SnapPlan {
        database: chosen.url.display(),
        url_origin: match &project.models().broken {
            Some(broken) => format!("{}; the Prisma schema cannot be read: {broken}", chosen.origin),
            None => chosen.origin.to_string(),
        },
        tables,
        taken_along: taken_along(&catalog, &names),
        seconds,
        reads,
        project,
        source,
        options,
    })
}

fn choose<'c>(project: &Project, catalog: &'c Catalog, options: &SnapOptions) -> Result<Vec<&'c TableInfo>, OpError> {
    if options.all {
        if !options.tables.is_empty() {
            return Err(OpError::Usage("--all takes no table names".to_owned()));
        }
        if catalog.tables.is_empty() {
            return Err(OpError::Usage("the database has no tables".to_owned()));
        }
        return Ok(catalog.tables.iter().collect());
    }
    if options.tables.is_empty() {
        return Err(OpError::Usage("name the tables to snapshot, or give --all".to_owned()));
    }
    let mut chosen: Vec<&TableInfo> = Vec::new();
    for typed in &options.tables {
        for info in names::find_tables(catalog, &project.live_table_typed(catalog, typed))
            .map_err(|error| project.with_near_models(error))?
        {
            if !chosen.iter().any(|have| have.schema.table == info.schema.table) {
                chosen.push(info);
            }
        }
    }
    if options.cascade {
        add_taken_along(catalog, &mut chosen);
    }
    Ok(chosen)
}

/// Adds, again and again, the tables that a deletion in the chosen ones would take along.
fn add_taken_along<'c>(catalog: &'c Catalog, chosen: &mut Vec<&'c TableInfo>) {
    loop {
        let names: BTreeSet<&TableName> = chosen.iter().map(|info| &info.schema.table).collect();
        let more: BTreeSet<String> = taken_along(catalog, &names).into_iter().map(|along| along.table).collect();
        if more.is_empty() {
            return;
        }
        chosen.extend(catalog.tables.iter().filter(|info| more.contains(&info.schema.table.to_string())));
    }
}

/// Tables outside `names` with a foreign key into them that a deletion would follow.
fn taken_along(catalog: &Catalog, names: &BTreeSet<&TableName>) -> Vec<TakenAlong> {
    let mut found = Vec::new();
    for info in catalog.tables.iter().filter(|info| !names.contains(&info.schema.table)) {
        for key in &info.schema.foreign_keys {
            let follows = !matches!(key.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict);
            let target = names.iter().find(|name| {
                **name == &key.table
                    || catalog.table(name).and_then(|table| table.partition_of.as_ref()) == Some(&key.table)
            });
            if let (true, Some(target)) = (follows, target) {
                found.push(TakenAlong {
                    table: info.schema.table.to_string(),
                    refers_to: target.to_string(),
                    on_delete: key.on_delete,
                });
            }
        }
    }
    found
}

fn reads(
    project: &Project,
    chosen: &[&TableInfo],
    options: &SnapOptions,
    engine: Engine,
) -> Result<Vec<TableRead>, OpError> {
    if options.filter.is_some() && chosen.len() != 1 {
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
    chosen: &[&TableInfo],
    reads: &[TableRead],
    source: &mut dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<PlannedTable>, OpError> {
    let mut snapshot = source.snapshot(reads, monitor)?;
    let mut tables = Vec::with_capacity(chosen.len());
    for (index, (info, read)) in chosen.iter().zip(reads).enumerate() {
        let count = read.filter.is_some() || info.estimated_rows.is_none_or(|rows| rows <= COUNT_UP_TO);
        let rows = if count { Some(snapshot.count(index)?) } else { info.estimated_rows };
        let bytes = match (info.bytes, info.estimated_rows, rows) {
            (Some(bytes), Some(all), Some(rows)) if read.filter.is_some() && all > 0 => Some(bytes / all.max(1) * rows),
            (bytes, ..) => bytes,
        };
        let strategy = match rows.unwrap_or(0) {
            0..BATCHES_FROM => Strategy::Full,
            BATCHES_FROM..=ADVISE_FROM => Strategy::Batches,
            _ => Strategy::Large,
        };
        tables.push(PlannedTable {
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

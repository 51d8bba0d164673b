//! `--into`: a new table beside the old one, for looking at what was.

use super::{PlannedTable, RestoreOptions};
use crate::codec::{Column, KeySpec, TableName, TableSchema};
use crate::db::Catalog;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::names::whole;
use crate::snapshot::{Entry, TableEntry, read_schema};
use crate::store::{NewObjects, Objects};
use crate::tree::{BuildOptions, Cursor, LoadOptions, Loader};
use std::path::Path;

/// The new table, and the restore into it.
pub(super) struct New {
    /// What is to be made.
    pub schema: TableSchema,
    /// What goes into it: the only table, or all partitions of it as one.
    pub entry: TableEntry,
    /// The trees of these partitions.
    pub partitions: Vec<Hash>,
    /// The plan, made without the table.
    pub planned: PlannedTable,
}

/// Plans a new table called `name` with the rows of the one table, or of the partitioned one, that is chosen.
///
/// # Errors
/// If more than one table is chosen, its partitions have different columns, only a part of it is asked for, or there is
/// a table of that name.
pub(super) fn plan(
    objects: &dyn Objects,
    entry: &Entry,
    chosen: &[usize],
    name: &str,
    options: &RestoreOptions,
    catalog: &Catalog,
) -> Result<New, OpError> {
    if options.has_key() || options.filter.is_some() || !options.columns.is_empty() {
        return Err(OpError::Usage(
            "--into makes a table of all rows: leave out the key, --where and --columns".to_owned(),
        ));
    }
    let parts: Vec<&TableEntry> = chosen.iter().filter_map(|at| entry.manifest.tables.get(*at)).collect();
    let named: Vec<_> = parts.iter().map(|part| (&part.table, &part.part_of[..])).collect();
    let (Some(of), Some(held)) = (whole(&named), parts.first()) else {
        return Err(OpError::Usage("--into takes one table: name it after the snapshot".to_owned()));
    };
    let schema = read_schema(objects, &held.schema_object)?;
    for part in &parts {
        let other = read_schema(objects, &part.schema_object)?;
        let names = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(&other) != names(&schema) || other.key_spec() != schema.key_spec() {
            let what = format!(
                "partitions {} and {} of {of} have different columns or keys; restore each into a table of its own",
                held.table, part.table
            );
            return Err(OpError::Refused { what, allow: None });
        }
    }
    let rows = parts.iter().map(|part| part.rows).sum();
    let table = match (name.split_once('.'), &schema.table.schema) {
        (Some((qualifier, name)), Some(_)) => TableName::qualified(qualifier, name),
        (_, qualifier) => TableName { schema: qualifier.clone(), name: name.to_owned() },
    };
    if catalog.table(&table).is_some() {
        let what = format!("there is a table {table} already; --into makes a new one");
        return Err(OpError::Refused { what, allow: None });
    }
    let columns = schema.columns.into_iter().map(|column| Column { default: None, identity: None, ..column }).collect();
    let made = TableSchema {
        table: table.clone(),
        columns,
        generated: Vec::new(),
        foreign_keys: Vec::new(),
        unique: Vec::new(),
        ..schema
    };
    let planned = PlannedTable {
        table: table.to_string(),
        created: false,
        snapshot_rows: rows,
        live_rows: 0,
        insert: rows,
        update: 0,
        delete: 0,
        unchanged: 0,
        left: 0,
        conflicts: 0,
        notes: vec!["a new table, without defaults, references, indexes and triggers".to_owned()],
    };
    let entry = TableEntry { table, rows, bytes: parts.iter().map(|part| part.bytes).sum(), ..(*held).clone() };
    let partitions = if parts.len() > 1 { parts.iter().map(|part| part.root).collect() } else { Vec::new() };
    Ok(New { schema: made, entry, partitions, planned })
}

/// One tree of the rows of several, all keyed alike.
///
/// # Errors
/// If a tree cannot be read, a key is in two of them, or the disk refuses.
pub(super) fn joined(
    objects: &dyn NewObjects,
    roots: &[Hash],
    spec: &KeySpec,
    scratch: &Path,
    monitor: &dyn Monitor,
) -> Result<Hash, OpError> {
    let options = LoadOptions { build: BuildOptions::new(monitor), scratch, budget: 16 << 20, trial: None };
    std::thread::scope(|scope| {
        let mut loader = Loader::new(scope, objects, spec, roots, options);
        for root in roots {
            let mut cursor = Cursor::new(objects, spec, root)?;
            while let Some(entry) = cursor.next_entry()? {
                for _ in 0..entry.count {
                    loader.push(entry.row)?;
                }
                cursor.forget();
                if monitor.interrupted() {
                    return Err(OpError::Interrupted);
                }
            }
        }
        Ok(loader.finish()?.built.root)
    })
}

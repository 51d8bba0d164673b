//! `--into`: a new table beside the old one, for looking at what was.

use super::{PlannedTable, RestoreOptions};
use crate::codec::{Column, TableName, TableSchema};
use crate::db::Catalog;
use crate::ops::OpError;
use crate::snapshot::{Entry, TableEntry, read_schema};
use crate::store::Objects;

/// The new table, and the restore into it.
pub(super) struct New {
    /// What is to be made.
    pub schema: TableSchema,
    /// What goes into it.
    pub entry: TableEntry,
    /// The plan, made without the table.
    pub planned: PlannedTable,
}

/// Plans a new table called `name` with the rows of the one table that is chosen.
///
/// # Errors
/// If not exactly one table is chosen, only a part of it is asked for, or there is a table of that name.
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
    let [position] = chosen else {
        return Err(OpError::Usage("--into takes one table: name it after the snapshot".to_owned()));
    };
    let Some(held) = entry.manifest.tables.get(*position) else {
        return Err(OpError::Usage("no such table".to_owned()));
    };
    let schema = read_schema(objects, &held.schema_object)?;
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
        snapshot_rows: held.rows,
        live_rows: 0,
        insert: held.rows,
        update: 0,
        delete: 0,
        unchanged: 0,
        left: 0,
        notes: vec!["a new table, without defaults, references, indexes and triggers".to_owned()],
    };
    let mut entry = held.clone();
    entry.table = table;
    Ok(New { schema: made, entry, planned })
}

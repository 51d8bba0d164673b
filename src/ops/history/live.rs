//! The live row beside its history.

use super::{Bytes, Form, StoredRow};
use crate::codec::{Column, RowReader, TableName, TableSchema};
use crate::db::{DbError, Filter, RowSink, Sink, TableId, TableRead, patch_writer};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::database::{AT_HAND, Database};
use crate::ops::publish::origin;
use crate::ops::repository::Repository;
use crate::snapshot::Origin;
use std::sync::Arc;
use std::time::Instant;

/// What the row is in the live database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveRow {
    /// As this snapshot shows it, and no newer change does.
    AsIn(String),
    /// It is not there.
    Gone,
    /// As in no snapshot: these columns are not as in the newest one, if that has the row.
    Differs(Vec<String>),
}

/// The live row with the key of `known`: `Some(None)` if it is not there, `None` if this is not the database of the
/// snapshots, or the table is gone, or has another key or columns of other types.
///
/// # Errors
/// If the database cannot be read.
pub(super) fn live_row(
    project: &Repository,
    database: &mut Database,
    source: &Origin,
    tables: &[&TableName],
    known: &StoredRow,
) -> Result<Option<Option<StoredRow>>, OpError> {
    let deadline = Deadline(Instant::now() + AT_HAND);
    let sink = database.connect()?.sink.as_mut();
    if !source.same_database(&origin(sink.identity(), project)) {
        return Ok(None);
    }
    let (form, mut looked) = (&known.form, false);
    let values = RowReader::values(known.bytes(), form.schema.columns.len())?;
    let by_key = Filter {
        typed: String::new(),
        sql: patch_writer(form.engine).key_is(&form.schema, &values),
        columns: form.schema.key_names().into_iter().map(str::to_owned).collect(),
    };
    for table in tables {
        let schema = TableSchema { table: (*table).clone(), ..form.schema.clone() };
        // most tables are as they were, and need not all be looked at to find one
        let (schema, found) = match first_row(sink, &schema, &by_key, &deadline) {
            Err(DbError::Changed { .. }) => {
                let catalog = sink.catalog()?;
                let Some(now) = catalog.table(table).map(|info| &info.schema) else { continue };
                // values of other types do not compare
                if now.key_names() != form.schema.key_names() || is_retyped(&form.schema, now) {
                    continue;
                }
                (now.clone(), first_row(sink, now, &by_key, &deadline)?)
            }
            found => (schema, found?),
        };
        looked = true;
        if let Some(row) = found {
            let form = Arc::new(Form::of(project, form.engine, schema)?);
            return Ok(Some(Some(StoredRow { form, bytes: Bytes::Kept(Arc::new(row)) })));
        }
    }
    Ok(looked.then_some(None))
}

/// Whether columns have other types in `now`.
fn is_retyped(then: &TableSchema, now: &TableSchema) -> bool {
    let of = |column: &Column| (column.kind, column.array, column.sql_type.clone());
    let other = |column: &Column| now.columns.iter().any(|now| now.name == column.name && of(now) != of(column));
    then.columns.iter().any(other)
}

/// When the live row is not worth waiting for any more.
struct Deadline(Instant);

impl Monitor for Deadline {
    fn interrupted(&self) -> bool {
        Instant::now() >= self.0
    }
}

/// The first row that `filter` lets through.
fn first_row(
    sink: &mut dyn Sink,
    schema: &TableSchema,
    filter: &Filter,
    deadline: &Deadline,
) -> Result<Option<Vec<u8>>, DbError> {
    struct First(Option<Vec<u8>>);
    impl RowSink for First {
        fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
            self.0.get_or_insert_with(|| row.to_vec());
            Ok(())
        }
    }
    let read = TableRead { schema: schema.clone(), filter: Some(filter.clone()) };
    let mut first = First(None);
    sink.snapshot(&[read], deadline)?.read(TableId::at(0), &mut first)?;
    Ok(first.0)
}

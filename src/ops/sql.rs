//! `sql`: a query over the tables of a snapshot, and a snapshot as a SQLite file.

use super::OpError;
use super::project::{Place, Project};
use super::refs::{find_entry_table, resolve};
pub use crate::codec::ValueRef;
use crate::codec::{RowReader, TableSchema};
use crate::db::Engine;
use crate::db::sqlite::{Scratch, table_name};
use crate::monitor::{Monitor, Step};
use crate::snapshot::{Entry, History, Refs, TableEntry, read_schema};
use crate::store::{Access, Store};
use crate::tree::Cursor;
use serde::Serialize;
use std::path::PathBuf;

/// What to query.
#[derive(Debug, Clone, Default)]
pub struct SqlOptions {
    /// The snapshot as typed, perhaps with a table: then only that.
    pub reference: String,
    /// One SELECT.
    pub query: Option<String>,
    /// Where the SQLite file goes, if one is wanted.
    pub out: Option<PathBuf>,
}

/// What was queried.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlReport {
    /// The snapshot.
    pub id: String,
    /// Tables that were loaded, by the names that queries call them.
    pub tables: Vec<String>,
    /// Rows of them.
    pub loaded: u64,
    /// Rows of the answer.
    pub answered: u64,
    /// The file that was written.
    pub out: Option<PathBuf>,
}

/// Takes the answer to a query.
pub trait Answers {
    /// What can go wrong with it.
    type Error: From<OpError>;

    /// The names of the columns, before the first row.
    ///
    /// # Errors
    /// If it cannot go on.
    fn columns(&mut self, names: &[String]) -> Result<(), Self::Error>;

    /// A row.
    ///
    /// # Errors
    /// If it cannot go on.
    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), Self::Error>;
}

/// Either error on its way through the database's layer.
enum Trouble<E> {
    Op(OpError),
    Answer(E),
}

impl<E> From<crate::db::DbError> for Trouble<E> {
    fn from(error: crate::db::DbError) -> Trouble<E> {
        Trouble::Op(error.into())
    }
}

impl<E> From<OpError> for Trouble<E> {
    fn from(error: OpError) -> Trouble<E> {
        Trouble::Op(error)
    }
}

/// Loads the tables of a snapshot that the query reads, or all into a file, and answers the query.
///
/// # Errors
/// If there is no such snapshot, the query is not one SELECT over its tables, the file exists, and what `answers` returns.
pub fn sql<A: Answers>(
    place: &Place,
    options: &SqlOptions,
    answers: &mut A,
    monitor: &dyn Monitor,
) -> Result<SqlReport, A::Error> {
    let out = options.out.as_ref().map(|out| place.dir.join(out));
    if let Some(out) = out.as_ref().filter(|out| out.symlink_metadata().is_ok()) {
        let what = format!("{} exists already; nothing is overwritten", out.display());
        return Err(OpError::Refused { what, allow: None }.into());
    }
    let made = run(place, options, out.as_ref(), answers, monitor);
    match made {
        Ok(report) => Ok(report),
        Err((error, begun)) => {
            if let (true, Some(out)) = (begun, &out) {
                // half a file is of no use to anybody
                let _ = std::fs::remove_file(out);
            }
            Err(match error {
                Trouble::Op(error) => error.into(),
                Trouble::Answer(error) => error,
            })
        }
    }
}

fn run<A: Answers>(
    place: &Place,
    options: &SqlOptions,
    out: Option<&PathBuf>,
    answers: &mut A,
    monitor: &dyn Monitor,
) -> Result<SqlReport, (Trouble<A::Error>, bool)> {
    let before = |error: OpError| (Trouble::Op(error), false);
    let project = Project::find(place).map_err(before)?;
    let store = project.open(Access::Read).map_err(before)?;
    let (entry, mut tables) = find(&project, &store, &options.reference).map_err(before)?;
    let engine = match entry.manifest.source.engine.as_str() {
        "sqlite" => Engine::Sqlite,
        _ => Engine::Postgres,
    };
    let mut scratch = match out {
        Some(out) => Scratch::create(out),
        None => Scratch::temporary(),
    }
    .map_err(|error| before(error.into()))?;
    let begun = out.is_some();
    let mut work = || -> Result<SqlReport, Trouble<A::Error>> {
        for (_, schema) in &tables {
            scratch.table(schema, engine)?;
        }
        if let Some(query) = &options.query {
            let read = scratch.tables_read(query).map_err(|error| refused(error, &tables))?;
            if out.is_none() {
                tables.retain(|(_, schema)| read.iter().any(|name| name.eq_ignore_ascii_case(&table_name(schema))));
            }
        }
        let mut loaded = 0;
        for (table, schema) in &tables {
            load(&store, &scratch, engine, table, schema, monitor)?;
            loaded += table.rows;
        }
        let mut answered = 0;
        if let Some(query) = &options.query {
            let columns = std::cell::RefCell::new(&mut *answers);
            scratch.query(
                query,
                |names| columns.borrow_mut().columns(names).map_err(Trouble::Answer),
                |values| {
                    if monitor.interrupted() {
                        return Err(Trouble::Op(OpError::Interrupted));
                    }
                    answered += 1;
                    columns.borrow_mut().row(values).map_err(Trouble::Answer).map(|()| true)
                },
            )?;
        }
        Ok(SqlReport {
            id: entry.id.to_hex(),
            tables: tables.iter().map(|(_, schema)| table_name(schema)).collect(),
            loaded,
            answered,
            out: options.out.clone(),
        })
    };
    work().map_err(|error| (error, begun))
}

/// A query that cannot be answered, with the tables that there are.
fn refused(error: crate::db::DbError, tables: &[(TableEntry, TableSchema)]) -> OpError {
    let crate::db::DbError::Filter { reason } = error else { return error.into() };
    let names: Vec<String> = tables.iter().map(|(_, schema)| format!("\"{}\"", table_name(schema))).collect();
    OpError::Usage(format!("the query is refused: {reason} (the snapshot has {})", names.join(", ")))
}

fn find(project: &Project, store: &Store, typed: &str) -> Result<(Entry, Vec<(TableEntry, TableSchema)>), OpError> {
    let history = History::load(store)?;
    let reference = project.reference(typed);
    let resolved = resolve(&history, &Refs::load(store)?, &reference)?;
    let only = match &reference.table {
        Some(table) => Some(find_entry_table(resolved.entry, table)?),
        None => resolved.table,
    };
    let held = resolved.entry.manifest.tables.iter().enumerate();
    let wanted = held.filter(|(at, _)| only.is_none_or(|only| only == *at)).map(|(_, table)| table);
    let tables = wanted.map(|table| Ok((table.clone(), read_schema(store, &table.schema_object)?)));
    Ok((resolved.entry.clone(), tables.collect::<Result<_, OpError>>()?))
}

fn load(
    store: &Store,
    scratch: &Scratch,
    engine: Engine,
    table: &TableEntry,
    schema: &TableSchema,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    let subject = table.table.to_string();
    monitor.begin(&Step { verb: "Loading", subject: &subject, rows: Some(table.rows), bytes: Some(table.bytes) });
    scratch.load(schema, engine, |insert| {
        let mut cursor = Cursor::new(store, &schema.key_spec(), &table.root)?;
        while let Some(entry) = cursor.next_entry()? {
            let values = RowReader::values(entry.row, schema.columns.len())?;
            for _ in 0..entry.count {
                insert(&values)?;
            }
            monitor.advance(entry.count, entry.row.len() as u64);
            if monitor.interrupted() {
                return Err(OpError::Interrupted);
            }
        }
        Ok(())
    })?;
    monitor.end();
    Ok(())
}

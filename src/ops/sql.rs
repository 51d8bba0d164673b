//! `sql`: a query over the tables of a snapshot, and a snapshot as a SQLite file.

mod tables;

use super::OpError;
use super::refs::resolve_or_table;
use super::repository::Repository;
use crate::codec::RowReader;
pub use crate::codec::ValueRef;
use crate::db::scratch::{Scratch, table_name};
use crate::db::{Engine, FilterNames};
use crate::monitor::{Monitor, Step};
use crate::snapshot::{Entry, History, Refs, read_schema};
use crate::store::{Access, Store};
use crate::tree::Cursor;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tables::{Loaded, Loading};

/// What to query.
#[derive(Debug, Clone, Default)]
pub struct SqlOptions {
    /// The snapshot as typed, perhaps with a table: then only that.
    pub reference: String,
    /// One SELECT.
    pub query: Option<String>,
    /// How long the query may run; `None` is without limit.
    pub timeout: Option<Duration>,
    /// Where the SQLite file goes, if one is wanted.
    pub out: Option<PathBuf>,
}

/// What was queried.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SqlReport {
    /// The snapshot.
    pub id: String,
    /// Tables that were loaded, by the names that queries call them.
    pub tables: Vec<String>,
    /// What has another name here than in the source (SQLite's names ignore case), with that name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(String, String)>,
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
/// If there is no such snapshot, the query is not one SELECT over its tables, the file exists, and what `answers`
/// returns.
pub fn sql<A: Answers>(
    repository: &Repository,
    options: &SqlOptions,
    answers: &mut A,
    monitor: &dyn Monitor,
) -> Result<SqlReport, A::Error> {
    let out = options.out.as_ref().map(|out| repository.dir().join(out));
    if let Some(out) = out.as_ref().filter(|out| out.symlink_metadata().is_ok()) {
        let what = format!("{} exists already; nothing is overwritten", out.display());
        return Err(OpError::Refused { what, allow: None }.into());
    }
    let made = run(repository, options, out.as_ref(), answers, monitor);
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
    repository: &Repository,
    options: &SqlOptions,
    out: Option<&PathBuf>,
    answers: &mut A,
    monitor: &dyn Monitor,
) -> Result<SqlReport, (Trouble<A::Error>, bool)> {
    let before = |error: OpError| (Trouble::Op(error), false);
    let store = repository.open(Access::Read).map_err(before)?;
    let (entry, mut loading) = find(repository, &store, &options.reference).map_err(before)?;
    let engine = entry.manifest.source.engine().map_err(|unknown| before(unknown.into()))?;
    let mut scratch = match out {
        Some(out) => Scratch::create(out),
        None => Scratch::temporary(),
    }
    .map_err(|error| before(error.into()))?;
    let begun = out.is_some();
    let mut work = || -> Result<SqlReport, Trouble<A::Error>> {
        loading.make(&scratch, engine)?;
        let named = |query: &String| loading.query(query).map_err(|error| refused(&store, error, &loading.tables));
        let query = options.query.as_ref().map(named).transpose()?;
        if let Some(query) = &query {
            let read = scratch.tables_read(query).map_err(|error| refused(&store, error, &loading.tables))?;
            if out.is_none() {
                let is_read =
                    |table: &Loaded| read.iter().any(|name| name.eq_ignore_ascii_case(&table_name(&table.schema)));
                loading.tables.retain(is_read);
            }
        }
        warn_of_labels(repository, query.as_deref().unwrap_or_default(), &loading.tables, monitor);
        let mut loaded = 0;
        for table in &loading.tables {
            load(&store, &scratch, engine, table, monitor)?;
            loaded += table.entry.rows;
        }
        let mut answered = 0;
        if let Some(query) = &query {
            let columns = std::cell::RefCell::new(&mut *answers);
            scratch.query(
                query,
                options.timeout,
                monitor,
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
            tables: loading.tables.iter().map(|table| table_name(&table.schema)).collect(),
            renamed: loading.renamed(),
            loaded,
            answered,
            out: options.out.clone(),
        })
    };
    work().map_err(|error| (error, begun))
}

/// Warns of texts in a query that are what Prisma calls a value of an enum: the database has it by another name.
fn warn_of_labels(project: &Repository, query: &str, tables: &[Loaded], monitor: &dyn Monitor) {
    let texts: BTreeSet<&str> = query.split('\'').skip(1).step_by(2).collect();
    for (text, table) in texts.iter().flat_map(|text| tables.iter().map(move |table| (text, table))) {
        let names = project.filter_names(&table.entry.table);
        for (column, label) in table.columns.iter().filter_map(|column| Some((column, names.label(column, text)?))) {
            monitor.warn(&format!("column {column} of {} has '{label}' for Prisma's {text}", table.entry.table));
        }
    }
}

/// A query that cannot be answered, with the tables that there are.
fn refused(store: &Store, error: crate::db::DbError, tables: &[Loaded]) -> OpError {
    let crate::db::DbError::Filter { reason } = error else { return error.into() };
    let names: Vec<String> = tables.iter().map(|table| format!("\"{}\"", table_name(&table.schema))).collect();
    let reason = reason.strip_prefix("reading it: ").unwrap_or(&reason);
    if reason.ends_with("not authorized") {
        return OpError::Usage("invalid query: it must be one SELECT over the snapshot's tables".to_owned());
    }
    let elsewhere = reason.strip_prefix("no such table: ").filter(|name| {
        let has_it = |entry: &Entry| entry.manifest.tables.iter().any(|table| table.table.to_string() == *name);
        History::load(store).is_ok_and(|history| history.entries.iter().any(has_it))
    });
    let elsewhere = elsewhere
        .map_or_else(String::new, |name| format!("; dbsnap sql latest:{name} queries the newest snapshot that has it"));
    OpError::Usage(format!("invalid query: {reason} (the snapshot has {}){elsewhere}", names.join(", ")))
}

fn find(project: &Repository, store: &Store, typed: &str) -> Result<(Entry, Loading), OpError> {
    let history = History::load(store)?;
    let aimed = resolve_or_table(project, &history, &Refs::load(store)?, typed)?;
    let wanted = aimed.chosen(project, &[], &[])?.into_iter().map(|at| &aimed.entry.manifest.tables[at]);
    let tables = wanted.map(|table| Ok((table.clone(), read_schema(store, &table.schema_object)?)));
    Ok((aimed.entry.clone(), Loading::new(project, tables.collect::<Result<_, OpError>>()?)))
}

fn load(
    store: &Store,
    scratch: &Scratch,
    engine: Engine,
    table: &Loaded,
    monitor: &dyn Monitor,
) -> Result<(), OpError> {
    let Loaded { entry: table, schema, .. } = table;
    let subject = table.table.to_string();
    monitor.begin(&Step { verb: "Loading", subject: &subject, rows: Some(table.rows), bytes: Some(table.bytes) });
    scratch.load(schema, engine, |insert| {
        let mut cursor = Cursor::new(store, &schema.key_spec(), &table.root)?;
        while let Some(entry) = cursor.next_entry()? {
            insert.take(&RowReader::values(entry.row, schema.columns.len())?)?;
            let (count, bytes) = (entry.count, entry.row.len() as u64);
            cursor.forget();
            for _ in 0..count {
                insert.run()?;
            }
            monitor.advance(count, bytes);
            if monitor.interrupted() {
                return Err(OpError::Interrupted);
            }
        }
        Ok(())
    })?;
    monitor.end();
    Ok(())
}

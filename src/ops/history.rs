//! `history`: what became of one row from snapshot to snapshot.

mod following;
mod live;

pub use live::LiveRow;

use super::OpError;
use super::database::Database;
use super::names::Tables;
use super::repository::Repository;
use super::show::whole;
use crate::codec::{Column, Engine, RowReader, TableName, TableSchema, ValueRef};
use crate::prisma::{CellJson, RecordEncoder};
use crate::snapshot::{Entry, GitState, History, SnapshotKind, TableEntry, read_schema};
use crate::store::{Access, Store};
use crate::tree::FoundRow;
use following::Following;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of the row from one snapshot to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RowEvent {
    /// The first snapshot that has it.
    First,
    /// It was not in the snapshot before.
    Created,
    /// Its values changed.
    Changed,
    /// It was in the snapshot before.
    Deleted,
}

/// A cell before and after; `None` where the row or the column was not there.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CellChange<'h> {
    /// Before.
    pub old: Option<CellJson<'h>>,
    /// After.
    pub new: Option<CellJson<'h>>,
}

/// The row as one snapshot has it.
#[derive(Debug, Clone)]
pub struct StoredRow {
    form: Arc<Form>,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Bytes {
    Kept(Arc<Vec<u8>>),
    Found(FoundRow),
}

/// How a snapshot has the rows of a table.
#[derive(Debug)]
struct Form {
    engine: Engine,
    schema: TableSchema,
    /// Its columns, by the names of Prisma's fields where a schema has them.
    columns: Vec<Column>,
    encoder: RecordEncoder,
}

impl Form {
    fn read(project: &Repository, store: &Store, engine: Engine, table: &TableEntry) -> Result<Form, OpError> {
        Form::of(project, engine, read_schema(store, &table.schema_object)?)
    }

    fn of(project: &Repository, engine: Engine, schema: TableSchema) -> Result<Form, OpError> {
        let names = project.field_names(&schema);
        let named = |column: &Column| Column { name: names.field(&column.name).to_owned(), ..column.clone() };
        let columns = schema.columns.iter().map(named).collect();
        let encoder = RecordEncoder::of_table(engine, &schema, &*names)?;
        drop(names);
        Ok(Form { engine, schema, columns, encoder })
    }
}

impl StoredRow {
    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Kept(bytes) => bytes,
            Bytes::Found(row) => row.row(),
        }
    }

    fn at(&self, name: &str) -> Option<(usize, ValueRef<'_>)> {
        let columns = &self.form.columns;
        let at = columns.iter().position(|column| column.name == name)?;
        let values = RowReader::values(self.bytes(), columns.len()).ok()?;
        Some((at, *values.get(at)?))
    }

    /// The column of that name and its value.
    pub fn value(&self, name: &str) -> Option<(&Column, ValueRef<'_>)> {
        self.at(name).map(|(at, value)| (&self.form.columns[at], value))
    }

    fn cell(&self, name: &str) -> Option<CellJson<'_>> {
        self.at(name).map(|(at, value)| self.form.encoder.cell(at, value))
    }
}

/// One change of the row.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryStep<'h> {
    /// The snapshot that shows it.
    pub id: String,
    /// When that was taken.
    pub created_at: Timestamp,
    /// Why.
    pub kind: SnapshotKind,
    /// What for.
    pub message: &'h str,
    /// The user.
    pub user: Option<&'h str>,
    /// The coding agent.
    pub agent: Option<&'h str>,
    /// The agent's id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<&'h str>,
    /// The command line that took it, passwords left out.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub command: &'h [String],
    /// Where git stood.
    pub git: Option<&'h GitState>,
    /// What became of the row.
    pub event: RowEvent,
    /// The cells that changed; of a row that came or went all of them.
    pub cells: BTreeMap<&'h str, CellChange<'h>>,
    /// The row before.
    #[serde(skip)]
    pub old: Option<&'h StoredRow>,
    /// The row after.
    #[serde(skip)]
    pub new: Option<&'h StoredRow>,
    /// How many snapshots after this one, until the next change, show the row as it is here.
    pub unchanged_in: usize,
}

/// One row through all snapshots.
#[derive(Debug, Clone)]
pub struct HistoryReport {
    /// The table.
    pub table: String,
    /// The key as typed.
    pub key: String,
    /// Columns, in the newest snapshot's order, by the names of Prisma's fields where a schema has them.
    pub columns: Vec<String>,
    /// Snapshots of the table that were looked at.
    pub snapshots: usize,
    /// What the live row is, if a database was given and could be asked.
    pub live: Option<LiveRow>,
}

/// Takes a history: its changes come newest first, one after the other.
pub trait HistoryReceiver {
    /// What it fails with.
    type Error: From<OpError>;

    /// Before the first change.
    ///
    /// # Errors
    /// If it wants no more.
    fn begin(&mut self, report: &HistoryReport) -> Result<(), Self::Error>;

    /// One change.
    ///
    /// # Errors
    /// If it wants no more.
    fn step(&mut self, report: &HistoryReport, step: &HistoryStep<'_>) -> Result<(), Self::Error>;
}

/// Follows the row that `typed` (`TABLE:KEY`) names through all snapshots of the newest one's database. Only the way to
/// the row is read, and that only where the table is not as in the snapshot before. `receiver` is given at most `limit`
/// changes. If `database` is the one of the snapshots and can be reached, its row is looked at too.
///
/// # Errors
/// If no snapshot has the table, it has no key, or no snapshot has the row; what `receiver` fails with.
pub fn history<R: HistoryReceiver>(
    repository: &Repository,
    database: Option<&mut Database>,
    typed: &str,
    limit: usize,
    receiver: &mut R,
) -> Result<HistoryReport, R::Error> {
    let no_row = || OpError::Usage(format!("'{typed}' names no row: write TABLE:KEY, as in mods:cl123"));
    if typed.find(':').is_none_or(|at| at == 0) {
        return Err(no_row().into());
    }
    let store = repository.open(Access::Read)?;
    let history = History::load(&store).map_err(OpError::from)?;
    let (known, names) = Tables::of_history(repository, &history);
    let (found, _, key) = known.with_key(typed)?;
    let key = key.ok_or_else(no_row)?;
    let names: Vec<&TableName> = found.into_iter().map(|at| names[at]).collect();
    let of = |entry: &'_ Entry| -> Vec<TableEntry> {
        entry.manifest.tables.iter().filter(|table| names.contains(&&table.table)).cloned().collect()
    };
    let Some(newest) = history.entries.iter().find(|entry| !of(entry).is_empty()) else {
        return Err(OpError::from(crate::snapshot::ReferenceError::Empty).into());
    };
    let name = whole(&of(newest).iter().collect::<Vec<_>>())?.clone();
    let ours = history.entries.iter().filter(|entry| entry.manifest.source.same_database(&newest.manifest.source));
    let mut held: Vec<(&Entry, Vec<TableEntry>)> =
        ours.map(|entry| (entry, of(entry))).filter(|(_, tables)| !tables.is_empty()).collect();
    held.reverse();
    let mut following = Following::new(repository, &store, key);
    for (entry, tables) in &held {
        following.look(entry, tables)?;
    }
    let (steps, columns) = following.take();
    let (key, table) = (key.to_owned(), name.to_string());
    if steps.is_empty() {
        return Err(OpError::NoSuchRow { key, table, snapshot: None }.into());
    }
    let live = database.and_then(|database| following.live(database, &steps, &names));
    let report = HistoryReport { table, key, columns, snapshots: held.len(), live };
    receiver.begin(&report)?;
    for step in steps.iter().rev().take(limit) {
        let (old, new) = (following.stored(step.old.as_ref())?, following.stored(step.new.as_ref())?);
        receiver.step(&report, &step.shown(old.as_ref(), new.as_ref()))?;
    }
    Ok(report)
}

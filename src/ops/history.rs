//! `history`: one row through all snapshots.

use super::OpError;
use super::names::Tables;
use super::project::{Place, Project};
use super::show::{lookup, whole};
use crate::codec::{Column, Engine, RowReader, TableName, TableSchema, ValueRef};
use crate::hash::{Hash, Hasher};
use crate::prisma::{CellJson, RecordEncoder};
use crate::snapshot::{Actor, Entry, GitState, History, SnapshotKind, TableEntry, read_schema};
use crate::store::{Access, Store};
use crate::tree::{Finder, FoundRow};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

/// Bytes of a row that is kept until it is shown, and of all of them; others are read again.
const SHORT: usize = 64 << 10;
const MOST_KEPT: usize = 32 << 20;

/// What became of the row from one snapshot to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// Follows the row that `typed` (`TABLE:KEY`) names through all snapshots of the newest one's database. Only the way to the row is
/// read, and that only where the table is not as in the snapshot before. `receiver` is given at most `limit` changes.
///
/// # Errors
/// If no snapshot has the table, it has no key, or no snapshot has the row; what `receiver` fails with.
pub fn history<R: HistoryReceiver>(
    place: &Place,
    typed: &str,
    limit: usize,
    receiver: &mut R,
) -> Result<HistoryReport, R::Error> {
    let no_row = || OpError::Usage(format!("'{typed}' names no row: write TABLE:KEY, as in mods:cl123"));
    if typed.find(':').is_none_or(|at| at == 0) {
        return Err(no_row().into());
    }
    let project = Project::find(place)?;
    let store = project.open(Access::Read)?;
    let history = History::load(&store).map_err(OpError::from)?;
    let (known, names) = Tables::of_history(&project, &history);
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
    let mut following = Following {
        project: &project,
        store: &store,
        rows: Finder::new(&store),
        forms: HashMap::new(),
        key,
        before: Version::default(),
        kept: 0,
        steps: Vec::new(),
        columns: Vec::new(),
    };
    for (entry, tables) in &held {
        following.look(entry, tables)?;
    }
    let (key, table) = (key.to_owned(), name.to_string());
    let steps = std::mem::take(&mut following.steps);
    if steps.is_empty() {
        return Err(OpError::NoSuchRow { key, table, snapshot: None }.into());
    }
    let columns = std::mem::take(&mut following.columns);
    let report = HistoryReport { table, key, columns, snapshots: held.len() };
    receiver.begin(&report)?;
    for step in steps.iter().rev().take(limit) {
        let (old, new) = (following.stored(step.old.as_ref())?, following.stored(step.new.as_ref())?);
        receiver.step(&report, &step.shown(old.as_ref(), new.as_ref()))?;
    }
    Ok(report)
}

/// The values of a row, as hashes of fields of an export.
type Fields = BTreeMap<String, Hash>;

/// Where a row is.
#[derive(Debug, Clone)]
struct Spot {
    form: Arc<Form>,
    root: Hash,
    /// The row itself, if it is short.
    row: Option<Arc<Vec<u8>>>,
}

/// A change that was found.
struct Step<'f> {
    entry: &'f Entry,
    event: RowEvent,
    /// The columns that changed.
    names: Vec<String>,
    old: Option<Spot>,
    new: Option<Spot>,
    unchanged_in: usize,
}

impl Step<'_> {
    fn shown<'h>(&'h self, old: Option<&'h StoredRow>, new: Option<&'h StoredRow>) -> HistoryStep<'h> {
        let manifest = &self.entry.manifest;
        let Actor { user, agent, git, .. } = &manifest.actor;
        let cell = |row: Option<&'h StoredRow>, name: &str| row.and_then(|row| row.cell(name));
        let change = |name: &'h String| (name.as_str(), CellChange { old: cell(old, name), new: cell(new, name) });
        HistoryStep {
            id: self.entry.id.to_hex(),
            created_at: manifest.created_at,
            kind: manifest.kind,
            message: &manifest.message,
            user: user.as_deref(),
            agent: agent.as_deref(),
            git: git.as_ref(),
            event: self.event,
            cells: self.names.iter().map(change).collect(),
            old,
            new,
            unchanged_in: self.unchanged_in,
        }
    }
}

/// A row as a snapshot shows it.
#[derive(Default)]
struct Version {
    /// The trees and schemas in which it was looked for: one, or one of each partition.
    at: Vec<(Hash, Hash)>,
    fields: Option<Fields>,
    row: Option<Spot>,
    seen: bool,
}

struct Following<'f> {
    project: &'f Project,
    store: &'f Store,
    rows: Finder<'f>,
    forms: HashMap<Hash, Arc<Form>>,
    key: &'f str,
    before: Version,
    /// Bytes of short rows that are kept.
    kept: usize,
    /// Oldest first.
    steps: Vec<Step<'f>>,
    columns: Vec<String>,
}

impl<'f> Following<'f> {
    fn look(&mut self, entry: &'f Entry, tables: &[TableEntry]) -> Result<(), OpError> {
        let at: Vec<(Hash, Hash)> = tables.iter().map(|table| (table.root, table.schema_object)).collect();
        if self.before.seen && self.before.at == at {
            self.same();
            return Ok(());
        }
        let (fields, row) = self.find(entry.manifest.source.engine, tables)?.unzip();
        // outside a filter, or in a partition that the snapshot does not have, a row may well be there
        if fields.is_none()
            && (tables.iter().any(|table| table.filter.is_some()) || tables.len() < self.before.at.len())
        {
            return Ok(());
        }
        let event = match (&self.before.fields, &fields) {
            (None, Some(_)) if !self.before.seen => Some(RowEvent::First),
            (None, Some(_)) => Some(RowEvent::Created),
            (Some(_), None) => Some(RowEvent::Deleted),
            (Some(_), Some(_)) => Some(RowEvent::Changed),
            (None, None) => None,
        };
        let names = changes(self.before.fields.as_ref(), fields.as_ref());
        match event.filter(|_| !names.is_empty()) {
            Some(event) => {
                let (old, new) = (self.before.row.take(), row.clone());
                self.steps.push(Step { entry, event, names, old, new, unchanged_in: 0 });
            }
            None => self.same(),
        }
        self.before = Version { at, fields, row, seen: true };
        Ok(())
    }

    /// The fields of the row and where it is, if one of `tables` has it.
    fn find(&mut self, engine: Engine, tables: &[TableEntry]) -> Result<Option<(Fields, Spot)>, OpError> {
        for table in tables {
            let form = match self.forms.entry(table.schema_object) {
                Slot::Occupied(known) => Arc::clone(known.get()),
                Slot::Vacant(new) => {
                    Arc::clone(new.insert(Arc::new(Form::read(self.project, self.store, engine, table)?)))
                }
            };
            self.columns = form.columns.iter().map(|column| column.name.clone()).collect();
            let Some(found) = lookup(self.project, &self.rows, form.engine, &form.schema, &table.root, self.key)?
            else {
                continue;
            };
            let is_short = found.row().len() <= SHORT && self.kept + found.row().len() <= MOST_KEPT;
            let row = is_short.then(|| Arc::new(found.row().to_vec()));
            self.kept += row.as_ref().map_or(0, |row| row.len());
            let stored = StoredRow { form: Arc::clone(&form), bytes: Bytes::Found(found) };
            let mut fields = Fields::new();
            for column in &form.columns {
                if let Some(cell) = stored.cell(&column.name) {
                    let mut taken = Taken(Hasher::new());
                    serde_json::to_writer(&mut taken, &cell).map_err(|e| OpError::Verification(e.to_string()))?;
                    fields.insert(column.name.clone(), taken.0.finish());
                }
            }
            return Ok(Some((fields, Spot { form, root: table.root, row })));
        }
        Ok(None)
    }

    /// The row that was found there.
    fn stored(&self, spot: Option<&Spot>) -> Result<Option<StoredRow>, OpError> {
        let Some(spot) = spot else { return Ok(None) };
        let form = Arc::clone(&spot.form);
        if let Some(row) = &spot.row {
            return Ok(Some(StoredRow { form, bytes: Bytes::Kept(Arc::clone(row)) }));
        }
        let found = lookup(self.project, &self.rows, form.engine, &form.schema, &spot.root, self.key)?;
        Ok(found.map(|row| StoredRow { form, bytes: Bytes::Found(row) }))
    }

    fn same(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.unchanged_in += 1;
        }
    }
}

impl Form {
    fn read(project: &Project, store: &Store, engine: Engine, table: &TableEntry) -> Result<Form, OpError> {
        let schema = read_schema(store, &table.schema_object)?;
        let names = project.field_names(&schema);
        let named = |column: &Column| Column { name: names.field(&column.name).to_owned(), ..column.clone() };
        let columns = schema.columns.iter().map(named).collect();
        let encoder = RecordEncoder::of_table(engine, &schema, &*names)?;
        drop(names);
        Ok(Form { engine, schema, columns, encoder })
    }
}

/// What is written is hashed.
struct Taken(Hasher);

impl io::Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The cells that differ.
fn changes(old: Option<&Fields>, new: Option<&Fields>) -> Vec<String> {
    let both = old.is_some() && new.is_some();
    let null = Hash::of(b"null");
    let differs = |name: &&String| {
        let (old, new) = (old.and_then(|row| row.get(*name)), new.and_then(|row| row.get(*name)));
        // a column that came or went empty changed nothing in the row
        let told = |value: Option<&Hash>| value.copied().or(both.then_some(null));
        told(old) != told(new)
    };
    let mut names: Vec<&String> = old.into_iter().chain(new).flat_map(BTreeMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(differs).cloned().collect()
}

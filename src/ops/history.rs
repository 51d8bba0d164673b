//! `history`: one row through all snapshots.

use super::OpError;
use super::diff::rows::record;
use super::names::Tables;
use super::project::{Place, Project};
use super::show::{lookup, whole};
use crate::codec::{Column, RowReader, TableName, TableSchema, ValueRef};
use crate::hash::Hash;
use crate::prisma::RecordEncoder;
use crate::snapshot::{Actor, Entry, GitState, History, SnapshotKind, TableEntry, read_schema};
use crate::store::{Access, Store};
use crate::tree::Finder;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};

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
pub struct CellChange {
    /// Before.
    pub old: Option<Box<RawValue>>,
    /// After.
    pub new: Option<Box<RawValue>>,
}

/// The row as one snapshot has it.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// Its columns, by the names of Prisma's fields where a schema has them.
    columns: Vec<Column>,
    bytes: Vec<u8>,
}

impl StoredRow {
    /// The column of that name and its value.
    pub fn value(&self, name: &str) -> Option<(&Column, ValueRef<'_>)> {
        let at = self.columns.iter().position(|column| column.name == name)?;
        let values = RowReader::values(&self.bytes, self.columns.len()).ok()?;
        Some((&self.columns[at], *values.get(at)?))
    }
}

/// One change of the row.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryStep {
    /// The snapshot that shows it.
    pub id: String,
    /// When that was taken.
    pub created_at: Timestamp,
    /// Why.
    pub kind: SnapshotKind,
    /// What for.
    pub message: String,
    /// The user.
    pub user: Option<String>,
    /// The coding agent.
    pub agent: Option<String>,
    /// Where git stood.
    pub git: Option<GitState>,
    /// What became of the row.
    pub event: RowEvent,
    /// The cells that changed; of a row that came or went all of them.
    pub cells: BTreeMap<String, CellChange>,
    /// The row before.
    #[serde(skip)]
    pub old: Option<StoredRow>,
    /// The row after.
    #[serde(skip)]
    pub new: Option<StoredRow>,
    /// How many snapshots after this one, until the next change, show the row as it is here.
    pub unchanged_in: usize,
}

/// One row through all snapshots.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryReport {
    /// The table.
    pub table: String,
    /// The key as typed.
    pub key: String,
    /// Columns, in the newest snapshot's order, by the names of Prisma's fields where a schema has them.
    pub columns: Vec<String>,
    /// Changes, newest first.
    pub steps: Vec<HistoryStep>,
    /// Snapshots of the table that were looked at.
    pub snapshots: usize,
}

/// Follows the row that `typed` (`TABLE:KEY`) names through all snapshots of the newest one's database. Only the way to the row is
/// read, and that only where the table is not as in the snapshot before.
///
/// # Errors
/// If no snapshot has the table, it has no key, or no snapshot has the row.
pub fn history(place: &Place, typed: &str) -> Result<HistoryReport, OpError> {
    let no_row = || OpError::Usage(format!("'{typed}' names no row: write TABLE:KEY, as in mods:cl123"));
    if typed.find(':').is_none_or(|at| at == 0) {
        return Err(no_row());
    }
    let project = Project::find(place)?;
    let store = project.open(Access::Read)?;
    let history = History::load(&store)?;
    let (known, names) = Tables::of_history(&project, &history);
    let (found, _, key) = known.with_key(typed)?;
    let key = key.ok_or_else(no_row)?;
    let names: Vec<&TableName> = found.into_iter().map(|at| names[at]).collect();
    let of = |entry: &'_ Entry| -> Vec<TableEntry> {
        entry.manifest.tables.iter().filter(|table| names.contains(&&table.table)).cloned().collect()
    };
    let Some(newest) = history.entries.iter().find(|entry| !of(entry).is_empty()) else {
        return Err(crate::snapshot::ReferenceError::Empty.into());
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
        schemas: HashMap::new(),
        key,
        before: Version::default(),
        steps: Vec::new(),
        columns: Vec::new(),
    };
    for (entry, tables) in &held {
        following.look(entry, tables)?;
    }
    let Following { mut steps, columns, .. } = following;
    if steps.is_empty() {
        let (key, table) = (key.to_owned(), name.to_string());
        return Err(OpError::NoSuchRow { key, table, id: newest.id });
    }
    steps.reverse();
    Ok(HistoryReport { table: name.to_string(), key: key.to_owned(), columns, steps, snapshots: held.len() })
}

/// The values of a row as fields of an export.
type Fields = BTreeMap<String, Box<RawValue>>;

/// A row as a snapshot shows it.
#[derive(Default)]
struct Version {
    /// The trees and schemas in which it was looked for: one, or one of each partition.
    at: Vec<(Hash, Hash)>,
    fields: Option<Fields>,
    row: Option<StoredRow>,
    seen: bool,
}

struct Following<'f> {
    project: &'f Project,
    store: &'f Store,
    rows: Finder<'f>,
    schemas: HashMap<Hash, TableSchema>,
    key: &'f str,
    before: Version,
    /// Oldest first.
    steps: Vec<HistoryStep>,
    columns: Vec<String>,
}

impl Following<'_> {
    fn look(&mut self, entry: &Entry, tables: &[TableEntry]) -> Result<(), OpError> {
        let at: Vec<(Hash, Hash)> = tables.iter().map(|table| (table.root, table.schema_object)).collect();
        if self.before.seen && self.before.at == at {
            self.same();
            return Ok(());
        }
        let (fields, row) = self.find(tables)?.unzip();
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
        let cells = changes(self.before.fields.as_ref(), fields.as_ref());
        match event.filter(|_| !cells.is_empty()) {
            Some(event) => {
                let old = self.before.row.take();
                self.steps.push(HistoryStep { old, new: row.clone(), ..step(entry, event, cells) });
            }
            None => self.same(),
        }
        self.before = Version { at, fields, row, seen: true };
        Ok(())
    }

    /// The row and its fields, if one of `tables` has it.
    fn find(&mut self, tables: &[TableEntry]) -> Result<Option<(Fields, StoredRow)>, OpError> {
        for table in tables {
            let schema = match self.schemas.entry(table.schema_object) {
                Slot::Occupied(known) => known.into_mut(),
                Slot::Vacant(new) => new.insert(read_schema(self.store, &table.schema_object)?),
            };
            let names = self.project.field_names(schema);
            let named = |column: &Column| Column { name: names.field(&column.name).to_owned(), ..column.clone() };
            let columns: Vec<Column> = schema.columns.iter().map(named).collect();
            self.columns = columns.iter().map(|column| column.name.clone()).collect();
            if let Some(row) = lookup(self.project, &self.rows, schema, &table.root, self.key)? {
                let record = record(&mut RecordEncoder::of_table(schema, &*names)?, row.row())?;
                let fields = serde_json::from_str(record.get());
                let fields = fields.map_err(|error| OpError::Verification(error.to_string()))?;
                return Ok(Some((fields, StoredRow { columns, bytes: row.row().to_vec() })));
            }
        }
        Ok(None)
    }

    fn same(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.unchanged_in += 1;
        }
    }
}

fn step(entry: &Entry, event: RowEvent, cells: BTreeMap<String, CellChange>) -> HistoryStep {
    let manifest = &entry.manifest;
    let Actor { user, agent, git, .. } = manifest.actor.clone();
    HistoryStep {
        id: entry.id.to_hex(),
        created_at: manifest.created_at,
        kind: manifest.kind,
        message: manifest.message.clone(),
        user,
        agent,
        git,
        event,
        cells,
        old: None,
        new: None,
        unchanged_in: 0,
    }
}

/// The cells that differ.
fn changes(old: Option<&Fields>, new: Option<&Fields>) -> BTreeMap<String, CellChange> {
    let both = old.is_some() && new.is_some();
    let names = old.into_iter().chain(new).flat_map(BTreeMap::keys);
    let cell = |name: &String| {
        let (old, new) = (old.and_then(|row| row.get(name)), new.and_then(|row| row.get(name)));
        // a column that came or went empty changed nothing in the row
        let text = |value: Option<&Box<RawValue>>, other: Option<_>| match (value, other) {
            (None, Some(_)) if both => Some("null".to_owned()),
            (value, _) => value.map(|value| value.get().to_owned()),
        };
        let differ = text(old, new) != text(new, old);
        differ.then(|| (name.clone(), CellChange { old: old.cloned(), new: new.cloned() }))
    };
    names.filter_map(cell).collect()
}

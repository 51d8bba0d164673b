//! Following one row through the snapshots of its table, the oldest first.

use super::live::{LiveRow, live_row};
use super::{Bytes, CellChange, Form, HistoryStep, RowEvent, StoredRow};
use crate::codec::{Engine, TableName};
use crate::hash::{Hash, Hasher};
use crate::ops::OpError;
use crate::ops::database::Database;
use crate::ops::repository::Repository;
use crate::ops::show::lookup;
use crate::snapshot::{Actor, Entry, TableEntry};
use crate::store::Store;
use crate::tree::Finder;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

/// Bytes of a row that is kept until it is shown, and of all of them; others are read again.
const SHORT: usize = 64 << 10;
const MOST_KEPT: usize = 32 << 20;

/// The values of a row, as hashes of fields of an export.
type Fields = BTreeMap<String, Hash>;

/// Where a row is.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    form: Arc<Form>,
    root: Hash,
    /// The row itself, if it is short.
    row: Option<Arc<Vec<u8>>>,
}

/// A change that was found.
pub(super) struct Step<'f> {
    entry: &'f Entry,
    event: RowEvent,
    /// The columns that changed.
    names: Vec<String>,
    pub(super) old: Option<Spot>,
    pub(super) new: Option<Spot>,
    unchanged_in: usize,
}

impl Step<'_> {
    /// As the receiver is told of it.
    pub(super) fn shown<'h>(&'h self, old: Option<&'h StoredRow>, new: Option<&'h StoredRow>) -> HistoryStep<'h> {
        let manifest = &self.entry.manifest;
        let Actor { user, agent, session, command, git, .. } = &manifest.actor;
        let cell = |row: Option<&'h StoredRow>, name: &str| row.and_then(|row| row.cell(name));
        let change = |name: &'h String| (name.as_str(), CellChange { old: cell(old, name), new: cell(new, name) });
        HistoryStep {
            id: self.entry.id.to_hex(),
            created_at: manifest.created_at,
            kind: manifest.kind,
            message: &manifest.message,
            user: user.as_deref(),
            agent: agent.as_deref(),
            session: session.as_deref(),
            command,
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

/// What follows the row from snapshot to snapshot, the oldest first.
pub(super) struct Following<'f> {
    project: &'f Repository,
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
    pub(super) fn new(project: &'f Repository, store: &'f Store, key: &'f str) -> Following<'f> {
        Following {
            project,
            store,
            rows: Finder::new(store),
            forms: HashMap::new(),
            key,
            before: Version::default(),
            kept: 0,
            steps: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// The changes that were found, oldest first, and the columns of the newest snapshot.
    pub(super) fn take(&mut self) -> (Vec<Step<'f>>, Vec<String>) {
        (std::mem::take(&mut self.steps), std::mem::take(&mut self.columns))
    }

    /// Looks at the row in the next snapshot, which has it in one of `tables` if it has it.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(super) fn look(&mut self, entry: &'f Entry, tables: &[TableEntry]) -> Result<(), OpError> {
        let at: Vec<(Hash, Hash)> = tables.iter().map(|table| (table.root, table.schema_object)).collect();
        if self.before.seen && self.before.at == at {
            self.same();
            return Ok(());
        }
        let (fields, row) = self.find(entry.manifest.source.engine()?, tables)?.unzip();
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
            return Ok(Some((fields(&stored)?, Spot { form, root: table.root, row })));
        }
        Ok(None)
    }

    /// The row that was found there.
    ///
    /// # Errors
    /// If it cannot be read again.
    pub(super) fn stored(&self, spot: Option<&Spot>) -> Result<Option<StoredRow>, OpError> {
        let Some(spot) = spot else { return Ok(None) };
        let form = Arc::clone(&spot.form);
        if let Some(row) = &spot.row {
            return Ok(Some(StoredRow { form, bytes: Bytes::Kept(Arc::clone(row)) }));
        }
        let found = lookup(self.project, &self.rows, form.engine, &form.schema, &spot.root, self.key)?;
        Ok(found.map(|row| StoredRow { form, bytes: Bytes::Found(row) }))
    }

    /// What the live row is, beside `steps`, which were found in `tables`; `None` if the database cannot tell.
    pub(super) fn live(&self, database: &mut Database, steps: &[Step<'_>], tables: &[&TableName]) -> Option<LiveRow> {
        self.compared(database, steps, tables).ok().flatten()
    }

    fn compared(
        &self,
        database: &mut Database,
        steps: &[Step<'_>],
        tables: &[&TableName],
    ) -> Result<Option<LiveRow>, OpError> {
        let (Some(last), Some(spot)) = (steps.last(), steps.iter().rev().find_map(|step| step.new.as_ref())) else {
            return Ok(None);
        };
        let Some(known) = self.stored(Some(spot))? else { return Ok(None) };
        let Some(row) = live_row(self.project, database, &last.entry.manifest.source, tables, &known)? else {
            return Ok(None);
        };
        let as_in = |step: &Step<'_>| Ok(Some(LiveRow::AsIn(step.entry.id.to_hex())));
        let live = row.as_ref().map(fields).transpose()?;
        let differing = changes(self.before.fields.as_ref(), live.as_ref());
        if differing.is_empty() {
            return as_in(last);
        }
        let Some(live) = live else { return Ok(Some(LiveRow::Gone)) };
        for step in steps.iter().rev() {
            let stored = self.stored(step.new.as_ref())?.as_ref().map(fields).transpose()?;
            if stored.is_some() && changes(stored.as_ref(), Some(&live)).is_empty() {
                return as_in(step);
            }
        }
        Ok(Some(LiveRow::Differs(if self.before.fields.is_some() { differing } else { Vec::new() })))
    }

    fn same(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.unchanged_in += 1;
        }
    }
}

fn fields(row: &StoredRow) -> Result<Fields, OpError> {
    let mut fields = Fields::new();
    for column in &row.form.columns {
        if let Some(cell) = row.cell(&column.name) {
            let mut taken = Taken(Hasher::new());
            serde_json::to_writer(&mut taken, &cell).map_err(|e| OpError::Verification(e.to_string()))?;
            fields.insert(column.name.clone(), taken.0.finish());
        }
    }
    Ok(fields)
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

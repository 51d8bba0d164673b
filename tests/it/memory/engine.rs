//! The engine: tables of canonical rows behind a mutex. A snapshot is a copy of them; a restore writes to a copy, which
//! takes their place when it commits. Foreign keys do not act. It has no SQL of its own: filters are SQLite's, applied
//! to rows one by one.

use crate::conformance::Given;
use dbsnap::codec::{
    Booleans, Columns, DanglingRows, Definition, Dialect, Engine, EngineInfo, ForeignKey, Location, Part, PartKind,
    RowReader, TableName, TableSchema, Value, row,
};
use dbsnap::db::scratch::Condition;
use dbsnap::db::{
    Catalog, Changing, Commit, Counter, DbError, Filter, Making, MayDangle, Misfit, RestoreTxn, RowSink, RowStream,
    Rule, Sink, Snapshot, SourceIdentity, Standing, TableId, TableInfo, TableRead, TableReader, Write, Writing,
    Written,
};
use dbsnap::hash::Hash;
use dbsnap::monitor::Monitor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

static INFO: EngineInfo = EngineInfo {
    name: "memory",
    provider: "memory",
    title: "Memory",
    dialect: Dialect::Sqlite,
    columns: Columns::Dynamic,
    booleans: Booleans::Numbers,
    has_schemas: false,
    location: Location::Server,
    long_read: "nothing waits",
};

/// The engine. This is its registration.
pub fn engine() -> Engine {
    Engine::register(&INFO).unwrap()
}

/// A table.
#[derive(Clone)]
pub struct Table {
    pub schema: TableSchema,
    pub rows: Vec<Vec<u8>>,
    pub counter: Option<Counter>,
}

/// What is in a database.
#[derive(Clone, Default)]
pub struct State {
    pub tables: BTreeMap<String, Table>,
    pub not_captured: Vec<String>,
    /// Whether a restore is open: nobody else may write until it ends.
    pub locked: bool,
}

/// A database. Clones are connections to the same one.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    identity: SourceIdentity,
}

impl Memory {
    /// An empty database.
    pub fn new(name: &str) -> Memory {
        let identity = SourceIdentity {
            engine: engine(),
            cluster: Some("this process".to_owned()),
            database: name.to_owned(),
            version: "1".to_owned(),
            user: None,
            host: None,
            local: true,
        };
        Memory { state: Arc::default(), identity }
    }

    /// What is in it now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Sink for Memory {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        let state = self.state();
        let info = |table: &Table| TableInfo {
            schema: table.schema.clone(),
            estimated_rows: Some(table.rows.len() as u64),
            bytes: None,
            part_of: Vec::new(),
            refusal: None,
            definition: None,
        };
        let tables = state.tables.values().map(info).collect();
        Ok(Catalog { tables, not_captured: state.not_captured.clone(), search_path: Vec::new() })
    }

    fn writer(&mut self, _: &[TableName], _: std::time::Duration) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        Ok(Box::new(Instant::of(&self.state(), tables, monitor)?))
    }

    fn standing(&mut self) -> Result<Standing, DbError> {
        Ok(Standing::Unknown("this engine does not note writes".to_owned()))
    }

    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError> {
        let bare = TableSchema { foreign_keys: Vec::new(), unique: Vec::new(), ..schema.clone() };
        let table = Table { schema: bare, rows: Vec::new(), counter: None };
        match self.state().tables.entry(schema.table.name.clone()) {
            std::collections::btree_map::Entry::Occupied(_) => {
                Err(DbError::Query { code: None, message: format!("there is a table {}", schema.table) })
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(table);
                Ok(())
            }
        }
    }

    fn discard(&mut self, table: &TableName) -> Result<(), DbError> {
        let gone = self.state().tables.remove(&table.name);
        gone.map(|_| ()).ok_or_else(|| changed(table, "was dropped"))
    }

    fn existing(&mut self, parts: &[Part]) -> Result<Vec<Part>, DbError> {
        let there: Vec<Part> = self.state().tables.values().map(Table::part).collect();
        Ok(there.into_iter().filter(|there| parts.iter().any(|part| part.is_same(there))).collect())
    }

    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        self.make(tables, &Making::default(), monitor)
    }

    fn make<'s>(
        &'s mut self,
        tables: &[TableRead],
        making: &Making,
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        let mut state = self.state();
        if state.locked {
            return Err(DbError::Busy { what: "another restore writes to this database".to_owned() });
        }
        let mut wanted = state.clone();
        for part in &making.before {
            let schema: TableSchema =
                serde_json::from_str(&part.sql).map_err(|error| DbError::Unsupported(error.to_string()))?;
            let counter = making.counters.iter().find(|counter| counter.name == schema.table.name).cloned();
            let table = Table { schema, rows: Vec::new(), counter };
            if wanted.tables.insert(part.name.clone(), table).is_some() {
                return Err(DbError::Query { code: None, message: format!("there is a {part}") });
            }
        }
        let instant = Instant::of(&wanted, tables, monitor)?;
        let before = dangling(&instant.state, &instant.reads)?;
        state.locked = true;
        Ok(Box::new(Restore { instant, home: self.state.clone(), before, allowed: MayDangle::default() }))
    }
}

fn changed(table: &TableName, what: &str) -> DbError {
    DbError::Changed { table: table.clone(), what: what.to_owned() }
}

/// Some tables at one instant.
struct Instant<'s> {
    state: State,
    reads: Vec<TableRead>,
    monitor: &'s dyn Monitor,
}

impl<'s> Instant<'s> {
    fn of(state: &State, reads: &[TableRead], monitor: &'s dyn Monitor) -> Result<Instant<'s>, DbError> {
        for read in reads {
            let name = &read.schema.table;
            let table = state.tables.get(&name.name).ok_or_else(|| changed(name, "was dropped"))?;
            if table.schema != read.schema {
                return Err(changed(name, "changed"));
            }
        }
        Ok(Instant { state: state.clone(), reads: reads.to_vec(), monitor })
    }

    fn table(&self, table: TableId) -> &Table {
        &self.state.tables[&self.reads[table.position()].schema.table.name]
    }

    fn table_mut(&mut self, table: TableId) -> &mut Table {
        self.state.tables.get_mut(&self.reads[table.position()].schema.table.name).unwrap()
    }

    fn has(&self, table: &TableName) -> bool {
        self.reads.iter().any(|read| read.schema.table == *table)
    }

    /// The rows that the table's filter lets through.
    fn rows(&self, id: TableId) -> Result<Vec<Vec<u8>>, DbError> {
        let table = self.table(id);
        let Some(filter) = &self.reads[id.position()].filter else { return Ok(table.rows.clone()) };
        let held = Condition::of(filter, &table.schema, engine())?.matching(&mut Given::new(table.rows.clone()))?;
        Ok(table.rows.iter().zip(held).filter(|(_, held)| *held).map(|(row, _)| row.clone()).collect())
    }
}

impl TableReader for Instant<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        Ok(self.rows(table)?.len() as u64)
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let all = self.rows(table)?;
        for row in &all {
            if self.monitor.interrupted() {
                return Err(DbError::Stopped);
            }
            rows.row(row)?;
        }
        Ok(all.len() as u64)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        Ok(self.table(table).counter.clone().into_iter().collect())
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        Ok(Some(Definition { parts: vec![self.table(table).part()] }))
    }
}

impl Snapshot for Instant<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        Ok(Standing::Unknown("this engine does not note writes".to_owned()))
    }

    fn matching(
        &mut self,
        _table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        Condition::of(filter, schema, engine())?.matching(rows)
    }

    fn has_rivals(&mut self, _table: TableId) -> Result<bool, DbError> {
        Ok(false) // where a unique index is in the way, the row is refused when it is written
    }

    fn rivals(&mut self, _table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        Ok(vec![None; rows.len()])
    }

    fn check_privileges(&mut self, _table: TableId, _writes: &[Write]) -> Result<(), DbError> {
        Ok(()) // there are no users
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        let table = self.table(table);
        let after = match writing.gone {
            Some(gone) => table.after(writing.rows, gone)?,
            None => writing.rows.iter().map(|row| row.to_vec()).collect(),
        };
        let broken = broken(&table.schema, &after)?;
        Ok(broken.into_iter().map(|(rule, name, rows)| Misfit { rule, name, rows: Some(rows) }).collect())
    }

    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        let mut after = self.state.clone();
        let name = self.table(table).schema.table.clone();
        let rows = match writing.gone {
            Some(gone) => self.table(table).after(writing.rows, gone)?,
            None => [self.table(table).after(writing.rows, &[])?, self.table(table).rows.clone()].concat(),
        };
        after.tables.get_mut(&name.name).unwrap().rows = rows;
        let around = [self.reads[table.position()].clone()];
        let (before, after) = (dangling(&self.state, &around)?, dangling(&after, &around)?);
        let other = |group: &Group| if group.child == name { group.key.table.clone() } else { group.child.clone() };
        let outside = after.iter().filter(|group| !self.has(&other(group)));
        let new = outside.map(|group| (group.child.clone(), group.key.table.clone(), group.new_since(&before)));
        Ok(new.filter(|(.., rows)| *rows > 0).collect())
    }

    fn cascaded_rows(&mut self, _changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        Ok(Vec::new()) // foreign keys do not act
    }

    fn newest_migration(&mut self) -> Option<String> {
        None
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        Ok(BTreeMap::new()) // all databases are made alike
    }
}

impl Table {
    /// The one statement of its definition: its schema.
    fn part(&self) -> Part {
        let table = self.schema.table.clone();
        let sql = serde_json::to_string(&self.schema).unwrap();
        Part {
            kind: PartKind::Table,
            name: table.name.clone(),
            table: Some(table),
            references: None,
            sql,
            then: Vec::new(),
        }
    }

    fn key(&self, row: &[u8]) -> Result<Vec<u8>, DbError> {
        let mut key = Vec::new();
        let made = self.schema.key_spec().key_of(row, &mut key);
        made.map(|()| key).map_err(|error| DbError::Unsupported(error.to_string()))
    }

    /// Where the rows of each key are: several only in a table without a key.
    fn places(&self) -> Result<BTreeMap<Vec<u8>, Vec<usize>>, DbError> {
        let mut places: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            places.entry(self.key(row)?).or_default().push(at);
        }
        Ok(places)
    }

    /// The rows once `gone` are gone and `rows` written.
    fn after(&self, rows: &[&[u8]], gone: &[&[u8]]) -> Result<Vec<Vec<u8>>, DbError> {
        let mut after = self.clone();
        let written = if self.schema.key_spec().is_multiset() { &[] } else { rows };
        let mut places = after.places()?;
        let mut left = vec![true; after.rows.len()];
        for row in gone.iter().chain(written) {
            if let Some(at) = places.get_mut(&self.key(row)?).and_then(Vec::pop) {
                left[at] = false;
            }
        }
        let mut left = left.into_iter();
        after.rows.retain(|_| left.next() == Some(true));
        after.rows.extend(rows.iter().map(|row| row.to_vec()));
        Ok(after.rows)
    }

    /// Holds all rows to the table's rules.
    fn check(&self) -> Result<(), DbError> {
        match broken(&self.schema, &self.rows)?.into_iter().next() {
            Some((rule, name, _)) => {
                Err(DbError::Constraint { rule, code: None, message: format!("{name} refuses a row") })
            }
            None => Ok(()),
        }
    }
}

/// The rules that `rows` break, as all rows of a table: NOT NULL, the key and unique indexes that have no condition.
fn broken(schema: &TableSchema, rows: &[Vec<u8>]) -> Result<Vec<(Rule, String, u64)>, DbError> {
    let mut found = Vec::new();
    for column in schema.columns.iter().filter(|column| !column.nullable) {
        let values = parts(schema, rows, std::slice::from_ref(&column.name))?;
        if values.len() < rows.len() {
            let name = format!("NOT NULL of {}.{}", schema.table, column.name);
            found.push((Rule::NotNull, name, (rows.len() - values.len()) as u64));
        }
    }
    let key: Vec<String> = schema.key_names().into_iter().map(str::to_owned).collect();
    let indexes = schema.unique.iter().filter(|index| !index.conditional).map(|index| &index.columns);
    for columns in indexes.chain((!key.is_empty()).then_some(&key)) {
        let values = parts(schema, rows, columns)?;
        let different = values.iter().map(|(_, part)| part).collect::<BTreeSet<_>>().len();
        if different < values.len() {
            let name = format!("UNIQUE of {} ({})", schema.table, columns.join(", "));
            found.push((Rule::Unique, name, (values.len() - different) as u64));
        }
    }
    Ok(found)
}

/// Rows, and the bytes of some of their columns.
type Parts<'r> = Vec<(&'r [u8], Vec<u8>)>;

/// Of each row that has no NULL in these columns, the row and the bytes of the columns.
fn parts<'r>(schema: &TableSchema, rows: &'r [Vec<u8>], columns: &[String]) -> Result<Parts<'r>, DbError> {
    let at = |name: &String| schema.columns.iter().position(|column| column.name == *name);
    let places: Vec<usize> = columns.iter().filter_map(at).collect();
    let mut found = Vec::new();
    for row in rows {
        let values = RowReader::values(row, schema.columns.len());
        let values = values.map_err(|error| DbError::Unsupported(error.to_string()))?;
        let part: Vec<Value> = places.iter().map(|at| values[*at].to_owned()).collect();
        if !part.contains(&Value::Null) {
            found.push((&row[..], row::encode(&part)));
        }
    }
    Ok(found)
}

/// Rows of one table that refer to nothing by one foreign key.
struct Group {
    child: TableName,
    key: ForeignKey,
    /// By key and what they refer to.
    rows: BTreeSet<(Vec<u8>, Vec<u8>)>,
}

impl Group {
    fn new_since(&self, before: &[Group]) -> u64 {
        let before = before.iter().find(|group| group.child == self.child && group.key == self.key);
        self.rows.iter().filter(|row| before.is_none_or(|before| !before.rows.contains(*row))).count() as u64
    }

    fn told(&self) -> DanglingRows {
        let bytes: Vec<u8> = self.rows.iter().flat_map(|(_, part)| part.iter().copied()).collect();
        DanglingRows {
            table: self.child.clone(),
            columns: self.key.columns.clone(),
            references: self.key.table.clone(),
            rows: self.rows.len() as u64,
            digest: Some(Hash::of(&bytes).to_hex()),
        }
    }
}

/// What refers to nothing, from and to the tables of `reads`.
fn dangling(state: &State, reads: &[TableRead]) -> Result<Vec<Group>, DbError> {
    let is_read = |table: &TableName| reads.iter().any(|read| read.schema.table == *table);
    let mut found = Vec::new();
    for child in state.tables.values() {
        let name = &child.schema.table;
        for key in child.schema.foreign_keys.iter().filter(|key| is_read(name) || is_read(&key.table)) {
            let there: BTreeSet<Vec<u8>> = match state.tables.get(&key.table.name) {
                Some(parent) => {
                    parts(&parent.schema, &parent.rows, &key.references)?.into_iter().map(|(_, part)| part).collect()
                }
                None => BTreeSet::new(),
            };
            let mut rows = BTreeSet::new();
            for (row, part) in parts(&child.schema, &child.rows, &key.columns)? {
                if !there.contains(&part) {
                    rows.insert((child.key(row)?, part));
                }
            }
            if !rows.is_empty() {
                found.push(Group { child: name.clone(), key: key.clone(), rows });
            }
        }
    }
    Ok(found)
}

/// An open restore: an instant of its own, and where it goes when it commits.
struct Restore<'s> {
    instant: Instant<'s>,
    home: Arc<Mutex<State>>,
    before: Vec<Group>,
    allowed: MayDangle,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        self.home.lock().unwrap().locked = false;
    }
}

impl TableReader for Restore<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.instant.count(table)
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.instant.read(table, rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.instant.counters(table)
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        self.instant.definition(table)
    }
}

impl Snapshot for Restore<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        self.instant.standing()
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        self.instant.matching(table, filter, schema, rows)
    }

    fn has_rivals(&mut self, table: TableId) -> Result<bool, DbError> {
        self.instant.has_rivals(table)
    }

    fn rivals(&mut self, table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        self.instant.rivals(table, rows)
    }

    fn check_privileges(&mut self, table: TableId, writes: &[Write]) -> Result<(), DbError> {
        self.instant.check_privileges(table, writes)
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        self.instant.misfits(table, writing)
    }

    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        self.instant.stranded(table, writing)
    }

    fn cascaded_rows(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        self.instant.cascaded_rows(changes)
    }

    fn newest_migration(&mut self) -> Option<String> {
        self.instant.newest_migration()
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        self.instant.settings()
    }
}

impl RestoreTxn for Restore<'_> {
    fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        match tables {
            [] => Ok(()),
            [first, ..] => Err(DbError::Unsupported(format!("rows of {} cannot go along", first.schema.table))),
        }
    }

    fn unexpected_writes(&mut self) -> Result<Vec<TableName>, DbError> {
        Ok(Vec::new()) // nothing but this transaction writes to its copy
    }

    fn accepts_values(&mut self, _table: TableId, _column: usize, _rows: &mut dyn RowStream) -> Result<bool, DbError> {
        Ok(true) // no type refuses a value
    }

    fn foreign_keys_act(&self) -> bool {
        false
    }

    fn dangling(&mut self, _changed: &[TableId]) -> Result<Vec<DanglingRows>, DbError> {
        Ok(self.before.iter().map(Group::told).collect())
    }

    fn may_dangle(&mut self, allowed: MayDangle) {
        self.allowed = allowed;
    }

    fn defaults(
        &mut self,
        table: TableId,
        columns: &[usize],
        rows: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), DbError> {
        let schema = &self.instant.table(table).schema;
        if let Some(column) = columns.iter().map(|at| &schema.columns[*at]).find(|column| column.default.is_some()) {
            return Err(DbError::Unsupported(format!("the default of {} cannot be evaluated", column.name)));
        }
        let row = row::encode(&vec![Value::Null; columns.len()]);
        (0..rows).try_for_each(|_| sink.row(&row))
    }

    fn delete(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        let table = self.instant.table_mut(table);
        let (mut places, mut gone) = (table.places()?, BTreeSet::new());
        while let Some(row) = rows.next_row()? {
            let place = places.get_mut(&table.key(row)?).and_then(Vec::pop);
            gone.insert(place.ok_or_else(|| missing(&table.schema.table))?);
        }
        let mut at = 0..;
        table.rows.retain(|_| !at.next().is_some_and(|at| gone.contains(&at)));
        Ok(gone.len() as u64)
    }

    fn update(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        let table = self.instant.table_mut(table);
        if table.schema.key_spec().is_multiset() {
            return Err(DbError::Unsupported(format!("table {} has no key to update rows by", table.schema.table)));
        }
        let (mut places, mut updated) = (table.places()?, 0);
        while let Some(row) = rows.next_row()? {
            let place = places.get_mut(&table.key(row)?).and_then(Vec::pop);
            table.rows[place.ok_or_else(|| missing(&table.schema.table))?] = row.to_vec();
            updated += 1;
        }
        table.check().map(|()| updated) // all at once, so that values can be swapped
    }

    fn insert(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        let table = self.instant.table_mut(table);
        let before = table.rows.len();
        while let Some(row) = rows.next_row()? {
            table.rows.push(row.to_vec());
        }
        table.check().map(|()| (table.rows.len() - before) as u64)
    }

    fn advance_counters(&mut self, table: TableId) -> Result<(), DbError> {
        let table = self.instant.table_mut(table);
        let Some(mut counter) = table.counter.take() else { return Ok(()) };
        let numbers = parts(&table.schema, &table.rows, std::slice::from_ref(&counter.column))?;
        let numbers = numbers.iter().filter_map(|(_, part)| match RowReader::values(part, 1).ok()?[0].to_owned() {
            Value::Int(number) => Some(number),
            _ => None,
        });
        counter.last = numbers.chain(counter.last).max();
        table.counter = Some(counter);
        Ok(())
    }

    fn retry_detached(&mut self) {} // foreign keys do not act

    fn written(
        &mut self,
        _table: TableId,
        _gone: &mut dyn RowStream,
        _rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        Ok(None) // it does not note which rows it wrote: the whole table is read
    }

    fn commit(self: Box<Self>) -> Result<Commit, DbError> {
        let mut refused = Vec::new();
        for group in dangling(&self.instant.state, &self.instant.reads)? {
            let (new, told) = (group.new_since(&self.before), group.told());
            match self.allowed.reason(&told) {
                _ if new == 0 => {}
                Some(why) => {
                    let what =
                        format!("{new} rows of {} refer to missing rows of {}, {why}", told.table, told.references);
                    self.instant.monitor.warn(&what);
                }
                None => refused.push((told.table, told.references, new)),
            }
        }
        if !refused.is_empty() {
            return Err(DbError::Dangling(refused));
        }
        *self.home.lock().unwrap() = self.instant.state.clone();
        Ok(Commit::Done)
    }
}

fn missing(table: &TableName) -> DbError {
    DbError::Query { code: None, message: format!("a row to be written is not in {table}") }
}

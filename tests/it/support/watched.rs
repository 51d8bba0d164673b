//! A database whose restores are watched: what a restore is not for is the same after it, and everything is, unless it
//! was committed.

use super::postgres::Db;
use super::witness::Witness;
use dbsnap::codec::{DanglingRows, Definition, Part, TableName, TableSchema};
use dbsnap::db::{
    Catalog, Changing, Commit, Counter, DbError, Filter, Making, MayDangle, Misfit, RestoreTxn, RowSink, RowStream,
    Sink, Snapshot, SourceIdentity, Standing, TableId, TableRead, TableReader, Write, Writing, Written,
};
use dbsnap::monitor::Monitor;
use std::collections::BTreeMap;
use std::path::PathBuf;

type Look = Box<dyn Fn() -> Witness + Send>;

/// What is told here is what the database under it says.
pub struct Watched<S> {
    database: S,
    look: Look,
}

impl<S> Watched<S> {
    /// Watches a database of PostgreSQL.
    pub fn postgres(database: S, db: &Db) -> Watched<S> {
        let (server, name) = (db.server, db.name.clone());
        Watched { database, look: Box::new(move || Witness::on(server, &name)) }
    }

    /// From now on indexes and constraints may be made again, just like they were.
    pub fn may_make_again(mut self) -> Watched<S> {
        let look = self.look;
        self.look = Box::new(move || look().without_object_ids());
        self
    }

    /// Watches a SQLite file.
    pub fn sqlite(database: S, path: PathBuf) -> Watched<S> {
        Watched { database, look: Box::new(move || Witness::of_file(&path)) }
    }

    /// The database itself, for when somebody's lock keeps everybody from looking.
    pub fn unwatched(&mut self) -> &mut S {
        &mut self.database
    }
}

impl<S: Sink> Sink for Watched<S> {
    fn identity(&self) -> &SourceIdentity {
        self.database.identity()
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        self.database.catalog()
    }

    fn writer(&mut self, tables: &[TableName], within: std::time::Duration) -> Result<Option<String>, DbError> {
        self.database.writer(tables, within)
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        self.database.snapshot(tables, monitor)
    }

    fn standing(&mut self) -> Result<Standing, DbError> {
        self.database.standing()
    }

    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError> {
        self.database.create(schema)
    }

    fn discard(&mut self, table: &TableName) -> Result<(), DbError> {
        self.database.discard(table)
    }

    fn existing(&mut self, parts: &[Part]) -> Result<Vec<Part>, DbError> {
        self.database.existing(parts)
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
        let before = (self.look)();
        let tables: Vec<TableRead> = tables.to_vec();
        match self.database.make(&tables, making, monitor) {
            Ok(txn) => {
                // what is made brings its counters along
                let counters = making.counters.iter().map(|counter| counter.name.trim_start_matches("public."));
                let named = tables.iter().map(|read| read.schema.table.to_string());
                let named = named.chain(counters.map(str::to_owned)).collect();
                Ok(Box::new(WatchedTxn { txn: Some(txn), before, look: &self.look, named, done: false }))
            }
            Err(error) => {
                before.same(&(self.look)());
                Err(error)
            }
        }
    }
}

/// A restore that is watched. Rows of tables that it is for may change, and rows of those that it said would go along.
struct WatchedTxn<'s> {
    txn: Option<Box<dyn RestoreTxn + 's>>,
    before: Witness,
    look: &'s Look,
    named: Vec<String>,
    /// Whether it was committed, or may have been.
    done: bool,
}

impl<'s> WatchedTxn<'s> {
    fn txn(&mut self) -> &mut (dyn RestoreTxn + 's) {
        self.txn.as_deref_mut().expect("open until it is committed")
    }
}

impl Drop for WatchedTxn<'_> {
    fn drop(&mut self) {
        drop(self.txn.take());
        if !std::thread::panicking() {
            self.before.same_but(&(self.look)(), if self.done { &self.named } else { &[] });
        }
    }
}

impl TableReader for WatchedTxn<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.txn().count(table)
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.txn().read(table, rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.txn().counters(table)
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        self.txn().definition(table)
    }
}

impl Snapshot for WatchedTxn<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        self.txn().standing()
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        self.txn().matching(table, filter, schema, rows)
    }

    fn has_rivals(&mut self, table: TableId) -> Result<bool, DbError> {
        self.txn().has_rivals(table)
    }

    fn rivals(&mut self, table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        self.txn().rivals(table, rows)
    }

    fn check_privileges(&mut self, table: TableId, writes: &[Write]) -> Result<(), DbError> {
        self.txn().check_privileges(table, writes)
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        self.txn().misfits(table, writing)
    }

    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        self.txn().stranded(table, writing)
    }

    fn cascaded_rows(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        let told = self.txn().cascaded_rows(changes)?;
        self.named.extend(told.iter().map(|(table, _)| table.to_string()));
        Ok(told)
    }

    fn newest_migration(&mut self) -> Option<String> {
        self.txn().newest_migration()
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        self.txn().settings()
    }
}

impl RestoreTxn for WatchedTxn<'_> {
    fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        self.txn().add_tables(tables)
    }

    fn unexpected_writes(&mut self) -> Result<Vec<TableName>, DbError> {
        self.txn().unexpected_writes()
    }

    fn accepts_values(&mut self, table: TableId, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError> {
        self.txn().accepts_values(table, column, rows)
    }

    fn foreign_keys_act(&self) -> bool {
        self.txn.as_ref().expect("open until it is committed").foreign_keys_act()
    }

    fn dangling(&mut self, changed: &[TableId]) -> Result<Vec<DanglingRows>, DbError> {
        self.txn().dangling(changed)
    }

    fn may_dangle(&mut self, allowed: MayDangle) {
        self.txn().may_dangle(allowed);
    }

    fn defaults(
        &mut self,
        table: TableId,
        columns: &[usize],
        rows: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), DbError> {
        self.txn().defaults(table, columns, rows, sink)
    }

    fn delete(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().delete(table, rows)
    }

    fn update(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().update(table, rows)
    }

    fn insert(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().insert(table, rows)
    }

    fn advance_counters(&mut self, table: TableId) -> Result<(), DbError> {
        self.txn().advance_counters(table)
    }

    fn retry_detached(&mut self) {
        self.txn().retry_detached();
    }

    fn written(
        &mut self,
        table: TableId,
        gone: &mut dyn RowStream,
        rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        self.txn().written(table, gone, rows)
    }

    fn commit(mut self: Box<Self>) -> Result<Commit, DbError> {
        let answer = self.txn.take().expect("open until it is committed").commit();
        self.done = matches!(answer, Ok(Commit::Done) | Err(DbError::Unknown(_)));
        answer
    }
}

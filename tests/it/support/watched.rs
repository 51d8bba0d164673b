//! A database whose restores are watched: what a restore is not for is the same after it, and everything is, unless it was committed.

use super::postgres::Db;
use super::witness::Witness;
use dbsnap::codec::{DanglingRows, TableName, TableSchema};
use dbsnap::db::{
    Catalog, Changing, Commit, Counter, DbError, Filter, MayDangle, RestoreTxn, RowSink, RowStream, Sink, Snapshot,
    Source, SourceIdentity, TableRead, Write, Written,
};
use dbsnap::monitor::Monitor;
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

impl<S: Source> Source for Watched<S> {
    fn identity(&self) -> &SourceIdentity {
        self.database.identity()
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        self.database.catalog()
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        self.database.snapshot(tables, monitor)
    }
}

impl<S: Sink> Sink for Watched<S> {
    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError> {
        self.database.create(schema)
    }

    fn discard(&mut self, table: &TableName) -> Result<(), DbError> {
        self.database.discard(table)
    }

    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        let before = (self.look)();
        let tables: Vec<TableRead> = tables.to_vec();
        match self.database.restore(&tables, monitor) {
            Ok(txn) => {
                let named = tables.iter().map(|read| read.schema.table.to_string()).collect();
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

impl Snapshot for WatchedTxn<'_> {
    fn count(&mut self, index: usize) -> Result<u64, DbError> {
        self.txn().count(index)
    }

    fn read(&mut self, index: usize, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.txn().read(index, rows)
    }

    fn judge(
        &mut self,
        index: usize,
        filter: &Filter,
        schema: &TableSchema,
        rows: &[&[u8]],
    ) -> Result<Vec<bool>, DbError> {
        self.txn().judge(index, filter, schema, rows)
    }

    fn counters(&mut self, index: usize) -> Result<Vec<Counter>, DbError> {
        self.txn().counters(index)
    }

    fn bystanders(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        let told = self.txn().bystanders(changes)?;
        self.named.extend(told.iter().map(|(table, _)| table.to_string()));
        Ok(told)
    }

    fn migration(&mut self) -> Option<String> {
        self.txn().migration()
    }
}

impl RestoreTxn for WatchedTxn<'_> {
    fn also(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        self.txn().also(tables)
    }

    fn strays(&mut self) -> Result<Vec<TableName>, DbError> {
        self.txn().strays()
    }

    fn may(&mut self, index: usize, writes: &[Write]) -> Result<(), DbError> {
        self.txn().may(index, writes)
    }

    fn takes(&mut self, index: usize, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError> {
        self.txn().takes(index, column, rows)
    }

    fn foreign_keys_act(&self) -> bool {
        self.txn.as_ref().expect("open until it is committed").foreign_keys_act()
    }

    fn dangling(&mut self) -> Result<Vec<DanglingRows>, DbError> {
        self.txn().dangling()
    }

    fn may_dangle(&mut self, allowed: MayDangle) {
        self.txn().may_dangle(allowed);
    }

    fn defaults(&mut self, index: usize, columns: &[usize], rows: u64, sink: &mut dyn RowSink) -> Result<(), DbError> {
        self.txn().defaults(index, columns, rows, sink)
    }

    fn delete(&mut self, index: usize, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().delete(index, rows)
    }

    fn update(&mut self, index: usize, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().update(index, rows)
    }

    fn insert(&mut self, index: usize, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.txn().insert(index, rows)
    }

    fn advance_counters(&mut self, index: usize) -> Result<(), DbError> {
        self.txn().advance_counters(index)
    }

    fn thoroughly(&mut self) {
        self.txn().thoroughly();
    }

    fn written(
        &mut self,
        index: usize,
        gone: &mut dyn RowStream,
        rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        self.txn().written(index, gone, rows)
    }

    fn commit(mut self: Box<Self>) -> Result<Commit, DbError> {
        let answer = self.txn.take().expect("open until it is committed").commit();
        self.done = matches!(answer, Ok(Commit::Done) | Err(DbError::Unknown(_)));
        answer
    }
}

//! One instant of some tables.

use super::condition::Condition;
use super::definition;
use super::error::{extended_code, failed};
use super::interrupt::interruptible;
use super::misfits::misfits;
use super::shape::Shape;
use super::sql;
use super::stranded::stranded;
use super::text::TextForm;
use crate::codec::{Definition, Key, TableName, TableSchema};
use crate::db::{
    Changing, Counter, DbError, Filter, Misfit, RowSink, RowStream, Snapshot, Standing, TableId, TableRead,
    TableReader, Write, Writing,
};
use crate::monitor::Monitor;
use rusqlite::{Connection, OptionalExtension, ffi};
use std::collections::BTreeMap;

/// After how many rows the monitor is asked.
pub(super) const BATCH: u64 = 1024;

/// A read transaction; ends when dropped.
pub(super) struct ReadTransaction<'c>(&'c Connection);

impl<'c> ReadTransaction<'c> {
    /// Begins, and reads once: only the first read fixes what the transaction sees.
    pub(super) fn begin(conn: &'c Connection) -> Result<ReadTransaction<'c>, DbError> {
        let beginning = |error| failed("opening a snapshot", error);
        conn.execute_batch("BEGIN").map_err(beginning)?;
        let transaction = ReadTransaction(conn);
        conn.query_row("SELECT count(*) FROM main.sqlite_schema", [], |row| row.get::<_, i64>(0)).map_err(beginning)?;
        Ok(transaction)
    }
}

impl Drop for ReadTransaction<'_> {
    fn drop(&mut self) {
        // A failed ROLLBACK of a read leaves nothing to undo, and the connection refuses the next BEGIN.
        let _ = self.0.execute_batch("ROLLBACK");
    }
}

/// An open snapshot.
pub(super) struct SqliteSnapshot<'s> {
    transaction: ReadTransaction<'s>,
    tables: Vec<TableRead>,
    shapes: Vec<Shape>,
    text: TextForm,
    monitor: &'s dyn Monitor,
    standing: Standing,
}

impl<'s> SqliteSnapshot<'s> {
    /// Fixes the instant and checks that every table still is what its schema says. `standing` was told just before.
    pub(super) fn begin(
        conn: &'s Connection,
        tables: &[TableRead],
        text: TextForm,
        standing: Standing,
        monitor: &'s dyn Monitor,
    ) -> Result<SqliteSnapshot<'s>, DbError> {
        let transaction = ReadTransaction::begin(conn)?;
        let shapes = verify(conn, tables)?;
        Ok(SqliteSnapshot { transaction, tables: tables.to_vec(), shapes, text, monitor, standing })
    }
}

impl TableReader for SqliteSnapshot<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        let read = table_at(&self.tables, table)?;
        interruptible(self.transaction.0, self.monitor, || count_rows(self.transaction.0, read))
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        read_rows(self.transaction.0, table_at(&self.tables, table)?, self.text, self.monitor, rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        counters(self.transaction.0, shape_at(&self.shapes, table)?)
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        definition::load(self.transaction.0, &table_at(&self.tables, table)?.schema.table.name).map(Some)
    }
}

impl Snapshot for SqliteSnapshot<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        Ok(self.standing.clone())
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        let table = &table_at(&self.tables, table)?.schema;
        Condition::beside(self.transaction.0, table, filter, schema, self.text)?.matching(rows)
    }

    fn has_rivals(&mut self, _table: TableId) -> Result<bool, DbError> {
        Ok(false) // where a unique index is in the way, the row is refused when it is written
    }

    fn rivals(&mut self, _table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        Ok(vec![None; rows.len()])
    }

    fn check_privileges(&mut self, _table: TableId, _writes: &[Write]) -> Result<(), DbError> {
        Ok(()) // whether the file may be written is seen when it is
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        misfits(self.transaction.0, shape_at(&self.shapes, table)?, self.text, writing)
    }

    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        let shape = shape_at(&self.shapes, table)?;
        interruptible(self.transaction.0, self.monitor, || {
            stranded(self.transaction.0, shape, &self.tables, self.text, writing)
        })
    }

    fn cascaded_rows(&mut self, _changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        Ok(Vec::new()) // foreign keys are off while dbsnap writes
    }

    fn newest_migration(&mut self) -> Option<String> {
        newest_migration(self.transaction.0)
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        definition::settings(self.transaction.0)
    }
}

/// The name of the newest migration of Prisma's that was applied.
pub(super) fn newest_migration(conn: &Connection) -> Option<String> {
    const NEWEST: &str = "SELECT migration_name FROM main._prisma_migrations \
        WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY finished_at DESC, migration_name DESC LIMIT 1";
    conn.query_row(NEWEST, [], |row| row.get(0)).ok()
}

/// The shapes of `tables`, if every one still has the schema it was planned with.
pub(super) fn verify(conn: &Connection, tables: &[TableRead]) -> Result<Vec<Shape>, DbError> {
    let shape = |read: &TableRead| {
        let table = read.schema.table.clone();
        let Some(mut shape) = Shape::read(conn, &table.name)? else {
            return Err(DbError::Changed { table, what: "was dropped".to_owned() });
        };
        // a table with a key can be taken as one without
        if read.schema.key == Key::Rows {
            shape.schema.key = Key::Rows;
        }
        match shape.schema == read.schema {
            true => Ok(shape),
            false => Err(DbError::Changed { table, what: "was changed after it was planned with".to_owned() }),
        }
    };
    tables.iter().map(shape).collect()
}

/// One of the tables of the transaction.
pub(super) fn table_at(tables: &[TableRead], table: TableId) -> Result<&TableRead, DbError> {
    tables.get(table.position()).ok_or_else(|| out_of_range(table))
}

/// Its shape.
pub(super) fn shape_at(shapes: &[Shape], table: TableId) -> Result<&Shape, DbError> {
    shapes.get(table.position()).ok_or_else(|| out_of_range(table))
}

fn out_of_range(table: TableId) -> DbError {
    DbError::Unsupported(format!("there is no table {} in this transaction", table.position()))
}

/// The statement that reads a table.
///
/// Without a filter it is kept from using an index, so that rows come in the order in which they are stored: key order
/// where the key is the rowid or the table is WITHOUT ROWID. Nothing is ever sorted for it.
pub(super) fn select(read: &TableRead, text: TextForm) -> String {
    let list = text.select_list(&read.schema);
    let table = sql::table(&read.schema.table.name);
    match &read.filter {
        None => format!("SELECT {list} FROM {table} NOT INDEXED"),
        Some(filter) => format!("SELECT {list} FROM {table} WHERE ({})", filter.sql),
    }
}

/// Rows of the table for which its filter holds.
pub(super) fn count_rows(conn: &Connection, read: &TableRead) -> Result<u64, DbError> {
    let table = sql::table(&read.schema.table.name);
    let condition = read.filter.as_ref().map(|filter| format!(" WHERE ({})", filter.sql)).unwrap_or_default();
    let counted: i64 = single(conn, |hint| format!("SELECT count(*) FROM {table}{hint}{condition}"))
        .map_err(|error| failed(&format!("counting rows of {}", read.schema.table), error))?;
    Ok(counted.unsigned_abs())
}

/// The one value that a statement gives. `sql` gets what is to stand after the table's name: nothing, or `NOT INDEXED`
/// if the index that would serve best is sorted by a collation that only another application has.
pub(super) fn single(conn: &Connection, sql: impl Fn(&str) -> String) -> rusqlite::Result<i64> {
    let run = |hint| conn.query_row(&sql(hint), [], |row| row.get(0));
    match run("") {
        Err(error) if extended_code(&error) == Some(ffi::SQLITE_ERROR_MISSING_COLLSEQ) => run(" NOT INDEXED"),
        other => other,
    }
}

/// Gives every row to `rows`; returns how many there were.
pub(super) fn read_rows(
    conn: &Connection,
    read: &TableRead,
    text: TextForm,
    monitor: &dyn Monitor,
    rows: &mut dyn RowSink,
) -> Result<u64, DbError> {
    let reading = |error| failed(&format!("reading {}", read.schema.table), error);
    let mut statement = conn.prepare(&select(read, text)).map_err(reading)?;
    let mut result = statement.query([]).map_err(reading)?;
    let mut sent = 0u64;
    while let Some(row) = result.next().map_err(reading)? {
        rows.row_by(&mut |out| text.read_row(row, 0, &read.schema, out))?;
        sent += 1;
        if sent.is_multiple_of(BATCH) && monitor.interrupted() {
            return Err(DbError::Stopped);
        }
    }
    Ok(sent)
}

/// The AUTOINCREMENT counter of a table, if it has one.
pub(super) fn counters(conn: &Connection, shape: &Shape) -> Result<Vec<Counter>, DbError> {
    let table = &shape.schema.table.name;
    let Some(column) = shape.alias.filter(|_| shape.autoincrement).and_then(|at| shape.schema.columns.get(at)) else {
        return Ok(Vec::new());
    };
    let last = conn
        .query_row("SELECT max(seq) FROM main.sqlite_sequence WHERE name = ?1", [table], |row| row.get(0))
        .optional()
        .map_err(|error| failed(&format!("reading the counter of {table}"), error))?;
    Ok(vec![Counter { name: table.clone(), column: column.name.clone(), last: last.flatten(), next: None }])
}

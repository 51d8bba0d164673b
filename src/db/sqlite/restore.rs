//! One write transaction over some tables.

use super::condition::Condition;
use super::connect::set;
use super::defaults;
use super::definition;
use super::error::{extended_code, failed, is_taken};
use super::full_text;
use super::interrupt::interruptible;
use super::multiset;
use super::postponed::Postponed;
use super::read::{count_rows, counters, newest_migration, read_rows, shape_at, table_at, verify};
use super::shape::Shape;
use super::sql;
use super::stranded::stranded;
use super::text::TextForm;
use super::violations::{References, Violations};
use super::write::{RowStatement, expect_one, values};

use super::misfits::misfits;
use crate::codec::{DanglingRows, Definition, TableName, TableSchema};
use crate::db::{
    Changing, Commit, Counter, DbError, Filter, Making, MayDangle, Misfit, RestoreTxn, RowSink, RowStream, Snapshot,
    Standing, TableId, TableRead, TableReader, Write, Writing, Written,
};
use crate::monitor::Monitor;
use rusqlite::{Connection, ffi};
use std::collections::BTreeMap;

/// An open restore, on a connection of its own.
pub(super) struct SqliteRestore<'s> {
    conn: Connection,
    tables: Vec<TableRead>,
    shapes: Vec<Shape>,
    text: TextForm,
    references: References,
    /// What dangled before the first write; `None` as long as nothing was written.
    before: Option<Violations>,
    /// What may dangle afterwards.
    allowed: MayDangle,
    monitor: &'s dyn Monitor,
}

impl<'s> SqliteRestore<'s> {
    /// Takes the write lock, makes what is to be made, and checks that every table is what its schema says.
    pub(super) fn begin(
        conn: Connection,
        tables: &[TableRead],
        making: &Making,
        text: TextForm,
        monitor: &'s dyn Monitor,
    ) -> Result<SqliteRestore<'s>, DbError> {
        conn.execute_batch("BEGIN IMMEDIATE").map_err(|error| failed("locking the database for the restore", error))?;
        definition::make(&conn, making)?;
        let shapes = verify(&conn, tables)?;
        for shape in &shapes {
            if let Some(collation) = &shape.foreign_collation {
                return Err(DbError::Unsupported(format!(
                    "an index of table {} is sorted by the collation {collation}, which only the application that made it has; \
                     rows cannot be written without it",
                    shape.schema.table
                )));
            }
        }
        let references = References::around(&conn, tables)?;
        Ok(SqliteRestore {
            conn,
            tables: tables.to_vec(),
            shapes,
            text,
            references,
            before: None,
            allowed: MayDangle::default(),
            monitor,
        })
    }

    /// Before every write: the transaction must still be open (some errors make SQLite end it, and what came after
    /// would be committed row by row), and before the first it is noted what dangles already.
    fn before_write(&mut self) -> Result<(), DbError> {
        if self.conn.is_autocommit() {
            return Err(DbError::Lost("SQLite has rolled the restore back".to_owned()));
        }
        self.look_before()
    }

    /// Puts CHECK constraints of the table aside if they may be, and no others.
    fn set_checks(&self, table: &TableName) -> Result<(), DbError> {
        let ignored = self.allowed.unchecked.contains(table);
        set(&self.conn, "ignore_check_constraints", if ignored { "ON" } else { "OFF" })
    }

    fn look_before(&mut self) -> Result<(), DbError> {
        if self.before.is_none() {
            self.before = Some(self.references.violations(&self.conn, self.monitor)?);
        }
        Ok(())
    }
}

impl Drop for SqliteRestore<'_> {
    fn drop(&mut self) {
        if !self.conn.is_autocommit() {
            // Should this fail, closing the connection rolls back, and after that the journal does.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
    }
}

impl TableReader for SqliteRestore<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        let read = table_at(&self.tables, table)?;
        interruptible(&self.conn, self.monitor, || count_rows(&self.conn, read))
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        read_rows(&self.conn, table_at(&self.tables, table)?, self.text, self.monitor, rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        counters(&self.conn, shape_at(&self.shapes, table)?)
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        definition::load(&self.conn, &table_at(&self.tables, table)?.schema.table.name).map(Some)
    }
}

impl Snapshot for SqliteRestore<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        Ok(Standing::Unknown("this transaction writes".to_owned()))
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        let table = &table_at(&self.tables, table)?.schema;
        Condition::beside(&self.conn, table, filter, schema, self.text)?.matching(rows)
    }

    fn has_rivals(&mut self, _table: TableId) -> Result<bool, DbError> {
        Ok(false) // where a unique index is in the way, the row is refused when it is written
    }

    fn rivals(&mut self, _table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        Ok(vec![None; rows.len()])
    }

    fn check_privileges(&mut self, _table: TableId, _writes: &[Write]) -> Result<(), DbError> {
        Ok(()) // whoever may write the file may write every table; the lock that `begin` took shows that
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        misfits(&self.conn, shape_at(&self.shapes, table)?, self.text, writing)
    }

    fn stranded(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        let shape = shape_at(&self.shapes, table)?;
        interruptible(&self.conn, self.monitor, || stranded(&self.conn, shape, &self.tables, self.text, writing))
    }

    fn cascaded_rows(&mut self, _changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        Ok(Vec::new()) // foreign keys are off while dbsnap writes
    }

    fn newest_migration(&mut self) -> Option<String> {
        newest_migration(&self.conn)
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        definition::settings(&self.conn)
    }
}

impl RestoreTxn for SqliteRestore<'_> {
    fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        match tables {
            [] => Ok(()),
            // no foreign key acts, so no row of another table goes along
            [first, ..] => Err(DbError::Unsupported(format!("rows of {} cannot go along", first.schema.table))),
        }
    }

    fn unexpected_writes(&mut self) -> Result<Vec<TableName>, DbError> {
        Ok(Vec::new()) // neither triggers nor foreign keys act, so only what is asked for is written
    }

    fn accepts_values(&mut self, _table: TableId, _column: usize, _rows: &mut dyn RowStream) -> Result<bool, DbError> {
        Ok(true) // no type refuses a value; CHECK constraints are among the misfits
    }

    fn foreign_keys_act(&self) -> bool {
        false
    }

    fn dangling(&mut self, _changed: &[TableId]) -> Result<Vec<DanglingRows>, DbError> {
        self.look_before()?;
        self.before.as_ref().map_or(Ok(Vec::new()), |before| before.told(&self.conn, self.monitor))
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
        defaults::give(&self.conn, &shape_at(&self.shapes, table)?.schema, columns, rows, self.text, sink)
    }

    fn delete(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.before_write()?;
        let shape = shape_at(&self.shapes, table)?;
        let schema = &shape.schema;
        let Some(sql) = sql::delete(shape, self.text) else {
            return multiset::delete(&self.conn, shape, self.text, self.monitor, rows);
        };
        let mut delete = RowStatement::prepare(&self.conn, sql, self.text)?;
        delete.run_each(schema, rows, self.monitor, |deleted, _| {
            let deleted = deleted.map_err(|error| failed(&format!("deleting rows of {}", schema.table), error))?;
            expect_one(schema, deleted, "deleting by key")
        })
    }

    fn update(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.before_write()?;
        let shape = shape_at(&self.shapes, table)?;
        let schema = &shape.schema;
        self.set_checks(&schema.table)?;
        let postponed = Postponed::new(&self.conn, shape, self.text)?;
        let (Some(sql), Some(mut postponed)) = (sql::update(shape, self.text), postponed) else {
            let what = format!("table {} has no key to update rows by", schema.table);
            return Err(DbError::Unsupported(what));
        };
        let mut update = RowStatement::prepare(&self.conn, sql, self.text)?;
        let given = update.run_each(schema, rows, self.monitor, |updated, rows| match updated {
            Ok(updated) => expect_one(schema, updated, "updating by key"),
            Err(error) if is_taken(&error) => {
                let row = rows.again()?;
                postponed.push(&values(schema, row)?, row)
            }
            Err(error) => Err(failed(&format!("updating {}", schema.table), error)),
        })?;
        drop(update);
        postponed.finish()?;
        Ok(given)
    }

    fn insert(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.before_write()?;
        let schema = &shape_at(&self.shapes, table)?.schema;
        self.set_checks(&schema.table)?;
        let mut insert = RowStatement::prepare(&self.conn, sql::insert(schema, self.text, None), self.text)?;
        insert.run_each(schema, rows, self.monitor, |inserted, _| {
            let inserted = inserted.map_err(|error| failed(&format!("inserting into {}", schema.table), error))?;
            expect_one(schema, inserted, "inserting")
        })
    }

    fn advance_counters(&mut self, table: TableId) -> Result<(), DbError> {
        self.before_write()?;
        let shape = shape_at(&self.shapes, table)?;
        let Some(column) = shape.alias.filter(|_| shape.autoincrement).and_then(|at| shape.schema.columns.get(at))
        else {
            return Ok(());
        };
        // SQLite moves the counter itself when a larger id is inserted. This is for a counter that someone set back.
        let name = &shape.schema.table.name;
        let greatest = format!("(SELECT max({}) FROM {})", sql::quote(&column.name), sql::table(name));
        let sql = format!("UPDATE main.sqlite_sequence SET seq = {greatest} WHERE name = ?1 AND seq < {greatest}");
        let moved = self.conn.execute(&sql, [name]);
        moved.map(|_| ()).map_err(|error| failed(&format!("moving the counter of {name}"), error))
    }

    fn retry_detached(&mut self) {} // foreign keys do not act

    fn written(
        &mut self,
        _table: TableId,
        _gone: &mut dyn RowStream,
        _rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        Ok(None) // SQLite does not say which rows a transaction wrote
    }

    fn commit(mut self: Box<Self>) -> Result<Commit, DbError> {
        if self.conn.is_autocommit() {
            return Ok(Commit::RolledBack);
        }
        if let Some(before) = self.before.take() {
            let now = self.references.violations(&self.conn, self.monitor)?;
            now.refuse_new(&before, &self.allowed, &self.conn, self.monitor)?;
            full_text::rebuild(&self.conn, &self.tables, self.monitor)?;
        }
        match self.conn.execute_batch("COMMIT") {
            Ok(()) if self.conn.is_autocommit() => Ok(Commit::Done),
            Ok(()) => Err(DbError::Lost("SQLite did not commit; nothing was changed".to_owned())),
            // The journal may be gone although its removal was not confirmed: only the next reader knows.
            Err(error) if extended_code(&error).is_some_and(|code| code & 0xff == ffi::SQLITE_IOERR) => {
                Err(DbError::Unknown(format!(
                    "the disk failed while SQLite committed ({error}): compare the tables with the snapshot to learn whether the \
                     restore took effect"
                )))
            }
            // Still open (another connection reads): dropping it rolls back.
            Err(error) => Err(failed("committing the restore; nothing was changed", error)),
        }
    }
}

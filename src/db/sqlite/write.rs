//! Rows on their way in: one prepared statement per pass, each row's effect counted.

use super::error::failed;
use super::read::BATCH;
use super::sql::RowSql;
use super::text::TextForm;
use crate::codec::{RowReader, TableSchema, ValueRef};
use crate::db::{DbError, RowStream};
use crate::monitor::Monitor;
use rusqlite::{Connection, Statement};

/// Bytes of a row that SQLite is not to keep.
const LONG: usize = 1 << 20;

/// A prepared statement that takes its parameters from a row.
pub(super) struct RowStatement<'c> {
    statement: Statement<'c>,
    parameters: Vec<usize>,
    text: TextForm,
}

impl<'c> RowStatement<'c> {
    /// Prepares `sql`.
    pub(super) fn prepare(conn: &'c Connection, sql: RowSql, text: TextForm) -> Result<RowStatement<'c>, DbError> {
        let statement = conn.prepare(&sql.text).map_err(|error| failed("preparing to write", error))?;
        Ok(RowStatement { statement, parameters: sql.parameters, text })
    }

    /// Binds a row; `rowid`, if given, goes after its values.
    fn bind(&mut self, values: &[ValueRef<'_>], rowid: Option<i64>) -> Result<(), DbError> {
        for (nth, &at) in self.parameters.iter().enumerate() {
            let value = values.get(at).copied().unwrap_or(ValueRef::Null);
            self.text.bind(&mut self.statement, nth + 1, value)?;
        }
        if let Some(rowid) = rowid {
            let last = self.text.parameters(self.parameters.len()) + 1;
            self.statement.raw_bind_parameter(last, rowid).map_err(|error| failed("binding a rowid", error))?;
        }
        Ok(())
    }

    /// Runs it for one row. The outer error is ours (a value that cannot be bound), the inner one SQLite's.
    pub(super) fn run(
        &mut self,
        values: &[ValueRef<'_>],
        rowid: Option<i64>,
    ) -> Result<rusqlite::Result<usize>, DbError> {
        self.bind(values, rowid)?;
        Ok(self.statement.raw_execute())
    }

    /// Runs it for every row given; `each` gets what SQLite says of each. Returns how many there were.
    pub(super) fn run_each(
        &mut self,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
        monitor: &dyn Monitor,
        mut each: impl FnMut(rusqlite::Result<usize>, &mut dyn RowStream) -> Result<(), DbError>,
    ) -> Result<u64, DbError> {
        counted(monitor, || {
            let Some(row) = rows.next_row()? else { return Ok(None) };
            let bytes = row.len();
            self.bind(&values(schema, row)?, None)?;
            // SQLite copies what is bound, and then makes a record of it.
            rows.forget();
            let run = self.statement.raw_execute();
            if bytes > LONG {
                self.statement.clear_bindings();
            }
            each(run, rows)?;
            Ok(Some(bytes))
        })
    }

    /// The integer that it selects for one row; `None` if it selects none.
    pub(super) fn integer(&mut self, values: &[ValueRef<'_>]) -> Result<Option<i64>, DbError> {
        self.bind(values, None)?;
        let mut rows = self.statement.raw_query();
        let row = rows.next().map_err(|error| failed("looking for a row", error))?;
        row.map(|row| row.get(0)).transpose().map_err(|error| failed("looking for a row", error))
    }
}

impl RowStatement<'_> {
    /// The row of `schema` that it selects for one row; `None` if it selects none.
    pub(super) fn row(&mut self, values: &[ValueRef<'_>], schema: &TableSchema) -> Result<Option<Vec<u8>>, DbError> {
        self.bind(values, None)?;
        let mut rows = self.statement.raw_query();
        let Some(row) = rows.next().map_err(|error| failed("looking for a row", error))? else { return Ok(None) };
        let mut out = Vec::new();
        self.text.read_row(row, 0, schema, &mut out)?;
        Ok(Some(out))
    }
}

/// Decodes every row given and hands it to `each`; returns how many there were. The monitor is told and asked on the
/// way.
pub(super) fn each_row(
    schema: &TableSchema,
    rows: &mut dyn RowStream,
    monitor: &dyn Monitor,
    mut each: impl FnMut(&[ValueRef<'_>], &[u8]) -> Result<(), DbError>,
) -> Result<u64, DbError> {
    counted(monitor, || {
        let Some(row) = rows.next_row()? else { return Ok(None) };
        each(&values(schema, row)?, row)?;
        Ok(Some(row.len()))
    })
}

/// Counts rows as long as `next` gives the bytes of one more. The monitor is told and asked on the way.
fn counted(monitor: &dyn Monitor, mut next: impl FnMut() -> Result<Option<usize>, DbError>) -> Result<u64, DbError> {
    let (mut given, mut bytes) = (0u64, 0u64);
    while let Some(row) = next()? {
        given += 1;
        bytes += row as u64;
        if given.is_multiple_of(BATCH) {
            monitor.advance(BATCH, bytes);
            bytes = 0;
            if monitor.interrupted() {
                return Err(DbError::Stopped);
            }
        }
    }
    monitor.advance(given % BATCH, bytes);
    Ok(given)
}

/// The values of one row of this table.
pub(super) fn values<'r>(schema: &TableSchema, row: &'r [u8]) -> Result<Vec<ValueRef<'r>>, DbError> {
    RowReader::values(row, schema.columns.len())
        .map_err(|error| DbError::Unsupported(format!("not a row of table {}: {error}", schema.table)))
}

/// Fails unless exactly one row was written.
pub(super) fn expect_one(schema: &TableSchema, written: usize, what: &str) -> Result<(), DbError> {
    if written == 1 {
        return Ok(());
    }
    let what = format!("is not as it was read: {what} touched {written} rows instead of one");
    Err(DbError::Changed { table: schema.table.clone(), what })
}

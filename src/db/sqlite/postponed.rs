//! Updates that collide on their way: when rows swap unique values, no order of single updates works, and SQLite checks
//! at once. A row that collides is taken out and comes back, with its rowid, when all others are done; what collides
//! then is a real conflict with a row that stays.

use super::error::failed;
use super::shape::Shape;
use super::sql;
use super::text::TextForm;
use super::write::{RowStatement, expect_one, values};
use crate::codec::ValueRef;
use crate::db::DbError;
use rusqlite::Connection;

/// Rows that were taken out. They wait in a temporary table, so that memory does not grow with them.
pub(super) struct Postponed<'c> {
    conn: &'c Connection,
    shape: &'c Shape,
    text: TextForm,
    rowid: Option<RowStatement<'c>>,
    delete: RowStatement<'c>,
    rows: u64,
}

impl<'c> Postponed<'c> {
    /// Nothing is postponed yet. `None` for a multiset.
    pub(super) fn new(
        conn: &'c Connection,
        shape: &'c Shape,
        text: TextForm,
    ) -> Result<Option<Postponed<'c>>, DbError> {
        let Some(delete) = sql::delete(shape, text) else { return Ok(None) };
        conn.execute_batch(
            "DROP TABLE IF EXISTS temp.dbsnap_postponed; CREATE TEMP TABLE dbsnap_postponed (old INTEGER, row BLOB NOT NULL)",
        )
        .map_err(|error| failed("making room for rows that collide", error))?;
        let rowid = sql::select_rowid(shape, shape.hidden_rowid(), text);
        let rowid = rowid.map(|sql| RowStatement::prepare(conn, sql, text)).transpose()?;
        let delete = RowStatement::prepare(conn, delete, text)?;
        Ok(Some(Postponed { conn, shape, text, rowid, delete, rows: 0 }))
    }

    /// Takes the live row with the key of this row out, and remembers what it is to become.
    pub(super) fn push(&mut self, values: &[ValueRef<'_>], row: &[u8]) -> Result<(), DbError> {
        let postponing = |error| failed(&format!("updating {}", self.shape.schema.table), error);
        let old = self.rowid.as_mut().map(|rowid| rowid.integer(values)).transpose()?.flatten();
        let deleted = self.delete.run(values, None)?.map_err(postponing)?;
        expect_one(&self.shape.schema, deleted, "updating by key")?;
        let mut keep =
            self.conn.prepare_cached("INSERT INTO temp.dbsnap_postponed VALUES (?1, ?2)").map_err(postponing)?;
        keep.execute((old, row)).map_err(postponing)?;
        self.rows += 1;
        Ok(())
    }

    /// Puts every row back with its new values.
    pub(super) fn finish(self) -> Result<(), DbError> {
        let Postponed { conn, shape, text, rows, rowid, delete } = self;
        let schema = &shape.schema;
        let updating = |error| failed(&format!("updating {}", schema.table), error);
        if rows > 0 {
            let name = shape.hidden_rowid();
            let mut insert = RowStatement::prepare(conn, sql::insert(schema, text, name), text)?;
            let mut kept = conn.prepare("SELECT old, row FROM temp.dbsnap_postponed").map_err(updating)?;
            let mut kept = kept.query([]).map_err(updating)?;
            while let Some(kept) = kept.next().map_err(updating)? {
                let old = kept.get::<_, Option<i64>>(0).map_err(updating)?.filter(|_| name.is_some());
                let row = kept.get_ref(1).map_err(updating)?.as_blob().map_err(|error| updating(error.into()))?;
                let written = insert.run(&values(schema, row)?, old)?.map_err(updating)?;
                expect_one(schema, written, "updating by key")?;
            }
        }
        drop((rowid, delete));
        conn.flush_prepared_statement_cache();
        conn.execute_batch("DROP TABLE temp.dbsnap_postponed").map_err(updating)
    }
}

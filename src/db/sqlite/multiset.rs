//! Deletes from tables whose rows nothing tells apart: each row given takes one row with it that is the same bit for
//! bit.

use super::error::failed;
use super::read::{BATCH, select};
use super::shape::Shape;
use super::sql;
use super::text::TextForm;
use super::write::{RowStatement, each_row, expect_one, values};
use crate::db::{DbError, RowStream, TableRead};
use crate::hash::Hash;
use crate::monitor::Monitor;
use rusqlite::Connection;
use std::collections::HashMap;

/// Rows still to be deleted: how many, by row id.
type Wanted = HashMap<Hash, u64>;

/// Deletes one row for each row given, in one pass over the table: comparing canonical bytes keeps storage classes
/// apart (5, '5', x'35') and NULL equal to itself, which no SQL comparison does all at once. Memory grows with the rows
/// to delete.
pub(super) fn delete(
    conn: &Connection,
    shape: &Shape,
    text: TextForm,
    monitor: &dyn Monitor,
    rows: &mut dyn RowStream,
) -> Result<u64, DbError> {
    let schema = &shape.schema;
    let mut wanted = Wanted::new();
    let given = each_row(schema, rows, monitor, |_, row| {
        *wanted.entry(Hash::of(row)).or_default() += 1;
        Ok(())
    })?;
    if given == 0 {
        return Ok(0);
    }
    let deleted = match shape.rowid {
        Some(rowid) => delete_by_rowid(conn, shape, rowid, text, monitor, &mut wanted)?,
        None => rewrite_without(conn, shape, text, monitor, &mut wanted)?,
    };
    if deleted == given {
        return Ok(deleted);
    }
    let what = format!("no longer holds {} of the {given} rows that were to be deleted", given - deleted);
    Err(DbError::Changed { table: schema.table.clone(), what })
}

/// Takes one off what is wanted of `row`; whether there was one.
fn take(wanted: &mut Wanted, row: &[u8]) -> bool {
    match wanted.get_mut(&Hash::of(row)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

fn delete_by_rowid(
    conn: &Connection,
    shape: &Shape,
    rowid: &str,
    text: TextForm,
    monitor: &dyn Monitor,
    wanted: &mut Wanted,
) -> Result<u64, DbError> {
    let (schema, table) = (&shape.schema, sql::table(&shape.schema.table.name));
    let reading = |error| failed(&format!("looking for rows of {}", schema.table), error);
    let scan = format!("SELECT {rowid}, {} FROM {table} NOT INDEXED", text.select_list(schema));
    let mut scan = conn.prepare(&scan).map_err(reading)?;
    let mut found = Vec::new();
    let mut live = scan.query([]).map_err(reading)?;
    let mut buffer = Vec::new();
    let mut seen = 0u64;
    while let Some(row) = live.next().map_err(reading)? {
        buffer.clear();
        text.read_row(row, 1, schema, &mut buffer)?;
        if take(wanted, &buffer) {
            found.push(row.get::<_, i64>(0).map_err(reading)?);
        }
        seen += 1;
        if seen.is_multiple_of(BATCH) && monitor.interrupted() {
            return Err(DbError::Stopped);
        }
    }
    drop(live);
    let deleting = |error| failed(&format!("deleting rows of {}", schema.table), error);
    let mut delete = conn.prepare(&format!("DELETE FROM {table} WHERE {rowid} = ?1")).map_err(deleting)?;
    for rowid in &found {
        let deleted = delete.execute([rowid]).map_err(deleting)?;
        expect_one(schema, deleted, "deleting by rowid")?;
    }
    Ok(found.len() as u64)
}

/// Where columns hide all three names of the rowid: keeps the other rows aside, empties the table and puts them back.
fn rewrite_without(
    conn: &Connection,
    shape: &Shape,
    text: TextForm,
    monitor: &dyn Monitor,
    wanted: &mut Wanted,
) -> Result<u64, DbError> {
    let schema = &shape.schema;
    let rewriting = |error| failed(&format!("rewriting {}", schema.table), error);
    conn.execute_batch("DROP TABLE IF EXISTS temp.dbsnap_kept; CREATE TEMP TABLE dbsnap_kept (row BLOB NOT NULL)")
        .map_err(rewriting)?;
    let mut deleted = 0;
    {
        let mut keep = conn.prepare("INSERT INTO temp.dbsnap_kept VALUES (?1)").map_err(rewriting)?;
        let read = TableRead { schema: schema.clone(), filter: None };
        let mut scan = conn.prepare(&select(&read, text)).map_err(rewriting)?;
        let mut live = scan.query([]).map_err(rewriting)?;
        let mut buffer = Vec::new();
        while let Some(row) = live.next().map_err(rewriting)? {
            buffer.clear();
            text.read_row(row, 0, schema, &mut buffer)?;
            if take(wanted, &buffer) {
                deleted += 1;
            } else {
                keep.execute([&buffer]).map_err(rewriting)?;
            }
            if monitor.interrupted() {
                return Err(DbError::Stopped);
            }
        }
    }
    conn.execute(&format!("DELETE FROM {}", sql::table(&schema.table.name)), []).map_err(rewriting)?;
    {
        let mut insert = RowStatement::prepare(conn, sql::insert(schema, text, None), text)?;
        let mut kept = conn.prepare("SELECT row FROM temp.dbsnap_kept ORDER BY rowid").map_err(rewriting)?;
        let mut kept = kept.query([]).map_err(rewriting)?;
        while let Some(row) = kept.next().map_err(rewriting)? {
            let row = row.get_ref(0).map_err(rewriting)?.as_blob().map_err(|error| rewriting(error.into()))?;
            let written = insert.run(&values(schema, row)?, None)?.map_err(rewriting)?;
            expect_one(schema, written, "putting a row back")?;
        }
    }
    conn.execute_batch("DROP TABLE temp.dbsnap_kept").map_err(rewriting)?;
    Ok(deleted)
}

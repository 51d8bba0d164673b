//! All tables of a database file.

use super::error::failed;
use super::read::{ReadTransaction, count_rows, select};
use super::shape::Shape;
use super::text::TextForm;
use crate::codec::TableSchema;
use crate::db::{Catalog, DbError, TableInfo, TableRead};
use crate::hash::Hash;
use rusqlite::{Connection, OptionalExtension};

/// Rows read of a table to estimate its bytes.
const SAMPLE: u64 = 256;

/// Ordinary tables with their exact row counts and an estimate of their bytes; views, virtual tables and the shadow
/// tables of those as not captured. SQLite's own tables (`sqlite_...`) are neither.
pub(super) fn catalog(conn: &Connection, text: TextForm) -> Result<Catalog, DbError> {
    let _transaction = ReadTransaction::begin(conn)?;
    let mut catalog = Catalog::default();
    for (name, what) in names(conn).map_err(|error| failed("listing tables", error))? {
        if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) {
            continue;
        }
        let shape = if what == "table" { Shape::read(conn, &name)? } else { None };
        match shape {
            Some(shape) => catalog.tables.push(info(conn, shape.schema, text)?),
            None if what == "table" || what == "virtual" || what == "shadow" => {
                catalog.not_captured.push(format!("{what} table {name}"));
            }
            None => catalog.not_captured.push(format!("{what} {name}")),
        }
    }
    catalog.tables.sort_by(|a, b| a.schema.table.cmp(&b.schema.table));
    catalog.not_captured.sort();
    Ok(catalog)
}

fn names(conn: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = conn.prepare("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    names.collect()
}

/// A table that cannot be counted (damaged, or sorted by a collation that only another application has) is told with
/// that as its refusal; the others can still be snapshotted.
fn info(conn: &Connection, schema: TableSchema, text: TextForm) -> Result<TableInfo, DbError> {
    let read = TableRead { schema, filter: None };
    let (rows, refusal) = match count_rows(conn, &read) {
        Ok(rows) => (Some(rows), None),
        Err(error @ DbError::Query { .. }) => (None, Some(error.to_string())),
        Err(error) => return Err(error),
    };
    let bytes = rows.and_then(|rows| sampled_bytes(conn, &read, text, rows).ok());
    let definition =
        definition(conn, &read.schema.table.name).map_err(|error| failed("reading a definition", error))?;
    Ok(TableInfo { schema: read.schema, estimated_rows: rows, bytes, part_of: Vec::new(), definition, refusal })
}

/// A digest of the statement that made a table.
fn definition(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    let text: Option<String> = conn.query_row(sql, [name], |row| row.get(0)).optional()?.flatten();
    Ok(text.map(|text| Hash::of(text.as_bytes()).short()))
}

/// Bytes of all rows, if all were like the first few. SQLite keeps no sizes by table, and adding up pages would read
/// them all.
fn sampled_bytes(conn: &Connection, read: &TableRead, text: TextForm, rows: u64) -> Result<u64, DbError> {
    let reading = |error| failed("sampling a table", error);
    let sql = format!("{} LIMIT {SAMPLE}", select(read, text));
    let mut statement = conn.prepare(&sql).map_err(reading)?;
    let mut sample = statement.query([]).map_err(reading)?;
    let (mut sampled, mut row_bytes) = (0u64, Vec::new());
    let mut bytes = 0u64;
    while let Some(row) = sample.next().map_err(reading)? {
        row_bytes.clear();
        text.read_row(row, 0, &read.schema, &mut row_bytes)?;
        bytes += row_bytes.len() as u64;
        sampled += 1;
    }
    Ok(bytes.saturating_mul(rows).checked_div(sampled).unwrap_or(0))
}

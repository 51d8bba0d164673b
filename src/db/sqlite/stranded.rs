//! Rows that a restore would leave without what they refer to, found out before it writes.

use super::error::failed;
use super::foreign_keys::{foreign_keys, key_columns};
use super::misfits::trial;
use super::shape::Shape;
use super::sql;
use super::text::TextForm;
use super::write::{RowStatement, values};
use crate::codec::{ForeignKey, TableName};
use crate::db::{DbError, TableRead, Writing};
use rusqlite::Connection;
use rusqlite::types::ValueRef as SqlValue;

/// Referring table, referenced table, number of rows.
type Stranded = (TableName, TableName, u64);

/// See [`crate::db::Snapshot::stranded`].
pub(super) fn stranded(
    conn: &Connection,
    shape: &Shape,
    among: &[TableRead],
    text: TextForm,
    writing: Writing<'_>,
) -> Result<Vec<Stranded>, DbError> {
    let outside =
        |table: &TableName| !among.iter().any(|read| read.schema.table.name.eq_ignore_ascii_case(&table.name));
    let mut found = Vec::new();
    for key in shape.schema.foreign_keys.iter().filter(|key| outside(&key.table)) {
        let rows = without_parent(conn, shape, key, text, writing.rows)?;
        found.push((shape.schema.table.clone(), key.table.clone(), rows));
    }
    if let Some(gone) = writing.gone {
        children(conn, shape, outside, text, (writing.rows, gone), &mut found)?;
    }
    found.retain(|(.., rows)| *rows > 0);
    Ok(found)
}

/// How many of `rows` refer by `key` to a row that is not there, and do not already.
fn without_parent(
    conn: &Connection,
    shape: &Shape,
    key: &ForeignKey,
    text: TextForm,
    rows: &[&[u8]],
) -> Result<u64, DbError> {
    let schema = &shape.schema;
    let looking = |error| failed(&format!("looking for what rows of {} refer to", schema.table), error);
    let parent = key_columns(conn, key).map_err(looking)?;
    let positions = key.columns.iter().map(|name| schema.columns.iter().position(|column| column.name == *name));
    let Some(positions) = positions.collect::<Option<Vec<usize>>>().filter(|_| parent.len() == key.columns.len())
    else {
        return Ok(0);
    };
    let mut to_parent = RowStatement::prepare(conn, sql::parent_of(key, &parent, positions.clone(), text), text)?;
    let dangles = sql::dangles_already(shape, key, &parent, text);
    let mut dangles = dangles.map(|sql| RowStatement::prepare(conn, sql, text)).transpose()?;
    let mut rows_without = 0;
    for row in rows {
        let values = values(schema, row)?;
        let refers = positions.iter().all(|&at| values[at] != crate::codec::ValueRef::Null);
        if refers && to_parent.integer(&values)?.is_none() {
            let already = dangles.as_mut().map(|dangles| dangles.integer(&values)).transpose()?.flatten();
            rows_without += u64::from(already.is_none());
        }
    }
    Ok(rows_without)
}

/// Rows of other tables that refer to rows which go or get another key.
fn children(
    conn: &Connection,
    shape: &Shape,
    outside: impl Fn(&TableName) -> bool,
    text: TextForm,
    (rows, gone): (&[&[u8]], &[&[u8]]),
    found: &mut Vec<Stranded>,
) -> Result<(), DbError> {
    let name = &shape.schema.table.name;
    let looking = |error| failed(&format!("looking for rows that refer to {name}"), error);
    let sql = "SELECT DISTINCT t.name FROM pragma_table_list AS t, pragma_foreign_key_list(t.name, 'main') AS f \
               WHERE t.schema = 'main' AND t.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE ORDER BY 1";
    let mut listed = conn.prepare(sql).map_err(looking)?;
    let listed = listed.query_map([name], |row| row.get::<_, String>(0)).map_err(looking)?;
    let listed = listed.collect::<rusqlite::Result<Vec<_>>>().map_err(looking)?;
    let referring: Vec<String> = listed.into_iter().filter(|child| outside(&TableName::bare(child))).collect();
    if referring.is_empty() {
        return Ok(());
    }
    let (Some(before), Some(after)) = (trial(conn, shape, text)?, trial(conn, shape, text)?) else { return Ok(()) };
    fill(&after, shape, text, rows)?;
    fill(&before, shape, text, gone)?;
    if let Some(now) = sql::select_row(shape, text) {
        let mut now = RowStatement::prepare(conn, now, text)?;
        let mut replaced = Vec::new();
        for row in rows {
            replaced.extend(now.row(&values(&shape.schema, row)?, &shape.schema)?);
        }
        fill(&before, shape, text, &replaced.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    for child in referring {
        for key in foreign_keys(conn, &child).map_err(looking)? {
            let parent = key_columns(conn, &key).map_err(looking)?;
            if !key.table.name.eq_ignore_ascii_case(name) || parent.len() != key.columns.len() {
                continue;
            }
            let rows = left_alone(conn, &child, &key, &parent, (&before, &after)).map_err(looking)?;
            found.push((TableName::bare(&child), shape.schema.table.clone(), rows));
        }
    }
    Ok(())
}

fn fill(trial: &Connection, shape: &Shape, text: TextForm, rows: &[&[u8]]) -> Result<(), DbError> {
    let mut insert = RowStatement::prepare(trial, sql::insert(&shape.schema, text, None), text)?;
    for row in rows {
        // what cannot stand there is another rule's business
        let _ = insert.run(&values(&shape.schema, row)?, None)?;
    }
    Ok(())
}

/// How many rows of `child` refer by `key` to a row that is in the first trial and not in the second.
fn left_alone(
    conn: &Connection,
    child: &str,
    key: &ForeignKey,
    parent: &[String],
    (before, after): (&Connection, &Connection),
) -> rusqlite::Result<u64> {
    let columns: Vec<String> = key.columns.iter().map(|column| sql::quote(column)).collect();
    let mut children =
        conn.prepare(&format!("SELECT {} FROM {} NOT INDEXED", columns.join(", "), sql::table(child)))?;
    let terms: Vec<String> =
        parent.iter().enumerate().map(|(nth, column)| format!("{} = ?{}", sql::quote(column), nth + 1)).collect();
    let lookup = format!("SELECT 1 FROM {} WHERE {}", sql::table(&key.table.name), terms.join(" AND "));
    let (mut before, mut after) = (before.prepare(&lookup)?, after.prepare(&lookup)?);
    let mut children = children.query([])?;
    let mut rows = 0;
    while let Some(row) = children.next()? {
        let values: Vec<SqlValue<'_>> =
            (0..columns.len()).map(|at| row.get_ref(at)).collect::<rusqlite::Result<_>>()?;
        let has = |statement: &mut rusqlite::Statement<'_>| {
            statement.exists(rusqlite::params_from_iter(
                values.iter().map(|value| rusqlite::types::ToSqlOutput::Borrowed(*value)),
            ))
        };
        rows += u64::from(has(&mut before)? && !has(&mut after)?);
    }
    Ok(rows)
}

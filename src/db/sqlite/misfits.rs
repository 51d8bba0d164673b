//! Rules of a table that rows break which are to be written. The rows are tried in an empty table like it, in memory,
//! and looked for among those that stay.

use super::connect::set;
use super::error::failed;
use super::like;
use super::shape::{Shape, indexes};
use super::sql;
use super::text::TextForm;
use super::write::{RowStatement, values};
use crate::db::{DbError, Misfit, Rule, Writing};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashSet;

/// See [`crate::db::Snapshot::misfits`]: CHECK, NOT NULL, what STRICT tables refuse, and unique indexes.
pub(super) fn misfits(
    conn: &Connection,
    shape: &Shape,
    text: TextForm,
    writing: Writing<'_>,
) -> Result<Vec<Misfit>, DbError> {
    let mut found: Vec<Misfit> = Vec::new();
    let Some(trial) = trial(conn, shape, text)? else { return Ok(found) };
    if writing.unchecked {
        set(&trial, "ignore_check_constraints", "ON")?;
    }
    let Ok(mut insert) = RowStatement::prepare(&trial, sql::insert(&shape.schema, text, None), text) else {
        return Ok(found);
    };
    for row in writing.rows {
        let Err(error) = insert.run(&values(&shape.schema, row)?, None)? else { continue };
        if let DbError::Constraint { rule, message, .. } = failed("", error) {
            note(&mut found, rule, message.trim_start_matches(": "));
        }
    }
    if let Some(gone) = writing.gone {
        unique(conn, shape, text, writing.rows, gone, &mut found)?;
    }
    Ok(found)
}

/// A table like that of `shape` with its unique indexes, in memory and empty. `None` if it takes a function or
/// collation that is not here: the restore says so.
pub(super) fn trial(conn: &Connection, shape: &Shape, text: TextForm) -> Result<Option<Connection>, DbError> {
    let name = &shape.schema.table.name;
    let wrong = |error| failed(&format!("trying rows of {name}"), error);
    let made = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    let Some(made) = conn.query_row(made, [name], |row| row.get::<_, String>(0)).optional().map_err(wrong)? else {
        return Ok(None);
    };
    let trial = Connection::open_in_memory().map_err(wrong)?;
    // what the file says is no more trusted here than there
    for (config, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
    ] {
        trial.set_db_config(config, value).map_err(wrong)?;
    }
    like::never_match_blobs(&trial)?;
    let own = indexes(conn, name).map_err(wrong)?;
    let own: Vec<&str> = own.iter().filter(|index| index.unique).map(|index| &*index.sql).collect();
    let made = format!("PRAGMA encoding = '{}'; {made}; {}", text.name(), own.join("; "));
    Ok(trial.execute_batch(&made).is_ok().then_some(trial))
}

/// Unique values that rows have which stay as they are.
fn unique(
    conn: &Connection,
    shape: &Shape,
    text: TextForm,
    rows: &[&[u8]],
    gone: &[&[u8]],
    found: &mut Vec<Misfit>,
) -> Result<(), DbError> {
    let (schema, name) = (&shape.schema, &shape.schema.table.name);
    let (Some(rowid), Some(by_key)) = (shape.rowid, sql::select_rowid(shape, shape.rowid, text)) else {
        return Ok(());
    };
    let mut by_key = RowStatement::prepare(conn, by_key, text)?;
    let mut replaced = HashSet::new();
    for row in rows.iter().chain(gone) {
        replaced.extend(by_key.integer(&values(schema, row)?)?);
    }
    let all = indexes(conn, name).map_err(|error| failed(&format!("listing the indexes of {name}"), error))?;
    for index in all.into_iter().filter(|index| index.unique && !index.partial) {
        let Some(sql) = sql::select_by(shape, rowid, &index.columns, text) else { continue };
        let mut by_value = RowStatement::prepare(conn, sql, text)?;
        let columns: Vec<String> =
            index.columns.iter().flat_map(|(column, _)| column).map(|column| format!("{name}.{column}")).collect();
        let told = format!("UNIQUE constraint failed: {}", columns.join(", "));
        for row in rows {
            if by_value.integer(&values(schema, row)?)?.is_some_and(|other| !replaced.contains(&other)) {
                note(found, Rule::Unique, &told);
            }
        }
    }
    Ok(())
}

fn note(found: &mut Vec<Misfit>, rule: Rule, name: &str) {
    match found.iter_mut().find(|misfit| misfit.name == name) {
        Some(misfit) => misfit.rows = misfit.rows.map(|rows| rows + 1),
        None => found.push(Misfit { rule, name: name.to_owned(), rows: Some(1) }),
    }
}

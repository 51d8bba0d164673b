//! Rules of a table that rows break which are to be written: the rows are tried in an empty table like it, in memory.

use super::error::failed;
use super::shape::Shape;
use super::sql;
use super::text::TextForm;
use super::write::{RowStatement, values};
use crate::db::{DbError, Misfit, Rule, Writing};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

/// See [`crate::db::Snapshot::misfits`]: CHECK, NOT NULL and what STRICT tables refuse.
pub(super) fn misfits(
    conn: &Connection,
    shape: &Shape,
    text: TextForm,
    writing: Writing<'_>,
) -> Result<Vec<Misfit>, DbError> {
    let name = &shape.schema.table.name;
    let doing = format!("trying rows of {name}");
    let wrong = |error| failed(&doing, error);
    let made = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    let Some(made) = conn.query_row(made, [name], |row| row.get::<_, String>(0)).optional().map_err(wrong)? else {
        return Ok(Vec::new());
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
    // a function or collation that is not here: the restore says so
    if trial.execute_batch(&format!("PRAGMA encoding = '{}'; {made}", text.name())).is_err() {
        return Ok(Vec::new());
    }
    let Ok(mut insert) = RowStatement::prepare(&trial, sql::insert(&shape.schema, text, None), text) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Misfit> = Vec::new();
    for row in writing.rows {
        let Err(error) = insert.run(&values(&shape.schema, row)?, None)? else { continue };
        let (rule, name) = match failed("", error) {
            DbError::Constraint { rule: rule @ (Rule::Check | Rule::NotNull), message, .. } => (rule, message),
            _ => continue,
        };
        let name = name.trim_start_matches(": ").to_owned();
        match found.iter_mut().find(|misfit| misfit.name == name) {
            Some(misfit) => misfit.rows = misfit.rows.map(|rows| rows + 1),
            None => found.push(Misfit { rule, name, rows: Some(1) }),
        }
    }
    Ok(found)
}

//! What it takes to make a table again: the statements that made it, as SQLite keeps them, letter for letter.

use super::error::failed;
use super::sql;
use crate::codec::{Definition, Part, PartKind, TableName};
use crate::db::{DbError, Making};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// The table of exactly that name, its indexes and its triggers, in the order in which they were made.
pub(super) fn load(conn: &Connection, name: &str) -> Result<Definition, DbError> {
    let reading = |error| failed(&format!("reading the definition of {name}"), error);
    // what belongs to a constraint has no statement of its own
    let sql = "SELECT type, name, sql FROM main.sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL \
               AND type IN ('table', 'index', 'trigger') ORDER BY type <> 'table', type, rowid";
    let mut statement = conn.prepare(sql).map_err(reading)?;
    let part = |row: &rusqlite::Row<'_>| {
        let kind: String = row.get(0)?;
        Ok(Part {
            kind: match kind.as_str() {
                "table" => PartKind::Table,
                "index" => PartKind::Index,
                _ => PartKind::Trigger,
            },
            name: row.get(1)?,
            table: Some(TableName::bare(name)),
            references: None,
            then: Vec::new(),
            sql: row.get(2)?,
        })
    };
    let parts = statement.query_map([name], part).map_err(reading)?.collect::<Result<_, _>>().map_err(reading)?;
    Ok(Definition { parts })
}

/// Those of `parts` that are there, as they are.
pub(super) fn existing(conn: &Connection, parts: &[Part]) -> Result<Vec<Part>, DbError> {
    let mut found = Vec::new();
    for part in parts.iter().filter(|part| part.kind == PartKind::Table) {
        let definition = load(conn, part.table.as_ref().map_or(part.name.as_str(), |table| table.name.as_str()))?;
        found.extend(definition.parts.into_iter().filter(|there| there.is_same(part)));
    }
    Ok(found)
}

/// Makes what `making` says within the open transaction, and sets the counters of AUTOINCREMENT.
pub(super) fn make(conn: &Connection, making: &Making) -> Result<(), DbError> {
    for part in making.before.iter().chain(&making.after) {
        let making = |error| failed(&format!("making {part}"), error);
        // a store is no way to have anything else run: of several statements none is
        if !part.sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create")) {
            return Err(DbError::Unsupported(format!("the definition of {part} is not a CREATE statement")));
        }
        conn.execute(&part.sql, []).map_err(making)?;
    }
    for counter in &making.counters {
        let Some(last) = counter.last else { continue };
        let set = conn.execute("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?1, ?2)", (&counter.name, last));
        set.map_err(|error| failed(&format!("setting the counter of {}", counter.name), error))?;
    }
    Ok(())
}

/// Pragmas that are kept in the file and make two files alike: text encoding, page size, versions of the application.
const SETTINGS: [&str; 6] = ["encoding", "page_size", "auto_vacuum", "application_id", "user_version", "journal_mode"];

/// What an empty file like this one is made with.
pub(super) fn settings(conn: &Connection) -> Result<BTreeMap<String, String>, DbError> {
    let value = |pragma: &&str| {
        let told = conn.query_row(&format!("PRAGMA main.{pragma}"), [], |row| match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            _ => row.get(0),
        });
        told.map(|value| ((*pragma).to_owned(), value)).map_err(|error| failed("asking how the file was made", error))
    };
    SETTINGS.iter().map(value).collect()
}

/// Gives an empty file these settings, but for the journal's mode.
pub(super) fn apply(conn: &Connection, settings: &BTreeMap<String, String>) -> Result<(), DbError> {
    for pragma in SETTINGS.iter().filter(|pragma| **pragma != "journal_mode") {
        let Some(value) = settings.get(*pragma) else { continue };
        let is_number = value.parse::<i64>().is_ok();
        if !is_number && *pragma != "encoding" {
            return Err(DbError::Unsupported(format!("the snapshot says that {pragma} of the file was {value:?}")));
        }
        let value = if is_number { value.clone() } else { sql::quote(value) };
        let set = conn.execute_batch(&format!("PRAGMA main.{pragma} = {value}"));
        set.map_err(|error| failed("making the file", error))?;
    }
    // the encoding is written with the first table
    let made = conn.execute_batch("CREATE TABLE first (x); DROP TABLE first; VACUUM");
    made.map_err(|error| failed("making the file", error))
}

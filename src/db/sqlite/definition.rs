//! What it takes to make a table again: the statements that made it, as SQLite keeps them, letter for letter.

use super::error::failed;
use super::sql;
use super::unkept;
use crate::codec::{Definition, Part, PartKind, TableName};
use crate::db::{DbError, Making};
use crate::fsio::mode_of;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// The table of that name in whatever case (a trigger keeps the table's name as it was typed), its indexes and its triggers, in the order in which they were made.
pub(super) fn load(conn: &Connection, name: &str) -> Result<Definition, DbError> {
    let reading = |error| failed(&format!("reading the definition of {name}"), error);
    // what belongs to a constraint has no statement of its own
    let sql = "SELECT type, name, sql FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND sql IS NOT NULL \
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
///
/// # Errors
/// If something else has the name of one: a view, or a table in another case.
pub(super) fn existing(conn: &Connection, parts: &[Part]) -> Result<Vec<Part>, DbError> {
    let looking = |error| failed("looking for what is there already", error);
    // triggers have names of their own
    let sql = "SELECT type, name, tbl_name FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE \
               AND (type = 'trigger') = ?2";
    let mut statement = conn.prepare(sql).map_err(looking)?;
    let mut found = Vec::new();
    for part in parts {
        let is_trigger = part.kind == PartKind::Trigger;
        let there = statement.query_row((&part.name, is_trigger), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        });
        let Some((kind, name, of)) = there.optional().map_err(looking)? else { continue };
        let table = part.table.as_ref().map_or(part.name.as_str(), |table| table.name.as_str());
        if kind == part.kind.to_string() && name == part.name && of.eq_ignore_ascii_case(table) {
            let definition = load(conn, table)?;
            found.extend(definition.parts.into_iter().filter(|there| there.is_same(part)));
        } else {
            let what = format!(
                "{part} cannot be made: there is {} {kind} {name} already; rename or drop it, and try again",
                if kind == "index" { "an" } else { "a" }
            );
            return Err(DbError::Denied { what });
        }
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

/// The setting that is the file's mode, in octal digits.
pub(super) const FILE_MODE: &str = "file_mode";

/// What an empty file like this one is made with.
pub(super) fn settings(conn: &Connection) -> Result<BTreeMap<String, String>, DbError> {
    let value = |pragma: &&str| {
        let told = conn.query_row(&format!("PRAGMA main.{pragma}"), [], |row| match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            _ => row.get(0),
        });
        told.map(|value| ((*pragma).to_owned(), value)).map_err(|error| failed("asking how the file was made", error))
    };
    let mode = conn.path().and_then(|path| std::fs::metadata(path).ok()).and_then(|file| mode_of(&file));
    let mode = mode.map(|mode| (FILE_MODE.to_owned(), format!("{:o}", mode & 0o777)));
    let pragmas = SETTINGS.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(pragmas.into_iter().chain(mode).chain(unkept::settings(conn)?).collect())
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

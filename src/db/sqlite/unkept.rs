//! Views and full-text indexes. They hold no rows of their own, so no snapshot of a table has them; they are kept with
//! what it takes to make the file anew.

use super::error::failed;
use super::full_text;
use super::sql;
use crate::db::DbError;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What is kept, in the order of making; the setting's name is this and the name of what it makes.
const KINDS: [&str; 3] = ["virtual table ", "view ", "trigger "];

/// The statements that made views, triggers on them, and virtual tables: `view recent`.
///
/// # Errors
/// If the schema cannot be read.
pub(super) fn settings(conn: &Connection) -> Result<Vec<(String, String)>, DbError> {
    let reading = |error| failed("reading the definitions of views", error);
    let sql = "SELECT CASE type WHEN 'table' THEN 'virtual table ' ELSE type || ' ' END || name, sql \
               FROM main.sqlite_schema s WHERE type = 'view' OR type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%' \
               OR type = 'trigger' AND EXISTS (SELECT 1 FROM main.sqlite_schema v \
               WHERE v.type = 'view' AND v.name = s.tbl_name COLLATE NOCASE)";
    let mut statement = conn.prepare(sql).map_err(reading)?;
    let mut rows = statement.query([]).map_err(reading)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(reading)? {
        let text = |at| row.get_ref(at).map(|value| value.as_str().ok().map(str::to_owned)).map_err(reading);
        // no file has both that and a name that is no text
        if let (Some(name), Some(sql)) = (text(0)?, text(1)?) {
            found.push((name, sql));
        }
    }
    Ok(found)
}

/// Makes what [`settings`] told of, in a file that has its tables and rows, but for what [`lost`] names.
///
/// # Errors
/// If something cannot be made, or an index not be built.
pub(super) fn make(conn: &Connection, settings: &BTreeMap<String, String>) -> Result<(), DbError> {
    for (name, sql) in statements(settings).filter(|(name, sql)| obstacle(name, sql).is_none()) {
        let making = |error| failed(&format!("making {name}"), error);
        conn.execute(sql, []).map_err(making)?;
        if let Some(index) = name.strip_prefix(KINDS[0]) {
            let index = sql::quote(index);
            let build = format!("INSERT INTO main.{index} ({index}) VALUES ('rebuild')");
            conn.execute(&build, []).map_err(making)?;
        }
    }
    Ok(())
}

/// What was there and is not made, a line each.
pub(super) fn lost(settings: &BTreeMap<String, String>) -> Vec<String> {
    let lost = statements(settings).filter_map(|(name, sql)| Some((name, obstacle(name, sql)?)));
    lost.map(|(name, why)| {
        format!("{name} is not made again: {why}; what refers to it, such as a trigger, fails until you make it")
    })
    .collect()
}

fn statements(settings: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    let of = move |kind: &'static str| {
        let kept = settings.iter().filter(move |(name, _)| name.starts_with(kind));
        kept.map(|(name, sql)| (name.as_str(), sql.as_str()))
    };
    KINDS.into_iter().flat_map(of)
}

/// Why it is not made, if it is not.
fn obstacle(name: &str, sql: &str) -> Option<String> {
    // a store is no way to have anything else run
    if !sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create")) {
        return Some("it is no CREATE statement".to_owned());
    }
    if !name.starts_with(KINDS[0]) {
        return None;
    }
    if !full_text::is_index_over_a_table(sql) {
        return Some("snapshots do not hold its rows".to_owned());
    }
    // the program may have brought along a tokenizer
    let tried = Connection::open_in_memory().and_then(|conn| conn.execute(sql, []));
    tried.err().map(|error| error.to_string())
}

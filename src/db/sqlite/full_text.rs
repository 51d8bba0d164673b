//! Full-text indexes over the tables of a restore. Triggers of users, which keep such an index, do not fire in a
//! restore; so it is built anew.

use super::error::failed;
use super::interrupt::interruptible;
use super::sql::quote;
use crate::db::{DbError, TableRead};
use crate::monitor::Monitor;
use rusqlite::Connection;

/// Builds the FTS4 and FTS5 tables anew whose content is one of `tables` (`content='docs'`) and which a trigger of it
/// names.
///
/// # Errors
/// If one cannot be built.
pub(super) fn rebuild(conn: &Connection, tables: &[TableRead], monitor: &dyn Monitor) -> Result<(), DbError> {
    for (name, content) in indexes(conn).map_err(|error| failed("looking for full-text indexes", error))? {
        let is_restored = tables.iter().any(|read| read.schema.table.name.eq_ignore_ascii_case(&content));
        let looking = |error| failed("looking for the triggers of full-text indexes", error);
        if !is_restored || !is_kept_by_triggers(conn, &name, &content).map_err(looking)? {
            continue;
        }
        let index = quote(&name);
        let sql = format!("INSERT INTO main.{index} ({index}) VALUES ('rebuild')");
        interruptible(conn, monitor, || {
            conn.execute(&sql, []).map_err(|error| failed(&format!("building the full-text index {name} anew"), error))
        })?;
    }
    Ok(())
}

/// The names of full-text indexes with content outside, and the tables which that is in.
fn indexes(conn: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql =
        "SELECT name, sql FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%USING%fts_%'";
    let mut list = conn.prepare(sql)?;
    let found = list.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().filter_map(|(name, sql)| Some((name, content_of(&sql)?))).collect())
}

/// Whether the statement makes an FTS4 or FTS5 table whose content is a table, which it can be built from.
pub(super) fn is_index_over_a_table(sql: &str) -> bool {
    let (head, _) = sql.split_once('(').unwrap_or((sql, ""));
    let module = head.split_whitespace().last().unwrap_or_default();
    ["fts4", "fts5"].iter().any(|index| module.eq_ignore_ascii_case(index)) && content_of(sql).is_some()
}

/// Whether a trigger on `content` has something to do with the index.
fn is_kept_by_triggers(conn: &Connection, name: &str, content: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM main.sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?2) \
               AND instr(lower(sql), lower(?1)) > 0";
    conn.query_row(sql, [name, content], |row| row.get(0))
}

/// The table that `content=` names among the arguments of a virtual table, if that is not nothing.
fn content_of(sql: &str) -> Option<String> {
    let (_, arguments) = sql.split_once('(')?;
    let value = arguments.split(',').find_map(|argument| {
        let (name, value) = argument.split_once('=')?;
        name.trim().eq_ignore_ascii_case("content").then(|| value.trim().trim_end_matches([')', ';']).trim())
    })?;
    let bare = value.trim_matches(['\'', '"', '`', '[', ']']);
    (!bare.is_empty()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::content_of;

    #[test]
    fn content_is_found() {
        for (arguments, wanted) in [
            ("body, content='docs', content_rowid='id'", Some("docs")),
            ("body, CONTENT = \"my docs\")", Some("my docs")),
            ("content=docs)", Some("docs")),
            ("body, content='')", None),
            ("body, tokenize = 'porter')", None),
        ] {
            let sql = format!("CREATE VIRTUAL TABLE f USING fts5({arguments}");
            assert_eq!(content_of(&sql).as_deref(), wanted, "{arguments}");
        }
    }
}

//! The foreign keys of a table.

use crate::codec::{ForeignKey, ReferentialAction, TableName};
use rusqlite::Connection;

/// The foreign keys in the order of their declaration. Names are given as the referenced table spells them.
pub(super) fn foreign_keys(conn: &Connection, name: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1, 'main')
         ORDER BY id DESC, seq",
    )?;
    let mut rows = statement.query([name])?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if keys.last().is_none_or(|(last, _)| *last != id) {
            let parent: String = row.get(1)?;
            let key = ForeignKey {
                name: None,
                columns: Vec::new(),
                table: TableName::bare(spelled_table(conn, &parent)?.unwrap_or(parent)),
                references: Vec::new(),
                on_update: action(&row.get::<_, String>(4)?),
                on_delete: action(&row.get::<_, String>(5)?),
                deferrable: false,
            };
            keys.push((id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(row.get(2)?);
            if let Some(to) = row.get::<_, Option<String>>(3)? {
                key.references.push(spelled_column(conn, &key.table.name, &to)?.unwrap_or(to));
            }
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// The columns that a foreign key refers to; none if there is no such table.
pub(super) fn key_columns(conn: &Connection, key: &ForeignKey) -> rusqlite::Result<Vec<String>> {
    if spelled_table(conn, &key.table.name)?.is_none() {
        return Ok(Vec::new());
    }
    if !key.references.is_empty() {
        return Ok(key.references.clone());
    }
    let mut statement =
        conn.prepare_cached("SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE pk > 0 ORDER BY pk")?;
    let names = statement.query_map([&key.table.name], |row| row.get(0))?;
    names.collect()
}

fn spelled_table(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    first(conn, sql, &[name])
}

fn spelled_column(conn: &Connection, table: &str, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2 COLLATE NOCASE";
    first(conn, sql, &[table, name])
}

fn first(conn: &Connection, sql: &str, parameters: &[&str]) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

fn action(name: &str) -> ReferentialAction {
    match name {
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        "RESTRICT" => ReferentialAction::Restrict,
        _ => ReferentialAction::NoAction,
    }
}

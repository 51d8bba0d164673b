//! The database that restore scripts write to, of either engine, and what it says of its rows.

use crate::support::postgres::{Db, PgServer};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::PathBuf;

/// A database of a test.
pub enum Database {
    Postgres(Db),
    Sqlite(PathBuf),
}

impl Database {
    /// A new one on the shared server.
    pub fn postgres() -> Database {
        Database::Postgres(PgServer::shared().database())
    }

    /// Its URL.
    pub fn url(&self) -> String {
        match self {
            Database::Postgres(db) => db.url(),
            Database::Sqlite(file) => format!("file:{}", file.display()),
        }
    }

    /// Runs statements; foreign keys hold.
    pub fn execute(&self, sql: &str) {
        match self {
            Database::Postgres(db) => drop(db.sql(sql)),
            Database::Sqlite(file) => {
                let connection = Connection::open(file).unwrap();
                connection.pragma_update(None, "foreign_keys", true).unwrap();
                connection.execute_batch(sql).unwrap();
            }
        }
    }

    /// Every row of these tables with every value as the database itself writes it, storage classes included; sorted.
    pub fn rows(&self, tables: &[&str]) -> Vec<String> {
        let mut rows: Vec<String> = match self {
            Database::Postgres(db) => tables.iter().flat_map(|table| postgres_rows(db, table)).collect(),
            Database::Sqlite(file) => {
                let connection = Connection::open(file).unwrap();
                tables.iter().flat_map(|table| sqlite_rows(&connection, table)).collect()
            }
        };
        rows.sort();
        rows
    }

    /// What is gone from these rows, and what is there besides.
    pub fn differences(&self, tables: &[&str], before: &[String]) -> Vec<String> {
        let (mut before, mut differences) = (before.to_vec(), Vec::new());
        for row in self.rows(tables) {
            match before.iter().position(|one| *one == row) {
                Some(at) => drop(before.swap_remove(at)),
                None => differences.push(format!("new  {row}")),
            }
        }
        differences.extend(before.iter().map(|row| format!("gone {row}")));
        differences
    }

    /// The only value of a query, as text.
    pub fn ask(&self, sql: &str) -> String {
        match self {
            Database::Postgres(db) => db.sql(sql),
            Database::Sqlite(file) => {
                let connection = Connection::open(file).unwrap();
                match connection.query_row(sql, [], |row| row.get(0)).unwrap() {
                    Value::Integer(number) => number.to_string(),
                    Value::Text(text) => text,
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

fn postgres_rows(db: &Db, table: &str) -> Vec<String> {
    // One row on each line, whatever line breaks it holds.
    let name = table.split('.').map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(".");
    let found = db.sql(&format!("SELECT to_json(t::text) FROM {name} AS t"));
    found.lines().map(|row| format!("{table} {row}")).collect()
}

fn sqlite_rows(connection: &Connection, table: &str) -> Vec<String> {
    let mut columns = connection.prepare("SELECT name FROM pragma_table_xinfo(?)").unwrap();
    let columns = columns.query_map([table], |row| row.get::<_, String>(0)).unwrap();
    // `quote` stops at NUL and writes few digits of a float.
    let cell = |name: &str| {
        let shown = format!(
            "CASE typeof({name}) WHEN 'text' THEN hex({name}) WHEN 'real' THEN format('%!.20e', {name}) ELSE quote({name}) END"
        );
        format!("typeof({name}) || ' ' || {shown}")
    };
    let cells: Vec<String> = columns.map(|name| cell(&format!("\"{}\"", name.unwrap()))).collect();
    assert!(!cells.is_empty(), "there is no table {table}");
    let mut found = connection.prepare(&format!("SELECT {} FROM \"{table}\"", cells.join(" || ', ' || "))).unwrap();
    let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
    found.map(|row| format!("{table} {}", row.unwrap())).collect()
}

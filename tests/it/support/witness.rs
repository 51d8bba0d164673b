//! What must stay as it is: all other tables, the counters and the catalog of a database, before and after something is
//! done to some of its tables.

use crate::support::postgres::{Db, PgServer};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

/// A database in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Line {
    kind: String,
    /// The table that it is about; of a counter, those that it feeds.
    tables: Vec<String>,
    rest: String,
}

impl Witness {
    /// Of a PostgreSQL database, as its superuser sees it.
    pub fn of(db: &Db) -> Witness {
        Witness::told(&db.witness())
    }

    /// Of the database of that name of a server.
    pub fn on(server: &PgServer, database: &str) -> Witness {
        let script = concat!(include_str!("postgres/witness.sql"), "EXECUTE witness;");
        Witness::told(&server.psql(database, &server.user, script).expect("a witness"))
    }

    fn told(lines: &str) -> Witness {
        let line = |line: &str| {
            let (kind, tables, rest) = serde_json::from_str(line).expect(line);
            Line { kind, tables, rest }
        };
        Witness { lines: lines.lines().map(line).collect() }
    }

    /// Of a SQLite file.
    pub fn of_file(path: &Path) -> Witness {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let schema = "SELECT 'schema', tbl_name, type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema";
        let mut lines = told(&connection, schema);
        if lines.iter().any(|line| line.tables == ["sqlite_sequence"]) {
            lines.extend(told(&connection, "SELECT 'sequence', name, seq FROM sqlite_sequence"));
        }
        let tables = "SELECT 'table', name, '' FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') \
                      AND name NOT IN ('sqlite_sequence', 'sqlite_schema')";
        for Line { tables, .. } in told(&connection, tables) {
            let rest = rows(&connection, &tables[0]);
            lines.push(Line { kind: "rows".to_owned(), tables, rest });
        }
        Witness { lines }
    }

    /// Without what tells an index or a constraint from one that was made again just like it.
    pub fn without_object_ids(mut self) -> Witness {
        self.lines.retain(|line| line.kind != "made");
        self
    }

    /// Everything is as it was.
    pub fn same(&self, now: &Witness) {
        self.same_but(now, &[]);
    }

    /// Everything is as it was, except rows of these tables and the counters that feed them. Of a table that is new,
    /// everything is.
    pub fn same_but(&self, now: &Witness, tables: &[String]) {
        let is_old = |table: &String| self.lines.iter().any(|line| line.tables.contains(table));
        let may_differ = |line: &Line| {
            let mut named = line.tables.iter().filter(|table| tables.contains(table));
            match line.kind.as_str() {
                "rows" | "sequence" => named.next().is_some(),
                _ => named.any(|table| !is_old(table)),
            }
        };
        let only = |one: &Witness, other: &Witness| -> Vec<Line> {
            let other: HashSet<&Line> = other.lines.iter().collect();
            one.lines.iter().filter(|line| !other.contains(line) && !may_differ(line)).cloned().collect()
        };
        let (gone, come) = (only(self, now), only(now, self));
        assert!(gone.is_empty() && come.is_empty(), "besides {tables:?}: was {gone:#?}\nis {come:#?}");
    }

    /// What it says of the rows of every table.
    pub fn rows(&self) -> Vec<String> {
        let rows = self.lines.iter().filter(|line| line.kind == "rows");
        rows.map(|line| format!("{}: {}", line.tables.concat(), line.rest)).collect()
    }
}

/// Lines of three columns: kind, table, rest.
fn told(connection: &Connection, sql: &str) -> Vec<Line> {
    let mut statement = connection.prepare(sql).unwrap();
    let line = |row: &rusqlite::Row<'_>| {
        let rest = match row.get_ref(2)? {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        };
        Ok(Line { kind: row.get(0)?, tables: vec![row.get(1)?], rest })
    };
    statement.query_map([], line).unwrap().map(Result::unwrap).collect()
}

/// The rows of a table, class and bytes of each value, as a hash.
fn rows(connection: &Connection, table: &str) -> String {
    let mut statement = match connection.prepare(&format!("SELECT * FROM \"{}\"", table.replace('"', "\"\""))) {
        Ok(statement) => statement,
        // a collation that only an application has
        Err(error) => return error.to_string(),
    };
    let columns = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let mut text = String::new();
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Real(real) => write!(text, "{:x} ", real.to_bits()),
                other => write!(text, "{other:?} "),
            }
            .unwrap();
        }
        rows.push(text);
    }
    rows.sort_unstable();
    format!("{} {}", rows.len(), dbsnap::hash::Hash::of(rows.join("\n").as_bytes()).to_hex())
}

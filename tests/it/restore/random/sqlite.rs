//! SQLite, through its library; patches are run by sqlite3.

use super::engine::Engine;
use super::schema::Schema;
use crate::support::process::Project;
use dbsnap::ops::Place;
use rusqlite::Connection;
use rusqlite::types::Value;

pub struct SqliteEngine {
    project: Project,
    conn: Connection,
}

impl SqliteEngine {
    pub fn new() -> SqliteEngine {
        let project = Project::in_memory();
        let conn = open(&project);
        SqliteEngine { project, conn }
    }

    fn lines(&self, query: &str) -> Vec<String> {
        let mut statement = self.conn.prepare(query).unwrap();
        let width = statement.column_count();
        let line = statement.query_map([], |row| {
            let values: Vec<Value> = (0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            Ok(values.into_iter().map(|value| shown(&value)).collect::<Vec<_>>().join(" | "))
        });
        line.unwrap().map(Result::unwrap).collect()
    }
}

fn open(project: &Project) -> Connection {
    let conn = Connection::open(project.path().join("data.db")).unwrap();
    conn.execute_batch("PRAGMA synchronous = OFF; ATTACH ':memory:' AS keep").unwrap();
    conn
}

/// A value with its class and all its bits.
fn shown(value: &Value) -> String {
    match value {
        Value::Real(real) => format!("real {:016x}", real.to_bits()),
        other => format!("{other:?}"),
    }
}

impl Engine for SqliteEngine {
    fn postgres(&self) -> bool {
        false
    }

    fn fresh(&mut self, _: u64) {
        self.project = Project::in_memory();
        self.conn = open(&self.project);
    }

    fn place(&self) -> Place {
        Place { dir: self.project.path().to_owned(), store: None, url: Some("file:data.db".to_owned()) }
    }

    fn make(&mut self, statements: &[String]) {
        for sql in statements {
            self.conn.execute_batch(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
    }

    fn try_each(&mut self, statements: &[String]) -> String {
        let failed = statements.iter().filter_map(|sql| self.conn.execute_batch(sql).err());
        failed.map(|error| format!("{error}\n")).collect()
    }

    fn number(&mut self, query: &str) -> u64 {
        let number: i64 =
            self.conn.query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{error}\n{query}"));
        number.unsigned_abs()
    }

    fn rows(&mut self, tables: &[String]) -> Vec<String> {
        let mut all = Vec::new();
        for table in tables {
            let mut lines: Vec<String> = self.lines(&format!("SELECT * FROM {table}"));
            lines.sort();
            all.extend(lines.into_iter().map(|line| format!("{table} {line}")));
        }
        all
    }

    fn catalog(&mut self) -> Vec<String> {
        self.lines("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2")
    }

    fn counters(&mut self) -> Vec<(i64, String)> {
        if self.number("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'") == 0 {
            return Vec::new();
        }
        let mut statement = self.conn.prepare("SELECT seq + 1, name FROM sqlite_sequence ORDER BY name").unwrap();
        let counters = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        counters.map(Result::unwrap).collect()
    }

    fn keep(&mut self, schema: &Schema, state: usize) {
        for (at, table) in schema.tables.iter().enumerate() {
            let sql = format!("CREATE TABLE {} AS SELECT * FROM {}", self.kept(at, state), table.sql());
            self.conn.execute_batch(&sql).unwrap();
        }
    }

    fn kept(&self, table: usize, state: usize) -> String {
        format!("keep.t{table}_{state}")
    }

    fn patch(&mut self, patch: &str) -> Result<(), String> {
        self.project.write("patch.sql", patch);
        let run = self.project.program("sqlite3", ["-bail", "data.db", ".read patch.sql"]).run();
        match run.code() == Some(0) && run.stderr().is_empty() {
            true => Ok(()),
            false => Err(run.stderr().to_owned()),
        }
    }
}

//! The suite over SQLite, in WAL mode so that a writer can commit beside an open snapshot.

use super::{Fixture, conformance_suite};
use crate::support::watched::Watched;
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{Engine, OpenOptions, Sink};
use rusqlite::Connection;
use std::path::PathBuf;
use tempfile::TempDir;

/// A SQLite database in a directory of its own.
pub struct SqliteFixture {
    directory: TempDir,
    session: Connection,
}

impl SqliteFixture {
    /// An empty database in WAL mode.
    pub fn new() -> SqliteFixture {
        SqliteFixture::with("PRAGMA journal_mode = WAL;")
    }

    /// An empty database after these pragmas.
    pub fn with(pragmas: &str) -> SqliteFixture {
        let directory = tempfile::tempdir().unwrap();
        let session = Connection::open(directory.path().join("dev.db")).unwrap();
        session.execute_batch(pragmas).unwrap();
        SqliteFixture { directory, session }
    }

    /// Where the database is.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("dev.db")
    }

    /// Opens it; its restores are watched.
    pub fn open_with(&self, options: &OpenOptions) -> Watched<Sqlite> {
        Watched::sqlite(Sqlite::open(&self.path(), options).unwrap(), self.path())
    }

    /// The session that `exec` uses.
    pub fn session(&self) -> &Connection {
        &self.session
    }
}

impl Fixture for SqliteFixture {
    fn engine(&self) -> Engine {
        Engine::SQLITE
    }

    fn exec(&mut self, sql: &str) {
        self.session.execute_batch(sql).unwrap();
    }

    fn open(&self) -> Box<dyn Sink> {
        Box::new(self.open_with(&OpenOptions::default()))
    }

    fn dump(&self, table: &str) -> Vec<String> {
        let quoted = table.replace('"', "\"\"");
        let mut statement = self
            .session
            .prepare(&format!("SELECT name FROM pragma_table_xinfo('{}')", table.replace('\'', "''")))
            .unwrap();
        let printed: Vec<String> = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap()
            .map(|name| {
                let name = name.unwrap().replace('"', "\"\"");
                format!("typeof(\"{name}\") || ' ' || coalesce(hex(CAST(\"{name}\" AS BLOB)), '')")
            })
            .collect();
        let sql = format!("SELECT {} FROM \"{quoted}\" ORDER BY 1", printed.join(" || ', ' || "));
        let mut statement = self.session.prepare(&sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

conformance_suite!(crate::conformance::sqlite::SqliteFixture::new);

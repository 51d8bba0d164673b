//! The suite over PostgreSQL.

use super::{Fixture, conformance_suite};
use crate::support::postgres::{Db, PgServer};
use dbsnap::db::{Engine, Sink};

/// A database of its own on the test server.
pub struct PostgresFixture {
    db: Db,
}

impl PostgresFixture {
    /// An empty database.
    pub fn new() -> PostgresFixture {
        PostgresFixture { db: PgServer::shared().database() }
    }
}

impl Fixture for PostgresFixture {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn exec(&mut self, sql: &str) {
        self.db.sql(sql);
    }

    fn open(&self) -> Box<dyn Sink> {
        Box::new(self.db.open())
    }

    fn dump(&self, table: &str) -> Vec<String> {
        let quoted = table.replace('"', "\"\"");
        let rows = self.db.sql(&format!("SELECT whole_row::text FROM ONLY \"{quoted}\" AS whole_row ORDER BY 1"));
        rows.lines().map(str::to_owned).collect()
    }
}

conformance_suite!(crate::conformance::postgres::PostgresFixture::new);

//! The suite over PostgreSQL, as a superuser and as a plain owner.

use super::{Fixture, conformance_suite};
use crate::support::place::Place;
use dbsnap::db::{Engine, Sink};

/// A database of its own on the test server.
pub struct PostgresFixture {
    place: Place,
}

impl PostgresFixture {
    /// An empty database, used by a superuser.
    pub fn superuser() -> PostgresFixture {
        PostgresFixture { place: Place::superuser() }
    }

    /// An empty database, used by a role to which everything belongs and that may do nothing else.
    pub fn owner() -> PostgresFixture {
        PostgresFixture { place: Place::owner() }
    }
}

impl Fixture for PostgresFixture {
    fn engine(&self) -> Engine {
        Engine::POSTGRES
    }

    fn exec(&mut self, sql: &str) {
        self.place.sql(sql);
    }

    fn open(&self) -> Box<dyn Sink> {
        Box::new(self.place.open())
    }

    fn dump(&self, table: &str) -> Vec<String> {
        let quoted = table.replace('"', "\"\"");
        let rows =
            self.place.db().sql(&format!("SELECT whole_row::text FROM ONLY \"{quoted}\" AS whole_row ORDER BY 1"));
        rows.lines().map(str::to_owned).collect()
    }
}

mod superuser {
    super::conformance_suite!(crate::conformance::postgres::PostgresFixture::superuser);
}

mod owner {
    super::conformance_suite!(crate::conformance::postgres::PostgresFixture::owner);
}

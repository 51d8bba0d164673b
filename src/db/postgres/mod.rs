//! PostgreSQL 13 and later.
//!
//! One connection does everything, so that servers and poolers that allow no more work too. It speaks through `client`;
//! SQL is made in the files named by what it is for. Every transaction pins its settings (`pins`) and locks its tables
//! before it reads (`session`); rows become canonical bytes in `rows`.

mod catalog;
mod client;
mod create;
mod definition;
mod endpoint;
mod generated;
mod identity;
mod lifting;
mod lock;
mod mark;
mod matching;
mod migration;
mod misfits;
mod moving;
mod operators;
mod password;
mod patch;
mod privileges;
mod quote;
mod reach;
mod reading;
mod restore;
mod rivals;
mod rows;
mod session;
mod session_settings;
mod setting;
mod snapshot;
mod types;
mod values;

use super::{
    Catalog, DbError, Making, OpenOptions, PostgresTarget, RestoreTxn, Sink, Snapshot, SourceIdentity, Standing,
    TableRead,
};
use crate::codec::{Part, PartKind, TableName, TableSchema};
use crate::monitor::{Monitor, Silent};
use client::{Connection, Failure};
pub use definition::Absence;
use endpoint::Endpoint;
pub use patch::PostgresPatch;
use session::{Opening, Session};
use session_settings::Purpose;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A PostgreSQL database. Its calls block on a runtime of their own, and must not be made from within another tokio
/// runtime.
pub struct Postgres {
    connection: Connection,
    endpoint: Endpoint,
    identity: SourceIdentity,
    version: u32,
    /// Oids of tables as the last catalog told them.
    known: HashMap<TableName, u32>,
    lock_wait: Duration,
}

impl Postgres {
    /// Connects to the first host of `target` that answers and asks it who it is.
    ///
    /// # Errors
    /// [`DbError::Connect`], [`DbError::Login`] or [`DbError::Tls`] if there is no connection; [`DbError::Unsupported`]
    /// for a server before version 13.
    pub fn open(target: &PostgresTarget, options: &OpenOptions) -> Result<Postgres, DbError> {
        let mut last = DbError::BadUrl("it names no host".into());
        let started = Instant::now();
        for mut endpoint in Endpoint::all(target)? {
            if let Some(within) = options.connect_within {
                let left = within.saturating_sub(started.elapsed());
                endpoint.connect_timeout = endpoint.connect_timeout.min(left);
            }
            match Connection::open(&endpoint) {
                Ok(mut connection) => {
                    let (identity, version) = identity::load(&mut connection, &endpoint)?;
                    let (known, lock_wait) = (HashMap::new(), options.lock_wait);
                    return Ok(Postgres { connection, endpoint, identity, version, known, lock_wait });
                }
                Err(error @ DbError::Connect { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Connects again if the connection was lost since it was last used (a server that ends idle sessions does that).
    fn revive(&mut self) -> Result<(), DbError> {
        let alive = !self.connection.is_broken() && self.connection.execute("SELECT 1", &Silent).is_ok();
        if alive {
            return Ok(());
        }
        let mut connection = Connection::open(&self.endpoint)?;
        let (identity, version) = identity::load(&mut connection, &self.endpoint)?;
        if identity.cluster != self.identity.cluster || identity.database != self.identity.database {
            return Err(DbError::Lost("another database answers at the same address now".into()));
        }
        self.connection = connection;
        self.version = version;
        Ok(())
    }
}

impl Sink for Postgres {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        self.revive()?;
        let wait = self.lock_wait;
        let path = identity::search_path(&mut self.connection);
        let search_path = path.map_err(|failure| failure.during("asking for the search path"))?;
        let loaded = session_settings::begin(&mut self.connection, Purpose::Catalog, self.version, wait, &Silent)
            .and_then(|()| catalog::all(&mut self.connection, &Silent));
        self.connection.rollback();
        let (catalog, oids) = loaded.map_err(|failure| failure.during("reading the catalog"))?;
        self.known = catalog.tables.iter().map(|info| info.schema.table.clone()).zip(oids).collect();
        Ok(Catalog { search_path, ..catalog })
    }

    fn writer(&mut self, tables: &[TableName], within: Duration) -> Result<Option<String>, DbError> {
        self.revive()?;
        let found = lock::writer(&mut self.connection, tables, within, self.version);
        found.map_err(|failure| failure.during("looking for transactions that write"))
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        let before = self.standing()?;
        let opening = Opening { version: self.version, wait: self.lock_wait, known: &self.known, making: None };
        let session = Session::open(&mut self.connection, tables, Purpose::Snapshot, &opening, monitor)?;
        Ok(Box::new(snapshot::PostgresSnapshot::new(session, &self.identity, before)))
    }

    fn standing(&mut self) -> Result<Standing, DbError> {
        self.revive()?;
        let begun =
            session_settings::begin(&mut self.connection, Purpose::Catalog, self.version, self.lock_wait, &Silent);
        let told = begun.and_then(|()| mark::standing(&mut self.connection, &self.identity));
        self.connection.rollback();
        told.map_err(|failure| failure.during("asking where the database stands"))
    }

    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError> {
        self.revive()?;
        let failed = |failure: Failure| match failure.code() {
            Some("42501") => {
                DbError::Denied { what: failure.during(format!("making table {}", schema.table)).to_string() }
            }
            _ => failure.during(format!("making table {}", schema.table)),
        };
        let begun =
            session_settings::begin(&mut self.connection, Purpose::Restore, self.version, self.lock_wait, &Silent);
        let made = begun
            .and_then(|()| self.connection.execute(&create::table(schema), &Silent))
            .and_then(|_| self.connection.execute("COMMIT", &Silent));
        self.connection.rollback();
        made.map(drop).map_err(failed)
    }

    fn discard(&mut self, table: &TableName) -> Result<(), DbError> {
        self.revive()?;
        let dropped = self.connection.execute(&format!("DROP TABLE {}", quote::table(table)), &Silent);
        dropped.map(drop).map_err(|failure| failure.during(format!("dropping table {table}")))
    }

    fn existing(&mut self, parts: &[Part]) -> Result<Vec<Part>, DbError> {
        self.revive()?;
        let begun =
            session_settings::begin(&mut self.connection, Purpose::Catalog, self.version, self.lock_wait, &Silent);
        let found = begun.and_then(|()| definition::existing(&mut self.connection, self.version, parts, &Silent));
        self.connection.rollback();
        found.map_err(|failure| failure.during("looking for what is to be made"))
    }

    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        self.make(tables, &Making::default(), monitor)
    }

    fn make<'s>(
        &'s mut self,
        tables: &[TableRead],
        making: &Making,
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        self.revive()?;
        // what is made is not what the last look at the catalog found
        let made = making.before.iter().filter(|part| part.kind == PartKind::Table);
        for table in made.filter_map(|part| part.table.as_ref()) {
            self.known.remove(table);
        }
        let opening = Opening { version: self.version, wait: self.lock_wait, known: &self.known, making: Some(making) };
        let witness = restore::Witness { endpoint: &self.endpoint, identity: &self.identity };
        let restore = restore::PostgresRestore::open(&mut self.connection, tables, &opening, witness, monitor)?;
        Ok(Box::new(restore))
    }
}

//! PostgreSQL 13 and later.
//!
//! One connection does everything, so that servers and poolers that allow no more work too. It speaks through [`wire`]; SQL is
//! made in the files named by what it is for. Every transaction pins its settings ([`pins`]) and locks its tables before it
//! reads ([`session`]); rows travel as COPY text ([`copy_text`]).

mod catalog;
mod copy_text;
mod identity;
mod lock;
mod pins;
mod quote;
mod reading;
mod restore;
mod session;
mod snapshot;
mod target;
mod types;
mod wire;

use super::{Catalog, DbError, RestoreTxn, Sink, Snapshot, Source, SourceIdentity, TableRead};
use crate::codec::TableName;
use crate::monitor::{Monitor, Silent};
use pins::Purpose;
use session::{Opening, Session};
use std::collections::HashMap;
use std::time::Duration;
pub use target::{PostgresTarget, Secret, SslMode};
use wire::Connection;

/// How long locks are waited for unless [`Postgres::set_lock_wait`] says otherwise.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// A PostgreSQL database.
pub struct Postgres {
    connection: Connection,
    target: PostgresTarget,
    identity: SourceIdentity,
    version: u32,
    /// Oids of tables as the last catalog told them.
    known: HashMap<TableName, u32>,
    lock_wait: Duration,
}

impl Postgres {
    /// Connects and asks the server who it is.
    ///
    /// # Errors
    /// [`DbError::Connect`], [`DbError::Login`] or [`DbError::Tls`] if there is no connection; [`DbError::Unsupported`] for a
    /// server before version 13.
    pub fn open(target: &PostgresTarget) -> Result<Postgres, DbError> {
        let mut connection = Connection::open(target)?;
        let (identity, version) = identity::load(&mut connection, target)?;
        Ok(Postgres {
            connection,
            target: target.clone(),
            identity,
            version,
            known: HashMap::new(),
            lock_wait: LOCK_WAIT,
        })
    }

    /// How long a snapshot or restore waits for its locks, in all; 5 seconds at first. As long, the application may have to
    /// wait behind it.
    pub fn set_lock_wait(&mut self, wait: Duration) {
        self.lock_wait = wait;
    }

    /// Connects again if the connection was lost since it was last used (a server that ends idle sessions does that).
    fn revive(&mut self) -> Result<(), DbError> {
        let alive = !self.connection.is_broken() && self.connection.execute("SELECT 1", &Silent).is_ok();
        if alive {
            return Ok(());
        }
        let mut connection = Connection::open(&self.target)?;
        let (identity, version) = identity::load(&mut connection, &self.target)?;
        if identity.cluster != self.identity.cluster || identity.database != self.identity.database {
            return Err(DbError::Lost("another database answers at the same address now".into()));
        }
        self.connection = connection;
        self.version = version;
        Ok(())
    }
}

impl Source for Postgres {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        self.revive()?;
        let wait = self.lock_wait;
        let loaded = pins::begin(&mut self.connection, Purpose::Catalog, self.version, wait, &Silent)
            .and_then(|()| catalog::all(&mut self.connection, &Silent));
        self.connection.rollback();
        let (catalog, oids) = loaded.map_err(|failure| failure.during("reading the catalog"))?;
        self.known = catalog.tables.iter().map(|info| info.schema.table.clone()).zip(oids).collect();
        Ok(catalog)
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        self.revive()?;
        let opening = Opening { version: self.version, wait: self.lock_wait, known: &self.known };
        let session = Session::open(&mut self.connection, tables, Purpose::Snapshot, &opening, monitor)?;
        Ok(Box::new(snapshot::PostgresSnapshot::new(session)))
    }
}

impl Sink for Postgres {
    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        self.revive()?;
        let opening = Opening { version: self.version, wait: self.lock_wait, known: &self.known };
        let witness = restore::Witness { target: &self.target, identity: &self.identity };
        let restore = restore::PostgresRestore::open(&mut self.connection, tables, &opening, witness, monitor)?;
        Ok(Box::new(restore))
    }
}

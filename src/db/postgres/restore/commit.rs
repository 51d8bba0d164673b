//! COMMIT, and finding out what became of it.

use super::{PostgresRestore, Witness};
use crate::db::postgres::identity;
use crate::db::postgres::wire::{Connection, Failure};
use crate::db::{Commit, DbError};
use crate::monitor::Silent;
use std::time::{Duration, Instant};

/// How long to ask for the outcome of a COMMIT whose answer was lost.
const PATIENCE: Duration = Duration::from_secs(30);

impl PostgresRestore<'_> {
    /// Writes what is left, checks what was put off, and commits.
    pub(super) fn finish(mut self) -> Result<Commit, DbError> {
        if self.poisoned {
            self.session.connection.rollback();
            return Ok(Commit::RolledBack);
        }
        self.flush()?;
        // deferred constraints are checked here and not at COMMIT, where less can be said about what failed
        self.run("SET CONSTRAINTS ALL IMMEDIATE", "checking deferred constraints")?;
        self.silencer.speak(&mut self.session)?;
        let transaction = self.transaction()?;
        if self.session.monitor.interrupted() {
            return Err(DbError::Stopped);
        }
        // from here on nothing interrupts: an answer that nobody waits for is worse than a late one
        match self.session.connection.execute("COMMIT", &Silent) {
            Ok(tag) if tag.text() == "COMMIT" => Ok(Commit::Done),
            Ok(_) => Ok(Commit::RolledBack),
            Err(Failure::Server(error)) if !error.is_fatal() => Err(Failure::Server(error).during("committing")),
            Err(lost) => match transaction {
                Some(transaction) => self.witness.ask(&transaction, &lost.during("committing").to_string()),
                None => Ok(Commit::RolledBack),
            },
        }
    }

    /// The transaction's id, if it wrote anything.
    fn transaction(&mut self) -> Result<Option<String>, DbError> {
        let mut id = None;
        let sql = "SELECT pg_catalog.pg_current_xact_id_if_assigned()";
        let asked = self.session.connection.query(sql, self.session.monitor, &mut |row| {
            id = row.text(0)?.map(str::to_string);
            Ok(())
        });
        asked.map_err(|failure| failure.during("reading the transaction's id"))?;
        Ok(id)
    }
}

impl Witness<'_> {
    /// Asks the server, over new connections, what became of a transaction.
    fn ask(&self, transaction: &str, lost: &str) -> Result<Commit, DbError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.status(transaction).as_deref() {
                Ok("committed") => return Ok(Commit::Done),
                Ok("aborted") => return Ok(Commit::RolledBack),
                _ if Instant::now() > deadline => {
                    return Err(DbError::Unknown(format!(
                        "{lost}; it is not known whether the restore took effect. Ask the server, in database {}: \
                         SELECT pg_xact_status('{transaction}')",
                        self.identity.database
                    )));
                }
                // still in progress, or the server is starting again
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn status(&self, transaction: &str) -> Result<String, DbError> {
        let mut connection = Connection::open(self.endpoint)?;
        let (found, _) = identity::load(&mut connection, self.endpoint)?;
        if found.cluster != self.identity.cluster || found.database != self.identity.database {
            return Err(DbError::Lost("another database answers at the same address now".into()));
        }
        let mut status = String::new();
        let sql = format!("SELECT pg_catalog.pg_xact_status('{transaction}')");
        let asked = connection.query(&sql, &Silent, &mut |row| {
            status = row.text(0)?.unwrap_or_default().to_string();
            Ok(())
        });
        asked.map_err(|failure| failure.during("asking what became of the restore"))?;
        Ok(status)
    }
}

//! COMMIT, and finding out what became of it.

use super::triggers::altering;
use super::{PostgresRestore, Witness};
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::identity;
use crate::db::{Commit, DbError};
use crate::monitor::Silent;
use std::time::{Duration, Instant};

/// How long to ask for the outcome of a COMMIT whose answer was lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// The history that the server writes, as SQL. A standby that was promoted begins a new one, in which the same
/// transaction id may be another transaction's.
const TIMELINE: &str = "pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)";

/// A transaction, and the history it is part of.
struct Transaction {
    id: String,
    timeline: String,
}

impl PostgresRestore<'_> {
    /// Writes what is left, checks what was put off, and commits.
    pub(super) fn finish(mut self) -> Result<Commit, DbError> {
        if self.poisoned {
            self.session.connection.rollback();
            return Ok(Commit::RolledBack);
        }
        self.flush()?;
        self.settle_keys()?;
        // deferred constraints are checked here and not at COMMIT, where less can be said about what failed
        self.session
            .on_their_path(|session| session.connection.execute("SET CONSTRAINTS ALL IMMEDIATE", session.monitor))
            .map_err(|failure| failure.during("checking deferred constraints"))?;
        let after = std::mem::take(&mut self.session.after);
        after.make(self.session.connection, self.session.monitor)?;
        self.triggers.restore(&mut self.session).map_err(altering)?;
        let transaction = self.transaction()?;
        if self.session.monitor.interrupted() {
            return Err(DbError::Stopped);
        }
        // from here on nothing interrupts: an answer that nobody waits for is worse than a late one
        match self.session.connection.execute("COMMIT", &Silent) {
            Ok(tag) if tag.text() == "COMMIT" => Ok(Commit::Done),
            Ok(tag) if tag.text() == "ROLLBACK" => Ok(Commit::RolledBack),
            Ok(tag) => self.ask(transaction, format!("the server answered COMMIT with {:?}", tag.text())),
            Err(Failure::Server(error)) if !error.is_fatal() => Err(Failure::Server(error).during("committing")),
            Err(lost) => self.ask(transaction, lost.during("committing").to_string()),
        }
    }

    fn ask(&self, transaction: Option<Transaction>, lost: String) -> Result<Commit, DbError> {
        match transaction {
            Some(transaction) => self.witness.ask(&transaction, &lost),
            None => Ok(Commit::RolledBack),
        }
    }

    /// How the transaction is known to the server, if it wrote anything.
    fn transaction(&mut self) -> Result<Option<Transaction>, DbError> {
        let mut known = None;
        let sql = format!("SELECT pg_catalog.pg_current_xact_id_if_assigned(), {TIMELINE}");
        let asked = self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            let timeline = row.required(1)?.to_string();
            known = row.text(0)?.map(|id| Transaction { id: id.to_string(), timeline });
            Ok(())
        });
        asked.map_err(|failure| failure.during("reading the transaction's id"))?;
        Ok(known)
    }
}

impl Witness<'_> {
    /// Asks the server, over new connections, what became of a transaction.
    fn ask(&self, transaction: &Transaction, lost: &str) -> Result<Commit, DbError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status(transaction);
            let taken_over = matches!(status, Ok(None));
            match status.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Ok(Commit::Done),
                Ok(Some("aborted")) => return Ok(Commit::RolledBack),
                _ if taken_over => {
                    return Err(DbError::Unknown(format!(
                        "{lost}; another server has taken over, and it is not known whether it has what the restore wrote: \
                         look at the rows, in database {}",
                        self.identity.database
                    )));
                }
                _ if Instant::now() > deadline => {
                    return Err(DbError::Unknown(format!(
                        "{lost}; it is not known whether the restore took effect. Ask the server, in database {}: \
                         SELECT pg_xact_status('{}')",
                        self.identity.database, transaction.id
                    )));
                }
                // still in progress, or the server is starting again
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// The server's word on a transaction; `None` if it is another server's by now.
    fn status(&self, transaction: &Transaction) -> Result<Option<String>, DbError> {
        let mut connection = Connection::open(self.endpoint)?;
        let (found, _) = identity::load(&mut connection, self.endpoint)?;
        if found.cluster != self.identity.cluster || found.database != self.identity.database {
            return Err(DbError::Lost("another database answers at the same address now".into()));
        }
        let (mut status, mut timeline) = (String::new(), String::new());
        let sql = format!("SELECT pg_catalog.pg_xact_status('{}'), {TIMELINE}", transaction.id);
        let asked = connection.query(&sql, &Silent, &mut |row| {
            status = row.text(0)?.unwrap_or_default().to_string();
            timeline = row.required(1)?.to_string();
            Ok(())
        });
        asked.map_err(|failure| failure.during("asking what became of the restore"))?;
        Ok((timeline == transaction.timeline).then_some(status))
    }
}

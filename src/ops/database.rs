//! The opened database: connected to once, used by every use case after that.

use super::OpError;
use super::repository::Repository;
use super::settings::database_url;
use crate::db::{self, Absent, Catalog, OpenOptions, Sink, SourceIdentity};
use std::time::Duration;

/// A database. The one that a repository's settings name is connected to when it is first needed. A connection that was
/// lost is not made again: take another [`Repository::database`].
pub struct Database(State);

enum State {
    /// And how long to wait for it, if that is not left to the usual.
    Named(Box<Repository>, Option<Duration>),
    Open(Connection),
}

/// How long an answer that is only good to have is waited for.
pub(super) const AT_HAND: Duration = Duration::from_secs(2);

/// A connection, and what people call it.
pub(super) struct Connection {
    pub sink: Box<dyn Sink>,
    /// User, host and database, or the file; no password.
    pub name: String,
    /// Where its URL was found.
    pub origin: String,
}

impl Repository {
    /// The database that the settings name. Nothing is connected to yet.
    pub fn database(&self) -> Database {
        Database(State::Named(Box::new(self.clone()), self.patience()))
    }

    /// The same, for what is only good to know: a database that does not answer soon counts as none.
    pub fn database_at_hand(&self) -> Database {
        Database(State::Named(Box::new(self.clone()), Some(AT_HAND)))
    }
}

impl Database {
    /// A database that is open already, of any engine.
    pub fn new(sink: Box<dyn Sink>) -> Database {
        let name = sink.identity().database.clone();
        Database(State::Open(Connection { sink, name, origin: "the program".to_owned() }))
    }

    /// Which database it is.
    ///
    /// # Errors
    /// If no setting names one, or it cannot be connected to.
    pub fn identity(&mut self) -> Result<&SourceIdentity, OpError> {
        Ok(self.connect()?.sink.identity())
    }

    /// Its tables as they are now.
    ///
    /// # Errors
    /// As [`Database::identity`], or if they cannot be read.
    pub fn catalog(&mut self) -> Result<Catalog, OpError> {
        Ok(self.connect()?.sink.catalog()?)
    }

    /// The database that the settings name, which is not there, and what people call it: [`Database::connect`] has said
    /// so.
    pub(super) fn absent(&self) -> Result<(Box<dyn Absent>, String), OpError> {
        let State::Named(repository, _) = &self.0 else {
            return Err(OpError::Usage("a database that the program opened cannot be made again".to_owned()));
        };
        let chosen = database_url(repository)?;
        Ok((db::absent(&chosen.url, &OpenOptions::default())?, chosen.url.display()))
    }

    /// The connection, made if there is none.
    pub(super) fn connect(&mut self) -> Result<&mut Connection, OpError> {
        match self.0 {
            State::Open(ref mut connection) => Ok(connection),
            State::Named(ref repository, patience) => {
                let chosen = database_url(repository)?;
                let usual = OpenOptions::default();
                let lock_wait = patience.map_or(usual.lock_wait, |patience| patience.min(usual.lock_wait));
                let options = OpenOptions { lock_wait, connect_within: patience };
                let sink = db::open(&chosen.url, &options)?;
                let (name, origin) = (chosen.url.display(), chosen.origin.to_string());
                self.0 = State::Open(Connection { sink, name, origin });
                self.connect()
            }
        }
    }
}

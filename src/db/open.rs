//! Where engines are registered: what opens a URL, and what writes patches in a dialect.

use super::postgres::{Absence, Postgres, PostgresPatch};
use super::sqlite::{AbsentFile, Sqlite, SqlitePatch};
use super::{Absent, DatabaseUrl, DbError, Dialect, Engine, PatchWriter, Sink};
use std::time::Duration;

/// How to open a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// How long to wait for a lock that another session holds.
    pub lock_wait: Duration,
    /// How long connecting may take, whatever the URL says: to all its hosts together.
    pub connect_within: Option<Duration>,
}

impl Default for OpenOptions {
    /// Five seconds for a lock, and as long as the URL says for a connection.
    fn default() -> OpenOptions {
        OpenOptions { lock_wait: Duration::from_secs(5), connect_within: None }
    }
}

/// Opens the database behind `url` for reading and, when a restore begins, for writing.
///
/// # Errors
/// If it is not there, cannot be reached, refuses the login or is not a database.
pub fn open(url: &DatabaseUrl, options: &OpenOptions) -> Result<Box<dyn Sink>, DbError> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(Box::new(Sqlite::open(path, options)?)),
        DatabaseUrl::Postgres(target) => Ok(Box::new(Postgres::open(target, options)?)),
    }
}

/// The database behind `url`, which is not there: [`open`] has said so.
///
/// # Errors
/// As [`open`], of the place where it would be.
pub fn absent(url: &DatabaseUrl, options: &OpenOptions) -> Result<Box<dyn Absent>, DbError> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(Box::new(AbsentFile::at(path, options)?)),
        DatabaseUrl::Postgres(target) => Ok(Box::new(Absence::of(target, options)?)),
    }
}

/// The writer for the dialect of an engine: psql's for PostgreSQL, sqlite3's for SQLite.
pub fn patch_writer(engine: Engine) -> &'static dyn PatchWriter {
    match engine.info().dialect {
        Dialect::Postgres => &PostgresPatch,
        Dialect::Sqlite => &SqlitePatch::CHECKED,
    }
}

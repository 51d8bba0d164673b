//! Making the demo database.

use super::content::{MODS, mod_rows};
use super::{catalogue, people};
use crate::codec::Value;
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter, types};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The tables, as SQL.
pub const SCHEMA_SQL: &str = include_str!("schema.sql");
/// The Prisma schema of the project.
pub const SCHEMA_PRISMA: &str = include_str!("schema.prisma");
/// All tables of the demo, parents before children.
pub const TABLES: [&str; 12] = [
    "users",
    "creator_profiles",
    "content_sources",
    "categories",
    "facet_definitions",
    "scraping_jobs",
    "mods",
    "collections",
    "reviews",
    "favorites",
    "_CategoryToMod",
    "_CollectionToMod",
];

/// Why the demo could not be made or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Something stands where the database should go.
    #[error("{} is there already; the demo does not overwrite it", .0.display())]
    Exists(PathBuf),
    /// A demo stands there, and somebody has taken snapshots in it.
    #[error("{} holds snapshots that you took; delete it, or give another directory", .0.display())]
    Used(PathBuf),
    /// A file of the project cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("the demo database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Makes the demo database in the new file `path`.
///
/// # Errors
/// [`DemoError::Exists`] if anything is at `path`, [`DemoError::Sqlite`] if SQLite cannot write there.
pub fn create_database(path: &Path) -> Result<(), DemoError> {
    if path.symlink_metadata().is_ok() {
        return Err(DemoError::Exists(path.to_path_buf()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA_SQL)?;
    for table in TABLES {
        fill(&transaction, table)?;
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn fill(connection: &Connection, table: &str) -> Result<(), DemoError> {
    match table {
        "users" => insert(connection, table, (0..people::USERS).map(people::user)),
        "creator_profiles" => insert(connection, table, (0..people::CREATORS).map(people::creator)),
        "content_sources" => insert(connection, table, (0..catalogue::SOURCES).map(catalogue::source)),
        "categories" => insert(connection, table, (0..catalogue::CATEGORIES).map(catalogue::category)),
        "facet_definitions" => insert(connection, table, (0..catalogue::FACETS).map(catalogue::facet)),
        "scraping_jobs" => insert(connection, table, (0..catalogue::JOBS).map(catalogue::job)),
        "mods" => insert(connection, table, mod_rows(MODS)),
        "collections" => insert(connection, table, (0..people::COLLECTIONS).map(people::collection)),
        "reviews" => insert(connection, table, (0..people::REVIEWS).map(people::review)),
        "favorites" => insert(connection, table, (0..people::FAVORITES).map(people::favorite)),
        "_CategoryToMod" => insert(connection, table, catalogue::categorised()),
        _ => insert(connection, table, people::collected()),
    }
}

fn insert(connection: &Connection, table: &str, rows: impl Iterator<Item = Vec<Value>>) -> Result<(), DemoError> {
    let mut rows = rows.peekable();
    let columns = rows.peek().map_or(0, Vec::len);
    let places = vec!["?"; columns].join(",");
    let mut statement = connection.prepare(&format!("INSERT INTO \"{table}\" VALUES ({places})"))?;
    for row in rows {
        statement.execute(params_from_iter(row.iter().map(Bound)))?;
    }
    Ok(())
}

/// A value bound with its own storage class.
struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<types::ToSqlOutput<'_>> {
        Ok(types::ToSqlOutput::Borrowed(match self.0 {
            Value::Null => types::ValueRef::Null,
            Value::Int(value) => types::ValueRef::Integer(*value),
            Value::Real(value) => types::ValueRef::Real(*value),
            Value::Text(bytes) => types::ValueRef::Text(bytes),
            Value::Blob(bytes) => types::ValueRef::Blob(bytes),
        }))
    }
}

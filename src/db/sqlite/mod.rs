//! SQLite through rusqlite, with the SQLite library built in.
//!
//! Snapshots read inside one read transaction of a connection that cannot write; restores write inside one
//! `BEGIN IMMEDIATE` of a connection opened for them. Both go only through the library: journal and WAL files are its
//! business. Text is bytes: NUL and invalid UTF-8 come back as they are, and in a UTF-16 database a lone surrogate is
//! kept as WTF-8 (see `text`).

mod aliases;
mod catalog;
mod condition;
mod connect;
mod defaults;
mod error;
mod foreign_keys;
mod full_text;
mod headings;
mod interrupt;
mod kinds;
mod literal;
mod misfits;
mod multiset;
mod patch;
mod postponed;
mod read;
mod restore;
mod scratch;
mod scratch_form;
mod shape;
mod sql;
mod stranded;
mod text;
mod twins;
mod violations;
mod write;

use super::{Catalog, DbError, Engine, OpenOptions, RestoreTxn, Sink, Snapshot, SourceIdentity, TableRead};
use crate::codec::{TableName, TableSchema};
use crate::monitor::Monitor;
use read::SqliteSnapshot;
use restore::SqliteRestore;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use text::TextForm;

pub use aliases::{Aliased, translate};
pub use condition::Condition;
pub use patch::SqlitePatch;
pub use scratch::{Scratch, table_name};
pub use twins::{Renamed, distinct, rename};

/// A SQLite database file.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    options: OpenOptions,
    identity: SourceIdentity,
    reader: Connection,
    text: TextForm,
}

impl Sqlite {
    /// Opens the database file at `path`, which must exist. The path is taken literally: no `file:` URI, no parameters.
    ///
    /// # Errors
    /// [`DbError::Connect`] if there is no such file or SQLite cannot open it, [`DbError::Unsupported`] if it is not a
    /// SQLite database, [`DbError::Busy`] if another process keeps it locked.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Sqlite, DbError> {
        let path = connect::locate(path)?;
        let reader = connect::reader(&path, options)?;
        let text = TextForm::of(&reader)?;
        let identity = SourceIdentity {
            engine: Engine::SQLITE,
            cluster: None,
            database: path.to_string_lossy().into_owned(),
            version: rusqlite::version().to_owned(),
            user: None,
            host: None,
            local: true,
        };
        Ok(Sqlite { path, options: options.clone(), identity, reader, text })
    }
}

impl Sink for Sqlite {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        catalog::catalog(&self.reader, self.text)
    }

    fn writer(&mut self, _: &[TableName]) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        Ok(Box::new(SqliteSnapshot::begin(&self.reader, tables, self.text, monitor)?))
    }

    fn create(&mut self, schema: &TableSchema) -> Result<(), DbError> {
        let conn = connect::writer(&self.path, &self.options)?;
        let made = conn.execute_batch(&sql::create(schema));
        made.map_err(|error| error::failed(&format!("making table {}", schema.table), error))
    }

    fn discard(&mut self, table: &TableName) -> Result<(), DbError> {
        let conn = connect::writer(&self.path, &self.options)?;
        let dropped = conn.execute_batch(&format!("DROP TABLE {}", sql::table(&table.name)));
        dropped.map_err(|error| error::failed(&format!("dropping table {table}"), error))
    }

    fn restore<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn RestoreTxn + 's>, DbError> {
        let conn = connect::writer(&self.path, &self.options)?;
        Ok(Box::new(SqliteRestore::begin(conn, tables, self.text, monitor)?))
    }
}

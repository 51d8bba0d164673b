//! SQLite through rusqlite, with the SQLite library built in.
//!
//! Snapshots read inside one read transaction of a connection that cannot write; restores write inside one
//! `BEGIN IMMEDIATE` of a connection opened for them. Both go only through the library: journal and WAL files are its
//! business. Text is bytes: NUL and invalid UTF-8 come back as they are, and in a UTF-16 database a lone surrogate is
//! kept as WTF-8 (see `text`).

mod absent;
mod aliases;
mod catalog;
mod condition;
mod connect;
mod defaults;
mod definition;
mod error;
mod foreign_keys;
mod full_text;
mod headings;
mod interrupt;
mod kinds;
mod like;
mod literal;
mod mark;
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
mod unkept;
mod violations;
mod write;

use super::{
    Catalog, DbError, Engine, Making, OpenOptions, RestoreTxn, Sink, Snapshot, SourceIdentity, Standing, TableRead,
};
use crate::codec::{Part, TableName, TableSchema};
use crate::monitor::Monitor;
use mark::Files;
use read::SqliteSnapshot;
use restore::SqliteRestore;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use text::TextForm;

pub use absent::AbsentFile;
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
    reader: Option<Reader>,
}

/// A connection that reads, and how it gives texts.
#[derive(Debug)]
struct Reader {
    conn: Connection,
    text: TextForm,
}

impl Reader {
    fn open(path: &Path, options: &OpenOptions) -> Result<Reader, DbError> {
        let conn = connect::reader(path, options)?;
        let text = TextForm::of(&conn)?;
        Ok(Reader { conn, text })
    }
}

/// Which database the file at `path` is.
fn identity_of(path: &Path) -> SourceIdentity {
    SourceIdentity {
        engine: Engine::SQLITE,
        cluster: None,
        database: path.to_string_lossy().into_owned(),
        version: rusqlite::version().to_owned(),
        user: None,
        host: None,
        local: true,
    }
}

impl Sqlite {
    /// Opens the database file at `path`, which must exist. The path is taken literally: no `file:` URI, no parameters.
    ///
    /// # Errors
    /// [`DbError::Connect`] if there is no such file or SQLite cannot open it, [`DbError::Unsupported`] if it is not a
    /// SQLite database, [`DbError::Busy`] if another process keeps it locked.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Sqlite, DbError> {
        let path = connect::locate(path)?;
        let reader = Reader::open(&path, options)?;
        let identity = identity_of(&path);
        Ok(Sqlite { path, options: options.clone(), identity, reader: Some(reader) })
    }

    fn reader(&mut self) -> Result<&Reader, DbError> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&connect::locate(&self.path)?, &self.options)?,
        };
        Ok(self.reader.insert(reader))
    }

    /// Asks where the database stands on a new connection, which remembers no page. SQLite keeps pages between
    /// transactions while some bytes of the file are what they were, and they can be so in a file that was copied over
    /// it. The old one is closed first: connections of one process share what they know of the log.
    fn stand(&mut self) -> Result<Standing, DbError> {
        self.reader = None;
        let path = self.path.clone();
        let files = match Files::at(&path) {
            Ok(files) => files,
            Err(why) => return Ok(Standing::Unknown(why)),
        };
        let marked = files.mark(&self.reader()?.conn, &path);
        Ok(marked.map_or_else(Standing::Unknown, Standing::Marked))
    }
}

impl Sink for Sqlite {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn catalog(&mut self) -> Result<Catalog, DbError> {
        let reader = self.reader()?;
        catalog::catalog(&reader.conn, reader.text)
    }

    fn writer(&mut self, _: &[TableName], _: std::time::Duration) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    fn snapshot<'s>(
        &'s mut self,
        tables: &[TableRead],
        monitor: &'s dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 's>, DbError> {
        let standing = self.stand()?;
        let reader = self.reader()?;
        Ok(Box::new(SqliteSnapshot::begin(&reader.conn, tables, reader.text, standing, monitor)?))
    }

    fn standing(&mut self) -> Result<Standing, DbError> {
        match self.stand() {
            Err(error @ DbError::Busy { .. }) => Ok(Standing::Unknown(error.to_string())),
            told => told,
        }
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

    fn existing(&mut self, parts: &[Part]) -> Result<Vec<Part>, DbError> {
        definition::existing(&self.reader()?.conn, parts)
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
        let conn = connect::writer(&self.path, &self.options)?;
        let text = TextForm::of(&conn)?;
        Ok(Box::new(SqliteRestore::begin(conn, tables, making, text, monitor)?))
    }
}

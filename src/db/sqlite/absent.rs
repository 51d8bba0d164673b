//! A database file that is gone, and making it anew. It is made beside its place and moved there when its rows are in
//! it, so nobody sees a file that is not whole.

use super::error::failed;
use super::{Sqlite, definition};
use crate::db::{Absent, DbError, Engine, OpenOptions, Sink, SourceIdentity};
use crate::fsio::temp_name;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// A file that is not there, in a directory that is.
#[derive(Debug)]
pub struct AbsentFile {
    path: PathBuf,
    temp: PathBuf,
    options: OpenOptions,
    identity: SourceIdentity,
    is_wal: bool,
}

impl AbsentFile {
    /// The place of a file at `path`, where there is none.
    ///
    /// # Errors
    /// [`DbError::Connect`] if the directory is not there either, [`DbError::Denied`] if a log or journal is left there
    /// of the file that was there.
    pub fn at(path: &Path, options: &OpenOptions) -> Result<AbsentFile, DbError> {
        let refuse = |reason: String| DbError::Connect { target: path.display().to_string(), reason, absent: false };
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(refuse("it names no file".to_owned()));
        };
        let dir = std::fs::canonicalize(dir).map_err(|error| refuse(error.to_string()))?;
        let path = dir.join(name);
        let identity = SourceIdentity {
            engine: Engine::SQLITE,
            cluster: None,
            database: path.to_string_lossy().into_owned(),
            version: rusqlite::version().to_owned(),
            user: None,
            host: None,
            local: true,
        };
        let temp = dir.join(format!(".dbsnap-{}", temp_name()));
        let file = AbsentFile { path, temp, options: options.clone(), identity, is_wal: false };
        file.is_clear()?;
        Ok(file)
    }

    /// Refuses what is left of the file that was there: SQLite would take it for the new one's.
    fn is_clear(&self) -> Result<(), DbError> {
        for ending in ["-wal", "-journal"] {
            let left = beside(&self.path, ending);
            if std::fs::metadata(&left).is_ok_and(|left| left.len() > 0) {
                let what = format!(
                    "{} is left of the file that was there, and may hold what was last written to it: move it away, then try again",
                    left.display()
                );
                return Err(DbError::Denied { what });
            }
        }
        Ok(())
    }

    fn cannot(&self, doing: &str, error: &Error) -> DbError {
        let message = format!("{doing} {}: {error}", self.path.display());
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => DbError::Denied { what: message },
            _ => DbError::Query { code: None, message },
        }
    }

    /// Makes the file durable, and then gives it its name, which no other file may have by now.
    fn settle(&self) -> Result<(), DbError> {
        if self.is_wal {
            let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let set = conn.query_row("PRAGMA main.journal_mode = wal", [], |row| row.get::<_, String>(0));
            set.map_err(|error| failed("making the file", error))?;
            conn.close().map_err(|(_, error)| failed("making the file", error))?;
        }
        self.is_clear()?;
        let failed = |error: Error| self.cannot("cannot make", &error);
        File::open(&self.temp).and_then(|file| file.sync_all()).map_err(failed)?;
        match std::fs::hard_link(&self.temp, &self.path) {
            Ok(()) => std::fs::remove_file(&self.temp).map_err(failed)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(failed(error)),
            // a file system without links
            Err(error) if self.path.symlink_metadata().is_ok() => return Err(failed(error)),
            Err(_) => std::fs::rename(&self.temp, &self.path).map_err(failed)?,
        }
        let dir = self.path.parent().unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
    }

    fn connect(&self, mode: OpenFlags) -> Result<Connection, DbError> {
        let opened = Connection::open_with_flags(&self.temp, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        opened.map_err(|error| failed("making the file", error))
    }

    fn remove(&self) -> Result<(), DbError> {
        for ending in ["", "-journal", "-wal", "-shm"] {
            match std::fs::remove_file(beside(&self.temp, ending)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.cannot("cannot remove what was begun of", &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Absent for AbsentFile {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn make(&mut self, settings: &BTreeMap<String, String>) -> Result<Box<dyn Sink>, DbError> {
        File::create_new(&self.temp).map_err(|error| self.cannot("cannot make", &error))?;
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        definition::apply(&conn, settings)?;
        conn.close().map_err(|(_, error)| failed("making the file", error))?;
        self.is_wal = settings.get("journal_mode").is_some_and(|mode| mode.eq_ignore_ascii_case("wal"));
        let (path, identity) = (self.temp.clone(), self.identity.clone());
        Ok(Box::new(Sqlite { path, options: self.options.clone(), identity, reader: None }))
    }

    fn keep(self: Box<Self>) -> Result<(), DbError> {
        let settled = self.settle();
        if settled.is_err() && self.temp.exists() {
            self.remove()?;
        }
        settled
    }

    fn discard(self: Box<Self>) -> Result<(), DbError> {
        self.remove()
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

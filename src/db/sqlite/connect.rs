//! Connections: one that reads, one that writes; neither trusts what the file says it should run.

use super::absent::place_of;
use super::error::{extended_code, failed};
use super::like;
use crate::db::{DbError, OpenOptions};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, ffi};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The canonical path of an existing regular file.
///
/// An absolute path also keeps SQLite, which was built to read `file:` names as URIs, from seeing one. The file is not
/// opened here: closing it again would drop the POSIX locks that any connection of this process holds on it.
pub(super) fn locate(path: &Path) -> Result<PathBuf, DbError> {
    let refuse = |reason: String| DbError::Connect { target: path.display().to_string(), reason, absent: false };
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => DbError::Connect {
            target: path.display().to_string(),
            reason: "there is no such file".to_owned(),
            // not a link to nowhere
            absent: place_of(path).is_some() && path.symlink_metadata().is_err(),
        },
        _ => refuse(error.to_string()),
    })?;
    if metadata.is_dir() {
        return Err(refuse("it is a directory".to_owned()));
    }
    if !metadata.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    dunce::canonicalize(path).map_err(|error| refuse(error.to_string()))
}

/// A connection that cannot change the database.
///
/// Opened read-only where that works and leaves nothing behind. A database in WAL mode is opened for writing under
/// `query_only` instead: a read-only connection creates the `-wal` and `-shm` files too, but may not remove them when
/// it closes. A hot journal, which only a writer may roll back, takes the same way.
pub(super) fn reader(path: &Path, options: &OpenOptions) -> Result<Connection, DbError> {
    let had_wal = wal_holds_frames(path);
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)?;
    match journal_mode(&conn) {
        Ok(mode) if !mode.eq_ignore_ascii_case("wal") => {
            set(&conn, "query_only", "ON")?;
            return Ok(conn);
        }
        Ok(_) => {}
        Err(error) if needs_a_writer(&error) => {}
        Err(error) => return Err(unreadable(path, error)),
    }
    let writer = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    set(&writer, "query_only", "ON")?;
    // Frames that were in the log before us stay there: moving them into the database file is not a reader's work.
    configure(&writer, DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, had_wal)?;
    journal_mode(&writer).map_err(|error| unreadable(path, error))?;
    drop(conn);
    Ok(writer)
}

/// A connection for one restore: foreign keys and triggers do not act, every commit is synced.
pub(super) fn writer(path: &Path, options: &OpenOptions) -> Result<Connection, DbError> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    configure(&conn, DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    configure(&conn, DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    set(&conn, "synchronous", "FULL")?;
    // macOS: through the drive's cache as well (F_FULLFSYNC); nothing elsewhere
    set(&conn, "fullfsync", "ON")?;
    set(&conn, "checkpoint_fullfsync", "ON")?;
    if conn.is_readonly("main").map_err(|error| failed("opening the database for writing", error))? {
        let what = format!("{} is read-only for this user; a restore must write it and its directory", path.display());
        return Err(DbError::Denied { what });
    }
    Ok(conn)
}

fn open(path: &Path, mode: OpenFlags, options: &OpenOptions) -> Result<Connection, DbError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| unreadable(path, error))?;
    conn.busy_timeout(options.lock_wait).map_err(|error| failed("setting the lock wait", error))?;
    // The file may be hostile: its views are not used, its schema may call no function that has an effect, and nothing
    // may corrupt or attach anything.
    configure(&conn, DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    configure(&conn, DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    configure(&conn, DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    configure(&conn, DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(|error| failed("limiting the connection", error))?;
    like::never_match_blobs(&conn)?;
    set(&conn, "cell_size_check", "ON")?;
    set(&conn, "mmap_size", "0")?;
    Ok(conn)
}

/// Reads the first page, which shows whether the file can be read at all.
fn journal_mode(conn: &Connection) -> rusqlite::Result<String> {
    let mode = conn.query_row("PRAGMA main.journal_mode", [], |row| row.get(0))?;
    conn.query_row("SELECT count(*) FROM main.sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(mode)
}

fn needs_a_writer(error: &rusqlite::Error) -> bool {
    extended_code(error).is_some_and(|code| matches!(code & 0xff, ffi::SQLITE_READONLY | ffi::SQLITE_CANTOPEN))
}

fn wal_holds_frames(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|metadata| metadata.len() > 0)
}

fn unreadable(path: &Path, error: rusqlite::Error) -> DbError {
    if needs_a_writer(&error) {
        let reason = format!(
            "{error}; if it is in WAL mode or was left by a crash, SQLite must be able to write its directory to read it"
        );
        return DbError::Connect { target: path.display().to_string(), reason, absent: false };
    }
    failed(&format!("opening {}", path.display()), error)
}

fn configure(conn: &Connection, config: DbConfig, value: bool) -> Result<(), DbError> {
    let now = conn.set_db_config(config, value).map_err(|error| failed("configuring the connection", error))?;
    if now == value {
        Ok(())
    } else {
        Err(DbError::Unsupported(format!("this SQLite does not let {config:?} be set to {value}")))
    }
}

pub(super) fn set(conn: &Connection, pragma: &str, value: &str) -> Result<(), DbError> {
    conn.execute_batch(&format!("PRAGMA {pragma} = {value};"))
        .map_err(|error| failed("configuring the connection", error))
}

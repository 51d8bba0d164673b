//! A database file that is gone, and making it anew. It is made beside its place and moved there when its rows are in
//! it, so nobody sees a file that is not whole.

use super::error::failed;
use super::{Sqlite, definition, identity_of, like, unkept};
use crate::db::{Absent, DbError, OpenOptions, Sink, SourceIdentity};
use crate::fsio::{Disk, FileSystem, create_private, is_gone_or_own, set_mode, sync_file};
use crate::hash::Hash;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// What SQLite writes beside a file.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A file that is not there, in a directory that is, or can be made.
#[derive(Debug)]
pub struct AbsentFile {
    path: PathBuf,
    /// The directories that have to be made first, the outermost first.
    missing: Vec<PathBuf>,
    /// How the names of temporary files begin which become this file.
    temp_prefix: String,
    temp: PathBuf,
    /// What is left of the file that was there, and where it is moved: SQLite would take it for the new one's.
    left: Vec<(PathBuf, PathBuf)>,
    options: OpenOptions,
    identity: SourceIdentity,
    settings: BTreeMap<String, String>,
}

impl AbsentFile {
    /// The place of a file at `path`, where there is none.
    ///
    /// # Errors
    /// [`DbError::Connect`] if there is no place for it.
    pub fn at(path: &Path, options: &OpenOptions) -> Result<AbsentFile, DbError> {
        let refuse = |reason: String| DbError::Connect { target: path.display().to_string(), reason, absent: false };
        let Some(place) = place_of(path) else {
            return Err(refuse("no file can be made there".to_owned()));
        };
        let within = dunce::canonicalize(place).map_err(|error| refuse(error.to_string()))?;
        let path = match path.strip_prefix(place) {
            Ok(rest) => within.join(rest),
            Err(error) => return Err(refuse(error.to_string())),
        };
        let missing = path.ancestors().skip(1).take_while(|dir| *dir != within).map(Path::to_path_buf);
        let mut missing: Vec<PathBuf> = missing.collect();
        missing.reverse();
        let identity = identity_of(&path);
        let name = path.file_name().unwrap_or_default();
        let temp_prefix = format!(".dbsnap-{}-", Hash::of(name.as_encoded_bytes()).short());
        let temp = path.with_file_name(format!("{temp_prefix}{}.tmp", std::process::id()));
        let left = BESIDE.iter().map(|ending| beside(&path, ending)).filter(|left| left.symlink_metadata().is_ok());
        let left = left.map(|left| (free(&left), left)).map(|(to, left)| (left, to)).collect();
        let (options, settings) = (options.clone(), BTreeMap::new());
        Ok(AbsentFile { path, missing, temp_prefix, temp, left, options, identity, settings })
    }

    /// Removes what restores left that were killed while they filled a file for this place.
    fn clear(&self) -> Result<(), DbError> {
        let dir = self.temp.parent().unwrap_or(Path::new("."));
        let failed = |error: Error| self.cannot("cannot clear what an earlier restore left of", &error);
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(&self.temp_prefix)?.split_once(".tmp"));
            let Some((pid, ending)) = rest else { continue };
            let is_ours = ending.is_empty() || BESIDE.contains(&ending);
            // a process of this number, if it is another one, may fill its file still
            if is_ours && pid.parse().is_ok_and(is_gone_or_own) {
                std::fs::remove_file(entry.path()).map_err(failed)?;
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
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        unkept::make(&conn, &self.settings)?;
        if self.settings.get("journal_mode").is_some_and(|mode| mode.eq_ignore_ascii_case("wal")) {
            let set = conn.query_row("PRAGMA main.journal_mode = wal", [], |row| row.get::<_, String>(0));
            set.map_err(|error| failed("making the file", error))?;
        }
        conn.close().map_err(|(_, error)| failed("making the file", error))?;
        let failed = |error: Error| self.cannot("cannot make", &error);
        if let Some(mode) = self.settings.get(definition::FILE_MODE) {
            let mode = u32::from_str_radix(mode, 8).map_err(|_| {
                DbError::Unsupported(format!("the snapshot says that the mode of the file was {mode:?}"))
            })?;
            set_mode(&self.temp, mode & 0o777).map_err(failed)?;
        }
        sync_file(&self.temp).map_err(failed)?;
        let aside = self.put_aside()?;
        if let Err(error) = rename_to_new(&self.temp, &self.path) {
            for (from, to) in aside {
                rename_to_new(to, from).map_err(failed)?;
            }
            return Err(failed(error));
        }
        let made = self.missing.iter().map(PathBuf::as_path).chain([self.path.as_path()]);
        for dir in made.filter_map(Path::parent) {
            Disk.sync_dir(dir).map_err(|error| failed(error.source))?;
        }
        Ok(())
    }

    /// Moves what is left of the file that was there to where the plan said. What was moved.
    fn put_aside(&self) -> Result<Vec<&(PathBuf, PathBuf)>, DbError> {
        let mut moved = Vec::new();
        for left in BESIDE.iter().map(|ending| beside(&self.path, ending)) {
            if left.symlink_metadata().is_err() {
                continue;
            }
            let Some(planned) = self.left.iter().find(|(from, _)| *from == left) else {
                let what = format!("{} was not there before: something writes the database", left.display());
                return Err(DbError::Denied { what });
            };
            rename_to_new(&planned.0, &planned.1).map_err(|error| self.cannot("cannot make", &error))?;
            moved.push(planned);
        }
        Ok(moved)
    }

    fn connect(&self, mode: OpenFlags) -> Result<Connection, DbError> {
        let opened = Connection::open_with_flags(&self.temp, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let conn = opened.map_err(|error| failed("making the file", error))?;
        like::never_match_blobs(&conn)?;
        Ok(conn)
    }

    fn remove(&self) -> Result<(), DbError> {
        for ending in [""].iter().chain(&BESIDE) {
            match std::fs::remove_file(beside(&self.temp, ending)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.cannot("cannot remove what was begun of", &error));
                }
                _ => {}
            }
        }
        for dir in self.missing.iter().rev() {
            // what somebody else put there stays
            let _ = std::fs::remove_dir(dir);
        }
        Ok(())
    }
}

impl Absent for AbsentFile {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn remarks(&self, settings: &BTreeMap<String, String>) -> Vec<String> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let left = self.left.iter().map(|(from, to)| {
            let (from, to) = (name(from), name(to));
            format!(
                "{from} is left of the file that was there, and may hold what was last written to it: it becomes {to}"
            )
        });
        let mode = settings.get(definition::FILE_MODE).filter(|_| cfg!(windows));
        let mode =
            mode.map(|mode| format!("the file's mode ({mode}) is not set: on Windows its folder gives it access"));
        left.chain(mode).chain(unkept::lost(settings)).collect()
    }

    fn make(&mut self, settings: &BTreeMap<String, String>) -> Result<Box<dyn Sink>, DbError> {
        let failed_to = |error: Error| self.cannot("cannot make", &error);
        for dir in &self.missing {
            match std::fs::create_dir(dir) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed_to(error)),
                _ => {}
            }
        }
        self.clear()?;
        // nobody else may read it before it has the mode that it had
        create_private(&self.temp).map_err(failed_to)?;
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        definition::apply(&conn, settings)?;
        conn.close().map_err(|(_, error)| failed("making the file", error))?;
        self.settings.clone_from(settings);
        let (path, identity) = (self.temp.clone(), self.identity.clone());
        Ok(Box::new(Sqlite { path, options: self.options.clone(), identity, reader: None }))
    }

    fn keep(self: Box<Self>) -> Result<(), DbError> {
        let settled = self.settle();
        if settled.is_err() {
            self.remove()?;
        }
        settled
    }

    fn discard(self: Box<Self>) -> Result<(), DbError> {
        self.remove()
    }
}

/// Gives a file another name, which no other file may have.
fn rename_to_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        // a file system without links
        Err(error) if error.kind() != ErrorKind::AlreadyExists && to.symlink_metadata().is_err() => {
            std::fs::rename(from, to)
        }
        Err(error) => Err(error),
    }
}

/// The directory that is there in or below which a file at `path` can be made; none if something else is in the way.
pub(super) fn place_of(path: &Path) -> Option<&Path> {
    path.file_name()?;
    for dir in path.ancestors().skip(1) {
        match std::fs::metadata(dir) {
            Ok(found) if found.is_dir() => {
                let rest = path.strip_prefix(dir).ok()?;
                return rest.components().all(|part| matches!(part, Component::Normal(_))).then_some(dir);
            }
            Ok(_) => return None,
            // a link to nowhere
            Err(_) if dir.symlink_metadata().is_ok() => return None,
            Err(_) => {}
        }
    }
    None
}

/// A name that no file has: `dev.db-wal.old`, `dev.db-wal.old2`.
fn free(path: &Path) -> PathBuf {
    let first = beside(path, ".old");
    let more = (2..).map(|number: u64| beside(path, &format!(".old{number}")));
    let mut names = std::iter::once(first.clone()).chain(more);
    names.find(|name| name.symlink_metadata().is_err()).unwrap_or(first)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

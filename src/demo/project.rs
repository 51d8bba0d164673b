//! The demo's directory: what a small Prisma project on SQLite looks like.

use super::database::{DemoError, SCHEMA_PRISMA, TABLES, create_database};
use super::{CLEANUP_SQL, CleanupReport, run_cleanup};
use crate::hash::{Hash, Hasher};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};

const DATABASE: &str = "dev.db";
const CLEANUP: &str = "scripts/fc-002-cleanup.sql";
const ENV: &str = "DATABASE_URL=\"file:./dev.db\"\n";
/// Stands in every demo directory, so that a later demo may replace it and nothing else.
const MARKER: &str = ".dbsnap-demo";

/// A demo project on disk.
#[derive(Debug, Clone)]
pub struct DemoProject {
    dir: PathBuf,
}

impl DemoProject {
    /// Makes the project in `dir`: a new directory, an empty one, or an older demo, which is replaced.
    ///
    /// # Errors
    /// [`DemoError::Exists`] if `dir` holds anything else, [`DemoError::Used`] if it is a demo to which somebody has
    /// added snapshots, [`DemoError::Io`], [`DemoError::Sqlite`].
    pub fn create(dir: &Path) -> Result<DemoProject, DemoError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| DemoError::Io { path, source }
        };
        let marker = dir.join(MARKER);
        if marker.is_file() {
            let of_demo = fs::read_to_string(&marker).map_err(io(&marker))?;
            if snapshots(dir).iter().any(|name| !of_demo.lines().any(|line| line == name)) && !of_demo.is_empty() {
                return Err(DemoError::Used(dir.to_owned()));
            }
            fs::remove_dir_all(dir).map_err(io(dir))?;
        } else if dir.exists() && (!dir.is_dir() || fs::read_dir(dir).map_err(io(dir))?.next().is_some()) {
            return Err(DemoError::Exists(dir.to_owned()));
        }
        for below in ["prisma", "scripts"] {
            fs::create_dir_all(dir.join(below)).map_err(io(dir))?;
        }
        for (name, text) in
            [(MARKER, ""), (".env", ENV), ("prisma/schema.prisma", SCHEMA_PRISMA), (CLEANUP, CLEANUP_SQL)]
        {
            let path = dir.join(name);
            fs::write(&path, text).map_err(io(&path))?;
        }
        create_database(&dir.join(DATABASE))?;
        Ok(DemoProject { dir: dir.to_owned() })
    }

    /// Notes which snapshots are the demo's own: a later demo does not replace one that has others.
    ///
    /// # Errors
    /// [`DemoError::Io`]
    pub fn finish(&self) -> Result<(), DemoError> {
        let path = self.dir.join(MARKER);
        let own = snapshots(&self.dir).join("\n") + "\n";
        fs::write(&path, own).map_err(|source| DemoError::Io { path, source })
    }

    /// The project's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The clean-up script, relative to the project.
    pub fn cleanup_script(&self) -> &'static str {
        CLEANUP
    }

    /// Runs the clean-up.
    ///
    /// # Errors
    /// [`DemoError::Sqlite`]
    pub fn run_cleanup(&self) -> Result<CleanupReport, DemoError> {
        run_cleanup(&self.dir.join(DATABASE))
    }

    /// Reads every table through SQLite alone, row by row in the order of their keys, and hashes what it says: an
    /// opinion of its own on whether the database is what it was.
    ///
    /// # Errors
    /// [`DemoError::Sqlite`]
    pub fn fingerprint(&self) -> Result<Hash, DemoError> {
        let connection = Connection::open_with_flags(self.dir.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut hasher = Hasher::new();
        for table in TABLES {
            let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY 1, 2"))?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    match row.get_ref(column)? {
                        ValueRef::Null => hasher.update(b"n"),
                        ValueRef::Integer(value) => hasher.update(b"i").update(&value.to_le_bytes()),
                        ValueRef::Real(value) => hasher.update(b"r").update(&value.to_bits().to_le_bytes()),
                        ValueRef::Text(bytes) => length_and(hasher.update(b"t"), bytes),
                        ValueRef::Blob(bytes) => length_and(hasher.update(b"b"), bytes),
                    };
                }
            }
        }
        Ok(hasher.finish())
    }
}

/// Names of the manifests in the store of a project; none if there is no store.
fn snapshots(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join(".dbsnap/snapshots")).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn length_and<'h>(hasher: &'h mut Hasher, bytes: &[u8]) -> &'h mut Hasher {
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes)
}

//! The files in `.dbsnap/hooks/`: calls that are under way, and losses of calls that have ended.
//!
//! A file is named by its call, the snapshot before it and the time of its making, so that what it keeps from gc is
//! known without reading it. `docs/FORMAT.md`, section 8, has the form.

use crate::fsio::{Disk, FileKind, FileSystem, FsError, read_whole, write_durably};
use crate::hash::Hash;
use crate::ops::run::{Before, Recovery};
use crate::ops::{OpError, Repository};
use crate::store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The directory, below the store's.
const DIR: &str = "hooks";
/// Bytes of the largest file.
const LONGEST: u64 = 16 << 20;
/// How long a file is kept of which nothing more was heard.
const KEPT: Duration = Duration::from_hours(24);

/// What is remembered of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// The session that it is of.
    pub session: Hash,
    /// When it began.
    pub started_at: Timestamp,
    /// The snapshot before it.
    pub before: Before,
    /// Whether it has ended, and its tables could not be compared: the end of the session looks again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
    /// What it lost; none while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// What a call lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lost {
    /// The snapshot after it, if there is one.
    pub after: Option<String>,
    /// The tables.
    pub tables: Vec<String>,
    /// Rows that are gone, as far as they could be counted.
    pub rows: u64,
    /// What takes it back.
    pub recovery: Vec<Recovery>,
    /// Whether the end of the session was told of it.
    pub is_told: bool,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallFile {
    path: PathBuf,
    /// The call.
    pub call: Hash,
    /// The snapshot before it.
    pub before: Hash,
    /// When it was made, in microseconds since 1970.
    pub micros: i64,
}

impl Record {
    /// Whether the call is under way.
    pub fn is_open(&self) -> bool {
        self.lost.is_none() && !self.is_unknown
    }
}

impl CallFile {
    /// A new one.
    pub fn new(store: &Path, call: Hash, before: Hash, made: Timestamp) -> CallFile {
        let micros = made.as_microsecond();
        CallFile { path: store.join(DIR).join(format!("{call}.{before}.{micros}.json")), call, before, micros }
    }

    fn parse(dir: &Path, name: &str) -> Option<CallFile> {
        let mut parts = name.strip_suffix(".json")?.split('.');
        let mut hash = || parts.next().filter(|part| !part.contains(char::is_uppercase)).and_then(Hash::parse_hex);
        let (call, before) = (hash()?, hash()?);
        let micros = parts.next()?.parse().ok()?;
        parts.next().is_none().then(|| CallFile { path: dir.join(name), call, before, micros })
    }

    /// All of a store, oldest first. A store in which no hook has worked has none.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn all(store: &Path) -> Result<Vec<CallFile>, OpError> {
        let dir = store.join(DIR);
        let names = match Disk.stat(&dir).and_then(|found| found.map(|_| Disk.names(&dir)).transpose()) {
            Ok(names) => names.unwrap_or_default(),
            Err(error) => return Err(failed(error)),
        };
        let mut files: Vec<CallFile> = names.iter().filter_map(|name| CallFile::parse(&dir, name)).collect();
        files.sort_by_key(|file| file.micros);
        Ok(files)
    }

    /// What it holds; `None` if it is gone.
    ///
    /// # Errors
    /// If it cannot be read or understood.
    pub fn read(&self) -> Result<Option<Record>, OpError> {
        let bytes = match read_whole(&Disk, &self.path, LONGEST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(failed)?,
        };
        let damaged = |error| OpError::Verification(format!("{} is damaged: {error}", self.path.display()));
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Writes it, whole and durable. `store` must be open for writing.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self, store: &Store, record: &Record) -> Result<(), OpError> {
        let bytes = serde_json::to_vec(record).map_err(|error| OpError::Verification(error.to_string()))?;
        let dir = store.root().join(DIR);
        match Disk.stat(&dir).map_err(failed)?.map(|found| found.kind) {
            Some(FileKind::Dir) => {}
            Some(_) => {
                let error = io::Error::from(io::ErrorKind::NotADirectory);
                return Err(OpError::io("write into", dir, error));
            }
            None => match Disk.create_dir(&dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
                _ => Disk.sync_dir(store.root()).map_err(failed)?,
            },
        }
        write_durably(&Disk, &store.scratch_dir(), &self.path, &bytes).map_err(failed)
    }

    /// Removes it. That need not last: a file that comes back is cleared later.
    pub fn remove(&self) {
        let _ = Disk.remove(&self.path);
    }
}

/// The snapshots that calls under way build on: nothing may take them away.
///
/// # Errors
/// If that cannot be told.
pub(in crate::ops) fn held(repository: &Repository) -> Result<Vec<Hash>, OpError> {
    Ok(CallFile::all(&repository.store_dir)?.into_iter().map(|file| file.before).collect())
}

/// How long a call of the session that has made other calls since is taken for one that is under way.
const OWN: Duration = Duration::from_mins(5);
/// How long one of another session is.
const OTHERS: Duration = Duration::from_hours(1);

/// Whether others of these calls are under way than the one of this key, of this session and begun then. A call that was
/// never made, or was killed, has no end: after a while it does not count.
pub(super) fn are_others_under_way(files: &[CallFile], (key, session, began): (Hash, Hash, i64)) -> bool {
    let now = Timestamp::now().as_microsecond();
    let counts = |file: &&CallFile| {
        let Ok(Some(record)) = file.read() else { return false };
        let longest = if record.session == session && file.micros < began { OWN } else { OTHERS };
        record.is_open() && i128::from(now - file.micros) < i128::try_from(longest.as_micros()).unwrap_or(i128::MAX)
    };
    files.iter().filter(|file| file.call != key).any(|file| counts(&file))
}

/// Removes files of which nothing more was heard for a day: their calls were killed, or their session is over.
pub(super) fn clear(files: &[CallFile]) {
    let is_old = |file: &&CallFile| {
        let modified = Disk.stat(&file.path).ok().flatten().map(|found| found.modified);
        modified.is_some_and(|then| SystemTime::now().duration_since(then).is_ok_and(|age| age > KEPT))
    };
    files.iter().filter(is_old).for_each(CallFile::remove);
}

fn failed(error: FsError) -> OpError {
    OpError::Io { action: error.action, path: error.path, source: error.source }
}

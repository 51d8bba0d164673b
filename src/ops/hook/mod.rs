//! `hook`: what is done around each call of a coding agent's tools. [`before`] sees that there is a snapshot of the
//! tables as they are, [`after`] tells what was lost since and how it is taken back. Between the two, which are two
//! processes, a file in the store remembers the call (`calls`).
//!
//! Nothing here knows an agent's format: a [`Call`] comes in, a report goes out.

mod after;
mod before;
mod budget;
mod calls;
mod judge;
mod session;
mod unseen;

pub use after::{Loss, Outcome, after};
pub use before::{Protection, before};
pub(super) use calls::held;
pub use judge::only_reads;
pub use session::{Open, Watched, stop, watched};
pub use unseen::Unseen;

use crate::hash::Hash;
use crate::ops::repository::Served;
use crate::ops::run::{Recovery, RecoveryKind, RunState, RunTable};
use crate::ops::{OpError, Place, Repository, STORE_DIR};
use calls::CallFile;
use std::path::{Path, PathBuf};

/// A call of a tool that an agent is about to make, or has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Whose it is.
    pub served: Served,
    /// The agent's own id of the call, if it has one. Without, equal calls of a session are taken for one.
    pub id: Option<String>,
    /// Where it runs, if that is known.
    pub dir: Option<PathBuf>,
    /// What it does.
    pub work: Work,
}

/// What a call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It runs shell commands.
    Shell(String),
    /// It calls a tool that may do anything.
    Tool {
        /// The tool.
        name: String,
        /// The texts among what it is given: one of them may be SQL.
        texts: Vec<String>,
    },
}

impl Call {
    /// What the files of this call are found by.
    fn key(&self) -> Hash {
        let own = (self.id.is_none()).then(|| self.line());
        hash_of(&[&self.served.agent, self.session(), self.id.as_deref().unwrap_or_default(), &own.unwrap_or_default()])
    }

    fn session(&self) -> &str {
        self.served.session.as_deref().unwrap_or_default()
    }

    /// What it does, in the words of the agent: not to be kept.
    fn line(&self) -> String {
        match &self.work {
            Work::Shell(command) => command.clone(),
            Work::Tool { name, texts } => [std::slice::from_ref(name), texts].concat().join(" "),
        }
    }
}

/// What the files of a session's calls are known by.
fn session_key(served: &Served) -> Hash {
    hash_of(&[&served.agent, served.session.as_deref().unwrap_or_default()])
}

fn hash_of(parts: &[&str]) -> Hash {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    Hash::of(&bytes)
}

/// Succeeds where hooks know what a command does. Agents hand PowerShell's commands to them on Windows, and `check` reads
/// those of a POSIX shell: what it does not understand it might let through.
///
/// # Errors
/// [`OpError::Refused`] on Windows.
pub fn are_supported() -> Result<(), OpError> {
    let what = "hooks for coding agents do not work on Windows yet, where commands are PowerShell's; WSL has them";
    if cfg!(windows) { Err(OpError::Refused { what: what.to_owned(), allow: None }) } else { Ok(()) }
}

/// The project that a call is about: of the first of `dirs` that is in one, or else of the place itself. None if there
/// is none: then there is nothing to watch.
///
/// # Errors
/// If there is one and its settings cannot be used.
pub fn project(dirs: &[PathBuf], place: &Place) -> Result<Option<Repository>, OpError> {
    let places = dirs.iter().map(|dir| Place { dir: dir.clone(), ..place.clone() });
    let named = place.store.is_some();
    for place in places.filter(|_| !named).chain([place.clone()]) {
        match Repository::find(&place) {
            Err(OpError::NoStore(_)) => {}
            found => return found.map(Some),
        }
    }
    Ok(None)
}

/// The project that has the beginning of this call, whose end is told from one of `dirs`: the call may have changed its
/// directory. Else as [`project`].
///
/// # Errors
/// As [`project`].
pub fn project_of(call: &Call, dirs: &[PathBuf], place: &Place) -> Result<Option<Repository>, OpError> {
    let key = call.key();
    let above = dirs.iter().chain([&place.dir]).flat_map(|dir| dir.ancestors());
    for dir in above.filter(|dir| place.store.is_none() && dir.join(STORE_DIR).is_dir()) {
        // whose settings cannot be used is told of below, if it is the one
        let Ok(repository) = Repository::find(&Place { dir: dir.to_owned(), ..place.clone() }) else { continue };
        if CallFile::all(&repository.store_dir).is_ok_and(|files| files.iter().any(|file| file.call == key)) {
            return Ok(Some(repository));
        }
    }
    project(dirs, place)
}

/// Updated rows that go without a word, if they are not more than half of the table.
const FEW_CHANGED: u64 = 50;

/// Whether that table has lost more than goes without a word: too many of its rows, or more than half of them, or the
/// values of a column.
fn is_loss(table: &RunTable, repository: &Repository) -> bool {
    let is_most = table.deleted().is_some_and(|deleted| deleted > table.rows_before / 2);
    let has_lost_columns = table.rows_before > 0 && !table.lost_columns.is_empty();
    is_most || has_lost_columns || repository.config.hook.max_deleted.is_passed(table)
}

/// Whether most rows of the table, and not just a few, have other values.
fn is_rewritten(table: &RunTable) -> bool {
    let changed = table.change.filter(|_| table.state == RunState::Changed).map_or(0, |change| change.changed);
    changed > FEW_CHANGED && changed > table.rows_before / 2
}

/// The commands that bring back the rows of `tables` that are not there any more, and nothing else: for who does not know
/// what others wrote meanwhile.
fn bring_back(before: &str, tables: &[String], dropped: &[String]) -> Vec<Recovery> {
    let mut found: Vec<Recovery> = Vec::new();
    let id = &before[..Hash::SHORT];
    if !dropped.is_empty() {
        let words: Vec<&str> =
            ["restore", id].into_iter().chain(dropped.iter().map(String::as_str)).chain(["--create"]).collect();
        found.push(Recovery::new(RecoveryKind::Dropped, dropped.to_vec(), &words));
    }
    if !tables.is_empty() {
        let words: Vec<&str> =
            ["restore", id, "--mode", "missing"].into_iter().chain(tables.iter().map(String::as_str)).collect();
        found.push(Recovery::new(RecoveryKind::Rows, tables.to_vec(), &words));
    }
    found
}

/// The commands for somebody without a terminal, who is in `dir` and not in the project.
fn for_agent(recovery: Vec<Recovery>, repository: &Repository, dir: Option<&Path>) -> Vec<Recovery> {
    let store = |dir: &Path| dir.ancestors().map(|dir| dir.join(STORE_DIR)).find(|store| store.is_dir());
    let is_here = dir.is_none_or(|dir| {
        store(dir)
            .is_some_and(|store| dunce::canonicalize(&store).ok() == dunce::canonicalize(&repository.store_dir).ok())
    });
    let adapted = |one: Recovery| {
        let one = match one.kind {
            RecoveryKind::Look => one,
            _ => Recovery { argv: [one.argv, vec!["-y".to_owned()]].concat(), ..one },
        };
        if is_here { one } else { one.from_elsewhere(&repository.root) }
    };
    recovery.into_iter().map(adapted).collect()
}

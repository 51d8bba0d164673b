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

pub use after::{Loss, Outcome, after};
pub use before::{Protection, before};
pub(super) use calls::held;
pub use session::{Open, Watched, stop, watched};

use crate::hash::Hash;
use crate::ops::repository::Served;
use crate::ops::run::RunTable;
use crate::ops::{OpError, Place, Repository};
use std::path::PathBuf;

/// A call of a tool that an agent is about to make, or has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Whose it is.
    pub served: Served,
    /// The agent's own id of the call, if it has one. Without, equal calls of a session are taken for one.
    pub id: Option<String>,
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

    /// What it does, in the words of the agent.
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

/// Whether that table has lost more than goes without a word: too many of its rows, or all of them.
fn is_loss(table: &RunTable, repository: &Repository) -> bool {
    let is_emptied = table.rows_before > 0 && table.deleted() == Some(table.rows_before);
    is_emptied || repository.config.hook.max_deleted.is_passed(table)
}

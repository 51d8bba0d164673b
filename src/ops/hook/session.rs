//! The begin and the end of an agent's session.

use super::before::watch;
use super::budget::Budget;
use super::calls::{CallFile, Lost, Record};
use super::session_key;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::repository::Served;
use crate::ops::run::{NotCovered, Recovery};
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, History, SnapshotKind};
use crate::store::Access;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The database, without secrets.
    pub database: String,
    /// The tables.
    pub tables: Vec<String>,
    /// Tables that are too large, or left out by the settings.
    pub not_covered: Vec<NotCovered>,
}

/// What is watched in this project; none if no database is set.
///
/// # Errors
/// If the database cannot be reached, or a table not be watched.
pub fn watched(repository: Repository, monitor: &dyn Monitor) -> Result<Option<Watched>, OpError> {
    let budget = Budget::new(repository.config.hook.budget_seconds, monitor);
    let repository = repository.hurried(budget.left());
    let mut database = repository.database();
    let database = match database.connect() {
        Err(OpError::NoDatabase { .. }) => return Ok(None),
        connected => connected?,
    };
    let catalog = database.sink.catalog()?;
    let chosen = watch(&repository, &catalog, &[])?;
    Ok(Some(Watched {
        database: database.name.clone(),
        tables: chosen.tables.iter().map(|info| info.schema.table.to_string()).collect(),
        not_covered: chosen.left_out,
    }))
}

/// A loss of a session that was not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The command, without passwords.
    pub command: Vec<String>,
    /// The tables.
    pub tables: Vec<String>,
    /// Rows that are gone, as far as they could be counted.
    pub rows: u64,
    /// What takes it back.
    pub recovery: Vec<Recovery>,
}

/// The losses of a session that were not taken back, each told once.
///
/// # Errors
/// If the store cannot be read.
pub fn stop(served: &Served, repository: Repository, monitor: &dyn Monitor) -> Result<Vec<Open>, OpError> {
    let session = session_key(served);
    let mut lost: Vec<(CallFile, Record, Lost)> = Vec::new();
    for file in CallFile::all(&repository.store_dir)? {
        // one that is damaged is of a call that its own hook tells of
        let Ok(Some(record)) = file.read() else { continue };
        if let Some(one) = record.lost.clone().filter(|one| record.session == session && !one.is_told) {
            lost.push((file, record, one));
        }
    }
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let budget = Budget::new(repository.config.hook.budget_seconds, monitor);
    let store = repository.hurried(budget.left()).open(Access::Write)?;
    let history = History::load(&store)?;
    let mut open = Vec::new();
    for (file, record, one) in lost {
        let told = Record { lost: Some(Lost { is_told: true, ..one.clone() }), ..record.clone() };
        file.write(&store, &told)?;
        if !is_taken_back(&history, &file.before, one.after.as_deref()) {
            let (command, recovery) = (record.before.command, one.recovery);
            open.push(Open { command, tables: one.tables, rows: one.rows, recovery });
        }
    }
    Ok(open)
}

/// Whether a restore was made of the snapshot before the call, or the call was undone.
fn is_taken_back(history: &History, before: &Hash, after: Option<&str>) -> bool {
    let after = after.and_then(Hash::parse_hex);
    let names = |id: &Hash| [Some(*before), after].into_iter().flatten().any(|one| is_same(history, &one, id));
    let is_its = |entry: &&Entry| entry.manifest.restored.as_ref().is_some_and(|restored| names(&restored.id));
    history.entries.iter().filter(|entry| entry.manifest.kind == SnapshotKind::Safety).any(|entry| is_its(&entry))
}

/// Whether both are ids of one snapshot, of which the message may have been changed.
fn is_same(history: &History, one: &Hash, other: &Hash) -> bool {
    one == other || history.now_called(one).is_some_and(|entry| entry.is_or_was(other))
}

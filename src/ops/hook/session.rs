//! The begin and the end of an agent's session.

use super::after::{Ending, Outcome, PINNED};
use super::before::watch;
use super::budget::Budget;
use super::calls::{CallFile, Lost, Record};
use super::session_key;
use crate::db::Catalog;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::names::Tables;
use crate::ops::repository::Served;
use crate::ops::run::{NotCovered, Recovery, RecoveryKind};
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, History, Refs, SnapshotKind};
use crate::store::{Access, Store};
use std::collections::BTreeSet;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The database, without secrets.
    pub database: String,
    /// The tables.
    pub tables: Vec<String>,
    /// Tables that are too large, or left out by the settings.
    pub not_covered: Vec<NotCovered>,
    /// Names and patterns of the settings that there is no table of.
    pub unknown: Vec<String>,
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
    let known = Tables::of_catalog(&repository, &catalog);
    let settings = &repository.config.hook;
    let named = settings.tables.iter().chain(&settings.exclude);
    Ok(Some(Watched {
        database: database.name.clone(),
        tables: chosen.tables.iter().map(|info| info.schema.table.to_string()).collect(),
        not_covered: chosen.left_out,
        unknown: named.filter(|name| known.find(name).is_err()).cloned().collect(),
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

/// The losses of a session that were not taken back, each told once. Calls whose tables could not be compared when they
/// had ended are looked at again. The pins of what was taken back are released.
///
/// # Errors
/// If the store cannot be read.
pub fn stop(served: &Served, repository: Repository, monitor: &dyn Monitor) -> Result<Vec<Open>, OpError> {
    let session = session_key(served);
    let budget = Budget::new(repository.config.hook.budget_seconds, monitor);
    let repository = repository.hurried(budget.left()).serving(served.clone());
    for (file, record) in of_session(&repository, session)?.into_iter().filter(|(_, record)| record.is_unknown) {
        let ending = Ending { repository: &repository, file: &file, record, dir: None };
        if let Outcome::Fine = ending.outcome(&budget) {
            release(&repository.open(Access::Write)?, &file.before)?;
        }
    }
    let mut lost: Vec<(CallFile, Record, Lost)> = Vec::new();
    for (file, record) in of_session(&repository, session)? {
        if let Some(one) = record.lost.clone() {
            lost.push((file, record, one));
        }
    }
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    // without it a table that was dropped counts as not there
    let catalog = repository.database().catalog().ok();
    let mut open = Vec::new();
    for (file, record, one) in lost {
        if is_taken_back(&history, catalog.as_ref(), &file.before, &one) {
            release(&store, &file.before)?;
            file.remove();
        } else if !one.is_told {
            file.write(&store, &Record { lost: Some(Lost { is_told: true, ..one.clone() }), ..record.clone() })?;
            let (command, recovery) = (record.before.command, one.recovery);
            open.push(Open { command, tables: one.tables, rows: one.rows, recovery });
        }
    }
    Ok(open)
}

/// The calls of a session. One that is damaged is told of by its own hook.
fn of_session(repository: &Repository, session: Hash) -> Result<Vec<(CallFile, Record)>, OpError> {
    let files = CallFile::all(&repository.store_dir)?.into_iter();
    let read = files.filter_map(|file| file.read().ok().flatten().map(|record| (file, record)));
    Ok(read.filter(|(_, record)| record.session == session).collect())
}

/// Takes a pin of the hook's away.
fn release(store: &Store, before: &Hash) -> Result<(), OpError> {
    if Refs::load(store)?.pins.get(before).is_some_and(|why| why.as_ref().is_some_and(|why| why.starts_with(PINNED))) {
        store.unpin(before)?;
    }
    Ok(())
}

/// Whether all tables that have lost rows were restored from the snapshot before the call, or by undoing it; those that
/// were dropped, whether they are there again.
fn is_taken_back(history: &History, catalog: Option<&Catalog>, before: &Hash, lost: &Lost) -> bool {
    let after = lost.after.as_deref().and_then(Hash::parse_hex);
    let names = |id: &Hash| [Some(*before), after].into_iter().flatten().any(|one| is_same(history, &one, id));
    let is_its = |entry: &&Entry| {
        let restored = entry.manifest.restored.as_ref();
        entry.manifest.kind == SnapshotKind::Safety && restored.is_some_and(|restored| names(&restored.id))
    };
    let safety = history.entries.iter().filter(is_its);
    let restored: BTreeSet<String> =
        safety.flat_map(|entry| entry.manifest.tables.iter().map(|table| table.table.to_string())).collect();
    let dropped: BTreeSet<&String> =
        lost.recovery.iter().filter(|one| one.kind == RecoveryKind::Dropped).flat_map(|one| &one.tables).collect();
    let is_there = |name: &String| {
        let mut tables = catalog.iter().flat_map(|catalog| &catalog.tables);
        tables.any(|info| info.schema.table.to_string() == *name)
    };
    lost.tables.iter().all(|name| restored.contains(name) || dropped.contains(name) && is_there(name))
}

/// Whether both are ids of one snapshot, of which the message may have been changed.
fn is_same(history: &History, one: &Hash, other: &Hash) -> bool {
    one == other || history.now_called(one).is_some_and(|entry| entry.is_or_was(other))
}

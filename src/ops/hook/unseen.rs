//! What was lost between two calls of a session.

use super::{Call, bring_back, for_agent, is_loss};
use crate::db::Catalog;
use crate::ops::Repository;
use crate::ops::run::{Recovery, RunState, RunTable};
use crate::snapshot::{Entry, History};

/// Rows that were lost after the end of a call: by what it left running, or by somebody else.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// The snapshot that has them, pinned.
    pub before: String,
    /// The tables.
    pub tables: Vec<RunTable>,
    /// What brings them back.
    pub recovery: Vec<Recovery>,
}

/// What a new snapshot has not of what the last one had, if that is of the same session: what a call left running has
/// lost, or somebody else.
pub(super) fn lost_since(
    call: &Call,
    repository: &Repository,
    history: &History,
    (taken, catalog): (&Entry, &Catalog),
) -> Option<Unseen> {
    let same = |entry: &&Entry| entry.id != taken.id && entry.manifest.source.same_database(&taken.manifest.source);
    let last = history.asked_for().find(same)?;
    let session = last.manifest.actor.session.as_ref();
    if !last.manifest.hook || session.is_none() || session != call.served.session.as_ref() {
        return None;
    }
    let mut tables = Vec::new();
    for table in &last.manifest.tables {
        let now = taken.manifest.table(&table.table);
        let change = now.and_then(|now| now.change).filter(|change| last.is_or_was(&change.since));
        let state = match (now, change) {
            (Some(_), Some(_)) => RunState::Changed,
            (None, _) if catalog.table(&table.table).is_none() => RunState::Dropped,
            _ => continue,
        };
        tables.push(RunTable {
            table: table.table.to_string(),
            state,
            rows_before: table.rows,
            rows_after: now.map(|now| now.rows),
            change,
            schema_changes: Vec::new(),
            takes_rows: state == RunState::Changed,
            lost_columns: Vec::new(),
        });
    }
    tables.retain(|table| is_loss(table, repository));
    let names = |state| tables.iter().filter(|table| table.state == state).map(|table| table.table.clone()).collect();
    let (changed, dropped): (Vec<String>, Vec<String>) = (names(RunState::Changed), names(RunState::Dropped));
    let before = last.id.to_hex();
    let recovery = for_agent(bring_back(&before, &changed, &dropped), repository, call.dir.as_deref());
    (!tables.is_empty()).then_some(Unseen { before, tables, recovery })
}

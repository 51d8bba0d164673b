//! The snapshot after a command, and what the command changed.

use super::before::PINNED;
use super::{Before, Ended, RunReport, RunState, RunTable, in_a_line};
use crate::codec::TableName;
use crate::db::{Catalog, DbError, Sink, TableRead};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::actor;
use crate::ops::database::Database;
use crate::ops::diff::schema::{differences, lost_columns};
use crate::ops::publish::{Captured, Compared, Draft, now, origin, publish};
use crate::ops::refs;
use crate::ops::restore::idle;
use crate::ops::restore::undoing::is_alike;
use crate::ops::snap::take::{self, Reading, Subject};
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, History, Origin, Refs, Run, RunEnd, SnapshotKind, TableEntry, read_schema};
use crate::store::{Access, Objects, Store};
use std::time::{Duration, Instant};

/// How long transactions are waited for that go on after the command.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often they are looked for.
const POLL: Duration = Duration::from_millis(100);
/// How far from each other the clocks of the two halves of a command may be.
const CLOCK: Duration = Duration::from_secs(1);

/// Compares the tables with the snapshot before a command that has ended. If anything changed, they are kept in a
/// second snapshot, of which [`UndoOptions`](crate::ops::restore::UndoOptions) can take the run back. `database` must
/// not be the connection of before: the command may have taken long, or ended it.
///
/// # Errors
/// If the tables cannot be compared. The snapshot before the command is there all the same.
pub fn after(
    before: &Before,
    ended: Ended,
    repository: &Repository,
    database: &mut Database,
    monitor: &dyn Monitor,
) -> Result<RunReport, OpError> {
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let entry = Hash::parse_hex(&before.id).and_then(|id| history.now_called(&id));
    let entry = match entry {
        Some(entry) => entry,
        None => refs::resolve(repository, &history, &Refs::load(&store)?, &before.id)?.entry,
    };
    let comparing = Comparing { repository, store: &store, history: &history, entry, before, ended };
    let (report, origin) = comparing.compare(database, monitor)?;
    if report.unsettled.is_some() && !report.changed() {
        return Ok(report);
    }
    release(&store, &entry.id)?;
    if !report.changed() {
        idle::note(&store, &history, &origin, (&entry.id, true))?;
    }
    Ok(report)
}

/// A command that has ended, and the snapshot before it.
pub(in crate::ops) struct Comparing<'c> {
    pub repository: &'c Repository,
    pub store: &'c Store,
    pub history: &'c History,
    pub entry: &'c Entry,
    pub before: &'c Before,
    pub ended: Ended,
}

impl Comparing<'_> {
    /// What became of the tables. If anything changed, they are kept in a second snapshot. Also which database it was.
    ///
    /// # Errors
    /// As [`after`].
    pub fn compare(&self, database: &mut Database, monitor: &dyn Monitor) -> Result<(RunReport, Origin), OpError> {
        let Comparing { repository, store, history, entry, before, ended } = *self;
        let identity = database.identity().map_err(|error| match error {
            OpError::Db(gone @ DbError::Connect { absent: true, .. }) => OpError::DatabaseGone(gone),
            error => error,
        })?;
        let here = origin(identity, repository);
        if !here.same_database(&entry.manifest.source) {
            let what = format!(
                "the settings name database {} now; before the command it was {}",
                here.database, entry.manifest.source.database
            );
            return Err(OpError::Refused { what, allow: None });
        }
        let catalog = database.catalog()?;
        let (reads, there) = readable(entry, &catalog)?;
        let compared: Vec<Option<Compared>> =
            there.iter().map(|table| Some(Compared { root: table.root, snapshot: entry.id, whole: true })).collect();
        let expected: Vec<_> = there.iter().map(|table| (Some(table.rows), Some(table.bytes))).collect();
        let names: Vec<TableName> = there.iter().map(|table| table.table.clone()).collect();
        let unsettled = settle(database.connect()?.sink.as_mut(), &names, ended, monitor)?;
        let session = store.session()?;
        let reading = Reading { repository, store, history, session: &session };
        let subject = Subject { reads: &reads, expected: &expected, compared: &compared };
        let take::Instant { origin, mark, captured, schema_version, settings } =
            reading.instant(database.connect()?.sink.as_mut(), subject, monitor)?;
        let mut tables = Vec::with_capacity(entry.manifest.tables.len());
        for table in &entry.manifest.tables {
            let now = there.iter().position(|one| one.table == table.table).map(|at| (&reads[at], &captured[at]));
            tables.push(became(store, table, now)?);
        }
        let mut undoable = there.len() == tables.len();
        for (table, read) in there.iter().zip(&reads) {
            undoable &= is_alike(&read_schema(store, &table.schema_object)?, &read.schema);
        }
        let mut report = RunReport {
            undoable,
            overlapping: overlapping(history, entry, ended),
            argv: before.command.clone(),
            ended,
            before: entry.id.to_hex(),
            after: None,
            tables,
            created: created(before, &catalog),
            left_out: before.left_out.clone(),
            unsettled,
        };
        if !report.changed() || captured.is_empty() {
            return Ok((report, origin));
        }
        let draft = Draft {
            kind: SnapshotKind::Snapshot,
            message: format!("after: {}", in_a_line(&before.command)),
            actor: actor::detect(repository),
            origin,
            catalog: Some(&catalog),
            schema_version,
            restored: None,
            imported: false,
            hook: repository.served().is_some(),
            mark,
            run: Some(Run {
                command: before.command.clone(),
                ended: Some(RunEnd {
                    before: entry.id,
                    started_at: ended.started_at,
                    ended_at: ended.ended_at,
                    exit_code: ended.exit_code,
                    signal: ended.signal,
                }),
            }),
            settings,
            captured,
        };
        report.after = Some(publish(store, session, history, draft)?.entry.id.to_hex());
        Ok((report, here))
    }
}

/// Runs on the same database that were under way at the same time, as far as that is known: those that have ended, and
/// those that began after this one.
fn overlapping(history: &History, before: &Entry, ended: Ended) -> Vec<String> {
    let runs = history.entries.iter().filter(|entry| entry.manifest.source.same_database(&before.manifest.source));
    let runs: Vec<(&Entry, &Run)> = runs
        .filter_map(|entry| Some((entry, entry.manifest.run.as_ref()?)))
        .filter(|(entry, _)| entry.id != before.id)
        .collect();
    let is_during = |(entry, run): &&(&Entry, &Run)| match &run.ended {
        Some(other) => other.started_at < ended.ended_at && ended.started_at < other.ended_at,
        None => {
            entry.manifest.order() > before.manifest.order()
                && !runs.iter().any(|(_, run)| run.ended.as_ref().is_some_and(|other| entry.is_or_was(&other.before)))
        }
    };
    runs.iter().filter(is_during).map(|(entry, _)| entry.id.to_hex()).collect()
}

/// Waits a while for transactions that have written to `tables` since the command was started, and have not ended: a
/// server goes on with a statement whose client was killed. What is known of one that remains.
fn settle(
    sink: &mut dyn Sink,
    tables: &[TableName],
    ended: Ended,
    monitor: &dyn Monitor,
) -> Result<Option<String>, OpError> {
    let begun = Instant::now();
    let age = now().duration_since(ended.started_at);
    let age = Duration::try_from(age).unwrap_or_default().saturating_add(CLOCK);
    loop {
        let writer = sink.writer(tables, age.saturating_add(begun.elapsed()))?;
        if writer.is_none() || begun.elapsed() >= PATIENCE {
            return Ok(writer);
        }
        if monitor.interrupted() {
            return Err(OpError::Interrupted);
        }
        std::thread::sleep(POLL);
    }
}

/// Takes the pin of the snapshot before the command away, unless somebody has pinned it for another reason.
fn release(store: &Store, before: &Hash) -> Result<(), OpError> {
    if Refs::load(store)?.pins.get(before).is_some_and(|reason| reason.as_deref() == Some(PINNED)) {
        store.unpin(before)?;
    }
    Ok(())
}

/// How the tables of the snapshot that are still there are read, and what it says of them.
fn readable<'e>(entry: &'e Entry, catalog: &Catalog) -> Result<(Vec<TableRead>, Vec<&'e TableEntry>), OpError> {
    let (mut reads, mut there) = (Vec::new(), Vec::new());
    for table in &entry.manifest.tables {
        let Some(info) = catalog.table(&table.table) else { continue };
        if let Some(refusal) = &info.refusal {
            return Err(OpError::RefusedTable { what: refusal.clone(), table: table.table.to_string() });
        }
        reads.push(TableRead { schema: info.schema.clone(), filter: None });
        there.push(table);
    }
    Ok((reads, there))
}

/// What became of a table, of which `now` is what there is.
fn became(
    objects: &dyn Objects,
    table: &TableEntry,
    now: Option<(&TableRead, &Captured)>,
) -> Result<RunTable, OpError> {
    let gone = RunTable {
        table: table.table.to_string(),
        state: RunState::Dropped,
        rows_before: table.rows,
        rows_after: None,
        change: None,
        schema_changes: Vec::new(),
        takes_rows: false,
        lost_columns: Vec::new(),
    };
    let Some((read, captured)) = now else { return Ok(gone) };
    let rows_after = Some(captured.built.totals.rows);
    let was = read_schema(objects, &table.schema_object)?;
    if was != read.schema {
        let schema_changes = differences(&was, &read.schema);
        // rows of other columns are other rows, but those whose key is gone are gone
        let state = RunState::SchemaChanged;
        let takes_rows = is_alike(&was, &read.schema);
        let (change, lost_columns) = (captured.change(), lost_columns(&was, &read.schema));
        return Ok(RunTable { state, rows_after, change, schema_changes, takes_rows, lost_columns, ..gone });
    }
    let state = if captured.built.root == table.root { RunState::Unchanged } else { RunState::Changed };
    Ok(RunTable { state, rows_after, change: captured.change(), takes_rows: true, ..gone })
}

/// Tables that the database did not have.
fn created(before: &Before, catalog: &Catalog) -> Vec<String> {
    let names = catalog.tables.iter().map(|info| info.schema.table.to_string());
    names.filter(|name| !before.known.contains(name)).collect()
}

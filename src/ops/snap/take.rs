//! Taking a snapshot.

use super::plan::Prepared;
use super::{SnapOptions, SnapPlan, SnapReport, SnappedTable};
use crate::codec::Mark;
use crate::db::{Sink, Standing, TableInfo, TableRead};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::actor;
use crate::ops::config::ExportWhen;
use crate::ops::database::Database;
use crate::ops::export::{self, ExportReport};
use crate::ops::held::Held;
use crate::ops::plan::{Operation, Plan};
use crate::ops::publish::{Captured, Compared, Draft, Published, Taking, origin, publish};
use crate::ops::repository::Repository;
use crate::prisma::project::PrismaProject;
use crate::snapshot::{History, Origin, SnapshotKind};
use crate::store::{Access, Session, Store};
use std::collections::BTreeMap;
use std::path::Path;

impl Operation for SnapOptions {
    const COMMAND: &'static str = "snap";
    type Effect = SnapPlan;
    type Report = SnapReport;

    fn plan(
        &self,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<Plan<SnapOptions>, OpError> {
        Prepared::find(repository, database, self)?.plan(repository, database, self, monitor)
    }

    /// # Errors
    /// If anything fails: then no snapshot is listed, and what was written is collected by the next gc.
    fn apply(
        &self,
        repository: &Repository,
        database: &mut Database,
        digest: Option<&Hash>,
        monitor: &dyn Monitor,
    ) -> Result<SnapReport, OpError> {
        take(self, repository, database, (digest, None), monitor)
    }

    fn apply_plan(
        plan: &Plan<SnapOptions>,
        repository: &Repository,
        database: &mut Database,
        monitor: &dyn Monitor,
    ) -> Result<SnapReport, OpError> {
        let expected = plan.effect.tables.iter().map(|table| (table.rows, table.bytes)).collect();
        take(&plan.options, repository, database, (Some(&plan.digest()), Some(expected)), monitor)
    }
}

/// Rows and bytes that are expected of each table.
type Expected = Vec<(Option<u64>, Option<u64>)>;

fn take(
    options: &SnapOptions,
    repository: &Repository,
    database: &mut Database,
    (planned, expected): (Option<&Hash>, Option<Expected>),
    monitor: &dyn Monitor,
) -> Result<SnapReport, OpError> {
    let Prepared { catalog, tables, reads, basis, .. } = Prepared::find(repository, database, options)?;
    basis.check(planned)?;
    let expected = expected.unwrap_or_else(|| tables.iter().map(|table| (table.estimated_rows, table.bytes)).collect());
    let sink = database.connect()?.sink.as_mut();
    let started = std::time::Instant::now();
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let session = store.session()?;
    let reading = Reading { repository, store: &store, history: &history, session: &session };
    let instant = reading.instant(sink, Subject { reads: &reads, expected: &expected, compared: &[] }, monitor)?;
    let Instant { origin, mark, captured, schema_version, settings } = instant;
    let message = match options.message.trim() {
        "" if options.all && options.exclude.is_empty() && tables.len() > 2 => {
            format!("snapshot of all {} tables", tables.len())
        }
        "" => format!("snapshot of {}", list(&tables)),
        message => message.to_owned(),
    };
    let snapped = publish(
        &store,
        session,
        &history,
        Draft {
            kind: SnapshotKind::Snapshot,
            message,
            actor: actor::detect(repository),
            origin,
            catalog: Some(&catalog),
            schema_version,
            restored: None,
            imported: false,
            hook: false,
            run: None,
            mark,
            settings,
            captured,
        },
    )?;
    let export = match options.export.unwrap_or(repository.config.export == ExportWhen::Always) {
        true => Some(export::export_entry(repository, &store, &snapped.entry, monitor)?),
        false => None,
    };
    Ok(report(&snapped, started.elapsed().as_secs_f64(), export))
}

/// Where tables are read into.
pub(in crate::ops) struct Reading<'r> {
    pub repository: &'r Repository,
    pub store: &'r Store,
    pub history: &'r History,
    pub session: &'r Session<'r>,
}

/// What is read: tables, the rows and bytes that are expected of each, and the trees that they are compared with.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Subject<'s> {
    pub reads: &'s [TableRead],
    pub expected: &'s [(Option<u64>, Option<u64>)],
    pub compared: &'s [Option<Compared>],
}

/// Tables as they were at one instant.
pub(in crate::ops) struct Instant {
    pub origin: Origin,
    /// Where the database stood, if it can tell.
    pub mark: Option<Mark>,
    pub captured: Vec<Captured>,
    pub schema_version: Option<String>,
    /// What it takes to make an empty database like this one.
    pub settings: BTreeMap<String, String>,
}

impl Reading<'_> {
    /// Reads all tables from one instant.
    ///
    /// # Errors
    /// If the database cannot be read or the store not be written.
    pub fn instant(
        &self,
        sink: &mut dyn Sink,
        subject: Subject<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Instant, OpError> {
        let identity = sink.identity().clone();
        let origin = origin(&identity, self.repository);
        let held = Held::new(monitor, identity.engine, self.repository.config.long_snapshot_seconds);
        let mut snapshot = sink.snapshot(subject.reads, &held)?;
        let mark = match snapshot.standing()? {
            Standing::Marked(mark) => Some(mark),
            Standing::Unknown(_) => None,
        };
        let (store, history, session) = (self.store, self.history, self.session);
        let taking = Taking { store, history, session, origin: &origin, monitor: &held };
        let captured = taking.capture_noting(snapshot.as_mut(), subject.reads, subject.expected, subject.compared)?;
        let schema_version = snapshot.newest_migration().or_else(|| newest_migration(&self.repository.root));
        let settings = snapshot.settings()?;
        drop(snapshot);
        Ok(Instant { origin, mark, captured, schema_version, settings })
    }
}

/// The newest of Prisma's migrations as files: where the database keeps no list of those it has applied.
fn newest_migration(root: &Path) -> Option<String> {
    let migrations = PrismaProject::find(root).ok().flatten()?.migrations();
    let folders = std::fs::read_dir(migrations).ok()?.flatten();
    let folders = folders.filter(|entry| entry.path().join("migration.sql").is_file());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).max()
}

fn list(tables: &[TableInfo]) -> String {
    let name = |info: &TableInfo| info.schema.table.to_string();
    match tables {
        [one] => name(one),
        [first, second] => format!("{} and {}", name(first), name(second)),
        [first, rest @ ..] => format!("{} and {} more tables", name(first), rest.len()),
        [] => "nothing".to_owned(),
    }
}

fn report(published: &Published, seconds: f64, export: Option<ExportReport>) -> SnapReport {
    let tables = published
        .captured
        .iter()
        .zip(&published.entry.manifest.tables)
        .map(|(captured, entry)| SnappedTable {
            table: entry.table.to_string(),
            backup: entry.backup.clone(),
            filter: entry.filter.clone(),
            source_rows: captured.built.totals.rows,
            rows: entry.rows,
            bytes: entry.bytes,
            root: entry.root.to_hex(),
            leaves: captured.built.leaves,
            new_leaves: captured.built.new_leaves,
            change: entry.change,
        })
        .collect();
    SnapReport {
        id: published.entry.id.to_hex(),
        created_at: published.entry.manifest.created_at,
        message: published.entry.manifest.message.clone(),
        tables,
        added_bytes: published.entry.added_bytes(),
        seconds,
        export,
    }
}

//! Taking a snapshot.

use super::plan::Prepared;
use super::{SnapOptions, SnapPlan, SnapReport, SnappedTable};
use crate::db::TableInfo;
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::actor;
use crate::ops::config::ExportWhen;
use crate::ops::database::Database;
use crate::ops::export::{self, ExportReport};
use crate::ops::held::Held;
use crate::ops::plan::{Operation, Plan};
use crate::ops::publish::{Draft, Published, Taking, origin, publish};
use crate::ops::repository::Repository;
use crate::prisma::project::PrismaProject;
use crate::snapshot::{History, SnapshotKind};
use crate::store::Access;
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
    let source = &mut database.connect()?.sink;
    let started = std::time::Instant::now();
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let session = store.session()?;
    let identity = source.identity().clone();
    let origin = origin(&identity, repository);
    let (captured, schema_version) = {
        let held = Held::new(monitor, identity.engine, repository.config.long_snapshot_seconds);
        let mut snapshot = source.snapshot(&reads, &held)?;
        let taking = Taking { store: &store, history: &history, session: &session, origin: &origin, monitor: &held };
        (taking.capture(snapshot.as_mut(), &reads, &expected)?, snapshot.newest_migration())
    };
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
            actor: actor::detect(&repository.root),
            origin,
            catalog: Some(&catalog),
            schema_version: schema_version.or_else(|| newest_migration(&repository.root)),
            restored: None,
            imported: false,
            captured,
        },
    )?;
    let export = match options.export.unwrap_or(repository.config.export == ExportWhen::Always) {
        true => Some(export::export_entry(repository, &store, &snapped.entry, monitor)?),
        false => None,
    };
    Ok(report(&snapped, started.elapsed().as_secs_f64(), export))
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

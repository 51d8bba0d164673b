//! Taking a planned snapshot.

use super::{PlannedTable, SnapPlan, SnapReport, SnappedTable};
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::actor;
use crate::ops::config::ExportWhen;
use crate::ops::export::{self, ExportReport};
use crate::ops::held::Held;
use crate::ops::publish::{Draft, Published, Taking, origin, publish};
use crate::prisma::project::PrismaProject;
use crate::snapshot::{History, SnapshotKind};
use crate::store::Access;
use std::path::Path;

impl SnapPlan<'_> {
    /// Takes the snapshot.
    ///
    /// # Errors
    /// If anything fails: then no snapshot is listed, and what was written is collected by the next gc.
    pub fn take(self, monitor: &dyn Monitor) -> Result<SnapReport, OpError> {
        let started = std::time::Instant::now();
        let store = self.project.open(Access::Write)?;
        let history = History::load(&store)?;
        let session = store.session()?;
        let identity = self.source.identity().clone();
        let origin = origin(&identity, self.project);
        let (captured, schema_version) = {
            let held = Held::new(monitor, identity.engine, self.project.config.long_snapshot_seconds);
            let mut snapshot = self.source.snapshot(&self.reads, &held)?;
            let taking =
                Taking { store: &store, history: &history, session: &session, origin: &origin, monitor: &held };
            let expected: Vec<(Option<u64>, Option<u64>)> =
                self.tables.iter().map(|table| (table.rows, table.bytes)).collect();
            (taking.capture(snapshot.as_mut(), &self.reads, &expected)?, snapshot.newest_migration())
        };
        let message = match self.options.message.trim() {
            "" => format!("snapshot of {}", list(&self.tables)),
            message => message.to_owned(),
        };
        let snapped = publish(
            &store,
            session,
            &history,
            Draft {
                kind: SnapshotKind::Snapshot,
                message,
                actor: actor::detect(&self.project.root),
                origin,
                catalog: Some(&self.catalog),
                schema_version: schema_version.or_else(|| newest_migration(&self.project.root)),
                restored: None,
                imported: false,
                captured,
            },
        )?;
        let export = match self.options.export.unwrap_or(self.project.config.export == ExportWhen::Always) {
            true => Some(export::export_entry(self.project, &store, &snapped.entry, monitor)?),
            false => None,
        };
        Ok(report(&snapped, started.elapsed().as_secs_f64(), export))
    }
}

/// The newest of Prisma's migrations as files: where the database keeps no list of those it has applied.
fn newest_migration(root: &Path) -> Option<String> {
    let migrations = PrismaProject::find(root).ok().flatten()?.migrations();
    let folders = std::fs::read_dir(migrations).ok()?.flatten();
    let folders = folders.filter(|entry| entry.path().join("migration.sql").is_file());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).max()
}

fn list(tables: &[PlannedTable]) -> String {
    match tables {
        [one] => one.table.clone(),
        [first, second] => format!("{} and {}", first.table, second.table),
        [first, rest @ ..] => format!("{} and {} more tables", first.table, rest.len()),
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

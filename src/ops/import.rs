//! `import`: a snapshot from an exported file. No database is needed; the file says what its rows are.

use super::OpError;
use super::actor;
use super::project::{Place, Project};
use super::publish::{Draft, Taking, publish};
use crate::codec::{Key, TableSchema};
use crate::db::{Counter, DbError, Filter, RowSink, Snapshot, TableRead};
use crate::monitor::{Monitor, Step};
use crate::prisma::{ExportError, ExportReader, Metadata};
use crate::snapshot::{History, Origin, SnapshotKind};
use crate::store::Access;
use crate::tree::TreeError;
use jiff::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `import` did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The snapshot's id.
    pub id: String,
    /// When.
    pub created_at: Timestamp,
    /// What for.
    pub message: String,
    /// The table.
    pub table: String,
    /// Its backup id.
    pub backup: String,
    /// Rows.
    pub rows: u64,
    /// The root of the table's tree: the same as in the snapshot that was exported.
    pub root: String,
    /// Bytes by which the store grew, the manifest included.
    pub added_bytes: u64,
}

/// Makes a snapshot of the exported file `path`; `message` is what for, empty for one that names the file.
///
/// # Errors
/// [`OpError::Verification`] if the file is damaged, was changed, or is no backup file of dbsnap: then nothing is stored that
/// a snapshot lists.
pub fn import(place: &Place, path: &Path, message: &str, monitor: &dyn Monitor) -> Result<ImportReport, OpError> {
    let path = place.dir.join(path);
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let project = Project::find(place)?;
    let wrong = |error| damaged(&file, error);
    let metadata = ExportReader::open(&path).map_err(wrong)?.metadata().clone();
    let schema = usable_schema(&metadata).map_err(|what| OpError::Verification(format!("{file}: {what}")))?;
    // The whole file is checked before the first row of it is stored.
    monitor.begin(&Step { verb: "Verifying", subject: &file, ..Step::default() });
    let checked = ExportReader::open(&path).map_err(wrong)?.check().map_err(wrong);
    monitor.end();
    let records = checked?;

    let store = project.open(Access::Write)?;
    let history = History::load(&store)?;
    let session = store.session()?;
    let origin = origin_of(&metadata).map_err(|what| OpError::Verification(format!("{file}: {what}")))?;
    let filter = metadata.filter_applied.clone().map(|typed| Filter { typed, sql: String::new(), columns: Vec::new() });
    let reads = [TableRead { schema, filter }];
    let mut rows = FileRows { path, metadata: &metadata, records, monitor, failure: None };
    let taking = Taking { store: &store, history: &history, session: &session, origin: &origin, monitor };
    let captured = taking.capture(&mut rows, &reads, &[(Some(records), None)]);
    let captured = match (rows.failure, captured) {
        (Some(error), _) => return Err(damaged(&file, error)),
        (None, Err(OpError::Tree(TreeError::DuplicateKey))) => {
            return Err(OpError::Verification(format!("{file}: two of its records have the same key")));
        }
        (None, captured) => captured?,
    };
    let message = match message.trim() {
        "" => format!("import of {file}"),
        message => message.to_owned(),
    };
    let draft = Draft {
        kind: SnapshotKind::Snapshot,
        message,
        actor: actor::detect(&project.root),
        origin,
        catalog: None,
        schema_version: metadata.schema_version.clone(),
        restored: None,
        imported: true,
        captured,
    };
    let published = publish(&store, session, &history, draft)?;
    let manifest = &published.entry.manifest;
    let [table] = manifest.tables.as_slice() else {
        return Err(OpError::Verification("the snapshot has not the one table that was imported".to_owned()));
    };
    Ok(ImportReport {
        id: published.entry.id.to_hex(),
        created_at: manifest.created_at,
        message: manifest.message.clone(),
        table: table.table.to_string(),
        backup: table.backup.clone(),
        rows: table.rows,
        root: table.root.to_hex(),
        added_bytes: published.added_bytes,
    })
}

/// What is wrong with a file's content is damage; what the system refuses is not.
fn damaged(file: &str, error: ExportError) -> OpError {
    match error {
        ExportError::Io { .. } | ExportError::Refused { .. } => OpError::Export(error),
        error => OpError::Verification(format!("{file}: {error}")),
    }
}

/// The table's schema, if rows can be kept by it.
fn usable_schema(metadata: &Metadata) -> Result<TableSchema, String> {
    let schema = metadata.schema.clone().ok_or_else(|| ExportError::NoSchema.to_string())?;
    let columns = schema.columns.len();
    let fits = match &schema.key {
        Key::Columns { columns: key, .. } => {
            !key.is_empty() && key.iter().all(|column| usize::try_from(column.column).is_ok_and(|at| at < columns))
        }
        Key::Rows => true,
    };
    let postgres = schema.table.schema.is_some();
    let engine = metadata.engine.as_deref().unwrap_or(if postgres { "postgresql" } else { "sqlite" });
    if !fits || postgres != (engine == "postgresql") {
        return Err("the table's schema in its metadata contradicts itself; the file was edited".to_owned());
    }
    Ok(schema)
}

/// The database that the rows were read from, if the file says so.
fn origin_of(metadata: &Metadata) -> Result<Origin, String> {
    let engine = if metadata.engine.as_deref() == Some("postgresql") { "postgres" } else { "sqlite" };
    let Some(source) = metadata.extra.get("source") else {
        let (engine, database) = (engine.to_owned(), "unknown".to_owned());
        return Ok(Origin { engine, cluster: None, database, version: String::new() });
    };
    let told: Option<Origin> = serde_json::from_value(source.clone()).ok();
    told.filter(|origin| origin.engine == engine)
        .ok_or_else(|| "`source` in its metadata contradicts `engine`; the file was edited".to_owned())
}

/// The rows of a file, as if a database gave them.
struct FileRows<'m> {
    path: PathBuf,
    /// What the file said when it was checked.
    metadata: &'m Metadata,
    records: u64,
    monitor: &'m dyn Monitor,
    failure: Option<ExportError>,
}

impl FileRows<'_> {
    fn give(&mut self, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        let mut stop = |error| {
            self.failure = Some(error);
            DbError::Stopped
        };
        let mut reader = ExportReader::open(&self.path).map_err(&mut stop)?;
        if reader.metadata() != self.metadata {
            // Another file stands there now.
            return Err(stop(ExportError::Changed { path: self.path.clone() }));
        }
        let mut given = 0;
        while reader.advance().map_err(&mut stop)? {
            if self.monitor.interrupted() {
                return Err(DbError::Stopped);
            }
            rows.row_by(&mut |out| reader.append(out).map_err(&mut stop))?;
            given += 1;
        }
        Ok(given)
    }
}

impl Snapshot for FileRows<'_> {
    fn count(&mut self, _index: usize) -> Result<u64, DbError> {
        Ok(self.records)
    }

    fn read(&mut self, _index: usize, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.give(rows)
    }

    fn counters(&mut self, _index: usize) -> Result<Vec<Counter>, DbError> {
        Ok(Vec::new())
    }
}

//! `import`: a snapshot from an exported file. No database is needed; the file says what its rows are.

use super::OpError;
use super::actor;
use super::exported::{FileRows, usable_schema};
use super::publish::{Draft, Taking, publish};
use super::repository::Repository;
use crate::db::{Filter, TableRead};
use crate::monitor::{Monitor, Step};
use crate::prisma::{ExportError, ExportReader, Metadata};
use crate::snapshot::{History, Origin, SnapshotKind};
use crate::store::Access;
use crate::tree::TreeError;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What `import` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
/// [`OpError::Verification`] if the file is damaged, was changed, or is no backup file of dbsnap: then nothing is
/// stored that a snapshot lists.
pub fn import(
    repository: &Repository,
    path: &Path,
    message: &str,
    monitor: &dyn Monitor,
) -> Result<ImportReport, OpError> {
    let path = repository.dir().join(path);
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let wrong = |error| damaged(&file, error);
    let metadata = match ExportReader::open(&path) {
        Ok(reader) => reader.metadata().clone(),
        Err(error @ ExportError::Malformed { .. }) => return Err(OpError::BadBackup(format!("{file}: {error}"))),
        Err(ExportError::Io { path, source }) => return Err(OpError::io("read", path, source)),
        Err(error) => return Err(wrong(error)),
    };
    let schema = usable_schema(&metadata).map_err(|what| OpError::Verification(format!("{file}: {what}")))?;
    // The whole file is checked before the first row of it is stored.
    monitor.begin(&Step { verb: "Verifying", subject: &file, ..Step::default() });
    let checked = ExportReader::open(&path).map_err(wrong)?.check().map_err(wrong);
    monitor.end();
    let records = checked?;

    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let session = store.session()?;
    let origin = origin_of(&metadata).map_err(|what| OpError::Verification(format!("{file}: {what}")))?;
    let filter = metadata.filter_applied.clone().map(|typed| Filter { typed, sql: String::new(), columns: Vec::new() });
    let reads = [TableRead { schema, filter }];
    let mut rows = FileRows { path, metadata: &metadata, records, monitor, given: 0, failure: None };
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
        actor: actor::detect(repository),
        origin,
        catalog: None,
        schema_version: metadata.schema_version.clone(),
        restored: None,
        imported: true,
        hook: false,
        run: None,
        mark: None,
        settings: BTreeMap::new(),
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
        added_bytes: published.entry.added_bytes(),
    })
}

/// What is wrong with a file's content is damage; what the system refuses is not.
fn damaged(file: &str, error: ExportError) -> OpError {
    match error {
        ExportError::Io { .. } | ExportError::Refused { .. } => OpError::Export(error),
        error => OpError::Verification(format!("{file}: {error}")),
    }
}

/// The database that the rows were read from, if the file says so.
fn origin_of(metadata: &Metadata) -> Result<Origin, String> {
    let engine = metadata.engine().map_err(|unknown| unknown.to_string())?;
    let Some(source) = metadata.extra.get("source") else {
        let engine = engine.info().name.to_owned();
        return Ok(Origin { engine, cluster: None, database: "unknown".to_owned(), version: String::new() });
    };
    let told: Option<Origin> = serde_json::from_value(source.clone()).ok();
    told.filter(|origin| origin.engine() == Ok(engine))
        .ok_or_else(|| "`source` in its metadata contradicts `engine`; the file was edited".to_owned())
}

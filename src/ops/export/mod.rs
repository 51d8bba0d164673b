//! `export`: JSON files and restore scripts of a snapshot, and `backup_manifest.json` kept true.

mod list;
mod records;
mod setup;

pub use list::{BackupEntry, BackupStatus, BackupsReport, backups};
pub(super) use list::{check_all, files_of, remove, set_reason};

use super::OpError;
use super::exported::DEFINITION;
use super::refs::{Referenced, resolve_or_table, warn};
use super::repository::Repository;
use crate::codec::{Definition, PartKind};
use crate::monitor::{Monitor, Step};
use crate::prisma::{
    BackupId, BackupManifest, ExportInfo, ExportWriter, Retention, write_gitignore, write_restore_script,
};
use crate::snapshot::{Entry, History, Refs, TableEntry, read_definition, read_schema};
use crate::store::{Access, Objects, Store};
use crate::tree::{Entries, LeafMap};
use serde::Serialize;
use setup::PrismaSide;
use std::path::{Path, PathBuf};

/// The name of the list of backups.
const MANIFEST_FILE: &str = "backup_manifest.json";

/// What to export.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// Only these tables of the snapshot, as typed; empty for all.
    pub tables: Vec<String>,
    /// Not these, as typed.
    pub exclude: Vec<String>,
    /// Where to, instead of the settings' directory.
    pub dir: Option<PathBuf>,
}

/// One exported table.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportedTable {
    /// The table.
    pub table: String,
    /// The backup's id.
    pub backup: String,
    /// The JSON file.
    pub json: PathBuf,
    /// The restore script.
    pub script: PathBuf,
    /// Records in the file.
    pub records: u64,
    /// Bytes of the JSON file.
    pub bytes: u64,
    /// Its checksum: `sha256:` and 64 hex digits.
    pub checksum: String,
}

/// What `export` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The snapshot's id.
    pub id: String,
    /// The list of backups.
    pub manifest: PathBuf,
    /// The tables.
    pub tables: Vec<ExportedTable>,
}

/// Exports the snapshot that `reference` names.
///
/// # Errors
/// If it names none, an object is damaged, or a file cannot be written: then no file of that table has its final name.
pub fn export(
    repository: &Repository,
    reference: &str,
    options: &ExportOptions,
    monitor: &dyn Monitor,
) -> Result<ExportReport, OpError> {
    let store = repository.open(Access::Read)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    warn(&refs, monitor);
    let referenced = resolve_or_table(repository, &history, &refs, reference)?;
    let options = ExportOptions { dir: options.dir.as_ref().map(|dir| repository.dir().join(dir)), ..options.clone() };
    export_aimed(repository, &store, &referenced, &options, monitor)
}

/// Exports a snapshot that is at hand, whole.
pub(super) fn export_entry(
    project: &Repository,
    store: &Store,
    entry: &Entry,
    monitor: &dyn Monitor,
) -> Result<ExportReport, OpError> {
    let referenced = Referenced { entry, tables: Vec::new(), key: None };
    export_aimed(project, store, &referenced, &ExportOptions::default(), monitor)
}

fn export_aimed(
    project: &Repository,
    store: &Store,
    referenced: &Referenced<'_>,
    options: &ExportOptions,
    monitor: &dyn Monitor,
) -> Result<ExportReport, OpError> {
    let dir = match &options.dir {
        Some(dir) => dir.clone(),
        None => project.export_dir()?,
    };
    make_dir(&dir)?;
    let (entry, chosen) = (referenced.entry, referenced.chosen(project, &options.tables, &options.exclude)?);
    let prisma = PrismaSide::find(project);
    let manifest_path = dir.join(MANIFEST_FILE);
    let mut tables = Vec::new();
    for position in chosen {
        let table = &entry.manifest.tables[position];
        let exported = export_table(project, &prisma, store, entry, table, &dir, monitor)?;
        // The list is written after the files it names, table by table: it never names what is not there.
        let mut list = BackupManifest::load(&manifest_path)?;
        list.put(&BackupEntry {
            id: exported.backup.clone(),
            table: exported.table.clone(),
            created_at: entry.manifest.created_at,
            record_count: exported.records,
            file_path: file_name(&exported.json),
            restore_path: file_name(&exported.script),
            size_bytes: exported.bytes,
            reason: entry.manifest.message.clone(),
            status: BackupStatus::Valid,
        });
        let policy = project.config.policy();
        list.set_retention(Retention {
            max_backups_per_table: u32::try_from(policy.per_table).unwrap_or(u32::MAX),
            max_age_days: policy.days,
        });
        list.save()?;
        tables.push(exported);
    }
    Ok(ExportReport { id: entry.id.to_hex(), manifest: manifest_path, tables })
}

/// Creates the directory, with a `.gitignore`, unless it is there.
fn make_dir(dir: &Path) -> Result<(), OpError> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(|error| {
        // What the system says of a link to nowhere, that it exists, helps nobody.
        let dangling = dir.ancestors().find(|dir| dir.is_symlink() && !dir.exists());
        match dangling {
            Some(link) => OpError::Usage(format!("{} is a link to something that is not there", link.display())),
            None => OpError::io("create", dir, error),
        }
    })?;
    Ok(write_gitignore(dir)?)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether nothing in it is code or text that people wrote: functions, triggers, rules and comments hold secrets at
/// times, and exported files are shared.
fn is_only_structure(definition: &Definition) -> bool {
    definition.parts.iter().all(|part| match part.kind {
        // what every database says of it
        PartKind::Schema if part.name == "public" => true,
        _ if !part.then.is_empty() => false,
        PartKind::Schema
        | PartKind::Extension
        | PartKind::Collation
        | PartKind::Type
        | PartKind::Sequence
        | PartKind::Table
        | PartKind::Check
        | PartKind::Key
        | PartKind::Index
        | PartKind::Partition
        | PartKind::ForeignKey
        | PartKind::Ownership => true,
        PartKind::Function | PartKind::Trigger | PartKind::Setting | PartKind::Privilege | PartKind::Unsupported => {
            false
        }
    })
}

fn export_table(
    project: &Repository,
    prisma: &PrismaSide,
    objects: &dyn Objects,
    entry: &Entry,
    table: &TableEntry,
    dir: &Path,
    monitor: &dyn Monitor,
) -> Result<ExportedTable, OpError> {
    let schema = read_schema(objects, &table.schema_object)?;
    let definition = read_definition(objects, &table.schema_object)?.filter(is_only_structure);
    let backup = BackupId::parse(&table.backup)
        .ok_or_else(|| OpError::Verification(format!("'{}' is not a backup id", table.backup)))?;
    let names = project.field_names(&schema);
    let (json, script_path) = (dir.join(backup.json_file()), dir.join(backup.script_file()));
    let commit = entry.manifest.actor.git.as_ref().and_then(|git| git.commit.as_ref());
    let info = ExportInfo {
        engine: entry.manifest.source.engine()?,
        created_at: entry.manifest.created_at,
        schema_version: entry.manifest.schema_version.clone(),
        filter_applied: table.filter.clone(),
        records: table.rows,
        extra: [("snapshot".to_owned(), entry.id.to_hex().into())]
            .into_iter()
            // Which database the rows are of, so that an import knows it: no URL, no host, no user.
            .chain(serde_json::to_value(&entry.manifest.source).ok().map(|source| ("source".to_owned(), source)))
            .chain(entry.manifest.actor.agent.clone().map(|agent| ("agent".to_owned(), agent.into())))
            .chain(
                definition.and_then(|definition| Some((DEFINITION.to_owned(), serde_json::to_value(definition).ok()?))),
            )
            .chain(commit.cloned().map(|commit| ("gitCommit".to_owned(), commit.into())))
            .collect(),
    };
    monitor.begin(&Step {
        verb: "Exporting",
        subject: &table.table.to_string(),
        rows: Some(table.rows),
        bytes: Some(table.bytes),
    });
    let mut writer = ExportWriter::create(&json, &schema, &*names, info)?;
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let (encoder, spare) = (writer.encoder(), writer.spare());
        let work = move |leaf: &Entries| records::encode(encoder.clone(), &spare, leaf);
        let mut leaves = LeafMap::new(scope, objects, &schema.key_spec(), &table.root, threads, work)?;
        records::write(&mut leaves, &mut writer, monitor)
    })?;
    let written = writer.finish()?;
    monitor.end();
    if written.records != table.rows {
        return Err(OpError::Verification(format!(
            "the snapshot says {} rows of {}, its tree holds {}",
            table.rows, table.table, written.records
        )));
    }
    write_restore_script(&script_path, &prisma.script_options(dir, entry.manifest.source.engine()?))?;
    Ok(ExportedTable {
        table: table.table.to_string(),
        backup: table.backup.clone(),
        json,
        script: script_path,
        records: written.records,
        bytes: written.size_bytes,
        checksum: written.checksum,
    })
}

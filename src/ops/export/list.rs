//! `backup_manifest.json`, kept true: by deletion, by another message, by verification.

use super::MANIFEST_FILE;
use crate::monitor::{Monitor, Step};
use crate::ops::OpError;
use crate::ops::repository::Repository;
pub use crate::prisma::{BackupEntry, BackupStatus};
use crate::prisma::{BackupId, BackupManifest};
use crate::snapshot::Manifest;
use serde::Serialize;
use std::path::{Component, Path, PathBuf};

/// The exported backups.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BackupsReport {
    /// The directory of the exports.
    pub dir: PathBuf,
    /// The backups, newest first.
    pub backups: Vec<BackupEntry>,
}

/// Lists the exported backups. The files are not read; `verify` does that.
///
/// # Errors
/// If there is no store or the list cannot be read.
pub fn backups(repository: &Repository) -> Result<BackupsReport, OpError> {
    let dir = repository.export_dir()?;
    let path = dir.join(MANIFEST_FILE);
    let mut backups = Vec::new();
    if path.exists() {
        backups.extend(BackupManifest::load(&path)?.entries().map(|entry| listed(entry, &dir)));
    }
    backups.sort_by(|a: &BackupEntry, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(BackupsReport { dir, backups })
}

/// As noted, but for files that are gone now.
fn listed(entry: BackupEntry, dir: &Path) -> BackupEntry {
    let is_gone = BackupId::parse(&entry.id).is_some_and(|id| !dir.join(id.json_file()).is_file());
    let status = match entry.status {
        BackupStatus::Valid if is_gone => BackupStatus::Missing,
        noted => noted,
    };
    BackupEntry { status, ..entry }
}

/// The names of the export files of a snapshot that are there and in the list.
pub(in crate::ops) fn files_of(project: &Repository, manifest: &Manifest) -> Result<Vec<String>, OpError> {
    let dir = project.export_dir()?;
    let path = dir.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let list = BackupManifest::load(&path)?;
    let backups = manifest.tables.iter().filter_map(|table| BackupId::parse(&table.backup));
    // only what the list knows as ours is touched
    let files = backups
        .filter(|backup| list.get(backup.as_str()).is_some())
        .flat_map(|backup| [backup.json_file(), backup.script_file()]);
    Ok(files.filter(|file| dir.join(file).is_file()).collect())
}

/// Removes the export files of a snapshot, and their entries. Returns the names of the files that went.
pub(in crate::ops) fn remove(project: &Repository, manifest: &Manifest) -> Result<Vec<String>, OpError> {
    let dir = project.export_dir()?;
    let path = dir.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let files = files_of(project, manifest)?;
    let mut list = BackupManifest::load(&path)?;
    // the entries go first, so that the list never names what is gone
    let mut changed = false;
    for table in &manifest.tables {
        changed |= list.remove(&table.backup);
    }
    if changed {
        list.save()?;
    }
    for file in &files {
        let path = dir.join(file);
        std::fs::remove_file(&path).map_err(|error| OpError::io("remove", path, error))?;
    }
    Ok(files)
}

/// Gives the exports of a snapshot its new message as their reason.
pub(in crate::ops) fn set_reason(project: &Repository, manifest: &Manifest) -> Result<(), OpError> {
    let path = project.export_dir()?.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(());
    }
    let mut list = BackupManifest::load(&path)?;
    let mut changed = false;
    for table in &manifest.tables {
        if let Some(mut entry) = list.get(&table.backup) {
            entry.reason.clone_from(&manifest.message);
            list.put(&entry);
            changed = true;
        }
    }
    if changed { Ok(list.save()?) } else { Ok(()) }
}

/// Has every file that the list names checked, and writes what was found into the list: valid, missing or corrupt.
/// `check` says whether a file that is there is whole. Returns what is wrong with others: files that are gone, and
/// entries that name something else than a backup's file in this folder, which is not followed.
pub(in crate::ops) fn check_all(
    project: &Repository,
    check: &mut dyn FnMut(&Path) -> Result<bool, OpError>,
    monitor: &dyn Monitor,
) -> Result<Vec<(String, String)>, OpError> {
    let dir = project.export_dir()?;
    let path = dir.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut list = BackupManifest::load(&path)?;
    let entries: Vec<BackupEntry> = list.entries().collect();
    let mut changed = false;
    let mut wrong: Vec<(String, String)> = list
        .paths()
        .filter(|(id, path)| !is_name_of(id, path))
        .map(|(id, _)| (format!("{id} in {MANIFEST_FILE}"), "it names a file that is not a backup's here".to_owned()))
        .collect();
    let ours = |entry: &&BackupEntry| BackupId::parse(&entry.id).is_some() && entry.status != BackupStatus::Expired;
    for entry in entries.iter().filter(ours) {
        if monitor.interrupted() {
            return Err(OpError::Interrupted);
        }
        // A name that is not plainly a file of this directory is not followed.
        let Some(backup) = BackupId::parse(&entry.file_path).filter(|id| id.json_file() == entry.file_path) else {
            continue;
        };
        let file = dir.join(backup.json_file());
        monitor.begin(&Step { verb: "Verifying", subject: &entry.file_path, ..Step::default() });
        let status = match file.is_file() {
            false => {
                let reason = "the file is gone; export its snapshot again, or let `dbsnap delete` take its entry";
                wrong.push((entry.file_path.clone(), reason.to_owned()));
                BackupStatus::Missing
            }
            true if check(&file)? => BackupStatus::Valid,
            true => BackupStatus::Corrupt,
        };
        monitor.end();
        changed |= status != entry.status && list.set_status(&entry.id, status);
    }
    if changed {
        list.save()?;
    }
    Ok(wrong)
}

/// Whether an entry of the list may name this file: one of its folder, and if the entry is ours, a backup's.
fn is_name_of(id: &str, path: &str) -> bool {
    match BackupId::parse(id) {
        Some(_) => BackupId::parse(path)
            .is_some_and(|backup| [backup.json_file(), backup.script_file()].iter().any(|file| file == path)),
        None => {
            let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
            Path::new(path).components().all(plain) && !path.contains(|char: char| char.is_control() || char == '\\')
        }
    }
}

//! `backup_manifest.json`, kept true: by deletion, by another message, by verification.

use super::MANIFEST_FILE;
use crate::monitor::{Monitor, Step};
use crate::ops::OpError;
use crate::ops::project::Project;
use crate::prisma::{BackupEntry, BackupId, BackupManifest, BackupStatus};
use crate::snapshot::Manifest;
use std::path::Path;

/// Removes the export files of a snapshot, and their entries. Returns the names of the files that went.
pub(in crate::ops) fn remove(project: &Project, manifest: &Manifest) -> Result<Vec<String>, OpError> {
    let dir = project.export_dir();
    let path = dir.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut list = BackupManifest::load(&path)?;
    let mut removed = Vec::new();
    let mut changed = false;
    for backup in manifest.tables.iter().filter_map(|table| BackupId::parse(&table.backup)) {
        // Only what the list knows as ours is touched; the entry goes first, so that the list never names what is gone.
        if !list.remove(backup.as_str()) {
            continue;
        }
        changed = true;
        for file in [backup.json_file(), backup.script_file()] {
            if dir.join(&file).is_file() {
                removed.push(file);
            }
        }
    }
    if changed {
        list.save()?;
    }
    for file in &removed {
        let path = dir.join(file);
        std::fs::remove_file(&path).map_err(|error| OpError::io("remove", path, error))?;
    }
    Ok(removed)
}

/// Gives the exports of a snapshot its new message as their reason.
pub(in crate::ops) fn set_reason(project: &Project, manifest: &Manifest) -> Result<(), OpError> {
    let path = project.export_dir().join(MANIFEST_FILE);
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
/// `check` says whether a file that is there is whole. Returns the names of those that are gone.
pub(in crate::ops) fn check_all(
    project: &Project,
    check: &mut dyn FnMut(&Path) -> Result<bool, OpError>,
    monitor: &dyn Monitor,
) -> Result<Vec<String>, OpError> {
    let dir = project.export_dir();
    let path = dir.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut list = BackupManifest::load(&path)?;
    let entries: Vec<BackupEntry> = list.entries().collect();
    let (mut changed, mut missing) = (false, Vec::new());
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
                missing.push(entry.file_path.clone());
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
    Ok(missing)
}

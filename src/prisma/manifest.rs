//! `backup_manifest.json`: the list of all exported backups.
//!
//! The file belongs to the user and to other tools as well: fields and entries that are not ours are kept as they are,
//! in their order, and a file that cannot be understood is never overwritten. A caller that changes it must hold the
//! store's lock from [`BackupManifest::load`] to [`BackupManifest::save`].

use super::output_file::{self, OutputFile};
use super::{ExportError, names};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// File name of the manifest, in the folder of the backups.
pub const FILE_NAME: &str = "backup_manifest.json";
/// Largest manifest that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// What is known of a backup's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BackupStatus {
    /// Both files are there and were whole when last looked at.
    Valid,
    /// The JSON file is gone.
    Missing,
    /// The JSON file fails its checksum or count.
    Corrupt,
    /// Retention has removed the files.
    Expired,
}

impl BackupStatus {
    /// The word in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            BackupStatus::Valid => "valid",
            BackupStatus::Missing => "missing",
            BackupStatus::Corrupt => "corrupt",
            BackupStatus::Expired => "expired",
        }
    }

    /// The status of that word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<BackupStatus> {
        [BackupStatus::Valid, BackupStatus::Missing, BackupStatus::Corrupt, BackupStatus::Expired]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// One backup in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BackupEntry {
    /// `backup_20260124_103000_mods`.
    pub id: String,
    /// The table.
    pub table: String,
    /// When the backup was taken.
    pub created_at: Timestamp,
    /// Records in the file.
    pub record_count: u64,
    /// File name of the JSON file, in the manifest's folder.
    pub file_path: String,
    /// File name of the restore script, in the manifest's folder.
    pub restore_path: String,
    /// Size of the JSON file in bytes.
    pub size_bytes: u64,
    /// Why the backup was taken: the snapshot's message.
    pub reason: String,
    /// What is known of the files.
    pub status: BackupStatus,
}

/// How long exported backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase"))]
pub struct Retention {
    /// Backups kept for each table.
    pub max_backups_per_table: u32,
    /// Days after which a backup is removed.
    pub max_age_days: u32,
}

impl Default for Retention {
    /// 5 for each table, 30 days.
    fn default() -> Retention {
        Retention { max_backups_per_table: 5, max_age_days: 30 }
    }
}

/// The manifest, as it is written.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "the file may have fields that are not ours, so it is not written from this")]
pub struct WrittenManifest {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// The backups, oldest first.
    backups: Vec<BackupEntry>,
    /// How long they are kept.
    retention: Retention,
}

/// The manifest, as read; changes stay in memory until [`BackupManifest::save`].
#[derive(Debug, Clone, PartialEq)]
pub struct BackupManifest {
    /// Everything but the backups, whose place is kept by an empty list.
    root: Map<String, Value>,
    backups: Vec<Value>,
    path: PathBuf,
}

impl BackupManifest {
    /// Reads `path`; a file that is not there is an empty manifest with the default retention.
    ///
    /// # Errors
    /// [`ExportError::Manifest`] if the file is not a manifest of version 1, [`ExportError::Refused`] if it is not a
    /// regular file, [`ExportError::Io`] if it cannot be read.
    pub fn load(path: &Path) -> Result<BackupManifest, ExportError> {
        let mut text = Vec::new();
        match output_file::open_regular(path) {
            Ok(file) => file.take(LARGEST + 1).read_to_end(&mut text).map_err(ExportError::io(path))?,
            Err(ExportError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BackupManifest::complete(Map::new(), path));
            }
            Err(error) => return Err(error),
        };
        let refuse = |what: &str| ExportError::Manifest { path: path.to_path_buf(), what: what.to_owned() };
        if text.len() as u64 > LARGEST {
            return Err(refuse("is too large for a manifest"));
        }
        let Value::Object(root) = serde_json::from_slice(&text).map_err(|error| {
            refuse(&format!("is not valid JSON (line {}, column {})", error.line(), error.column()))
        })?
        else {
            return Err(refuse("is not a JSON object"));
        };
        if root.get("version").is_some_and(|version| version.as_u64() != Some(1)) {
            return Err(refuse("has a version that is not 1; use a newer dbsnap"));
        }
        if root.get("backups").is_some_and(|backups| !backups.is_array()) {
            return Err(refuse("has a `backups` that is not a list"));
        }
        if root.get("retention").is_some_and(|retention| !retention.is_object()) {
            return Err(refuse("has a `retention` that is not an object"));
        }
        Ok(BackupManifest::complete(root, path))
    }

    /// The backups that can be understood, in the order of the file. Others stay in the file and are not shown.
    pub fn entries(&self) -> impl Iterator<Item = BackupEntry> + '_ {
        self.backups.iter().filter_map(entry)
    }

    /// The files that the entries name, each with the entry's id: also those of entries that cannot be understood.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &str)> {
        self.backups.iter().flat_map(move |value| {
            let id = text(value, "id").unwrap_or_default();
            ["filePath", "restorePath"].into_iter().filter_map(move |name| Some((id, text(value, name)?)))
        })
    }

    /// The backup of that id.
    pub fn get(&self, id: &str) -> Option<BackupEntry> {
        self.backups.iter().find(|value| has_id(value, id)).and_then(entry)
    }

    /// Adds a backup at the end, or replaces what is known of the one with its id (foreign fields of it are kept).
    pub fn put(&mut self, backup: &BackupEntry) {
        let ours = json!({
            "id": backup.id,
            "table": backup.table,
            "createdAt": names::plan_time(backup.created_at),
            "recordCount": backup.record_count,
            "filePath": backup.file_path,
            "restorePath": backup.restore_path,
            "sizeBytes": backup.size_bytes,
            "reason": backup.reason,
            "status": backup.status.as_str(),
        });
        match (self.backups.iter_mut().find(|value| has_id(value, &backup.id)), ours) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, new) => self.backups.push(new),
        }
    }

    /// Sets the status of a backup; `false` if there is none of that id.
    pub fn set_status(&mut self, id: &str, status: BackupStatus) -> bool {
        match self.backups.iter_mut().find(|value| has_id(value, id)) {
            Some(Value::Object(entry)) => {
                entry.insert("status".to_owned(), status.as_str().into());
                true
            }
            _ => false,
        }
    }

    /// Removes a backup from the list; `false` if there is none of that id. Its files are the caller's business.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.backups.len();
        self.backups.retain(|value| !has_id(value, id));
        self.backups.len() < before
    }

    /// The retention in the file; the default for what is not said.
    pub fn retention(&self) -> Retention {
        let default = Retention::default();
        let number = |name: &str| {
            let value = self.root.get("retention")?.get(name)?.as_u64()?;
            u32::try_from(value).ok()
        };
        Retention {
            max_backups_per_table: number("maxBackupsPerTable").unwrap_or(default.max_backups_per_table),
            max_age_days: number("maxAgeDays").unwrap_or(default.max_age_days),
        }
    }

    /// Sets the retention.
    pub fn set_retention(&mut self, retention: Retention) {
        if let Some(Value::Object(kept)) = self.root.get_mut("retention") {
            kept.insert("maxBackupsPerTable".to_owned(), retention.max_backups_per_table.into());
            kept.insert("maxAgeDays".to_owned(), retention.max_age_days.into());
        }
    }

    /// Writes the manifest back to where it was read from, atomically and durably.
    ///
    /// # Errors
    /// [`ExportError::Io`] and [`ExportError::Refused`]; the old file then still stands.
    pub fn save(&self) -> Result<(), ExportError> {
        let mut root = self.root.clone();
        root.insert("backups".to_owned(), Value::Array(self.backups.clone()));
        let mut text = serde_json::to_vec_pretty(&root)
            .map_err(|error| ExportError::Manifest { path: self.path.clone(), what: error.to_string() })?;
        text.push(b'\n');
        OutputFile::on_disk(&self.path)?.write_whole(&text)
    }

    /// Adds what every manifest has.
    fn complete(mut root: Map<String, Value>, path: &Path) -> BackupManifest {
        let default = Retention::default();
        root.entry("version").or_insert_with(|| 1.into());
        let backups = match root.entry("backups").or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(list) => std::mem::take(list),
            _ => Vec::new(),
        };
        root.entry("retention").or_insert_with(
            || json!({ "maxBackupsPerTable": default.max_backups_per_table, "maxAgeDays": default.max_age_days }),
        );
        BackupManifest { root, backups, path: path.to_path_buf() }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn has_id(value: &Value, id: &str) -> bool {
    value.get("id").and_then(Value::as_str) == Some(id)
}

/// An entry in our terms. Only the id, table and file are needed: hand-written entries may lack the rest.
fn entry(value: &Value) -> Option<BackupEntry> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    Some(BackupEntry {
        id: text("id")?.to_owned(),
        table: text("table")?.to_owned(),
        created_at: text("createdAt").and_then(|time| time.parse().ok())?,
        record_count: number("recordCount").unwrap_or(0),
        file_path: text("filePath")?.to_owned(),
        restore_path: text("restorePath").unwrap_or_default().to_owned(),
        size_bytes: number("sizeBytes").unwrap_or(0),
        reason: text("reason").unwrap_or_default().to_owned(),
        status: BackupStatus::parse(text("status").unwrap_or("valid"))?,
    })
}

//! The manifest: what one snapshot says of itself.

use crate::codec::{DanglingRows, Engine, Mark, TableName, UnknownEngine};
use crate::hash::Hash;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// The manifest format this program writes.
pub const FORMAT: u32 = 1;

/// Why a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SnapshotKind {
    /// It was asked for.
    Snapshot,
    /// A restore took it before its first write.
    Safety,
}

/// Who took a snapshot. Exports contain only the agent and the commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The user's login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The coding agent that ran the command, if its environment shows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The coding agent's id of its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The command line that took the snapshot, without passwords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The branch and commit of the project's Git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
}

/// The branch and commit of a Git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GitState {
    /// The branch that is checked out, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that is checked out, if there is one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// The database that a snapshot was taken of: no URL, no host, no password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin {
    /// The database engine: `postgresql`, `sqlite`, or one that a program registered.
    pub engine: String,
    /// What identifies the server (PostgreSQL's system identifier), if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The name of the database, or the path of its file; relative to the project if the file is in it.
    pub database: String,
    /// The version of the server or library.
    pub version: String,
}

impl Origin {
    /// The engine, without which rows cannot be shown, compared or restored.
    ///
    /// # Errors
    /// [`UnknownEngine`] if the snapshot was taken by a program that knew one more.
    pub fn engine(&self) -> Result<Engine, UnknownEngine> {
        Engine::named(&self.engine)
    }

    /// Whether both are the same database, whatever its version.
    pub fn same_database(&self, other: &Origin) -> bool {
        self.engine == other.engine && self.cluster == other.cluster && self.database == other.database
    }
}

/// Rows that differ from an older snapshot: the one before; for a safety snapshot, the one that was about to be
/// restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableChange {
    /// The id of the older snapshot.
    pub since: Hash,
    /// Number of rows whose key is new.
    pub added: u64,
    /// Number of rows with the same key and other values.
    pub changed: u64,
    /// Number of rows whose key no longer exists.
    pub removed: u64,
}

/// The state of a sequence or AUTOINCREMENT counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CounterState {
    /// The name of the sequence or table.
    pub name: String,
    /// The column whose values it generates.
    pub column: String,
    /// The last value that was generated; absent if there was none or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// The first value that will be generated; only if none was generated yet and it differs from the start value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// One table of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableEntry {
    /// The table.
    #[serde(flatten)]
    pub table: TableName,
    /// The id of the table's backup when exported, such as `backup_20260124_103000_mods`.
    pub backup: String,
    /// The partitioned tables that it is a partition of, outermost first.
    #[serde(default, rename = "partOf", skip_serializing_if = "Vec::is_empty")]
    pub part_of: Vec<TableName>,
    /// A digest of the table's definition (SQLite only), to tell whether its rules have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Number of rows.
    pub rows: u64,
    /// Size of the rows in the store's encoding, in bytes.
    pub bytes: u64,
    /// The hash of the table's root node.
    pub root: Hash,
    /// The hash of the object with the table's schema.
    #[serde(rename = "schemaObject")]
    pub schema_object: Hash,
    /// The filter as it was typed, with the database's labels in place of Prisma's names of enum values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The difference from an older snapshot of this table, if there is one with the same filter and key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<TableChange>,
    /// The counters that generate values of the table's columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<CounterState>,
}

/// What a snapshot added to the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AddedToStore"))]
pub struct Stored {
    /// Number of new objects.
    pub objects: u64,
    /// Size of the new packs, in bytes.
    pub bytes: u64,
}

/// The restore before which a safety snapshot was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RestoredSnapshot"))]
pub struct Restored {
    /// The id of the snapshot that was restored.
    pub id: Hash,
    /// If that is a safety snapshot, the restore undid another one: the id of the first snapshot restored in this
    /// chain.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub undoes: Option<Hash>,
    /// Rows that already referred to missing rows before the restore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangling: Vec<DanglingRows>,
}

/// The run of a command before or after which a snapshot was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CommandRun"))]
pub struct Run {
    /// The command line; what looks like a password is left out.
    pub command: Vec<String>,
    /// How the command ended; absent in the snapshot before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RunEnd>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    /// The id of the snapshot before the command.
    pub before: Hash,
    /// When the command was started.
    pub started_at: Timestamp,
    /// When the command ended.
    pub ended_at: Timestamp,
    /// The command's exit code; absent if a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// The manifest of a snapshot: which tables it has, when and by whom it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the manifest format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    pub dbsnap: u32,
    /// Why the snapshot was taken.
    pub kind: SnapshotKind,
    /// When the snapshot was taken, in UTC, to the microsecond.
    pub created_at: Timestamp,
    /// The snapshot's message.
    pub message: String,
    /// The id of the snapshot that was the newest in the store before this one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub parent: Option<Hash>,
    /// The snapshot's number: one more than the highest in the store when it was published. Snapshots of older versions
    /// of dbsnap have none, and come before all that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The snapshot's earlier ids, oldest first. It gets a new id when its message is changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Hash>,
    /// For a safety snapshot, the restore before which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// Whether the rows come from an export file and not from the database.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// Whether the hook of a coding agent took it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hook: bool,
    /// The command that was run after or before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Who took it.
    pub actor: Actor,
    /// The database that it was taken of.
    pub source: Origin,
    /// The schemas in which tables without a schema name were looked up, if not only `public`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_path: Vec<String>,
    /// The newest Prisma migration applied to the database, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// Settings to create an empty database like this one, by the engine's names: `encoding`, `lc_collate`,
    /// `page_size`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The state of the database when the tables were read, if it could be told. While it is the same, nothing has
    /// changed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "understood")]
    pub mark: Option<Mark>,
    /// The tables, all as of one moment.
    pub tables: Vec<TableEntry>,
    /// What the snapshot added to the store.
    pub stored: Stored,
}

/// A manifest that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The JSON is not a manifest.
    #[error("it is not a snapshot manifest: {0}")]
    Malformed(String),
    /// It was written by a later dbsnap.
    #[error("it has manifest format {0}; this dbsnap reads format {FORMAT}")]
    UnknownFormat(u64),
}

impl Manifest {
    /// The bytes of the manifest file; its id is their BLAKE3 hash.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a manifest file's bytes.
    ///
    /// # Errors
    /// If they are not a manifest of a known format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        #[derive(Deserialize)]
        struct Version {
            dbsnap: u64,
        }
        let malformed = |error: serde_json::Error| ManifestError::Malformed(error.to_string());
        let parsed: Result<Manifest, _> = serde_json::from_slice(bytes);
        let version = match &parsed {
            Ok(manifest) => u64::from(manifest.dbsnap),
            // Of another format the rest need not be what is known here.
            Err(_) => serde_json::from_slice::<Version>(bytes).map_err(malformed)?.dbsnap,
        };
        if version != u64::from(FORMAT) {
            return Err(ManifestError::UnknownFormat(version));
        }
        parsed.map_err(malformed)
    }

    /// The entry of that table.
    pub fn table(&self, name: &TableName) -> Option<&TableEntry> {
        self.tables.iter().find(|entry| entry.table == *name)
    }

    /// What snapshots are put in the order of taking by: the sequence, and only among equal ones the clock.
    pub fn order(&self) -> (Option<u64>, Timestamp) {
        (self.sequence, self.created_at)
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|entry| entry.rows).sum()
    }
}

/// A hash, where it is there: `null` is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
    Hash::deserialize(deserializer).map(Some)
}

/// A mark, if it is a list of texts: one of another form proves nothing here.
fn understood<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mark>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Understood(Mark),
        Other(IgnoredAny),
    }
    Ok(match Told::deserialize(deserializer)? {
        Told::Understood(mark) => Some(mark),
        Told::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_of_another_format_is_refused() {
        assert_eq!(Manifest::from_bytes(br#"{"dbsnap": 2, "new": true}"#), Err(ManifestError::UnknownFormat(2)));
        assert!(matches!(Manifest::from_bytes(b"{"), Err(ManifestError::Malformed(_))));
        assert!(matches!(Manifest::from_bytes(br#"{"dbsnap": 1}"#), Err(ManifestError::Malformed(_))));
    }
}

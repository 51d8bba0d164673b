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
    /// Somebody asked for it.
    Snapshot,
    /// A restore took it before its first write.
    Safety,
}

/// Who took a snapshot. Exports carry the agent and the commit, and nothing else of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The user's login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The coding agent that ran the command, if its environment says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The agent's own id of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The words of the command line that took it, passwords left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Where the project's git repository stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
}

/// Where a git repository stood when a snapshot was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GitState {
    /// The branch checked out, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit, if there is one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Which database a snapshot was taken of: no URL, no host, no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin {
    /// The engine's name; see [`Origin::engine`].
    pub engine: String,
    /// What tells the server from others (PostgreSQL's system identifier), if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The database's name, or its file, relative to the project where it lies below it.
    pub database: String,
    /// The server's or library's version.
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

/// Rows that differ from an older snapshot: the one before, or of a safety snapshot the one that was about to be
/// restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableChange {
    /// The snapshot compared with.
    pub since: Hash,
    /// Rows whose key was not there.
    pub added: u64,
    /// Rows whose key was there with other values.
    pub changed: u64,
    /// Rows whose key is gone.
    pub removed: u64,
}

/// A sequence or AUTOINCREMENT counter as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CounterState {
    /// The sequence or table.
    pub name: String,
    /// The column it feeds.
    pub column: String,
    /// The last value handed out, if any was and it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// The first value that it will hand out, if none was yet and it was set to another one than it was made with.
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
    /// The backup id under which it is exported: `backup_20260124_103000_mods`.
    pub backup: String,
    /// The partitioned tables that it is a part of, from the top down.
    #[serde(default, rename = "partOf", skip_serializing_if = "Vec::is_empty")]
    pub part_of: Vec<TableName>,
    /// A digest of its definition (SQLite), by which it is told whether its rules are still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Rows.
    pub rows: u64,
    /// Bytes of the rows in canonical form.
    pub bytes: u64,
    /// The root of the table's tree.
    pub root: Hash,
    /// The object that holds the table's schema.
    #[serde(rename = "schemaObject")]
    pub schema_object: Hash,
    /// The filter as the user typed it, with the labels of values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Difference from an older snapshot of this table, if there is one with the same filter and key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<TableChange>,
    /// Counters that feed columns of the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<CounterState>,
}

/// What a snapshot added to the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stored {
    /// New objects.
    pub objects: u64,
    /// Bytes of new packs.
    pub bytes: u64,
}

/// Of a safety snapshot: the restore before which it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Restored {
    /// The snapshot whose rows were written.
    pub id: Hash,
    /// If that is a safety snapshot, so that a restore was undone: the snapshot of the first restore in that chain.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub undoes: Option<Hash>,
    /// Rows that referred to nothing before anything was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangling: Vec<DanglingRows>,
}

/// The run of a command, of which a snapshot was taken before or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CommandRun"))]
pub struct Run {
    /// The words of the command; what looks like a password is left out.
    pub command: Vec<String>,
    /// How it ended; nothing in the snapshot before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RunEnd>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    /// The snapshot that was taken before it.
    pub before: Hash,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it had ended.
    pub ended_at: Timestamp,
    /// Its exit code, unless a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// An immutable snapshot: the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The manifest format, [`FORMAT`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    pub dbsnap: u32,
    /// Why it was taken.
    pub kind: SnapshotKind,
    /// When, to the microsecond, UTC.
    pub created_at: Timestamp,
    /// What for.
    pub message: String,
    /// The snapshot that was the newest in the store before this one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub parent: Option<Hash>,
    /// Its place in the order of taking: one more than the highest that was in the store when it was published. A
    /// manifest without one was written before there were any, and comes before all that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The ids that it had before its message was changed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Hash>,
    /// Of a safety snapshot: the restore before which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// Whether the rows come from an exported file and not from the database.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// Whether the hook of a coding agent took it, and nobody asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hook: bool,
    /// The command that was run after it, or before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Who took it.
    pub actor: Actor,
    /// Of which database.
    pub source: Origin,
    /// Where the connection looked for tables that were named without a schema, if not in `public` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_path: Vec<String>,
    /// The newest migration of Prisma's that the database had applied, if it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// What it takes to make an empty database like this one, by the engine's own words: `encoding`, `lc_collate`,
    /// `page_size`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Where the database stood when the tables were read, if it could be told: as long as it stands there, nothing has
    /// changed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "understood")]
    pub mark: Option<Mark>,
    /// The tables, all of one instant.
    pub tables: Vec<TableEntry>,
    /// What it added to the store.
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

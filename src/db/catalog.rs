//! What a database says of itself and of its tables.

use crate::codec::{Engine, TableName, TableSchema};
use serde::{Deserialize, Serialize};

/// Which database this is. Holds no secret and no URL: most of it goes into manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceIdentity {
    /// The engine.
    pub engine: Engine,
    /// What tells the server from others (PostgreSQL's system identifier), if it may be read; `None` for a file.
    pub cluster: Option<String>,
    /// The database's name within its server, or the absolute path of its file (the layers above store it relative to
    /// the project).
    pub database: String,
    /// The server's or library's version.
    pub version: String,
    /// The user, if there are users.
    pub user: Option<String>,
    /// The host as connected to (`localhost`, a socket directory); `None` for a file. Never stored.
    #[serde(skip)]
    pub host: Option<String>,
    /// Whether the database is on this machine (loopback address, socket, file). Restores to others are refused. Never
    /// stored.
    #[serde(skip)]
    pub local: bool,
}

/// The state of a sequence, identity or AUTOINCREMENT counter that feeds a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The sequence's qualified name (PostgreSQL) or the table's (SQLite).
    pub name: String,
    /// The column it feeds.
    pub column: String,
    /// The last value handed out; `None` if none was yet or it may not be read.
    pub last: Option<i64>,
    /// The first value that it will hand out, if none was yet and it was set to another one than it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// One table that can be snapshotted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// Its schema.
    pub schema: TableSchema,
    /// Rows, from statistics where they exist (PostgreSQL), else counted (SQLite); `None` if never analysed.
    pub estimated_rows: Option<u64>,
    /// Bytes on disk, if known.
    pub bytes: Option<u64>,
    /// The partitioned tables of which this is a leaf partition, from the top of the hierarchy down.
    pub part_of: Vec<TableName>,
    /// A digest of its definition as the database keeps it (SQLite), by which it is told whether its rules are the
    /// same.
    pub definition: Option<String>,
    /// Why a snapshot of it would be refused (row-level security that hides rows, no SELECT privilege), if it would be.
    pub refusal: Option<String>,
}

/// All tables of a database, and what is in it that snapshots do not capture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Tables, in order of name. Leaf partitions stand here, partitioned parents do not.
    pub tables: Vec<TableInfo>,
    /// Things that are not captured: views, foreign tables, large objects, virtual tables; as `kind name`.
    pub not_captured: Vec<String>,
    /// Schemas in which the connection looks for a table without one, in this order; none if it has no such path
    /// (SQLite).
    pub search_path: Vec<String>,
}

impl Catalog {
    /// The table of that name.
    pub fn table(&self, name: &TableName) -> Option<&TableInfo> {
        self.tables.iter().find(|info| info.schema.table == *name)
    }

    /// The leaf partitions below a partitioned table or a part of one, in order of name.
    pub fn partitions_of<'c>(&'c self, parent: &'c TableName) -> impl Iterator<Item = &'c TableInfo> {
        self.tables.iter().filter(move |info| info.part_of.contains(parent))
    }
}

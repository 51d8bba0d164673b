//! What can go wrong in a use case. The command line turns these into messages, hints and exit codes.

use crate::codec::{CodecError, TableName, UnknownEngine};
use crate::db::{DbError, Rule};
use crate::hash::Hash;
use crate::prisma::ExportError;
use crate::snapshot::ReferenceError;
use crate::store::StoreError;
use crate::tree::TreeError;
use serde::Serialize;
use std::path::PathBuf;
use thiserror::Error;

/// An error of a use case.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpError {
    /// No store here or in any directory above.
    #[error("there is no .dbsnap store in {} or any directory above it", .0.display())]
    NoStore(PathBuf),
    /// The store's layer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's layer.
    #[error(transparent)]
    Db(DbError),
    /// The tree's layer.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The export's layer.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A row or key is not canonical.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A snapshot is of an engine that this program does not know.
    #[error("rows of this snapshot cannot be read: {0}")]
    Engine(#[from] UnknownEngine),
    /// A reference names no snapshot.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// `config.toml` cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// No setting names a database.
    #[error("no database is set")]
    NoDatabase {
        /// The variable that should name it: `DATABASE_URL`, or the one that Prisma's config or schema names.
        variable: String,
    },
    /// No such table in the database or the snapshot.
    #[error("{}", no_such_table(typed, place))]
    NoSuchTable {
        /// What was typed.
        typed: String,
        /// `the database`, `snapshot a1b2c3d4`.
        place: String,
        /// Tables with names close to it.
        near: Vec<String>,
    },
    /// A word that was taken for a table, and is likely part of an option's value.
    #[error("{what}")]
    Unquoted {
        /// What it is not.
        what: String,
        /// How it is quoted.
        hint: String,
    },
    /// A table of a restore that is to be undone is gone.
    #[error("{what}")]
    GoneTable {
        /// Which.
        what: String,
        /// The command that makes it again, with what the others were, if the snapshot says how.
        again: Option<String>,
        /// The command that takes the others back, if there are any.
        others: Option<String>,
    },
    /// A table of a snapshot is not in the database any more.
    #[error("{}", no_such_table(table, "the database any more"))]
    TableGone {
        /// The table.
        table: String,
        /// Whether the snapshot says how to make it again.
        defined: bool,
    },
    /// The database is not there any more, or not yet.
    #[error(transparent)]
    DatabaseGone(DbError),
    /// What was made for something that failed could not be removed again.
    #[error("{error}; and what was made for it is left: {left}")]
    NotDiscarded {
        /// What failed.
        error: Box<OpError>,
        /// Why it is left.
        left: DbError,
    },
    /// A snapshot does not say how a table is made.
    #[error("snapshot {} does not say how table {table} is made: it was taken by an older dbsnap, or is of a file", snapshot.short())]
    NoDefinition {
        /// The table.
        table: String,
        /// The snapshot.
        snapshot: Hash,
    },
    /// Several tables go by that name.
    #[error("'{typed}' could be any of: {}", candidates.join(", "))]
    AmbiguousTable {
        /// What was typed.
        typed: String,
        /// All of them, qualified.
        candidates: Vec<String>,
    },
    /// A file that is not the JSON of an export, or no longer.
    #[error("{0}")]
    BadBackup(String),
    /// No row of that key in a snapshot's table.
    #[error("there is no row '{key}' in table {table} of {}", snapshot.map_or("any snapshot".to_owned(), |id| format!("snapshot {}", id.short())))]
    NoSuchRow {
        /// The key as typed.
        key: String,
        /// The table.
        table: String,
        /// The snapshot; none if no snapshot has it.
        snapshot: Option<Hash>,
    },
    /// The options contradict each other or lack something.
    #[error("{0}")]
    Usage(String),
    /// A guard refuses; `allow` is the flag that lifts it, if one does.
    #[error("{what}")]
    Refused {
        /// What is refused and why.
        what: String,
        /// The flag that allows it.
        allow: Option<&'static str>,
    },
    /// The store or its settings may be somebody else's.
    #[error("{what}, so it is not trusted to name a database or a folder")]
    Untrusted {
        /// Which file, and who can write it.
        what: String,
        /// The store.
        store: PathBuf,
    },
    /// One of several tables cannot be snapshotted.
    #[error("{what}")]
    RefusedTable {
        /// Why.
        what: String,
        /// The table.
        table: String,
    },
    /// The live table's schema no longer takes the snapshot's rows.
    #[error("the schema of {table} has changed since the snapshot:\n{}", differences.join("\n"))]
    Drift {
        /// The table.
        table: TableName,
        /// Each difference that stands in the way.
        differences: Vec<String>,
    },
    /// Something is not what it should be.
    #[error("{0}")]
    Verification(String),
    /// A restore is not what it should be, and was rolled back.
    #[error("{0}")]
    NotAsPlanned(String),
    /// A plan needs a person's yes and nobody can be asked.
    #[error("confirmation needed, but stdin is not a terminal")]
    NotConfirmed,
    /// The person said no.
    #[error("Cancelled; nothing was changed.")]
    Declined,
    /// A plan is not what would be done any more.
    #[error("the plan does not hold any more: what it stands on has changed since it was made; nothing was done")]
    PlanChanged,
    /// A pinned snapshot cannot be deleted.
    #[error("snapshot {} is pinned", .0.short())]
    Pinned(Hash),
    /// The system gives this process no threads.
    #[error("cannot start a thread: {0}")]
    NoThreads(String),
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A signal asked to stop.
    #[error("interrupted; nothing was left half done")]
    Interrupted,
}

impl From<DbError> for OpError {
    /// A database stops half-way only if a signal asked it to; a receiver of rows that stops tells its own reason.
    fn from(error: DbError) -> OpError {
        match error {
            DbError::Stopped => OpError::Interrupted,
            error => OpError::Db(error),
        }
    }
}

impl OpError {
    /// An I/O error with what was tried on which file.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> OpError {
        OpError::Io { action, path: path.into(), source }
    }
}

/// What kind of failure an error is: what scripts tell apart by exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// It did not work.
    Failed,
    /// It was asked for in a way that makes no sense.
    Usage,
    /// A part was done.
    Partial,
    /// A guard refused.
    Refused,
    /// Something is not what it should be.
    Verification,
    /// It is not known whether it was done.
    Unknown,
    /// What was planned is not what would be done any more.
    PlanChanged,
    /// There is no store.
    NoStore,
    /// The store is in use.
    Locked,
    /// No such table or snapshot.
    NotFound,
    /// A signal asked to stop.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of `docs/CLI.md`; 130, as after Ctrl-C, for any interruption.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Partial => 3,
            ErrorKind::Refused => 4,
            ErrorKind::Verification => 5,
            ErrorKind::Unknown => 6,
            ErrorKind::PlanChanged => 7,
            ErrorKind::NoStore => 10,
            ErrorKind::Locked => 11,
            ErrorKind::NotFound => 12,
            ErrorKind::Interrupted => 130,
        }
    }
}

impl OpError {
    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            OpError::NotDiscarded { error, .. } => error.kind(),
            OpError::NoStore(_) | OpError::Store(StoreError::NoStore(_)) => ErrorKind::NoStore,
            OpError::Store(StoreError::Locked) => ErrorKind::Locked,
            OpError::Store(StoreError::Missing(_) | StoreError::Damaged { .. })
            | OpError::Verification(_)
            | OpError::BadBackup(_)
            | OpError::NotAsPlanned(_)
            | OpError::Tree(
                TreeError::Corrupt { .. } | TreeError::Store(StoreError::Missing(_) | StoreError::Damaged { .. }),
            ) => ErrorKind::Verification,
            OpError::NoSuchTable { .. }
            | OpError::TableGone { .. }
            | OpError::GoneTable { .. }
            | OpError::Unquoted { .. }
            | OpError::NoSuchRow { .. }
            | OpError::AmbiguousTable { .. }
            | OpError::Reference(_)
            | OpError::Db(DbError::Changed { .. }) => ErrorKind::NotFound,
            OpError::Usage(_)
            | OpError::Config { .. }
            | OpError::NoDatabase { .. }
            | OpError::Store(StoreError::BadName { .. })
            | OpError::Db(DbError::BadUrl(_) | DbError::Filter { .. }) => ErrorKind::Usage,
            OpError::Refused { .. }
            | OpError::NoDefinition { .. }
            | OpError::Untrusted { .. }
            | OpError::RefusedTable { .. }
            | OpError::Drift { .. }
            | OpError::NotConfirmed
            | OpError::Declined
            | OpError::Pinned(_)
            | OpError::Db(DbError::Denied { .. } | DbError::Dangling(_)) => ErrorKind::Refused,
            OpError::PlanChanged => ErrorKind::PlanChanged,
            OpError::Db(DbError::Unknown(_)) => ErrorKind::Unknown,
            OpError::Interrupted
            | OpError::Db(DbError::Stopped)
            | OpError::Store(StoreError::Interrupted)
            | OpError::Tree(TreeError::Interrupted) => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }

    /// Its message and those of its causes, without repeating one that holds the next.
    pub fn chain(&self) -> Vec<String> {
        let mut messages = vec![self.to_string()];
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let text = cause.to_string();
            if messages.last().is_some_and(|last| !last.contains(&text)) {
                messages.push(text);
            }
            source = cause.source();
        }
        messages
    }

    /// The message and what to do next, in one line.
    pub fn in_words(&self) -> String {
        [vec![self.to_string()], self.hints()].concat().join("; ")
    }

    /// What to do next, in one line each.
    pub fn hints(&self) -> Vec<String> {
        let near = |names: &[String]| match names {
            [] => None,
            names => Some(format!("did you mean {}?", names.join(", "))),
        };
        let hint: Option<String> = match self {
            OpError::NotDiscarded { error, .. } => return error.hints(),
            OpError::NoStore(_) | OpError::Store(StoreError::NoStore(_)) => {
                Some("to create one: dbsnap init".to_owned())
            }
            OpError::NoDatabase { variable } => Some(format!(
                "set {variable} (in the environment, .env.local or .env), or give --url; dbsnap doctor shows what was looked at"
            )),
            OpError::NoSuchTable { near: names, .. } => {
                Some(near(names).unwrap_or_else(|| "dbsnap tables lists the tables".to_owned()))
            }
            OpError::TableGone { defined: true, .. } => Some("--create makes it again".to_owned()),
            OpError::TableGone { table, defined: false } => Some(format!(
                "create it, or bring its rows into a new table with --into {table}: the snapshot does not say how it was made"
            )),
            OpError::DatabaseGone(_) => Some(
                "if it was deleted, --create makes it again; dbsnap doctor shows which database is used, and where its URL was found"
                    .to_owned(),
            ),
            OpError::NoDefinition { table, snapshot } => Some(format!(
                "create the table yourself and restore it then, or bring its rows into a new table without constraints: \
                 dbsnap restore {0}:{table} --into {table}; dbsnap show {0}:{table} shows its columns",
                snapshot.short()
            )),
            OpError::Unquoted { hint, .. } => Some(hint.clone()),
            OpError::GoneTable { again, others, .. } => {
                let again = again.iter().map(|command| format!("to make it again, and take back the others: {command}"));
                let others = others.iter().map(|command| format!("to take back the other tables: {command}"));
                return again.chain(others).collect();
            }
            OpError::AmbiguousTable { .. } => Some("use one of these names".to_owned()),
            OpError::Reference(ReferenceError::Empty) => Some("to take one: dbsnap snap TABLE -m MESSAGE".to_owned()),
            OpError::Reference(ReferenceError::NoneOf { .. } | ReferenceError::TooFar { .. }) => {
                Some("dbsnap log lists the snapshots and their tables".to_owned())
            }
            OpError::Reference(ReferenceError::Unknown { near: names, .. }) => {
                Some(near(names).unwrap_or_else(|| "dbsnap log lists the snapshots".to_owned()))
            }
            OpError::Reference(ReferenceError::Ambiguous { candidates, .. }) => {
                let ids: Vec<String> = candidates.iter().take(8).map(|id| id.to_hex()[..12].to_owned()).collect();
                Some(format!("it could be {}", ids.join(", ")))
            }
            OpError::RefusedTable { table, .. } => Some(format!("--exclude {table} leaves it out")),
            OpError::Refused { allow: Some(flag), .. } => Some(format!("{flag} allows it")),
            OpError::Db(DbError::Dangling(_)) => {
                Some("restore those tables together by naming them all; --allow-dangling leaves such rows".to_owned())
            }
            OpError::Db(DbError::Constraint { rule, .. }) => Some(
                match rule {
                    Rule::Check => {
                        "rows of the snapshot break a rule that is newer than they are: drop or loosen it, restore, and put it back \
                         (PostgreSQL: as NOT VALID); if it reads another table, restore that one first; or leave those rows out with \
                         --where"
                    }
                    Rule::NotNull => {
                        "rows of the snapshot have no value where one is required now: allow NULL again, restore, and fill the column in; \
                         or leave those rows out with --where"
                    }
                    Rule::Unique => {
                        "another row has a value that must be unique: --mode exact deletes rows that are not in the snapshot, \
                         or change that row first"
                    }
                    Rule::Reference => {
                        "restore the tables that rows refer to, or that refer to them, together with this one: name them all"
                    }
                }
                .to_owned(),
            ),
            OpError::Untrusted { store, .. } => Some(format!(
                "if you trust it: take it over (chown, chmod o-w), or set DBSNAP_SAFE_DIRECTORY={}",
                store.display()
            )),
            OpError::NotConfirmed => Some("use --dry-run to see the plan, then -y to apply it".to_owned()),
            OpError::NoThreads(_) => Some("raise the limit on processes or memory (ulimit -u, ulimit -v), or end others".to_owned()),
            OpError::Store(StoreError::ReadOnly) => Some(
                "only log, show, diff, sql, export and verify can read such a store; \
                 for anything else copy it to where you can write, and name the copy with --store"
                    .to_owned(),
            ),
            OpError::Store(StoreError::NoLocks { .. }) => Some(
                "without locks gc and a snapshot could get in each other's way: keep the store on a local disk (--store), \
                 or mount this file system with locks"
                    .to_owned(),
            ),
            OpError::Db(DbError::TooMuchDisk { .. }) => {
                Some("ask for fewer rows or columns, or let SQLITE_TMPDIR name a directory with more room".to_owned())
            }
            OpError::Db(DbError::TooSlow { .. }) => Some("--timeout SECONDS gives it longer".to_owned()),
            OpError::NoSuchRow { key, table, snapshot: Some(_) } => {
                Some(format!("dbsnap history {table}:{} lists the snapshots that have it, if any", value_of(key)))
            }
            OpError::PlanChanged => Some("--dry-run shows what would be done now".to_owned()),
            OpError::Pinned(id) => Some(format!("dbsnap unpin {} first", id.short())),
            OpError::Store(StoreError::Locked) => Some("try again when the other dbsnap has finished".to_owned()),
            OpError::Engine(_) => Some("use the dbsnap that took the snapshot, or a newer one".to_owned()),
            OpError::Store(StoreError::UnknownFormat { .. }) => Some("use a newer dbsnap".to_owned()),
            OpError::Db(DbError::Connect { .. }) => {
                Some("dbsnap doctor shows which database is used, and where its URL was found".to_owned())
            }
            OpError::Db(DbError::Login { .. }) => Some("check the user and the password: in the database URL, PGPASSWORD or ~/.pgpass".to_owned()),
            OpError::Drift { .. } => Some("revert the migration, or use --map OLD=NEW for a renamed or retyped column, --ignore-column COLUMN to skip one".to_owned()),
            OpError::NotAsPlanned(_) => {
                Some("nothing was changed; look at the triggers, rules, constraints and functions of these tables".to_owned())
            }
            OpError::BadBackup(_) => Some("give the .json file of an export; dbsnap backups lists them".to_owned()),
            _ if self.kind() == ErrorKind::Verification => Some("dbsnap verify shows what is damaged".to_owned()),
            _ => None,
        };
        hint.into_iter().collect()
    }
}

fn no_such_table(typed: &str, place: &str) -> String {
    if super::names::is_pattern(typed) {
        return format!("no table in {place} matches '{typed}'");
    }
    format!("there is no table '{typed}' in {place}")
}

/// The value of a key that was typed as `NAME=VALUE`; several of them, or another key, as they are.
fn value_of(key: &str) -> &str {
    match key.split_once('=') {
        Some((name, value)) if !name.contains(',') && !value.contains(',') => value,
        _ => key,
    }
}

//! `.dbsnap/config.toml`: the one file of the store that is meant for version control.

use super::OpError;
use super::run::MaxDeleted;
use crate::fsio::{SMALL_INPUT, read_input_text};
use crate::snapshot::Policy;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that `init` writes.
pub const TEMPLATE: &str = r#"# Settings of dbsnap for this project. Every line is optional; flags and environment variables override it.

# The database. Better left to DATABASE_URL or .env: keep passwords out of version control.
# url = "file:./dev.db"

# Write the export files (JSON, restore script, manifest) with every snapshot: "on-demand" or "always".
# export = "on-demand"
# export_dir = "scripts/backups"

# snap, diff and status warn when their transaction in the database stays open for this many seconds (0: never).
# long_snapshot_seconds = 300

# Snapshots record who took them: user, host, coding agent and its session, command line, git branch and commit.
# record_actor = true

# Tables of which `dbsnap run` takes a snapshot if none are named: those up to this size.
[run]
max_table_bytes = 268435456

# What `dbsnap hook` watches while a coding agent works: these tables, or all up to max_table_bytes (none are named).
[hook]
tables = []
exclude = []
max_table_bytes = 268435456
# A loss is told of if more than so many rows of a table are gone (or "5%" of them), or more than half of them.
max_deleted = 10
# The hook lets go after so many seconds; what is known to be destructive is not run then.
budget_seconds = 10

# What `dbsnap gc` keeps. Pinned and tagged snapshots and the newest of each table always stay.
[retention]
max_backups_per_table = 5
max_age_days = 30
# Deleted snapshots can be brought back (`dbsnap undelete`) for this many days.
grace_days = 7
"#;

/// When export files are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExportWhen {
    /// Only by `dbsnap export` and `snap --export`.
    #[default]
    OnDemand,
    /// With every snapshot.
    Always,
}

/// The settings of a project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database URL. Better left to DATABASE_URL or .env: keep passwords out of version control.
    pub url: Option<String>,
    /// When export files are written (JSON, restore script, manifest).
    pub export: ExportWhen,
    /// Where export files go: a directory in the project.
    pub export_dir: PathBuf,
    /// Seconds after which `snap`, `diff` and `status` warn that their transaction is still open; 0 for never.
    pub long_snapshot_seconds: u32,
    /// Whether snapshots record who took them: user, host, coding agent and its session, command line, git branch and
    /// commit.
    pub record_actor: bool,
    /// Of which tables `dbsnap run` takes a snapshot if none are named.
    pub run: RunSettings,
    /// What `dbsnap hook` watches while a coding agent works.
    pub hook: HookSettings,
    /// What `dbsnap gc` keeps. Pinned and tagged snapshots and the newest of each table always stay.
    pub retention: Retention,
}

/// What runs are watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// The largest table of which a snapshot is taken without being named, in bytes.
    pub max_table_bytes: u64,
}

impl Default for RunSettings {
    fn default() -> RunSettings {
        RunSettings { max_table_bytes: 256 << 20 }
    }
}

/// What hooks of coding agents watch, and for how long.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HookSettings {
    /// Tables, Prisma models or patterns; empty for all up to `max_table_bytes`. Those that do not exist are passed over.
    pub tables: Vec<String>,
    /// Tables, models or patterns that are left out.
    pub exclude: Vec<String>,
    /// The largest table that is watched without being named, in bytes.
    pub max_table_bytes: u64,
    /// The most rows of a table that may be gone without a word: a number, or a share such as "5%". A table that has
    /// lost more than half of its rows is always told of.
    // So the default of 10 rows is silent about the few rows that a test takes away again, and does not pass over a
    // small table that was emptied. A share would do one or the other, by the size of the table.
    pub max_deleted: MaxDeleted,
    /// Seconds that a hook may take. What is known to be destructive is not run if they are over.
    pub budget_seconds: u32,
}

impl Default for HookSettings {
    fn default() -> HookSettings {
        HookSettings {
            tables: Vec::new(),
            exclude: Vec::new(),
            max_table_bytes: RunSettings::default().max_table_bytes,
            max_deleted: MaxDeleted::Rows(10),
            budget_seconds: 10,
        }
    }
}

/// What gc keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Snapshots of each table that are kept.
    pub max_backups_per_table: usize,
    /// Days for which they are kept.
    pub max_age_days: u32,
    /// Days for which deleted snapshots can be brought back.
    pub grace_days: u32,
}

impl Default for Retention {
    fn default() -> Retention {
        let policy = Policy::default();
        Retention { max_backups_per_table: policy.per_table, max_age_days: policy.days, grace_days: 7 }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            url: None,
            export: ExportWhen::OnDemand,
            export_dir: PathBuf::from("scripts/backups"),
            long_snapshot_seconds: 300,
            record_actor: true,
            run: RunSettings::default(),
            hook: HookSettings::default(),
            retention: Retention::default(),
        }
    }
}

impl Config {
    /// Reads the file; a missing one is the default.
    ///
    /// # Errors
    /// If it cannot be read or is not what [`TEMPLATE`] shows.
    pub fn load(path: &Path) -> Result<Config, OpError> {
        let text = match read_input_text(path, SMALL_INPUT) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(error) => return Err(OpError::io("read", path, error)),
        };
        toml::from_str(&text).map_err(|error| OpError::Config {
            path: path.to_owned(),
            // The error's own display quotes the line, which may hold a password.
            reason: describe(&error, &text),
        })
    }

    /// The retention policy.
    pub fn policy(&self) -> Policy {
        Policy { per_table: self.retention.max_backups_per_table, days: self.retention.max_age_days }
    }
}

fn describe(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_the_default() {
        assert_eq!(toml::from_str::<Config>(TEMPLATE).unwrap(), Config::default());
    }

    #[test]
    fn errors_name_the_line_and_do_not_quote_it() {
        let text = "export = \"always\"\nurl = postgres://u:s3cret@h/db\n";
        let error = toml::from_str::<Config>(text).unwrap_err();
        let reason = describe(&error, text);
        assert!(reason.starts_with("line 2:"), "{reason}");
        assert!(!reason.contains("s3cret"), "{reason}");
        assert!(toml::from_str::<Config>("exprot = 1").unwrap_err().message().contains("unknown field"));
    }
}

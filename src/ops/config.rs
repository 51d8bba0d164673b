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

# If no tables are named, `dbsnap run` takes a snapshot of those up to this size, in bytes.
[run]
max_table_bytes = 268435456

# The tables that `dbsnap hook` watches while a coding agent works; none named: all up to max_table_bytes.
[hook]
tables = []
exclude = []
max_table_bytes = 268435456
# A loss is reported if more rows of a table are deleted than this (or than "5%" of them), or more than half of them.
max_deleted = 10
# Time limit of a hook, in seconds. A command known to be destructive is refused if no snapshot is ready by then.
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
    /// Only with `dbsnap export` and `dbsnap snap --export`.
    #[default]
    OnDemand,
    /// With every snapshot.
    Always,
}

/// Settings of a project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database URL. Better left to DATABASE_URL or .env: keep passwords out of version control.
    pub url: Option<String>,
    /// When export files are written (JSON, restore script, manifest).
    pub export: ExportWhen,
    /// The directory of the export files, in the project.
    pub export_dir: PathBuf,
    /// `snap`, `diff` and `status` warn when their transaction has been open for this many seconds. 0: never.
    pub long_snapshot_seconds: u32,
    /// Whether snapshots record who took them: user, host, coding agent and its session, command line, git branch and
    /// commit.
    pub record_actor: bool,
    /// Settings of `dbsnap run`.
    pub run: RunSettings,
    /// Settings of `dbsnap hook`, which watches tables while a coding agent works.
    pub hook: HookSettings,
    /// Settings of `dbsnap gc`. Pinned and tagged snapshots and the newest one of each table are always kept.
    pub retention: Retention,
}

/// Settings of `dbsnap run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// If no tables are named, `dbsnap run` takes a snapshot of those up to this size, in bytes.
    pub max_table_bytes: u64,
}

impl Default for RunSettings {
    fn default() -> RunSettings {
        RunSettings { max_table_bytes: 256 << 20 }
    }
}

/// Settings of `dbsnap hook`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HookSettings {
    /// The tables to watch: names, Prisma models or patterns. Empty: all up to `max_table_bytes`, and those that a
    /// command names. A table that does not exist is ignored.
    pub tables: Vec<String>,
    /// Tables that are not watched: names, Prisma models or patterns.
    pub exclude: Vec<String>,
    /// If `tables` is empty, tables up to this size are watched, in bytes. Larger ones are watched if a command names
    /// them.
    pub max_table_bytes: u64,
    /// Rows of a table that may be deleted without a report: a number or a share such as "5%". Losing more than half of
    /// a table is always reported.
    // So the default of 10 rows is silent about the few rows that a test takes away again, and does not pass over a
    // small table that was emptied. A share would do one or the other, by the size of the table.
    pub max_deleted: MaxDeleted,
    /// Time limit of a hook, in seconds. A command known to be destructive is refused if no snapshot is ready by then.
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

/// Settings of `dbsnap gc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How many snapshots of each table are kept at most.
    pub max_backups_per_table: usize,
    /// Age in days after which snapshots are deleted.
    pub max_age_days: u32,
    /// Number of days in which `dbsnap undelete` can bring back a deleted snapshot.
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

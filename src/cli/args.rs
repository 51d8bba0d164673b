//! Arguments that every command takes, and the list of commands.

use super::commands::Command;
use crate::ops::{OpError, Place};
use anstream::ColorChoice;
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

/// Git-style snapshots of database tables: take back what a script did to your rows.
#[derive(Debug, Parser)]
#[command(
    name = "dbsnap",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "A snapshot is named by an id prefix, a tag, a backup id or export file, 'latest', 'latest:TABLE' or '~N'.\n\
                  Start with: dbsnap demo"
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments that every command takes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Print one JSON object to stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only the result, no progress or hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to color the output
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", hide_default_value = true, global = true)]
    pub color: Color,
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub working_dir: Option<PathBuf>,
    /// Database URL [default: DBSNAP_URL, DATABASE_URL, config.toml, .env.local, .env]
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
    /// Store directory [default: .dbsnap here or in a parent directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub store: Option<PathBuf>,
}

/// When output has colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes this the choice for everything that is printed. Without a choice `NO_COLOR` and `FORCE_COLOR` decide.
    pub fn apply(self) {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = is_set("FORCE_COLOR") && std::env::var_os("FORCE_COLOR").is_some_and(|value| value != "0");
        let choice = match self {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            Color::Auto if forced && !is_set("NO_COLOR") => ColorChoice::Always,
            Color::Auto => ColorChoice::Auto,
        };
        choice.write_global();
    }
}

impl Global {
    /// What is known of arguments that cannot be parsed and ask for JSON.
    pub fn json() -> Global {
        Global { json: true, ..Global::default() }
    }

    /// Where the command runs.
    pub fn place(&self) -> Result<Place, OpError> {
        let here = std::env::current_dir().map_err(|error| OpError::io("find", "the current directory", error))?;
        let dir = match &self.working_dir {
            Some(dir) => {
                let dir = here.join(dir);
                dir.canonicalize().map_err(|error| OpError::io("enter", dir, error))?
            }
            None => here,
        };
        Ok(Place { dir, store: self.store.clone(), url: self.url.clone() })
    }
}

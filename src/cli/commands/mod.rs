//! The verbs: one file each.

mod agent;
mod amend;
mod backups;
pub(in crate::cli) mod check;
mod completions;
mod delete;
mod demo;
mod diff;
mod doctor;
mod export;
mod gc;
pub(super) mod history;
mod hook;
mod import;
mod init;
pub(super) mod log;
mod man;
#[cfg(feature = "mcp")]
mod mcp;
pub(super) mod pin;
mod repair;
mod restore;
pub(super) mod run;
pub(super) mod schema;
mod show;
mod snap;
pub(super) mod sql;
mod status;
mod tables;
pub(super) mod tag;
mod undelete;
mod undo;
mod verify;

use super::args::Global;
use super::child::NOT_RUN;
use super::command_error::CliError;
use super::ui::Ui;
use crate::ops::{OpError, Place, Repository};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The end of a command's help. The tests hold that each example can be parsed.
macro_rules! examples {
    ($($example:literal),+) => {
        concat!("Examples:", $("\n  ", $example),+)
    };
}

/// How a snapshot is named, at the end of the help.
const NAMES: &str = "\
Naming snapshots:
  a1b2c3d4                      an id, or its first digits (four or more)
  latest, ~1                    the newest snapshot, the one before it
  v1                            a tag
  latest:mods                   the newest snapshot that has the table mods
  v1:mods, v1:mods:cl1104       a table of a snapshot, a row of it by its key
  backup_20260124_103000_mods   an exported backup, by its name or file

Try it: dbsnap demo";

/// Git-style snapshots of database tables: take back what a script did to your rows.
#[derive(Debug, Parser)]
#[command(
    name = "dbsnap",
    version,
    max_term_width = 100,
    after_help = NAMES
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a store (.dbsnap) in this directory
    #[command(after_long_help = examples!["dbsnap init"])]
    Init,
    /// List the tables of the database
    #[command(after_long_help = examples!["dbsnap tables", "dbsnap tables --url file:./dev.db"])]
    Tables,
    /// Take a snapshot of tables
    #[command(after_long_help = examples![
        r#"dbsnap snap mods -m "before the cleanup""#,
        r#"dbsnap snap mods --where "content_type = 'furniture'""#,
        r#"dbsnap snap --all --exclude sessions -m "before the migration""#
    ])]
    Snap(snap::Args),
    /// List snapshots, newest first
    #[command(after_long_help = examples![
        "dbsnap log -n 5",
        "dbsnap log mods --since 3d --stat",
        "dbsnap log --format '{short} {date} {message}' --date iso"
    ])]
    #[command(visible_aliases = ["list", "ls"])]
    Log(log::Args),
    /// Show a snapshot, one of its tables, or one row
    #[command(after_long_help = examples!["dbsnap show", "dbsnap show latest:mods", "dbsnap show v1:mods:cl1104"])]
    Show(show::Args),
    /// Compare the live tables with their latest snapshots
    #[command(after_long_help = examples!["dbsnap status", "dbsnap status mods --exit-code"])]
    Status(status::Args),
    /// Show which rows differ between two snapshots, or a snapshot and the live database
    #[command(after_long_help = examples![
        "dbsnap diff",
        "dbsnap diff latest~1 latest -- mods",
        "dbsnap diff v1 live -o html > diff.html"
    ])]
    Diff(diff::Args),
    /// Tell what a script would do to the database, without running it
    #[command(after_long_help = examples![
        "dbsnap check scripts/cleanup.ts",
        "dbsnap check migrations/0042_drop_tags.sql --exit-code",
        "dbsnap check - --language sh"
    ])]
    Check(check::Args),
    /// Show how one row changed from snapshot to snapshot
    #[command(after_long_help = examples!["dbsnap history mods:cl1104", "dbsnap history mod_tags:1,wood -n 5"])]
    History(history::Args),
    /// Query a snapshot with SQL
    #[command(after_long_help = examples![
        r#"dbsnap sql latest "SELECT count(*) FROM mods""#,
        r#"dbsnap sql v1 "SELECT * FROM mods WHERE price > 50" -o csv > mods.csv"#,
        "dbsnap sql latest --out snapshot.db"
    ])]
    Sql(sql::Args),
    /// Export a snapshot as JSON with a TypeScript restore script
    #[command(after_long_help = examples!["dbsnap export latest", "dbsnap export v1 mods -o backups"])]
    Export(export::Args),
    /// Import an exported JSON file as a snapshot
    #[command(after_long_help = examples!["dbsnap import scripts/backups/backup_20260124_103000_mods.json"])]
    Import(import::Args),
    /// List exported backup files
    #[command(after_long_help = examples!["dbsnap backups", "dbsnap backups --json"])]
    Backups,
    /// Restore rows from a snapshot
    #[command(after_long_help = examples![
        "dbsnap restore latest --dry-run",
        "dbsnap restore latest:mods --mode exact",
        "dbsnap restore v1:mods:cl1110"
    ])]
    Restore(restore::Args),
    /// Run a command between two snapshots and show what it changed
    #[command(after_long_help = examples![
        "dbsnap run favorites -- node scripts/delete-orphans.js --fix",
        "dbsnap run --max-deleted 5% --on-failure undo -- npm run cleanup",
        r#"dbsnap run --all -m "before fc-002" -- sh -c 'psql "$DATABASE_URL" -f fc-002.sql'"#
    ])]
    Run(run::Args),
    /// Undo the last restore, or what the last run of a command did
    #[command(after_long_help = examples![
        "dbsnap undo --dry-run",
        "dbsnap undo",
        "dbsnap undo a1b2c3d4 --force favorites:17"
    ])]
    Undo(undo::Args),
    /// Delete snapshots
    #[command(after_long_help = examples!["dbsnap delete a1b2c3d4", "dbsnap delete v1 latest~3 -y"])]
    #[command(visible_alias = "rm")]
    Delete(delete::Args),
    /// Bring back a deleted snapshot
    #[command(after_long_help = examples!["dbsnap log --deleted", "dbsnap undelete a1b2c3d4"])]
    Undelete(undelete::Args),
    /// Protect a snapshot from gc and delete, or list pinned snapshots
    #[command(after_long_help = examples!["dbsnap pin", r#"dbsnap pin latest -m "the state before the migration""#])]
    Pin(pin::PinArgs),
    /// Unpin a snapshot
    #[command(after_long_help = examples!["dbsnap unpin v1"])]
    Unpin(pin::UnpinArgs),
    /// Name a snapshot, or list tags
    #[command(after_long_help = examples!["dbsnap tag", "dbsnap tag latest v1", "dbsnap tag --delete v1"])]
    Tag(tag::Args),
    /// Change a snapshot's message
    #[command(after_long_help = examples![r#"dbsnap amend latest -m "before fc-002, second attempt""#])]
    Amend(amend::Args),
    /// Delete old snapshots and free unused space
    #[command(after_long_help = examples!["dbsnap gc --dry-run", "dbsnap gc --keep 10 --days 90"])]
    Gc(gc::Args),
    /// Check the store, a snapshot or an exported file for damage
    #[command(after_long_help = examples![
        "dbsnap verify",
        "dbsnap verify --quick",
        "dbsnap verify scripts/backups/backup_20260124_103000_mods.json"
    ])]
    Verify(verify::Args),
    /// Repair a damaged store, taking lost rows from other copies and the database
    #[command(after_long_help = examples![
        "dbsnap repair --dry-run",
        "dbsnap repair -y",
        "dbsnap repair --from /mnt/backup/.dbsnap"
    ])]
    Repair(repair::Args),
    /// Check the setup and show which database is used
    #[command(after_long_help = examples!["dbsnap doctor", "dbsnap doctor --url postgresql://localhost/shop"])]
    Doctor,
    /// Serve a coding agent on stdin and stdout (Model Context Protocol)
    #[cfg(feature = "mcp")]
    #[command(after_long_help = examples!["dbsnap mcp", "dbsnap mcp -C /srv/shop --url file:./dev.db"])]
    Mcp,
    /// Watch over a coding agent's tool calls (JSON on stdin and stdout)
    #[command(after_long_help = examples![
        "dbsnap hook pre-tool-use",
        "dbsnap hook post-tool-use --for codex",
        "dbsnap hook session-start --for cursor"
    ])]
    Hook(hook::Args),
    /// Set up coding agents (Claude Code, Codex, Gemini, Cursor) to use dbsnap, or undo that
    #[command(after_long_help = examples![
        "dbsnap agent install",
        "dbsnap agent install --for claude,cursor --dry-run",
        "dbsnap agent status",
        "dbsnap agent uninstall"
    ])]
    Agent(agent::Args),
    /// Try the full workflow on a sample project
    #[command(after_long_help = examples!["dbsnap demo", "dbsnap demo /tmp/demo"])]
    Demo(demo::Args),
    /// Print a JSON Schema: of config.toml, of what --json prints, of exported files
    #[command(after_long_help = examples!["dbsnap schema", "dbsnap schema config > config.schema.json"])]
    Schema(schema::Args),
    /// Print a completion script for your shell
    #[command(after_long_help = examples![
        "dbsnap completions bash > ~/.local/share/bash-completion/completions/dbsnap",
        "dbsnap completions fish > ~/.config/fish/completions/dbsnap.fish"
    ])]
    Completions(completions::Args),
    /// Print the man page, or write all man pages to a directory
    #[command(after_long_help = examples!["dbsnap man | man -l -", "dbsnap man ~/.local/share/man/man1"])]
    Man(man::Args),
}

/// Finds the project, for this command line.
fn find(place: &Place) -> Result<Repository, OpError> {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    Ok(Repository::find(place)?.with_command_line(std::iter::once("dbsnap".to_owned()).chain(words).collect()))
}

impl Command {
    /// What it exits with when it fails, if all its failures are alike.
    pub fn own_code(&self) -> Option<u8> {
        match self {
            Command::Run(_) => Some(NOT_RUN),
            Command::Hook(args) => Some(args.event.own_code()),
            _ => None,
        }
    }
}

/// Runs one command.
pub(super) fn run(command: &Command, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let repository = || find(place);
    match command {
        Command::Init => init::run(place, ui),
        Command::Tables => tables::run(&Repository::find_or_here(place)?, ui),
        Command::Snap(args) => snap::run(args, &repository()?, ui),
        Command::Log(args) => log::run(args, &repository()?, ui),
        Command::Show(args) => show::run(args, &repository()?, ui),
        Command::Status(args) => status::run(args, &repository()?, ui),
        Command::Diff(args) => diff::run(args, &repository()?, ui),
        Command::Check(args) => check::run(args, &Repository::find_or_here(place)?, ui),
        Command::History(args) => history::run(args, &repository()?, ui),
        Command::Sql(args) => sql::run(args, &repository()?, ui),
        Command::Export(args) => export::run(args, &repository()?, ui),
        Command::Import(args) => import::run(args, &repository()?, ui),
        Command::Restore(args) => restore::run(args, place, ui),
        Command::Run(args) => run::run(args, &repository()?, ui),
        Command::Undo(args) => undo::run(args, &repository()?, ui),
        Command::Delete(args) => delete::run(args, &repository()?, ui),
        Command::Undelete(args) => undelete::run(args, &repository()?, ui),
        Command::Pin(args) => pin::pin(args, &repository()?, ui),
        Command::Unpin(args) => pin::unpin(args, &repository()?, ui),
        Command::Tag(args) => tag::run(args, &repository()?, ui),
        Command::Amend(args) => amend::run(args, &repository()?, ui),
        Command::Gc(args) => gc::run(args, &repository()?, ui),
        Command::Verify(args) => verify::run(args, place, ui),
        Command::Repair(args) => repair::run(args, &repository()?, ui),
        Command::Doctor => doctor::run(place, ui),
        #[cfg(feature = "mcp")]
        Command::Mcp => mcp::run(place, ui),
        Command::Hook(args) => hook::run(args, place, ui),
        Command::Agent(args) => agent::run(args, &Repository::find_or_here(place)?, ui),
        Command::Demo(args) => demo::run(args, place, ui),
        Command::Backups => backups::run(&repository()?, ui),
        Command::Schema(args) => schema::run(args, ui),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args, place, ui),
    }
}

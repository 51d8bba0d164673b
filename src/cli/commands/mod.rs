//! The verbs: one file each.

mod amend;
mod backups;
mod completions;
mod delete;
mod demo;
mod diff;
mod doctor;
mod export;
mod gc;
mod history;
mod import;
mod init;
mod log;
mod man;
mod pin;
mod repair;
mod restore;
mod show;
mod snap;
mod sql;
mod status;
mod tables;
mod tag;
mod undelete;
mod undo;
mod verify;

use super::command_error::CliError;
use super::ui::Ui;
use crate::ops::Place;
use clap::Subcommand;
use std::process::ExitCode;

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a store in this directory
    Init,
    /// List what can be snapshotted
    Tables,
    /// Take a snapshot of tables
    Snap(snap::Args),
    /// List snapshots, newest first
    #[command(visible_aliases = ["list", "ls"])]
    Log(log::Args),
    /// Show a snapshot, a table of it, or one row
    Show(show::Args),
    /// Compare the live tables with their latest snapshots
    Status(status::Args),
    /// Show which rows differ between snapshots, or a snapshot and the live database
    Diff(diff::Args),
    /// Follow one row through all snapshots
    History(history::Args),
    /// Query a snapshot without touching the database
    Sql(sql::Args),
    /// Write a snapshot's JSON, restore script and backup_manifest.json
    Export(export::Args),
    /// Import an exported JSON file as a snapshot
    Import(import::Args),
    /// Restore rows: plan, confirm, write the differences, verify
    Restore(restore::Args),
    /// Undo the last restore
    Undo(undo::Args),
    /// Delete snapshots
    #[command(visible_alias = "rm")]
    Delete(delete::Args),
    /// Bring a deleted snapshot back
    Undelete(undelete::Args),
    /// Protect a snapshot from gc and delete
    Pin(pin::PinArgs),
    /// Unpin a snapshot
    Unpin(pin::UnpinArgs),
    /// Give a snapshot a name
    Tag(tag::Args),
    /// Change a snapshot's message
    Amend(amend::Args),
    /// Apply retention and free unused space
    Gc(gc::Args),
    /// Check the store, a snapshot or an exported file
    Verify(verify::Args),
    /// Mend a damaged store, and take lost rows again from the database
    Repair(repair::Args),
    /// Diagnose the setup
    Doctor,
    /// Try the full workflow on a sample project
    Demo(demo::Args),
    /// List exported backup files
    Backups,
    /// Print a completion script for your shell
    Completions(completions::Args),
    /// Print the man page, or write all man pages
    Man(man::Args),
}

/// Runs one command.
pub(super) fn run(command: &Command, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Init => init::run(place, ui),
        Command::Tables => tables::run(place, ui),
        Command::Snap(args) => snap::run(args, place, ui),
        Command::Log(args) => log::run(args, place, ui),
        Command::Show(args) => show::run(args, place, ui),
        Command::Status(args) => status::run(args, place, ui),
        Command::Diff(args) => diff::run(args, place, ui),
        Command::History(args) => history::run(args, place, ui),
        Command::Sql(args) => sql::run(args, place, ui),
        Command::Export(args) => export::run(args, place, ui),
        Command::Import(args) => import::run(args, place, ui),
        Command::Restore(args) => restore::run(args, place, ui),
        Command::Undo(args) => undo::run(args, place, ui),
        Command::Delete(args) => delete::run(args, place, ui),
        Command::Undelete(args) => undelete::run(args, place, ui),
        Command::Pin(args) => pin::pin(args, place, ui),
        Command::Unpin(args) => pin::unpin(args, place, ui),
        Command::Tag(args) => tag::run(args, place, ui),
        Command::Amend(args) => amend::run(args, place, ui),
        Command::Gc(args) => gc::run(args, place, ui),
        Command::Verify(args) => verify::run(args, place, ui),
        Command::Repair(args) => repair::run(args, place, ui),
        Command::Doctor => doctor::run(place, ui),
        Command::Demo(args) => demo::run(args, place, ui),
        Command::Backups => backups::run(place, ui),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args, place, ui),
    }
}

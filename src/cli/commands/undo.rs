//! `dbsnap undo`

use super::restore::carry_out;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::restore::{UndoOptions, undo};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The restore to undo, by the id that it printed as "Previous state saved as", or by the snapshot it restored [default: the last restore]
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: Option<String>,
    /// Show the plan without applying it
    #[arg(long)]
    dry_run: bool,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Allow foreign keys to delete or change rows in other tables
    #[arg(long)]
    cascade: bool,
    /// Allow a database on another host
    #[arg(long)]
    remote: bool,
    /// Restore even if NODE_ENV is production
    #[arg(long)]
    production: bool,
    /// Allow foreign keys that refer to missing rows (SQLite)
    #[arg(long)]
    allow_dangling: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = UndoOptions {
        reference: args.reference.clone(),
        dry_run: args.dry_run,
        yes: args.yes,
        cascade: args.cascade,
        remote: args.remote,
        production: args.production,
        allow_dangling: args.allow_dangling,
    };
    carry_out(ui, "undo", |confirm| undo(repository, &mut repository.database(), &options, confirm, ui.monitor()))
}

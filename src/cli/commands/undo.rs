//! `dbsnap undo`

use super::restore::carry_out;
use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::restore::UndoOptions;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The restore to undo, by the id that it printed as "Previous state saved as", or by the snapshot it restored
    /// [default: the last restore]
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: Option<String>,
    #[command(flatten)]
    planned: Planned,
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
        cascade: args.cascade,
        remote: args.remote,
        production: args.production,
        allow_dangling: args.allow_dangling,
    };
    carry_out(&options, &args.planned, args.yes, repository, ui)
}

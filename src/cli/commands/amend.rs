//! `dbsnap amend`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{Repository, amend};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: String,
    /// The new message
    #[arg(short, long, value_name = "TEXT")]
    message: String,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = amend::amend(repository, &args.reference, &args.message)?;
    ui.result("amend", &report, || {
        format!(
            "{} is now {} \"{}\"\n",
            paint(ID, &report.from[..8]),
            paint(ID, &report.id[..8]),
            printable(&report.message)
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

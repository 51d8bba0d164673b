//! `dbsnap pin` and `dbsnap unpin`

use crate::cli::command_error::CliError;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{Place, refs};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PinArgs {
    /// The snapshot
    reference: String,
    /// Reason
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UnpinArgs {
    /// The snapshot
    reference: String,
}

pub(super) fn pin(args: &PinArgs, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = refs::pin(place, &args.reference, args.message.as_deref())?;
    ui.result("pin", &report, || line(&report, "Pinned", "is already pinned"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpin(args: &UnpinArgs, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = refs::unpin(place, &args.reference)?;
    ui.result("unpin", &report, || line(&report, "Unpinned", "is not pinned"))?;
    Ok(ExitCode::SUCCESS)
}

fn line(report: &refs::MarkReport, done: &str, not: &str) -> String {
    let id = paint(ID, &report.id[..8]);
    match report.changed {
        true => format!("{done} {id} {}\n", printable(&report.message)),
        false => format!("{id} {not}.\n"),
    }
}

//! `dbsnap pin` and `dbsnap unpin`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{DIM, ID, lines, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::log::{LogOptions, LoggedSnapshot, log};
use crate::ops::{Repository, refs};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PinArgs {
    /// The snapshot to pin [default: list pinned snapshots]
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: Option<String>,
    /// Why it is pinned
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UnpinArgs {
    /// The snapshot to unpin
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: String,
    /// Run even if started by a coding agent (refused otherwise)
    #[arg(long)]
    allow_agent: bool,
}

pub(super) fn pin(args: &PinArgs, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let Some(reference) = &args.reference else { return list(repository, ui) };
    let report = refs::pin(repository, reference, args.message.as_deref())?;
    ui.result("pin", &report, || line(&report, "Pinned", "is already pinned"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpin(args: &UnpinArgs, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = refs::unpin(repository, &args.reference, args.allow_agent)?;
    ui.result("unpin", &report, || line(&report, "Unpinned", "is not pinned"))?;
    Ok(ExitCode::SUCCESS)
}

fn line(report: &refs::MarkReport, done: &str, not: &str) -> String {
    let id = paint(ID, &report.id[..8]);
    match report.changed {
        true => format!("{done} {id} \"{}\"\n", printable(&report.message)),
        false => format!("{id} {not}.\n"),
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct Pins<'r> {
    pins: Vec<&'r LoggedSnapshot>,
}

fn list(repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = log(repository, &LogOptions::default())?;
    let pins = Pins { pins: report.snapshots.iter().filter(|snapshot| snapshot.pinned).collect() };
    ui.paged("pin", &pins, || {
        let line = |one: &&LoggedSnapshot| {
            let reason = one.pin_reason.as_ref().filter(|_| !one.is_safety());
            let reason = reason.map_or_else(String::new, |reason| format!("  ({})", printable(reason)));
            format!("{}  {}{}\n", paint(ID, &one.id[..8]), printable(&one.message), paint(DIM, reason))
        };
        match pins.pins.as_slice() {
            [] => "No pinned snapshots.\n".to_owned(),
            pins => lines(&pins.iter().map(line).collect::<String>(), ui.width()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

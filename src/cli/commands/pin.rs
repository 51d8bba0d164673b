//! `dbsnap pin` and `dbsnap unpin`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::log::{LogOptions, LoggedSnapshot, log};
use crate::ops::{Place, refs};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PinArgs {
    /// The snapshot; without it all pinned snapshots are listed
    #[arg(add = complete::snapshots())]
    reference: Option<String>,
    /// Reason
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UnpinArgs {
    /// The snapshot
    #[arg(add = complete::snapshots())]
    reference: String,
    /// Let a coding agent unpin a snapshot
    #[arg(long)]
    allow_agent: bool,
}

pub(super) fn pin(args: &PinArgs, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let Some(reference) = &args.reference else { return list(place, ui) };
    let report = refs::pin(place, reference, args.message.as_deref())?;
    ui.result("pin", &report, || line(&report, "Pinned", "is already pinned"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpin(args: &UnpinArgs, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = refs::unpin(place, &args.reference, args.allow_agent)?;
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

#[derive(Serialize)]
struct Pins<'r> {
    pins: Vec<&'r LoggedSnapshot>,
}

fn list(place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = log(place, &LogOptions::default())?;
    let pins = Pins { pins: report.snapshots.iter().filter(|snapshot| snapshot.pinned).collect() };
    ui.paged("pin", &pins, || {
        let line = |one: &&LoggedSnapshot| format!("{}  {}\n", paint(ID, &one.id[..8]), printable(&one.message));
        pins.pins.iter().map(line).collect()
    })?;
    Ok(ExitCode::SUCCESS)
}

//! `dbsnap delete`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{BAD, ID, age, moment, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::delete::{DeleteReport, Doomed};
use crate::ops::wording::counted;
use crate::ops::{OpError, Repository, delete};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshots to delete
    #[arg(required = true, value_name = "SNAPSHOT", add = complete::snapshots())]
    references: Vec<String>,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Run even if started by a coding agent (refused otherwise)
    #[arg(long)]
    allow_agent: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut references = args.references.clone();
    if ui.can_ask() && !args.yes {
        let doomed = delete::plan(repository, &references)?;
        ui.note(&shown(&doomed));
        if !ui.ask("Delete?")? {
            return Err(OpError::Declined.into());
        }
        // What was shown, whatever the names stand for by now.
        references = doomed.into_iter().map(|doomed| doomed.id).collect();
    }
    let report = delete::delete(repository, &references, args.allow_agent)?;
    ui.result("delete", &report, || render(&report))?;
    Ok(ExitCode::SUCCESS)
}

fn shown(doomed: &[Doomed]) -> String {
    let now = jiff::Timestamp::now();
    let mut text = String::new();
    for one in doomed {
        let _ = writeln!(
            text,
            "{}  {}  {}, {}",
            paint(ID, &one.id[..8]),
            printable(&one.message),
            counted(one.rows, "row"),
            age(one.created_at, now)
        );
        for tag in &one.tags {
            let _ = writeln!(text, "  tagged {}", printable(tag));
        }
        for table in &one.last_of {
            let _ = writeln!(text, "  {} of all rows of {}", paint(BAD, "the last snapshot"), printable(table));
        }
        if !one.exports.is_empty() {
            let files = counted(one.exports.len() as u64, "exported file");
            let _ = writeln!(text, "  with {files}, which undelete does not bring back");
        }
    }
    text.trim_end().to_owned()
}

fn render(report: &DeleteReport) -> String {
    let mut text = String::new();
    for deleted in &report.deleted {
        let _ = writeln!(text, "Deleted {} {}", paint(ID, &deleted.id[..8]), printable(&deleted.message));
        for file in &deleted.exports {
            let _ = writeln!(text, "- {}", printable(file));
        }
        if deleted.until.is_none() {
            let _ = writeln!(text, "The disk has no room to keep it: it cannot be brought back.");
        }
    }
    if let Some(until) = report.deleted.iter().filter_map(|deleted| deleted.until).min() {
        let _ =
            writeln!(text, "Until {}, dbsnap undelete brings it back; dbsnap gc --now frees the space.", moment(until));
    } else {
        let _ = writeln!(text, "Run dbsnap gc to free the space.");
    }
    text
}

//! `dbsnap delete`

use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{BAD, ID, age, moment, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::delete::{DeleteOptions, DeleteReport, SnapshotToDelete};
use crate::ops::wording::counted;
use crate::ops::{OpError, Operation, Repository};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshots to delete
    #[arg(required = true, value_name = "SNAPSHOT", add = complete::snapshots())]
    references: Vec<String>,
    #[command(flatten)]
    planned: Planned,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Run even if started by a coding agent (refused otherwise)
    #[arg(long)]
    allow_agent: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = DeleteOptions { references: args.references.clone(), allow_agent: args.allow_agent };
    let mut database = repository.database();
    if args.planned.dry_run {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        let shown = || format!("{}\n[DRY RUN] Nothing was deleted.\n", shown(&plan.effect.snapshots));
        ui.plan(&plan, shown)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut digest = args.planned.digest;
    if ui.can_ask() && !args.yes && digest.is_none() {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        ui.note(&shown(&plan.effect.snapshots));
        if !ui.ask("Delete?")? {
            return Err(OpError::Declined.into());
        }
        digest = Some(plan.digest());
    }
    let report = options.apply(repository, &mut database, digest.as_ref(), ui.monitor())?;
    ui.result("delete", &report, || render(&report))?;
    Ok(ExitCode::SUCCESS)
}

fn shown(snapshots: &[SnapshotToDelete]) -> String {
    let now = jiff::Timestamp::now();
    let mut text = String::new();
    for one in snapshots {
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
        if !deleted.exports.is_empty() {
            let _ = writeln!(text, "and its exported files, which undelete does not bring back:");
        }
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

//! `dbsnap history`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::diff::{changed_cell, one_cell};
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, paint, printable, wrapped};
use crate::cli::ui::Ui;
use crate::ops::Place;
use crate::ops::history::{HistoryReport, HistoryStep, RowEvent, history};
use crate::ops::wording::counted;
use jiff::Timestamp;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The row; separate the values of a composite key by commas
    #[arg(value_name = "TABLE:KEY", add = complete::rows())]
    row: String,
    /// Show at most N changes
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Show values in full
    #[arg(long)]
    full: bool,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut report = history(place, &args.row)?;
    report.steps.truncate(args.limit.unwrap_or(usize::MAX));
    ui.paged("history", &report, || wrapped(&render(&report, args.full, ui.quiet), ui.width()).into_owned())?;
    Ok(ExitCode::SUCCESS)
}

fn render(report: &HistoryReport, full: bool, quiet: bool) -> String {
    let now = Timestamp::now();
    let mut text = String::new();
    if !quiet {
        let _ = writeln!(
            text,
            "{} {}  {}\n",
            paint(BOLD, printable(&report.table)),
            paint(BOLD, printable(&report.key)),
            paint(DIM, format!("in {}", counted(report.snapshots as u64, "snapshot")))
        );
    }
    for step in &report.steps {
        let _ = writeln!(text, "{}", headline(step, now));
        for name in names(report, step) {
            for line in lines(step, name, full) {
                let _ = writeln!(text, "    {line}");
            }
        }
        if step.unchanged_in > 0 {
            let snapshots = if step.unchanged_in == 1 { "snapshot" } else { "snapshots" };
            let unchanged = match step.event {
                RowEvent::Deleted => format!("not in {} later {snapshots} either", step.unchanged_in),
                _ => format!("the same in {} later {snapshots}", step.unchanged_in),
            };
            let _ = writeln!(text, "    {}", paint(DIM, unchanged));
        }
    }
    text
}

/// Columns that a step changed: in the table's order, then those that the table no longer has.
fn names<'r>(report: &'r HistoryReport, step: &'r HistoryStep) -> Vec<&'r String> {
    let gone = step.cells.keys().filter(|name| !report.columns.contains(name));
    report.columns.iter().chain(gone).filter(|name| step.cells.contains_key(*name)).collect()
}

fn headline(step: &HistoryStep, now: Timestamp) -> String {
    let event = match step.event {
        RowEvent::First => paint(GOOD, "first seen"),
        RowEvent::Created => paint(GOOD, "created"),
        RowEvent::Changed => paint(CHANGED, "changed"),
        RowEvent::Deleted => paint(BAD, "deleted"),
    };
    let who: Vec<&str> = [step.user.as_deref(), step.agent.as_deref()].into_iter().flatten().collect();
    let who = if who.is_empty() { String::new() } else { format!("  by {}", who.join(" via ")) };
    let commit =
        step.git.as_ref().and_then(|git| git.commit.as_ref()).map(|commit| commit.chars().take(8).collect::<String>());
    let branch = step.git.as_ref().and_then(|git| git.branch.clone());
    let git: Vec<String> = [branch, commit].into_iter().flatten().collect();
    let git = if git.is_empty() { String::new() } else { format!(" on {}", git.join(" ")) };
    format!(
        "{}  {}  {event}  {}{}",
        paint(ID, &step.id[..8]),
        paint(DIM, age(step.created_at, now)),
        printable(&step.message),
        paint(DIM, printable(&format!("{who}{git}")))
    )
}

/// The lines of a cell, as `diff` shows it.
fn lines(step: &HistoryStep, name: &str, full: bool) -> Vec<String> {
    let [old, new] = [&step.old, &step.new].map(|row| row.as_ref().and_then(|row| row.value(name)));
    if let (Some((_, old)), Some((column, new))) = (old, new) {
        return changed_cell(column, old, new, full);
    }
    let text = |value: Option<_>| match value {
        None => "(nothing)".to_owned(),
        Some((column, value)) => one_cell(value, column, full),
    };
    let value = match step.event {
        RowEvent::First | RowEvent::Created => paint(GOOD, text(new)),
        RowEvent::Deleted => paint(BAD, text(old)),
        RowEvent::Changed => format!("{} {} {}", paint(BAD, text(old)), paint(DIM, "→"), paint(GOOD, text(new))),
    };
    vec![format!("{}: {value}", printable(name))]
}

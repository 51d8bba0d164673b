//! `dbsnap history`

use crate::cli::command_error::CliError;
use crate::cli::diff::windows;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::Place;
use crate::ops::diff::json_changes;
use crate::ops::history::{CellChange, HistoryReport, HistoryStep, RowEvent, history};
use crate::ops::wording::counted;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::fmt::Write;
use std::process::ExitCode;

/// Characters of a value that are shown unless all are wanted.
const SHORT: usize = 80;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The row; values of a composite key stand between commas
    #[arg(value_name = "TABLE:KEY")]
    row: String,
    /// At most N changes
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Don't truncate
    #[arg(long)]
    full: bool,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut report = history(place, &args.row)?;
    report.steps.truncate(args.limit.unwrap_or(usize::MAX));
    ui.paged("history", &report, || render(&report, args.full, ui.quiet))?;
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
            let Some(cell) = step.cells.get(name) else { continue };
            for (path, cell) in paths(cell) {
                let _ =
                    writeln!(text, "    {}{}: {}", printable(name), printable(&path), shown(&cell, step.event, full));
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

/// Columns of a step: in the table's order, then those that the table no longer has.
fn names<'r>(report: &'r HistoryReport, step: &'r HistoryStep) -> Vec<&'r String> {
    let gone = step.cells.keys().filter(|name| !report.columns.contains(name));
    report.columns.iter().chain(gone).collect()
}

/// A changed cell JSON path by path; any other as it is.
fn paths(cell: &CellChange) -> Vec<(String, CellChange)> {
    let changes = cell.old.as_ref().zip(cell.new.as_ref()).and_then(|(old, new)| json_changes(old.get(), new.get()));
    let raw = |text: Option<String>| text.and_then(|text| RawValue::from_string(text).ok());
    match changes {
        None => vec![(String::new(), cell.clone())],
        Some(changes) => changes
            .into_iter()
            .map(|change| (change.path, CellChange { old: raw(change.old), new: raw(change.new) }))
            .collect(),
    }
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

fn shown(cell: &CellChange, event: RowEvent, full: bool) -> String {
    let text = |value: &Option<Box<RawValue>>| match value {
        None => "(nothing)".to_owned(),
        Some(value) => {
            let value = printable(value.get());
            match value.char_indices().nth(SHORT) {
                Some((end, _)) if !full => format!("{}…", &value[..end]),
                _ => value,
            }
        }
    };
    match event {
        RowEvent::First | RowEvent::Created => paint(GOOD, text(&cell.new)),
        RowEvent::Deleted => paint(BAD, text(&cell.old)),
        RowEvent::Changed => {
            let (old, new) = match (&cell.old, &cell.new) {
                (Some(old), Some(new)) if !full && old.get().len().max(new.get().len()) > SHORT => {
                    windows(old.get(), new.get())
                }
                (old, new) => (text(old), text(new)),
            };
            format!("{} {} {}", paint(BAD, old), paint(DIM, "→"), paint(GOOD, new))
        }
    }
}

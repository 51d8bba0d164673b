//! `dbsnap status`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::diff::{compare_with_full, part};
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, change, fit, paint, printable, short_name};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::diff::{StatusLine, StatusReport, TableStatus, status};
use crate::ops::wording::counted;
use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only these tables
    #[arg(value_name = "TABLE", add = complete::live_tables())]
    tables: Vec<String>,
    /// Exit with status 1 if any table differs from its latest snapshot
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = status(repository, &mut repository.database(), &args.tables, ui.monitor())?;
    ui.paged("status", &report, || render(&report, ui.quiet, ui.width()))?;
    Ok(if args.exit_code && report.different { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn render(report: &StatusReport, quiet: bool, width: Option<usize>) -> String {
    let mut text = String::new();
    if !quiet {
        text.push_str(&format!("{}\n\n", paint(DIM, printable(&report.database))));
    }
    if report.tables.is_empty() {
        text.push_str("The database has no tables.\n");
        return text;
    }
    let now = Timestamp::now();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for line in &report.tables {
        table.add_row(cells(line, now, width));
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = table.to_string();
    for (shown, line) in lines.lines().zip(&report.tables) {
        text.push_str(&format!("{}\n", fit(shown.trim(), width)));
        for what in &line.schema_changes {
            text.push_str(&format!("  {} {}\n", paint(CHANGED, "schema:"), printable(what)));
        }
        let full = line.last_full.as_deref().map(|id| compare_with_full(&line.table, id));
        for note in line.notes.iter().chain(&full) {
            text.push_str(&format!("  {} {}\n", paint(DIM, "note:"), printable(note)));
        }
    }
    if !quiet && report.different {
        text.push_str("\nTo see the rows: dbsnap diff\n");
    }
    text
}

fn cells(line: &StatusLine, now: Timestamp, width: Option<usize>) -> [String; 6] {
    let state = match line.status {
        TableStatus::Unchanged => paint(GOOD, "unchanged"),
        TableStatus::Changed if line.counts.all() == 0 => paint(CHANGED, "schema changed"),
        TableStatus::Changed => change(line.counts.added, line.counts.changed, line.counts.removed),
        TableStatus::NoSnapshot => paint(DIM, "no snapshot"),
        TableStatus::Gone => paint(BAD, "table is gone"),
        TableStatus::Refused => paint(BAD, "cannot be read"),
    };
    [
        part(paint(BOLD, short_name(&line.table, width, 4)), line.filter.is_some()),
        state,
        line.rows.map_or_else(String::new, |rows| counted(rows, "row")),
        line.snapshot.as_ref().map_or_else(String::new, |id| paint(ID, &id[..8])),
        line.created_at.map_or_else(String::new, |at| paint(DIM, age(at, now))),
        line.message.as_deref().map(printable).unwrap_or_default(),
    ]
}

//! `dbsnap tables`

use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, DIM, fit, paint, printable, short_name, size};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::tables::{ListedTable, TablesReport, tables};
use anstyle::Style;
use comfy_table::{CellAlignment, Table, presets};
use std::process::ExitCode;

/// Most characters of a note.
const LONGEST_NOTE: usize = 60;

pub(super) fn run(repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = tables(repository, &mut repository.database())?;
    ui.paged("tables", &report, || render(&report, ui.width()))?;
    Ok(ExitCode::SUCCESS)
}

fn render(report: &TablesReport, width: Option<usize>) -> String {
    let mut text = format!("{}\n\n", paint(DIM, printable(&report.database)));
    if report.tables.is_empty() {
        text.push_str("The database has no tables.\n");
    } else {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let (models, notes) = (shows(report, |listed| &listed.model), shows(report, |listed| &listed.note));
        let head = ["MODEL", "TABLE", "ROWS", "SIZE", "KEY", "REFERS TO", "CASCADES TO", "NOTE"];
        let keep = |cells: Vec<String>| -> Vec<String> {
            let kept = cells.into_iter().enumerate().filter(|(at, _)| (*at > 0 || models) && (*at < 7 || notes));
            kept.map(|(_, cell)| cell).collect()
        };
        table.set_header(keep(head.map(str::to_owned).to_vec()));
        for listed in &report.tables {
            table.add_row(keep(cells(listed, width)));
        }
        for column in [1, 2].map(|column| column + usize::from(models)) {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (number, line) in table.to_string().lines().enumerate() {
            let style = if number == 0 { BOLD } else { Style::new() };
            // Every cell begins with a space.
            let line = fit(line.strip_prefix(' ').unwrap_or(line).trim_end(), width);
            text.push_str(&format!("{}\n", paint(style, line)));
        }
    }
    for refused in report.tables.iter().filter_map(|listed| listed.refusal.as_ref()) {
        text.push_str(&format!("\n{} {}", paint(BAD, "refused:"), printable(refused)));
    }
    if !report.not_captured.is_empty() {
        let list: Vec<String> = report.not_captured.iter().map(|name| printable(name)).collect();
        text.push_str(&format!("\n{} {}\n", paint(DIM, "not captured:"), list.join(", ")));
    }
    text
}

/// A note as it stands in a row of the list; `--json` has all of it.
fn shortened(note: &str) -> String {
    match note.char_indices().nth(LONGEST_NOTE) {
        Some((end, _)) => format!("{}...", printable(note[..end].trim_end())),
        None => printable(note),
    }
}

/// Whether any table has one: otherwise the column is left out.
fn shows(report: &TablesReport, cell: impl Fn(&ListedTable) -> &Option<String>) -> bool {
    report.tables.iter().any(|listed| cell(listed).is_some())
}

fn cells(listed: &ListedTable, width: Option<usize>) -> Vec<String> {
    let joined = |names: &[String]| printable(&names.join(", "));
    let key = match listed.key_source {
        "primary key" => joined(&listed.key),
        "unique index" => format!("{} (unique)", joined(&listed.key)),
        _ => "none".to_owned(),
    };
    vec![
        listed.model.as_deref().map(|model| short_name(model, width, 3)).unwrap_or_default(),
        short_name(&listed.table, width, 3),
        listed.rows.map_or_else(|| "?".to_owned(), count),
        listed.bytes.map_or_else(|| "?".to_owned(), size),
        key,
        joined(&listed.refers_to),
        joined(&listed.deletes_reach),
        listed.note.as_deref().map(shortened).unwrap_or_default(),
    ]
}

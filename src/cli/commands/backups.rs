//! `dbsnap backups`

use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, DIM, GOOD, age, lines, paint, printable, size};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::export::{BackupEntry, BackupStatus, BackupsReport, backups};
use comfy_table::{CellAlignment, Table, presets};
use std::process::ExitCode;

pub(super) fn run(repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = backups(repository)?;
    ui.paged("backups", &report, || render(&report, ui.width()))?;
    Ok(ExitCode::SUCCESS)
}

fn render(report: &BackupsReport, width: Option<usize>) -> String {
    if report.backups.is_empty() {
        return format!("No backups in {}. Write one: dbsnap export latest\n", report.dir.display());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for backup in &report.backups {
        table.add_row(cells(backup));
    }
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(&table.to_string(), width)
}

fn cells(backup: &BackupEntry) -> [String; 5] {
    let style = if backup.status == BackupStatus::Valid { GOOD } else { BAD };
    // a name can be longer than a line, and what is cut is the end
    [
        paint(DIM, age(backup.created_at, jiff::Timestamp::now())),
        count(backup.record_count),
        size(backup.size_bytes),
        paint(style, backup.status.as_str()),
        format!("{}  {}", printable(&backup.id), printable(&backup.reason)),
    ]
}

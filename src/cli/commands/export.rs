//! `dbsnap export`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::progress::count;
use crate::cli::text::{BOLD, DIM, paint, size};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::export::{ExportOptions, ExportReport, ExportedTable, export};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: String,
    /// Only these tables
    #[arg(value_name = "TABLE", add = complete::stored_tables())]
    tables: Vec<String>,
    /// Leave out this table, or all that match a pattern
    #[arg(long, value_name = "TABLE", add = complete::stored_tables())]
    exclude: Vec<String>,
    /// Output directory [default: export_dir in config.toml, or scripts/backups]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options =
        ExportOptions { tables: args.tables.clone(), exclude: args.exclude.clone(), dir: args.output.clone() };
    let report = export(repository, &args.reference, &options, ui.monitor())?;
    ui.result("export", &report, || {
        let mut text = files(&report, Checksums::Shown);
        if !ui.quiet {
            let _ = writeln!(text, "\nTo restore this backup later:");
            // all tables come back together
            let all = args.tables.is_empty() && args.exclude.is_empty() && report.tables.len() > 1;
            if all {
                let _ = writeln!(text, "$ dbsnap restore {}", &report.id[..8]);
            }
            for table in report.tables.iter().filter(|_| !all) {
                let _ = writeln!(text, "$ {}", command(table));
            }
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a list of files says what is in them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Checksums {
    /// With records and checksums.
    Shown,
    /// These stand elsewhere.
    Left,
}

/// What runs a table's restore script.
pub(super) fn command(table: &ExportedTable) -> String {
    format!("npx tsx {} --restore", short(&table.script))
}

/// The files of an export.
pub(super) fn files(report: &ExportReport, checksums: Checksums) -> String {
    let mut text = format!("\n{}\n", paint(BOLD, "Files created:"));
    for table in &report.tables {
        let (json, size) = (short(&table.json), size(table.bytes));
        let _ = match checksums {
            Checksums::Left => writeln!(text, "- {json} ({size})"),
            Checksums::Shown => {
                writeln!(text, "- {json} ({size}, {} records)\n  {}", count(table.records), paint(DIM, &table.checksum))
            }
        };
        let _ = writeln!(text, "- {}", short(&table.script));
    }
    let _ = writeln!(text, "- {}", short(&report.manifest));
    text
}

/// A path as it is typed from the current directory, where it lies below it.
pub(super) fn short(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    crate::cli::text::printable(&path.strip_prefix(here).unwrap_or(path).display().to_string())
}

//! `dbsnap import`

use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::printable;
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::import::import;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// An exported JSON file
    file: PathBuf,
    /// Snapshot message
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message: String,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = import(repository, &args.file, &args.message, ui.monitor())?;
    ui.result("import", &report, || {
        let id = &report.id[..8];
        let imported =
            format!("Imported {} records of {} as snapshot {id}\n", count(report.rows), printable(&report.table));
        match ui.quiet {
            true => imported,
            false => format!("{imported}\nTo restore them:\n$ dbsnap restore {id}\n"),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

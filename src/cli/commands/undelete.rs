//! `dbsnap undelete`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{GOOD, ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{Repository, undelete};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The deleted snapshot, as listed by 'dbsnap log --deleted'
    #[arg(value_name = "SNAPSHOT", add = complete::deleted())]
    reference: String,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = undelete::undelete(repository, &args.reference)?;
    ui.result("undelete", &report, || {
        let tags: Vec<String> =
            report.tags.iter().map(|tag| format!(" {}", paint(GOOD, format_args!("({})", printable(tag))))).collect();
        format!("Brought back {} {}{}\n", paint(ID, &report.id[..8]), printable(&report.message), tags.concat())
    })?;
    Ok(ExitCode::SUCCESS)
}

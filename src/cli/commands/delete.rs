//! `dbsnap delete`

use crate::cli::command_error::CliError;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{Place, delete};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshots
    #[arg(required = true)]
    references: Vec<String>,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = delete::delete(place, &args.references)?;
    ui.result("delete", &report, || {
        let mut text = String::new();
        for deleted in &report.deleted {
            text.push_str(&format!("Deleted {} {}\n", paint(ID, &deleted.id[..8]), printable(&deleted.message)));
            for file in &deleted.exports {
                text.push_str(&format!("- {}\n", printable(file)));
            }
        }
        text.push_str("Run dbsnap gc to free the space.\n");
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

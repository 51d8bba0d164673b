//! `dbsnap init`

use crate::cli::command_error::CliError;
use crate::cli::ui::Ui;
use crate::ops::{Place, init};
use std::process::ExitCode;

pub(super) fn run(place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = init::init(place)?;
    ui.result("init", &report, || match report.existed {
        true => format!("There is a dbsnap store in {} already.\n", report.store.display()),
        false => format!(
            "Made a dbsnap store in {}\n\nSettings are in config.toml there; commit it and .gitignore, nothing else of it.\n\
             Next: dbsnap tables, then dbsnap snap TABLE -m MESSAGE\n",
            report.store.display()
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

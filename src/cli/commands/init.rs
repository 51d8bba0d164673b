//! `dbsnap init`

use crate::cli::command_error::CliError;
use crate::cli::ui::Ui;
use crate::ops::{Place, init};
use std::process::ExitCode;

pub(super) fn run(place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = init::init(place)?;
    ui.result("init", &report, || match report.existed {
        true => format!("A dbsnap store already exists in {}.\n", report.store.display()),
        false if ui.quiet => String::new(),
        false => format!(
            "Created a dbsnap store in {}\n\nSettings are in config.toml there. Commit only config.toml and .gitignore.\n\
             Next: dbsnap tables, then dbsnap snap TABLE -m MESSAGE\n",
            report.store.display()
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

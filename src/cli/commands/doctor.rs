//! `dbsnap doctor`

use crate::cli::command_error::CliError;
use crate::cli::text::{BAD, CHANGED, DIM, GOOD, paint, printable, wrapped};
use crate::cli::ui::Ui;
use crate::ops::Place;
use crate::ops::doctor::{Health, doctor};
use std::process::ExitCode;

pub(super) fn run(place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = doctor(place);
    ui.result("doctor", &report, || {
        let mut text = String::new();
        for check in &report.checks {
            let mark = match check.health {
                Health::Good => paint(GOOD, "ok  "),
                Health::Note => paint(CHANGED, "note"),
                Health::Bad => paint(BAD, "bad "),
            };
            // what continues a line stands under what was found
            let found = format!("{:22}{}", "", printable(&check.found));
            let found = wrapped(&found, ui.width());
            text.push_str(&format!("{mark} {:<16} {}\n", check.name, &found[22..]));
            for hint in &check.hints {
                text.push_str(&format!("{:21} {}\n", "", paint(DIM, printable(hint))));
            }
        }
        text
    })?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

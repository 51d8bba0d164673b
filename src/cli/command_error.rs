//! From an error to what a person reads and a script gets: a message, a next step, an exit code.

use super::text::{DIM, paint, printable};
use super::ui::Ui;
use crate::demo::DemoError;
use crate::ops::json::Envelope;
use crate::ops::{ErrorKind, OpError};
use anstyle::AnsiColor;
use std::process::ExitCode;

/// What ends a command.
#[derive(Debug)]
pub(super) enum CliError {
    /// The use case failed.
    Op(OpError),
    /// The demo could not be made or run.
    Demo(DemoError),
    /// Output could not be written.
    Output(std::io::Error),
}

impl From<OpError> for CliError {
    fn from(error: OpError) -> CliError {
        CliError::Op(error)
    }
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> CliError {
        CliError::Demo(error)
    }
}

impl CliError {
    /// Arguments that make no sense, in the parser's words without its usage text.
    pub fn from_parser(error: &clap::Error) -> CliError {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or(&text);
        CliError::Op(OpError::Usage(first.trim_start_matches("error: ").to_owned()))
    }

    /// Tells of the error and returns the exit code.
    pub fn report(&self, ui: &Ui) -> ExitCode {
        let error = match self {
            // The reader went away: that is its right.
            CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return ExitCode::from(141),
            CliError::Output(error) => {
                ui.error(&message(&format!("cannot write the output: {error}")), None);
                return ExitCode::FAILURE;
            }
            CliError::Demo(error) => {
                ui.error(&message(&printable_lines(&error.to_string())), None);
                return ExitCode::FAILURE;
            }
            CliError::Op(error) => error,
        };
        // 128 and the number of the signal that came
        let code = ui.signal().filter(|_| error.kind() == ErrorKind::Interrupted).map(|signal| 128 + signal);
        let text: Vec<String> = error.chain().iter().map(|part| printable_lines(part)).collect();
        let mut shown = message(&text.join(": "));
        for hint in error.hints() {
            shown.push_str(&format!("\n{} {}", paint(DIM, "hint:"), printable_lines(&hint)));
        }
        ui.error(&shown, Some(&Envelope::error(error, code)));
        ExitCode::from(code.unwrap_or(error.kind().exit_code()))
    }
}

fn message(text: &str) -> String {
    format!("{}: {text}", paint(AnsiColor::Red.on_default().bold(), "error"))
}

/// Lines of a message stay lines; everything else that moves the cursor is escaped.
fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n  ")
}

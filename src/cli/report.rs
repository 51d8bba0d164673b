//! From an error to what a person reads and a script gets: a message, a next step, an exit code.

use super::child::NotRun;
use super::command_error::CliError;
use super::text::{DIM, paint, printable};
use super::ui::Ui;
use crate::ops::json::Envelope;
use crate::ops::{ErrorKind, OpError};
use anstyle::AnsiColor;
use std::process::ExitCode;

/// Tells of the error and returns the exit code: `own_code`, if the command has one for all its failures.
pub(super) fn report(error: &CliError, ui: &Ui, own_code: Option<u8>) -> ExitCode {
    let error = match error {
        // The reader went away: that is its right.
        CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return ExitCode::from(141),
        CliError::Output(error) => {
            ui.error(&message(&format!("cannot write the output: {error}")), None);
            return ExitCode::FAILURE;
        }
        CliError::Demo(error) => {
            let text = error.to_string();
            ui.error(&message(&printable_lines(&text)), Some(&Envelope::failed(text, 1)));
            return ExitCode::FAILURE;
        }
        CliError::Child(NotRun { what, code }) => {
            ui.error(&message(&printable_lines(what)), Some(&Envelope::failed(what.clone(), *code)));
            return ExitCode::from(*code);
        }
        CliError::Op(error) => error,
    };
    // 128 and the number of the signal that came
    let code = ui.signal().filter(|_| error.kind() == ErrorKind::Interrupted).map(|signal| 128 + signal);
    let code = code.or(own_code.filter(|_| error.kind() != ErrorKind::Interrupted));
    ui.error(&in_full(error, ""), Some(&Envelope::error(error, code)));
    ExitCode::from(code.unwrap_or(error.kind().exit_code()))
}

/// The message of an error behind what it ended, and what to do next.
pub(super) fn in_full(error: &OpError, ended: &str) -> String {
    let text: Vec<String> = error.chain().iter().map(|part| printable_lines(part)).collect();
    let mut shown = match error {
        OpError::Declined => text.join(": "), // an answer, not an error
        _ => message(&format!("{ended}{}", text.join(": "))),
    };
    for hint in error.hints() {
        shown.push_str(&format!("\n{} {}", paint(DIM, "hint:"), printable_lines(&hint)));
    }
    shown
}

fn message(text: &str) -> String {
    format!("{}: {text}", paint(AnsiColor::Red.on_default().bold(), "error"))
}

/// Lines of a message stay lines; everything else that moves the cursor is escaped.
fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n  ")
}

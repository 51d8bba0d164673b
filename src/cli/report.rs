//! From an error to what a person reads and a script gets: a message, a next step, an exit code.

use super::command_error::CliError;
use super::text::{DIM, paint, printable};
use super::ui::Ui;
use crate::ops::json::Envelope;
use crate::ops::{ErrorKind, OpError};
use anstyle::AnsiColor;
use std::process::ExitCode;

/// Tells of the error and returns the exit code.
pub(super) fn report(error: &CliError, ui: &Ui) -> ExitCode {
    let error = match error {
        // The reader went away: that is its right.
        CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return ExitCode::from(141),
        CliError::Output(error) => {
            ui.error(&message(&format!("cannot write the output: {error}")), None);
            return ExitCode::FAILURE;
        }
        CliError::Demo(error) => {
            let text = error.to_string();
            ui.error(&message(&printable_lines(&text)), Some(&Envelope::failed(text)));
            return ExitCode::FAILURE;
        }
        CliError::Op(error) => error,
    };
    // 128 and the number of the signal that came
    let code = ui.signal().filter(|_| error.kind() == ErrorKind::Interrupted).map(|signal| 128 + signal);
    let text: Vec<String> = error.chain().iter().map(|part| printable_lines(part)).collect();
    let mut shown = match error {
        OpError::Declined => text.join(": "), // an answer, not an error
        _ => message(&text.join(": ")),
    };
    for hint in error.hints() {
        shown.push_str(&format!("\n{} {}", paint(DIM, "hint:"), printable_lines(&hint)));
    }
    ui.error(&shown, Some(&Envelope::error(error, code)));
    ExitCode::from(code.unwrap_or(error.kind().exit_code()))
}

fn message(text: &str) -> String {
    format!("{}: {text}", paint(AnsiColor::Red.on_default().bold(), "error"))
}

/// Lines of a message stay lines; everything else that moves the cursor is escaped.
fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n  ")
}

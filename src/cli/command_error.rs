//! From an error to what a person reads and a script gets: a message, a next step, an exit code.

use super::signals;
use super::text::{DIM, paint, printable};
use super::ui::Ui;
use crate::demo::DemoError;
use crate::ops::{ErrorKind, OpError};
use anstyle::AnsiColor;
use serde::Serialize;
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

#[derive(Serialize)]
struct JsonError {
    error: Described,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    kind: ErrorKind,
    exit_code: u8,
    message: String,
    hints: Vec<String>,
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
                ui.error(&message(&format!("cannot write the output: {error}")), &());
                return ExitCode::FAILURE;
            }
            CliError::Demo(error) => {
                ui.error(&message(&printable_lines(&chain(error).join(": "))), &());
                return ExitCode::FAILURE;
            }
            CliError::Op(error) => error,
        };
        let code = exit_code(error);
        let text: Vec<String> = chain(error).iter().map(|part| printable_lines(part)).collect();
        let hints = error.hints();
        let mut shown = message(&text.join(": "));
        for hint in &hints {
            shown.push_str(&format!("\n{} {}", paint(DIM, "hint:"), printable_lines(hint)));
        }
        let described = Described { kind: error.kind(), exit_code: code, message: text.join(": "), hints };
        ui.error(&shown, &JsonError { error: described });
        ExitCode::from(code)
    }
}

fn message(text: &str) -> String {
    format!("{}: {text}", paint(AnsiColor::Red.on_default().bold(), "error"))
}

/// Lines of a message stay lines; everything else that moves the cursor is escaped.
fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n  ")
}

/// The messages of an error and its causes, without repeating one that holds the next.
fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if messages.last().is_some_and(|last| !last.contains(&text)) {
            messages.push(text);
        }
        source = cause.source();
    }
    messages
}

/// The exit codes of `docs/CLI.md`.
fn exit_code(error: &OpError) -> u8 {
    match error.kind() {
        ErrorKind::Failed => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Partial => 3,
        ErrorKind::Refused => 4,
        ErrorKind::Verification => 5,
        ErrorKind::Unknown => 6,
        ErrorKind::NoStore => 10,
        ErrorKind::Locked => 11,
        ErrorKind::NotFound => 12,
        ErrorKind::Interrupted => signals::came().map_or(130, |signal| 128 + signal),
    }
}

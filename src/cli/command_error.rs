//! What ends a command.

use super::child::NotRun;
use crate::demo::DemoError;
use crate::ops::OpError;

/// What ends a command.
#[derive(Debug)]
pub(super) enum CliError {
    /// The use case failed.
    Op(OpError),
    /// The demo could not be made or run.
    Demo(DemoError),
    /// The command that was to be run cannot be.
    Child(NotRun),
    /// Output could not be written.
    Output(std::io::Error),
}

impl From<OpError> for CliError {
    fn from(error: OpError) -> CliError {
        CliError::Op(error)
    }
}

impl From<NotRun> for CliError {
    fn from(error: NotRun) -> CliError {
        CliError::Child(error)
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
}

//! A command that is run in the place of this program: with its terminal, its streams and its signals.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{find, run, signal_of};
#[cfg(windows)]
pub(super) use windows::{find, run, signal_of};

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

/// What dbsnap exits with if it failed before the command ran, as `env` does.
pub(super) const NOT_RUN: u8 = 125;
/// The command was found and cannot be run.
const NOT_EXECUTABLE: u8 = 126;
/// There is no such command.
const NOT_FOUND: u8 = 127;

/// Why a command was not run.
#[derive(Debug)]
pub(super) struct NotRun {
    /// In words.
    pub what: String,
    /// What dbsnap exits with.
    pub code: u8,
}

impl NotRun {
    fn new(program: &OsStr, error: &io::Error) -> NotRun {
        let (code, why) = match error.kind() {
            io::ErrorKind::NotFound => (NOT_FOUND, "there is no such command".to_owned()),
            _ => (NOT_EXECUTABLE, error.to_string()),
        };
        NotRun { what: format!("cannot run {}: {why}", program.display()), code }
    }
}

/// What is run, where, and what its environment has beside this process's.
pub(super) struct Line<'l> {
    pub words: &'l [OsString],
    pub dir: &'l Path,
    pub variable: (&'static str, &'l str),
}

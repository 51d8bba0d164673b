//! Windows: the console sends Ctrl-C and Ctrl-Break to every process that is attached to it, so to the command, too.
//! There is nothing to be passed on. If this process is ended from outside, the command goes on.

use super::{Line, NotRun};
use crate::cli::command_error::CliError;
use crate::cli::ui::Ui;
use crate::ops::OpError;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// As on Unix, with the endings of `PATHEXT`: `npx` is `npx.cmd`.
pub(in crate::cli) fn find(program: &OsStr, dir: &Path) -> Result<PathBuf, NotRun> {
    let none = || NotRun::new(program, &io::ErrorKind::NotFound.into());
    which::which_in(program, std::env::var_os("PATH"), dir).map_err(|_| none())
}

/// As on Unix.
pub(in crate::cli) fn run(line: &Line<'_>, ui: &Ui) -> Result<ExitStatus, CliError> {
    let Some((program, arguments)) = line.words.split_first() else {
        return Err(OpError::Usage("there is no command to run".to_owned()).into());
    };
    let file = find(program, line.dir)?;
    // From here on Ctrl-C is the command's: this process neither stops nor ends.
    ui.pause();
    if ui.signal().is_some() {
        return Err(OpError::Interrupted.into());
    }
    let (name, value) = line.variable;
    // `Command` quotes the arguments of a batch file for cmd.exe, and refuses those that cannot be.
    let status = Command::new(file).args(arguments).current_dir(line.dir).env(name, value).status();
    ui.listen();
    Ok(status.map_err(|error| NotRun::new(program, &error))?)
}

/// There are none.
pub(in crate::cli) fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

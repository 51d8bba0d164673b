//! `dbsnap completions`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use clap_complete::Shell;
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The shell to complete for
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    let script = complete::script(&args.shell.to_string()).map_err(CliError::Output)?;
    let mut stdout = std::io::stdout();
    stdout.write_all(&script).and_then(|()| stdout.flush()).map_err(CliError::Output)?;
    Ok(ExitCode::SUCCESS)
}

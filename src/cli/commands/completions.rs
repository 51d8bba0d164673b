//! `dbsnap completions`

use crate::cli::args::Cli;
use crate::cli::command_error::CliError;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dbsnap", &mut script);
    let mut stdout = std::io::stdout();
    stdout.write_all(&script).and_then(|()| stdout.flush()).map_err(CliError::Output)?;
    Ok(ExitCode::SUCCESS)
}

//! `dbsnap man`

use super::Cli;
use crate::cli::command_error::CliError;
use crate::cli::ui::Ui;
use crate::ops::{OpError, Place};
use clap::{Command, CommandFactory};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Write a page for every command to this directory [default: the main page to stdout]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut command = Cli::command();
    command.build();
    let command = with_usage(command);
    if let Some(dir) = &args.dir {
        let dir = place.dir.join(dir);
        std::fs::create_dir_all(&dir).map_err(|error| OpError::io("create", &dir, error))?;
        clap_mangen::generate_to(command, &dir).map_err(|error| OpError::io("write man pages to", &dir, error))?;
        ui.note(&format!("Man pages written to {}", dir.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(CliError::Output)?;
    let mut stdout = std::io::stdout();
    stdout.write_all(&page).and_then(|()| stdout.flush()).map_err(CliError::Output)?;
    Ok(ExitCode::SUCCESS)
}

/// The usage of the help as the synopsis of the page, with the values of options.
fn with_usage(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    command.mut_subcommands(with_usage).override_usage(usage.trim_start_matches("Usage: ").to_owned())
}

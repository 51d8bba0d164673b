//! `dbsnap hook`

use crate::cli::command_error::CliError;
use crate::cli::hook::{Agent, Event, serve};
use crate::cli::ui::Ui;
use crate::ops::Place;
use crate::ops::hook::are_supported;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// When it is called
    #[arg(value_enum, value_name = "EVENT")]
    pub(super) event: Event,
    /// The agent that calls it
    #[arg(long = "for", value_enum, value_name = "AGENT", default_value = "claude")]
    agent: Agent,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    // they come with the project, perhaps from somebody with another system
    are_supported()?;
    serve(args.event, args.agent, place, ui)
}

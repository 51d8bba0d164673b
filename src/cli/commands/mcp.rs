//! `dbsnap mcp`

use crate::cli::command_error::CliError;
use crate::cli::mcp;
use crate::cli::ui::Ui;
use crate::ops::Place;
use std::io::IsTerminal;
use std::process::ExitCode;

pub(super) fn run(place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    if std::io::stdin().is_terminal() {
        ui.note(
            "This is a server for coding agents: it reads MCP messages from stdin (Ctrl-D ends it). See docs/MCP.md.",
        );
    }
    mcp::serve(place, ui)?;
    Ok(ExitCode::SUCCESS)
}

//! The command line: arguments, rendering, progress, exit codes. The only place that prints.
//!
//! A verb has one file in `commands/`: its arguments, the call of its use case, and how the report reads. The use cases know
//! nothing of any of it.

mod args;
mod command_error;
mod commands;
mod complete;
mod diff;
mod pager;
mod progress;
mod report;
mod signals;
mod text;
mod threads;
mod ui;

use crate::ops::json::is_hostile;
use args::Global;
use clap::{CommandFactory, Parser};
use command_error::CliError;
use commands::Cli;
use report::report;
use std::io::Write;
use std::process::ExitCode;
use ui::Ui;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    complete::answer(Cli::command);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args_os().any(|word| word == "--json") => {
            return report(&CliError::from_parser(&error), &Ui::new(&Global::json()));
        }
        // Help and version are errors to the parser, and exit 0.
        Err(error) => {
            let told = print(&error).and_then(|()| std::io::stdout().flush());
            let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            return match told {
                Err(failed) if !error.use_stderr() => report(&CliError::Output(failed), &Ui::new(&Global::default())),
                _ => code,
            };
        }
    };
    cli.global.color.apply();
    let ui = Ui::new(&cli.global);
    ui.listen();
    let started = threads::start().and_then(|()| cli.global.place());
    let result = started.map_err(CliError::from).and_then(|place| commands::run(&cli.command, &place, &ui));
    match result {
        Ok(code) => code,
        Err(error) => report(&error, &ui),
    }
}

/// Prints what the parser says. It repeats what was typed; where that could move the cursor, the text is made safe, and plain.
fn print(error: &clap::Error) -> std::io::Result<()> {
    let plain = error.render().to_string();
    if plain.chars().all(|c| c == '\n' || !is_hostile(c)) {
        return error.print();
    }
    let safe: String = plain.lines().map(|line| format!("{}\n", text::printable(line))).collect();
    match error.use_stderr() {
        true => std::io::stderr().write_all(safe.as_bytes()),
        false => std::io::stdout().write_all(safe.as_bytes()),
    }
}

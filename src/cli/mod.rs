//! The command line: arguments, rendering, progress, exit codes. The only place that prints.
//!
//! A verb has one file in `commands/`: its arguments, the call of its use case, and how the report reads. The use cases
//! know nothing of any of it.

#![expect(clippy::disallowed_methods, reason = "only the command line prints")]

mod args;
mod child;
mod command_error;
mod commands;
mod complete;
mod diff;
mod hook;
#[cfg(feature = "mcp")]
mod mcp;
mod pager;
mod progress;
mod report;
#[cfg(feature = "schema")]
pub mod schema;
mod signals;
mod text;
mod threads;
mod ui;

use crate::ops::json::is_hostile;
use args::Global;
use clap::error::{ContextKind, ContextValue, ErrorKind};
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
    if asks_for_version() {
        let told = writeln!(std::io::stdout(), "dbsnap {}", env!("CARGO_PKG_VERSION"));
        return told.map_or_else(cannot_print, |()| ExitCode::SUCCESS);
    }
    let cli = match Cli::try_parse().or_else(as_count).map_err(with_tip) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && asks_for_json() => {
            return report(&CliError::from_parser(&error), &Ui::new(&Global::json()), own_code());
        }
        // Help and version are errors to the parser, and exit 0.
        Err(error) => {
            let told = print(&error).and_then(|()| std::io::stdout().flush());
            let code = ExitCode::from(match own_code().filter(|_| error.use_stderr()) {
                Some(code) => code,
                None => u8::try_from(error.exit_code()).unwrap_or(2),
            });
            return match told {
                Err(failed) if !error.use_stderr() => cannot_print(failed),
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
        Err(error) => report(&error, &ui, cli.command.own_code()),
    }
}

/// Whether the version is all that is asked for: that is known before the parser is told of all commands.
fn asks_for_version() -> bool {
    let mut words = std::env::args_os().skip(1);
    words.next().is_some_and(|word| word == "--version" || word == "-V") && words.next().is_none()
}

/// Ends a command whose answer could not be printed.
fn cannot_print(failed: std::io::Error) -> ExitCode {
    report(&CliError::Output(failed), &Ui::new(&Global::default()), None)
}

/// Takes `log -5` for `log -n 5`, as git does.
fn as_count(error: clap::Error) -> Result<Cli, clap::Error> {
    if error.kind() != ErrorKind::UnknownArgument {
        return Err(error);
    }
    let (mut words, mut options) = (Vec::new(), true);
    for word in std::env::args_os() {
        options &= word != "--";
        let number = word.to_str().and_then(|word| word.strip_prefix('-')).map(str::to_owned);
        let is_number = |number: &String| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.filter(|number| options && is_number(number)) {
            Some(number) => words.extend(["-n".into(), number.into()]),
            None => words.push(word),
        }
    }
    match Cli::try_parse_from(words) {
        Err(other) if command().as_deref() == Some("log") => Err(other),
        Ok(cli) if matches!(cli.command, commands::Command::Log(_)) => Ok(cli),
        _ => Err(error),
    }
}

/// Whether `--json` was typed, not as a word of a command to run.
fn asks_for_json() -> bool {
    std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json")
}

/// What the command that was typed exits with when it fails, if all its failures are alike.
fn own_code() -> Option<u8> {
    match command().as_deref() {
        Some("run") => Some(child::NOT_RUN),
        Some("hook") if std::env::args_os().any(|word| word == "pre-tool-use") => Some(hook::REFUSED),
        Some("hook") => Some(hook::FAILED),
        _ => None,
    }
}

/// The name of the command that was typed.
fn command() -> Option<String> {
    let cli = Cli::command();
    let mut words = std::env::args_os().skip(1).filter_map(|word| word.into_string().ok());
    words.find_map(|word| cli.find_subcommand(word).map(|command| command.get_name().to_owned()))
}

/// The error with a tip of ours where the parser has none, or one that misleads (`-- -m`).
fn with_tip(mut error: clap::Error) -> clap::Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let command = command();
    let is_command = |name: &str| command.as_deref() == Some(name);
    let tip = match error.kind() {
        ErrorKind::UnknownArgument if argument == "-m" && is_command("restore") => "did you mean '--mode'?".to_owned(),
        ErrorKind::InvalidValue if argument.starts_with("--output") && is_command("diff") => {
            let Some((_, format)) = value.rsplit_once('.') else { return error };
            format!("-o names a format; to write a file: dbsnap diff -o {format} > {value}")
        }
        _ => return error,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// Prints what the parser says. It repeats what was typed; where that could move the cursor, the text is made safe, and
/// plain.
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

//! Arguments that every command takes, or several do.

use crate::hash::Hash;
use crate::ops::{OpError, Place};
use anstream::ColorChoice;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments that every command takes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Print one JSON object to stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only the result, no progress or hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to color the output
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", hide_default_value = true, global = true)]
    pub color: Color,
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub working_dir: Option<PathBuf>,
    /// Database URL [default: DBSNAP_URL, DATABASE_URL, config.toml, .env.local, .env, Prisma's
    /// files]
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
    /// Store directory [default: .dbsnap here or in a parent directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub store: Option<PathBuf>,
}

/// When output has colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes this the choice for everything that is printed. Without a choice `NO_COLOR` and `FORCE_COLOR` decide.
    pub fn apply(self) {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = is_set("FORCE_COLOR") && std::env::var_os("FORCE_COLOR").is_some_and(|value| value != "0");
        let choice = match self {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            Color::Auto if forced && !is_set("NO_COLOR") => ColorChoice::Always,
            Color::Auto => ColorChoice::Auto,
        };
        choice.write_global();
    }
}

impl Global {
    /// What is known of arguments that cannot be parsed and ask for JSON.
    pub fn json() -> Global {
        Global { json: true, ..Global::default() }
    }

    /// Where the command runs.
    pub fn place(&self) -> Result<Place, OpError> {
        let here = std::env::current_dir().map_err(|error| OpError::io("find", "the current directory", error))?;
        let dir = match &self.working_dir {
            Some(dir) => {
                let dir = here.join(dir);
                dunce::canonicalize(&dir).map_err(|error| OpError::io("enter", dir, error))?
            }
            None => here,
        };
        Ok(Place { dir, store: self.store.clone(), url: self.url.clone() })
    }
}

/// Which plan is applied.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Planned {
    /// Show the plan without applying it
    #[arg(long)]
    pub dry_run: bool,
    /// Apply the plan with this digest, as shown by --dry-run --json, without asking; refuse if anything has changed
    #[arg(long, value_name = "DIGEST", value_parser = digest, conflicts_with = "dry_run")]
    pub digest: Option<Hash>,
}

fn digest(typed: &str) -> Result<Hash, String> {
    Hash::parse_hex(typed).ok_or_else(|| "a digest is the 64 hex digits that --dry-run --json shows".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::cli::commands::Cli;
    use clap::{CommandFactory, Parser};
    use std::collections::BTreeSet;

    /// The words of a line as a shell splits it, up to a redirection or a pipe.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote, mut begun) = (Vec::new(), None, false);
        for c in line.chars() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None, '>' | '|') => return words,
                (None, ' ') => begun = false,
                (_, c) => {
                    if !begun {
                        words.push(String::new());
                        begun = true;
                    }
                    words.last_mut().unwrap().push(c);
                }
            }
        }
        words
    }

    #[test]
    fn the_examples_of_every_command_can_be_parsed() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let help = command.get_after_long_help().unwrap_or_else(|| panic!("{name} has no examples")).to_string();
            let examples: Vec<&str> = help.strip_prefix("Examples:\n  ").unwrap().split("\n  ").collect();
            assert!(examples.iter().any(|example| example.starts_with(&format!("dbsnap {name}"))), "{help}");
            for example in examples {
                Cli::try_parse_from(words(example)).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn the_manual_has_every_command_and_every_option() {
        let manual = include_str!("../../docs/CLI.md");
        let mut cli = Cli::command();
        cli.build();
        let mut known = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let name = command.get_name();
            let is_listed = ["`", " "].iter().any(|end| manual.contains(&format!("`{name}{end}")));
            assert!(is_listed, "docs/CLI.md does not list {name}");
            for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
                known.insert(option.to_owned());
            }
        }
        let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
        let named: BTreeSet<String> = manual
            .match_indices("--")
            .map(|(at, _)| manual[at + 2..].chars().take_while(|c| is_name(*c)).collect())
            .filter(|name: &String| name.starts_with(|c: char| c.is_ascii_lowercase()))
            .collect();
        let missing: Vec<_> =
            known.difference(&named).filter(|name| !["help", "version"].contains(&&***name)).collect();
        assert!(missing.is_empty(), "docs/CLI.md does not name --{missing:?}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "docs/CLI.md names --{unknown:?}");
    }
}

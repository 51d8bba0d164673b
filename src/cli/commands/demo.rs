//! `dbsnap demo`: the main job from beginning to end, with nothing installed. Every command shown is the one that runs.

use super::{Cli, Command};
use crate::cli::command_error::CliError;
use crate::cli::text::{BOLD, DIM, GOOD, paint};
use crate::cli::ui::Ui;
use crate::demo::DemoProject;
use crate::ops::wording::counted;
use crate::ops::{OpError, Place};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Directory to create the project in
    #[arg(default_value = "demo")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    if ui.json {
        return Err(OpError::Usage("demo has no --json output".to_owned()).into());
    }
    let project = DemoProject::create(&place.dir.join(&args.dir))?;
    let demo = Demo { project, ui };
    demo.tell(&format!(
        "A project in {} with a SQLite database of twelve tables: mods, users, reviews and so on.",
        args.dir.display()
    ))?;
    demo.dbsnap("Create a store.", &["init"])?;
    demo.dbsnap("List the tables.", &["tables"])?;
    let before = demo.project.fingerprint()?;
    demo.dbsnap(
        "Before the clean-up: snapshot mods and the tables that deletes cascade to.",
        &["snap", "mods", "facet_definitions", "--cascade", "-m", "before fc-002"],
    )?;
    demo.disaster()?;
    demo.dbsnap("What a restore would change.", &["restore", "latest", "--mode", "exact", "--dry-run"])?;
    demo.dbsnap("Restore.", &["restore", "latest", "--mode", "exact", "-y"])?;
    let after = demo.project.fingerprint()?;
    if before != after {
        return Err(OpError::Verification("the database is not what it was before the clean-up".to_owned()).into());
    }
    demo.tell(&format!(
        "{} Every cell of all twelve tables, read by SQLite alone, hashes to {} as before the clean-up.",
        paint(GOOD, "Verified."),
        before.short()
    ))?;
    demo.dbsnap("Files for restoring through Prisma.", &["export", "latest", "mods"])?;
    demo.dbsnap("History.", &["log"])?;
    demo.project.finish()?;
    demo.tell(&format!(
        "Continue by hand:\n$ cd {}\n$ dbsnap snap mods -m \"my own\"\n$ sqlite3 dev.db \"DELETE FROM mods WHERE price > 5\"\n\
         $ dbsnap restore latest",
        args.dir.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

struct Demo<'d> {
    project: DemoProject,
    ui: &'d Ui,
}

impl Demo<'_> {
    fn tell(&self, text: &str) -> Result<(), CliError> {
        self.ui.say(&format!("\n{text}\n"))
    }

    /// Shows a command and runs it, in the demo's directory and without the caller's settings.
    fn dbsnap(&self, why: &str, words: &[&str]) -> Result<(), CliError> {
        let shown: Vec<String> = words
            .iter()
            .map(|word| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() })
            .collect();
        self.tell(&format!(
            "{}\n{}",
            paint(DIM, format_args!("# {why}")),
            paint(BOLD, format_args!("$ dbsnap {}", shown.join(" ")))
        ))?;
        let words = std::iter::once("dbsnap").chain(words.iter().copied());
        let parsed = Cli::try_parse_from(words).map_err(|error| OpError::Usage(error.to_string()))?;
        // The demo's own database, whatever the environment names.
        let place = Place { dir: self.project.dir().to_owned(), store: None, url: Some("file:./dev.db".to_owned()) };
        run_one(&parsed.command, &place, self.ui)
    }

    fn disaster(&self) -> Result<(), CliError> {
        self.tell(&format!(
            "{}\n{}",
            paint(DIM, "# The clean-up: its first condition forgets to ask for clothing."),
            paint(
                BOLD,
                format_args!("$ sqlite3 -cmd \"PRAGMA foreign_keys=ON\" dev.db < {}", self.project.cleanup_script())
            )
        ))?;
        let report = self.project.run_cleanup()?;
        let mut text = String::new();
        for (table, rows) in &report.lost {
            text.push_str(&format!("{table}: {} gone\n", counted(*rows, "row")));
        }
        text.push_str(&format!("mods: {} changed\n", counted(report.changed, "row")));
        self.ui.say(&text)
    }
}

fn run_one(command: &Command, place: &Place, ui: &Ui) -> Result<(), CliError> {
    super::run(command, place, ui).map(drop)
}

//! `dbsnap tag`

use crate::cli::command_error::CliError;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{OpError, Place, refs};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot (or, with --delete, the tag)
    reference: String,
    /// The name to give it
    #[arg(required_unless_present = "delete")]
    name: Option<String>,
    /// Move the name if another snapshot has it
    #[arg(short, long)]
    force: bool,
    /// Take the name away
    #[arg(short, long, conflicts_with_all = ["name", "force"])]
    delete: bool,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = match (&args.name, args.delete) {
        (_, true) => refs::untag(place, &args.reference)?,
        (Some(name), false) => refs::tag(place, &args.reference, name, args.force)?,
        (None, false) => return Err(OpError::Usage("give the name".to_owned()).into()),
    };
    ui.result("tag", &report, || {
        let id = paint(ID, &report.id[..8]);
        let tag = printable(report.tag.as_deref().unwrap_or_default());
        match (args.delete, report.changed, &report.moved_from) {
            (true, ..) => format!("Took the tag {tag} off {id}.\n"),
            (false, false, _) => format!("{id} has the tag {tag} already.\n"),
            (false, true, None) => format!("Tagged {id} {tag}\n"),
            (false, true, Some(from)) => format!("Tagged {id} {tag} (it was on {})\n", paint(ID, &from[..8])),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

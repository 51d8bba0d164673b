//! `dbsnap tag`

use crate::cli::command_error::CliError;
use crate::cli::text::{ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::{OpError, Place, refs};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot (with --delete: the tag)
    reference: String,
    /// The tag's name
    #[arg(required_unless_present = "delete")]
    name: Option<String>,
    /// Move the tag if it exists
    #[arg(short, long)]
    force: bool,
    /// Delete the tag
    #[arg(short, long, conflicts_with_all = ["name", "force"])]
    delete: bool,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = match (&args.name, args.delete) {
        (_, true) => refs::untag(place, &args.reference)?,
        (Some(name), false) => refs::tag(place, &args.reference, name, args.force)?,
        (None, false) => return Err(OpError::Usage("give a tag name".to_owned()).into()),
    };
    ui.result("tag", &report, || {
        let id = paint(ID, &report.id[..8]);
        let tag = printable(report.tag.as_deref().unwrap_or_default());
        match (args.delete, report.changed, &report.moved_from) {
            (true, ..) => format!("Removed tag {tag} from {id}.\n"),
            (false, false, _) => format!("{id} already has tag {tag}.\n"),
            (false, true, None) => format!("Tagged {id} {tag}\n"),
            (false, true, Some(from)) => format!("Tagged {id} {tag} (it was on {})\n", paint(ID, &from[..8])),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

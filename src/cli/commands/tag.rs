//! `dbsnap tag`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{ID, lines, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::log::{LogOptions, log};
use crate::ops::{OpError, Repository, refs};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(override_usage = "dbsnap tag [OPTIONS] [SNAPSHOT NAME]\n       dbsnap tag --delete NAME")]
pub(in crate::cli) struct Args {
    /// The snapshot to tag; with --delete, the tag to delete [default: list tags]
    #[arg(value_name = "SNAPSHOT", required_if_eq("delete", "true"), add = complete::snapshots())]
    reference: Option<String>,
    /// The tag's name
    #[arg(add = complete::tags())]
    name: Option<String>,
    /// Move the tag if it exists
    #[arg(short, long)]
    force: bool,
    /// Delete the tag
    #[arg(short, long, conflicts_with_all = ["name", "force"])]
    delete: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let Some(reference) = &args.reference else { return list(repository, ui) };
    let report = match (&args.name, args.delete) {
        (_, true) => refs::untag(repository, reference)?,
        (Some(name), false) => refs::tag(repository, reference, name, args.force)?,
        (None, false) => {
            return Err(OpError::Usage("give a snapshot and a tag name, as in: dbsnap tag latest v1".to_owned()).into());
        }
    };
    ui.result("tag", &report, || {
        let id = paint(ID, report.id.get(..8).unwrap_or("a snapshot that is not known"));
        let tag = printable(report.tag.as_deref().unwrap_or_default());
        match (args.delete, report.changed, &report.moved_from) {
            (true, ..) => format!("Removed tag {tag} from {id}.\n"),
            (false, false, _) => format!("{id} already has tag {tag}.\n"),
            (false, true, None) => format!("Tagged {id} as {tag}\n"),
            (false, true, Some(from)) => format!("Tagged {id} as {tag} (it was on {})\n", paint(ID, &from[..8])),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A tag and its snapshot.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Tagged<'r> {
    tag: &'r str,
    id: &'r str,
    message: &'r str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct Tags<'r> {
    tags: Vec<Tagged<'r>>,
}

fn list(repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = log(repository, &LogOptions::default())?;
    let all = report.snapshots.iter().flat_map(|snapshot| {
        snapshot.tags.iter().map(|tag| Tagged { tag, id: &snapshot.id, message: &snapshot.message })
    });
    let mut tags: Vec<Tagged<'_>> = all.collect();
    tags.sort_by_key(|tagged| tagged.tag);
    let tags = Tags { tags };
    ui.paged("tag", &tags, || {
        let line = |one: &Tagged<'_>| {
            format!("{}  {}  {}\n", paint(ID, &one.id[..8]), printable(one.tag), printable(one.message))
        };
        match tags.tags.as_slice() {
            [] => "No tags.\n".to_owned(),
            tags => lines(&tags.iter().map(line).collect::<String>(), ui.width()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

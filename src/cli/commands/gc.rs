//! `dbsnap gc`

use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, DIM, GOOD, ID, paint, printable, size};
use crate::cli::ui::Ui;
use crate::ops::cold::Compressed;
use crate::ops::gc::{GcOptions, GcReport};
use crate::ops::wording::counted;
use crate::ops::{Operation, Repository};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    planned: Planned,
    /// Keep the newest N snapshots of each table [default: max_backups_per_table in config.toml, or 5]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Delete snapshots older than DAYS [default: max_age_days in config.toml, or 30]
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// Free the space of deleted snapshots now; they can't be brought back
    #[arg(long)]
    now: bool,
    /// Recompress all pack files now, not just those older than a day
    #[arg(long)]
    recompress: bool,
    /// Run even if started by a coding agent (refused otherwise)
    #[arg(long)]
    allow_agent: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = GcOptions {
        keep: args.keep,
        days: args.days,
        now: args.now,
        recompress: args.recompress,
        allow_agent: args.allow_agent,
    };
    let mut database = repository.database();
    if args.planned.dry_run {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        ui.plan(&plan, || render(&plan.effect, true))?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = options.apply(repository, &mut database, args.planned.digest.as_ref(), ui.monitor())?;
    ui.done("gc", &report, || render(&report, false))?;
    Ok(ExitCode::SUCCESS)
}

fn render(report: &GcReport, dry_run: bool) -> String {
    let mut text = String::new();
    for snapshot in report.snapshots.iter().filter(|snapshot| dry_run || !snapshot.keep) {
        let verdict = if snapshot.keep { paint(GOOD, "keep") } else { paint(BAD, "drop") };
        let _ = writeln!(
            text,
            "{verdict} {}  {}  {}",
            paint(ID, &snapshot.id[..8]),
            printable(&snapshot.message),
            paint(DIM, format_args!("({})", printable(&snapshot.reason)))
        );
    }
    for removed in &report.removed {
        let message = removed.message.as_deref().unwrap_or("(not readable)");
        let _ = writeln!(
            text,
            "{} {}  {}  {}",
            paint(BAD, "gone"),
            paint(ID, &removed.id[..8]),
            printable(message),
            paint(DIM, "(deleted before)")
        );
    }
    for file in &report.exports {
        let _ = writeln!(text, "- {}", printable(file));
    }
    let dropped = report.snapshots.iter().filter(|snapshot| !snapshot.keep).count() as u64;
    let _ = writeln!(
        text,
        "{}{} of {} and {}; {} freed.",
        if dry_run { "[DRY RUN] Would delete " } else { "Deleted " },
        count(dropped),
        counted(report.snapshots.len() as u64, "snapshot"),
        counted(report.objects, "object"),
        size(report.freed_bytes)
    );
    text.push_str(&compressed(&report.recompressed, dry_run));
    if let Some(reason) = &report.held_back {
        let _ = writeln!(text, "No space is freed: {}.", printable(reason));
    }
    if report.kept_deleted > 0 {
        let what = counted(report.kept_deleted, "deleted snapshot");
        let _ = match dry_run {
            true => writeln!(
                text,
                "{what} could be brought back (dbsnap log --deleted) until gc --now or their time is up."
            ),
            false => {
                writeln!(text, "{what} can be brought back: dbsnap log --deleted. To free the space: dbsnap gc --now.")
            }
        };
    }
    if report.out_of_space {
        let _ = writeln!(text, "The disk is full: free some space and run gc again.");
    }
    text
}

fn compressed(done: &Compressed, dry_run: bool) -> String {
    let mut text = String::new();
    if done.packs > 0 {
        let packs = counted(done.packs, "pack");
        let _ = match dry_run {
            true => writeln!(text, "[DRY RUN] Would compress {packs} harder: {} now.", size(done.bytes)),
            false => writeln!(
                text,
                "Compressed {packs} harder: {} before, {} now.",
                size(done.bytes),
                size(done.bytes_after)
            ),
        };
    }
    if done.bytes_left > 0 {
        let _ = writeln!(
            text,
            "{} can still be compressed harder, by the next gc or by dbsnap gc --recompress.",
            size(done.bytes_left)
        );
    }
    text
}

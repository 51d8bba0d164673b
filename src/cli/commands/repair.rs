//! `dbsnap repair`

use crate::cli::command_error::CliError;
use crate::cli::text::{BAD, GOOD, ID, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::repair::{RepairReport, RepairedTable, repair};
use crate::ops::wording::counted;
use crate::ops::{OpError, Repository};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `repair` exits with if something is still missing.
const EXIT_DAMAGED: u8 = 5;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Show what would be repaired, without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Also look for what is lost in this exported file, pack file, manifest, or directory of those
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    from: Vec<PathBuf>,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut database = repository.database();
    if ui.can_ask() && !args.yes && !args.dry_run {
        let plan = repair(repository, &mut database, &args.from, true, ui.monitor())?;
        if !plan.is_clean() {
            ui.note(render(&plan).trim_end());
            if !ui.ask("Repair?")? {
                return Err(OpError::Declined.into());
            }
        }
    }
    let report = repair(repository, &mut database, &args.from, args.dry_run, ui.monitor())?;
    ui.result("repair", &report, || render(&report))?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DAMAGED) })
}

fn render(report: &RepairReport) -> String {
    let mut text = String::new();
    for pack in &report.packs {
        let (saved, lost) = (counted(pack.saved, "object"), counted(pack.lost, "object"));
        let (path, reason) = (printable(&pack.path), printable(&pack.reason));
        let _ = writeln!(text, "{} {path}: {reason}; {saved} saved, {lost} lost", paint(BAD, "damaged"));
    }
    for wrong in &report.index {
        let (what, reason) = (printable(&wrong.what), printable(&wrong.reason));
        let _ = writeln!(text, "{} {what}: {reason}", paint(BAD, "index"));
    }
    for file in &report.mended {
        let _ = writeln!(text, "{} {}: one bit was wrong", paint(GOOD, "mended"), printable(file));
    }
    for directory in &report.directories {
        let _ = writeln!(text, "{} {}: it was a directory", paint(GOOD, "mended"), printable(directory));
    }
    for file in &report.manifests {
        let _ = writeln!(text, "{} {}: taken from another copy", paint(GOOD, "mended"), printable(file));
    }
    for file in &report.quarantined {
        let _ = writeln!(text, "set aside {}", printable(file));
    }
    let taken = [
        (report.from_packs, "other copies of packs"),
        (report.from_exports, "exported files"),
        (report.from_live, "the database"),
    ];
    for (objects, from) in taken.into_iter().filter(|(objects, _)| *objects > 0) {
        let _ = writeln!(text, "Took {} again from {from}.", counted(objects, "object"));
    }
    for file in &report.unusable {
        let _ = writeln!(text, "{} {}: {}", paint(BAD, "cannot use"), printable(&file.what), printable(&file.reason));
    }
    if let Some(reason) = &report.live {
        let _ = writeln!(text, "The database could not be asked for all: {}.", printable(reason));
    }
    for snapshot in &report.snapshots {
        let verdict = if snapshot.whole { paint(GOOD, "whole") } else { paint(BAD, "lacks") };
        let tables: Vec<String> = snapshot.tables.iter().filter_map(lacking).collect();
        let _ = writeln!(
            text,
            "{verdict} {}  {}{}{}",
            paint(ID, &snapshot.id[..8]),
            printable(&snapshot.message),
            if snapshot.deleted { " (deleted)" } else { "" },
            if tables.is_empty() { String::new() } else { format!("  {}", tables.join(", ")) }
        );
    }
    for left in &report.left {
        let _ = writeln!(text, "{} {}: {}", paint(BAD, "left"), printable(&left.what), printable(&left.reason));
    }
    let lacking = report.snapshots.iter().filter(|snapshot| !snapshot.whole).count() as u64;
    let verdict = match (report.is_clean(), lacking, report.dry_run) {
        (true, ..) => "OK: nothing is damaged.".to_owned(),
        (_, 0, false) if report.is_whole() => "Every snapshot is whole.".to_owned(),
        (_, 0, true) if report.is_whole() => "[DRY RUN] Every snapshot would be whole.".to_owned(),
        (_, 0, true) => "[DRY RUN] Every snapshot that can be read would be whole.".to_owned(),
        (_, 0, false) => "Every snapshot that can be read is whole.".to_owned(),
        (_, some, false) => format!(
            "{} cannot be read in full; to give them up: dbsnap delete, then dbsnap gc --now.",
            counted(some, "snapshot")
        ),
        (_, some, true) => {
            let places = "unless the database, exported files or packs in quarantine have them";
            format!("[DRY RUN] {} would lack rows, {places}.", counted(some, "snapshot"))
        }
    };
    let _ = writeln!(text, "{verdict}");
    text
}

/// What a table lacks, if it does.
fn lacking(table: &RepairedTable) -> Option<String> {
    table.reason.as_ref()?;
    Some(format!("{}: {} of {}", printable(&table.table), table.lost, counted(table.rows, "row")))
}

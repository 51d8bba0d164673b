//! `dbsnap verify`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{BAD, GOOD, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::verify::{self, Remedy, VerifyReport, verify};
use crate::ops::wording::counted;
use crate::ops::{Place, Repository};
use std::fmt::Write;
use std::process::ExitCode;

/// What `verify` exits with if something is damaged.
const EXIT_DAMAGED: u8 = 5;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A snapshot or an exported JSON file [default: the whole store and all exports]
    #[arg(value_name = "SNAPSHOT|FILE", add = complete::snapshots_and_files())]
    subject: Option<String>,
    /// Only check that everything is there, without reading rows and exports
    #[arg(long)]
    quick: bool,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let file = args.subject.as_ref().map(|typed| place.dir.join(typed)).filter(|path| path.is_file());
    let report = match file {
        Some(path) => verify::file(&path)?,
        None => verify(&Repository::find(place)?, args.subject.as_deref(), args.quick, ui.monitor())?,
    };
    ui.result("verify", &report, || render(&report))?;
    Ok(if report.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DAMAGED) })
}

fn render(report: &VerifyReport) -> String {
    let mut text = String::new();
    for damage in &report.damage {
        let _ = writeln!(text, "{} {}: {}", paint(BAD, "damaged"), printable(&damage.what), printable(&damage.reason));
    }
    let looked: Vec<String> =
        [(report.packs, "pack"), (report.snapshots, "snapshot"), (report.files, "exported file"), (report.rows, "row")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| counted(number, what))
            .collect();
    let looked = if looked.is_empty() { "nothing to check".to_owned() } else { looked.join(", ") };
    let verdict = match report.damage.len() {
        0 => paint(GOOD, "OK"),
        1 => paint(BAD, "1 problem"),
        more => paint(BAD, format_args!("{more} problems")),
    };
    let _ = match report.damage.is_empty() {
        true => writeln!(text, "{verdict}: {looked}."),
        false => writeln!(text, "{verdict}. Checked: {looked}."),
    };
    let remedy = match report.remedy {
        Remedy::None => return text,
        Remedy::Export => "To write damaged exports again: dbsnap export SNAPSHOT.",
        Remedy::Collect => "No snapshot needs that: dbsnap gc removes it.",
        Remedy::Delete => "Such snapshots can only be given up: dbsnap delete, then dbsnap gc --now.",
        Remedy::Repair => "To put it right: dbsnap repair; with --dry-run it only shows what it would do.",
    };
    let _ = writeln!(text, "{remedy}");
    text
}

//! `dbsnap restore`

use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, paint, printable, seconds};
use crate::cli::ui::Ui;
use crate::ops::restore::{Mode, RestoreOptions, RestorePlan, RestoreReport, restore};
use crate::ops::wording::counted;
use crate::ops::{OpError, Place};
use clap::ValueEnum;
use std::cell::Cell;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot
    reference: String,
    /// Only these of its tables
    tables: Vec<String>,
    /// What becomes of rows that differ
    #[arg(long, value_enum, default_value = "upsert")]
    mode: ModeArg,
    /// Only rows for which this holds, in the snapshot or now
    #[arg(long = "where", value_name = "CONDITION")]
    filter: Option<String>,
    /// Only the row with this key; a key of several fields: all of them, between commas or one --key for each
    #[arg(long, value_name = "FIELD=VALUE")]
    key: Vec<String>,
    /// Only these columns, of rows that are there
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// A column that is called otherwise now; the same name twice takes a column of another type
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Leave this column out: it is gone, or keeps its values
    #[arg(long, value_name = "COLUMN")]
    ignore_column: Vec<String>,
    /// Make a new table of this name for the rows, beside the old one
    #[arg(long, value_name = "TABLE")]
    into: Option<String>,
    /// Write into this database instead
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Show the plan and stop
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Let foreign keys delete or change rows of other tables
    #[arg(long)]
    cascade: bool,
    /// Write into another database than the snapshot was taken of
    #[arg(long)]
    other_database: bool,
    /// Write into a database on another machine
    #[arg(long)]
    remote: bool,
    /// Write although NODE_ENV is production
    #[arg(long)]
    production: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Bring back lost and changed rows; rows added since stay
    Upsert,
    /// Make the table what the snapshot is; rows added since go
    Exact,
    /// Bring back lost rows only
    Missing,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = RestoreOptions {
        reference: args.reference.clone(),
        tables: args.tables.clone(),
        mode: match args.mode {
            ModeArg::Upsert => Mode::Upsert,
            ModeArg::Exact => Mode::Exact,
            ModeArg::Missing => Mode::Missing,
        },
        key: None,
        named_key: args.key.clone(),
        filter: args.filter.clone(),
        columns: args.columns.clone(),
        map: args.map.clone(),
        ignore: args.ignore_column.clone(),
        into: args.into.clone(),
        dry_run: args.dry_run,
        yes: args.yes,
        cascade: args.cascade,
        other_database: args.other_database || args.to.is_some(),
        remote: args.remote,
        production: args.production,
    };
    let place = Place { url: args.to.clone().or_else(|| place.url.clone()), ..place.clone() };
    carry_out(ui, "restore", |confirm| restore(&place, &options, confirm, ui.monitor()))
}

/// `OLD=NEW`.
fn pair(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("write OLD=NEW, the column's name in the snapshot and its name now".to_owned()),
    }
}

/// Runs a restore that asks before it writes, and says what it did.
pub(super) fn carry_out(
    ui: &Ui,
    command: &str,
    restore: impl FnOnce(&mut dyn FnMut(&RestorePlan) -> Result<bool, OpError>) -> Result<RestoreReport, OpError>,
) -> Result<ExitCode, CliError> {
    let shown = Cell::new(false);
    let mut confirm = |plan: &RestorePlan| {
        if !ui.can_ask() {
            return Err(OpError::NotConfirmed);
        }
        shown.set(true);
        ui.note(&render_plan(plan));
        ui.ask("Apply this?").map_err(|_| OpError::NotConfirmed)
    };
    let report = restore(&mut confirm)?;
    ui.result(command, &report, || outcome(&report, shown.get()))?;
    Ok(ExitCode::SUCCESS)
}

fn render_plan(plan: &RestorePlan) -> String {
    let now = jiff::Timestamp::now();
    let mut text = format!(
        "{} {} \"{}\" ({})\n{} {}  {}\n",
        paint(BOLD, "Restoring"),
        paint(ID, &plan.id[..8]),
        printable(&plan.message),
        age(plan.created_at, now),
        paint(BOLD, "into"),
        printable(&plan.target),
        paint(DIM, mode(plan.mode))
    );
    for table in &plan.tables {
        let _ = writeln!(
            text,
            "  {}: {} insert, {} update, {} delete, {} unchanged{}",
            printable(&table.table),
            paint(GOOD, count(table.insert)),
            paint(CHANGED, count(table.update)),
            paint(BAD, count(table.delete)),
            count(table.unchanged),
            if table.left > 0 { format!(", {} left as they are", count(table.left)) } else { String::new() }
        );
        for note in &table.notes {
            let _ = writeln!(text, "    {} {}", paint(DIM, "note:"), printable(note));
        }
    }
    for bystander in &plan.bystanders {
        let rows = counted(bystander.rows, "row");
        let _ = writeln!(text, "  {}: {} by foreign keys", printable(&bystander.table), paint(CHANGED, rows));
    }
    text
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Upsert => "(upsert: rows added since stay)",
        Mode::Exact => "(exact: rows added since go)",
        Mode::Missing => "(missing: only lost rows come back)",
    }
}

fn outcome(report: &RestoreReport, shown: bool) -> String {
    let mut text = if shown { String::new() } else { render_plan(&report.plan) };
    let writes = report.plan.writes();
    if report.dry_run {
        let _ = writeln!(text, "[DRY RUN] {} would be written. Nothing was changed.", counted(writes, "row"));
        if let Some(refused) = &report.refused {
            let _ = writeln!(text, "As it is, it would be refused: {}", printable(refused));
        }
    } else if writes == 0 {
        let _ = writeln!(text, "Nothing to do: the rows are as in the snapshot.");
    } else {
        let _ = writeln!(
            text,
            "{} {} written and proved in {}.",
            paint(GOOD, "Restore complete."),
            counted(writes, "row"),
            seconds(report.seconds)
        );
        if let Some(safety) = &report.safety {
            let _ = writeln!(
                text,
                "What was there before is snapshot {}; to go back: dbsnap undo",
                paint(ID, &safety[..8]),
            );
        }
    }
    text
}

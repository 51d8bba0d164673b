//! `dbsnap restore`

use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, paint, printable, seconds};
use crate::cli::ui::Ui;
use crate::ops::restore::{Mode, RestoreOptions, RestorePlan, RestoreReport, restore};
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
        dry_run: args.dry_run,
        yes: args.yes,
        cascade: args.cascade,
        other_database: args.other_database,
        remote: args.remote,
        production: args.production,
    };
    let shown = Cell::new(false);
    let mut confirm = |plan: &RestorePlan| {
        if !ui.can_ask() {
            return Err(OpError::NotConfirmed);
        }
        shown.set(true);
        ui.note(&render_plan(plan));
        ui.ask("Apply this?").map_err(|_| OpError::NotConfirmed)
    };
    let report = restore(place, &options, &mut confirm, ui.monitor())?;
    ui.result("restore", &report, || outcome(&report, shown.get()))?;
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
    for bystander in &report.bystanders {
        let _ = writeln!(text, "  {}: {} rows by foreign keys", printable(&bystander.table), count(bystander.rows));
    }
    let writes = report.plan.writes();
    if report.dry_run {
        let _ = writeln!(text, "[DRY RUN] {} rows would be written. Nothing was changed.", count(writes));
    } else if writes == 0 {
        let _ = writeln!(text, "Nothing to do: the rows are as in the snapshot.");
    } else {
        let _ = writeln!(
            text,
            "{} {} rows written and proved in {}.",
            paint(GOOD, "Restore complete."),
            count(writes),
            seconds(report.seconds)
        );
        if let Some(safety) = &report.safety {
            let _ = writeln!(
                text,
                "What was there before is snapshot {}; to go back: dbsnap restore {} --mode exact",
                paint(ID, &safety[..8]),
                &safety[..8]
            );
        }
    }
    text
}

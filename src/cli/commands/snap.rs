//! `dbsnap snap`

use super::export::{Checksums, short};
use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::progress::count;
use crate::cli::text::{BOLD, DIM, GOOD, ID, change, paint, printable, seconds, size, warning};
use crate::cli::ui::Ui;
use crate::ops::export::ExportedTable;
use crate::ops::snap::{OnDelete, SnapOptions, SnapPlan, SnapReport, SnappedTable, Strategy, TakenAlong};
use crate::ops::wording::counted;
use crate::ops::{OpError, Operation, Repository};
use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Tables, Prisma models or patterns ('mod*'); all are read in one transaction
    #[arg(value_name = "TABLE", add = complete::live_tables())]
    tables: Vec<String>,
    /// Snapshot message
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message: String,
    /// All tables of the database
    #[arg(long)]
    all: bool,
    /// Leave out this table, or all that match a pattern
    #[arg(long, value_name = "TABLE", add = complete::live_tables())]
    exclude: Vec<String>,
    /// Only rows of the table that match this SQL expression
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<String>,
    /// Also snapshot tables that deletes would cascade to
    #[arg(long)]
    cascade: bool,
    /// Also export the snapshot (see 'dbsnap export --help')
    #[arg(long)]
    export: bool,
    #[command(flatten)]
    planned: Planned,
}

/// A word of an option's value that was taken for a table, because the value was not quoted.
fn unquoted(args: &Args, error: OpError) -> OpError {
    let OpError::NoSuchTable { typed, .. } = &error else { return error };
    let Some(at) = args.tables.iter().position(|table| table == typed).filter(|at| *at > 0) else { return error };
    let rest = args.tables[at..].join(" ");
    let hint = match &args.filter {
        Some(filter) => format!("quote the filter: --where \"{filter} {rest}\""),
        None if !args.message.is_empty() => format!("quote a message of several words: -m \"{} {rest}\"", args.message),
        None => return error,
    };
    OpError::Unquoted { what: error.to_string(), hint }
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = SnapOptions {
        tables: args.tables.clone(),
        all: args.all,
        exclude: args.exclude.clone(),
        message: args.message.clone(),
        filter: args.filter.clone(),
        cascade: args.cascade,
        export: args.export.then_some(true),
    };
    let mut database = repository.database();
    if let Some(digest) = &args.planned.digest {
        let report = options.apply(repository, &mut database, Some(digest), ui.monitor())?;
        return told(&report, &[], ui);
    }
    let planned = options.plan(repository, &mut database, ui.monitor()).map_err(|error| unquoted(args, error))?;
    let plan = &planned.effect;
    if args.planned.dry_run {
        ui.plan(&planned, || format!("{}\n[DRY RUN] Nothing was read or stored.\n", analysis(plan, &args.message)))?;
        advise(plan, ui);
        return Ok(ExitCode::SUCCESS);
    }
    // A reader that has gone away (`| head -1`) does not stop the snapshot that somebody relies on.
    let said = ui.say(&analysis(plan, &args.message));
    advise(plan, ui);
    let cascaded: Vec<String> = plan.taken_along.iter().map(|along| printable(&along.table)).collect();
    let report = planned.apply(repository, &mut database, ui.monitor())?;
    said?;
    told(&report, &cascaded, ui)
}

fn told(report: &SnapReport, cascaded: &[String], ui: &Ui) -> Result<ExitCode, CliError> {
    ui.result("snap", report, || match ui.quiet {
        true => format!("{}\n", &report.id[..8]),
        false => outcome(report, cascaded),
    })?;
    for table in report.tables.iter().filter(|table| table.rows == 0 && table.filter.is_some()) {
        ui.note(&warning(&format!("no row of {} matches the filter", printable(&table.table))));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is about to be read.
fn analysis(plan: &SnapPlan, message: &str) -> String {
    let mut text = String::new();
    if let Some(first) = message.trim().lines().next().filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "{} {}", paint(BOLD, "Request:"), printable(first));
    }
    let database = format!("{} (from {})", printable(&plan.database), printable(&plan.url_origin));
    let _ = writeln!(text, "{}", paint(DIM, database));
    for table in &plan.tables {
        let _ = writeln!(text, "\n{} {}", paint(BOLD, "Analyzing table:"), printable(&table.table));
        if let Some(filter) = &table.filter {
            let _ = writeln!(text, "- Filter: {}", printable(filter));
        }
        let about = if table.counted { "" } else { "about " };
        let rows = table.rows.map_or_else(|| "unknown".to_owned(), |rows| format!("{about}{}", count(rows)));
        let _ = writeln!(text, "- Total records: {rows}");
        let _ = writeln!(
            text,
            "- Estimated size: {}",
            table.bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("~{} before compression", size(bytes)))
        );
        let strategy = match table.strategy {
            Strategy::Full => "Full (< 10K rows)",
            Strategy::Batches => "In batches (10K-100K rows)",
            Strategy::Large => "In batches (> 100K rows)",
        };
        let _ = writeln!(text, "- Backup strategy: {strategy}");
    }
    text
}

/// Advice on stderr: filters for large tables, tables that deletions would take along.
fn advise(plan: &SnapPlan, ui: &Ui) {
    for table in plan.tables.iter().filter(|table| table.strategy == Strategy::Large && table.filter.is_none()) {
        ui.note(&warning(&format!(
            "{} has more than 100K rows (about {}); --where EXPR snapshots a part of it",
            printable(&table.table),
            seconds(plan.seconds.max(0.1))
        )));
    }
    if let Some(left_out) = &plan.left_out {
        ui.note(&printable(left_out));
    }
    if plan.taken_along.is_empty() {
        return;
    }
    let action = |along: &TakenAlong| match along.on_delete {
        OnDelete::Cascade if along.by_prisma => "onDelete: Cascade",
        OnDelete::SetNull if along.by_prisma => "onDelete: SetNull",
        _ if along.by_prisma => "onDelete: SetDefault",
        OnDelete::Cascade => "ON DELETE CASCADE",
        OnDelete::SetNull => "ON DELETE SET NULL",
        _ => "ON DELETE SET DEFAULT",
    };
    let alike = plan.taken_along.chunk_by(|one, next| action(one) == action(next));
    let list: Vec<String> = alike
        .map(|alike| {
            let tables: Vec<String> = alike.iter().map(|along| printable(&along.table)).collect();
            format!("{} ({})", tables.join(", "), alike.first().map(action).unwrap_or_default())
        })
        .collect();
    ui.note(&warning(&format!("deleting these rows would cascade to {}; --cascade includes them", list.join(", "))));
}

/// What was done. `cascaded` are the tables that deletions would cascade to and that are not in the snapshot.
fn outcome(report: &SnapReport, cascaded: &[String]) -> String {
    let mut text = String::new();
    let exported = report.export.as_ref().map_or(&[][..], |export| &export.tables);
    if !exported.is_empty() {
        created(&mut text, report, exported);
    }
    let _ = writeln!(text, "\n{}", paint(BOLD, "Verification:"));
    match &report.tables[..] {
        [one] => verified(&mut text, one, exported.first()),
        many => verified_all(&mut text, many, exported),
    }
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    let bytes: u64 = report.tables.iter().map(|table| table.bytes).sum();
    let _ = writeln!(
        text,
        "\n{} Snapshot {}: {} ({}) in {}; the store grew by {}.",
        paint(GOOD, "Backup complete!"),
        paint(ID, &report.id[..8]),
        counted(rows, "row"),
        size(bytes),
        seconds(report.seconds),
        size(report.added_bytes)
    );
    if let Some(export) = &report.export {
        text.push_str(&super::export::files(export, Checksums::Left));
    }
    let _ = writeln!(text, "\nTo restore this backup later:");
    // Several tables come back together, those that others refer to first: their scripts are one for each.
    if let [one] = exported {
        let _ = writeln!(text, "$ {}\nor", super::export::command(one));
    }
    let _ = writeln!(text, "$ dbsnap restore {}", &report.id[..8]);
    if let Some(filter) = report.tables.iter().find_map(|table| table.filter.as_ref()) {
        let _ = writeln!(text, "\nOnly the rows that match are in this snapshot: {}", printable(filter));
    } else if cascaded.is_empty() {
        let _ = writeln!(text, "\nYou can now safely run your destructive script.");
    }
    if !cascaded.is_empty() {
        let _ = writeln!(text, "\nNot in this snapshot, and deleted or changed by cascade: {}.", cascaded.join(", "));
    }
    text
}

/// What was read and written.
fn created(text: &mut String, report: &SnapReport, exported: &[ExportedTable]) {
    let _ = writeln!(text, "\n{}", paint(BOLD, "Creating backup..."));
    for table in exported {
        let snapped = report.tables.iter().find(|snapped| snapped.table == table.table);
        let all = snapped.map_or(table.records, |snapped| snapped.source_rows);
        let script = table.script.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(
            text,
            "- Fetching records: {} / {}\n- Writing to: {}\n- Generating restore script: {}",
            count(table.records),
            count(all),
            short(&table.json),
            printable(&script)
        );
    }
}

/// What was read and stored of the one table.
fn verified(text: &mut String, table: &SnappedTable, exported: Option<&ExportedTable>) {
    let _ = writeln!(text, "- Source count: {}", count(table.source_rows));
    let _ = writeln!(text, "- Backup count: {}", count(table.rows));
    let _ = writeln!(text, "- Hash: {}", root(table));
    if let Some(exported) = exported {
        let _ = writeln!(text, "- Checksum: {}", checksum(exported));
    }
    if let Some(since) = &table.change {
        let changes = match since.added + since.changed + since.removed {
            0 => "no changes".to_owned(),
            _ => change(since.added, since.changed, since.removed),
        };
        let _ = writeln!(text, "- Since {}: {changes}", paint(ID, since.since.short()));
    }
}

/// The same of several tables, a line for each.
fn verified_all(text: &mut String, tables: &[SnappedTable], exported: &[ExportedTable]) {
    let mut lines = Table::new();
    lines.load_style(presets::NOTHING);
    for table in tables {
        let since = table.change.map_or_else(String::new, |since| {
            let changed = match since.added + since.changed + since.removed {
                0 => "unchanged".to_owned(),
                _ => change(since.added, since.changed, since.removed),
            };
            format!("{changed} since {}", paint(ID, since.since.short()))
        });
        lines.add_row([
            printable(&table.table),
            format!("{} of {}", count(table.rows), count(table.source_rows)),
            root(table),
            exported.iter().find(|one| one.table == table.table).map_or_else(String::new, checksum),
            since,
        ]);
    }
    if let Some(counts) = lines.column_mut(1) {
        counts.set_cell_alignment(CellAlignment::Right);
    }
    for line in lines.to_string().lines() {
        let _ = writeln!(text, "- {}", line.trim());
    }
}

fn root(table: &SnappedTable) -> String {
    format!("blake3:{}...", &table.root[..12])
}

fn checksum(exported: &ExportedTable) -> String {
    exported
        .checksum
        .get(.."sha256:".len() + 12)
        .map_or_else(|| exported.checksum.clone(), |start| format!("{start}..."))
}

//! `dbsnap restore`

use super::log::{message, tables};
use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, lines, paint, printable, seconds};
use crate::cli::ui::Ui;
use crate::ops::log::{LogOptions, log};
use crate::ops::restore::{Created, Elsewhere, Mode, PlannedTable, RestoreOptions, RestorePlan, RestoreReport};
use crate::ops::run::in_a_line;
use crate::ops::wording::counted;
use crate::ops::{ErrorKind, OpError, Operation, Place, Plan, Repository};
use clap::ValueEnum;
use comfy_table::{Table, presets};
use std::fmt::Write;
use std::process::ExitCode;

/// Snapshots that a person can choose from.
const CHOICES: usize = 10;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot, or SNAPSHOT:TABLE or SNAPSHOT:TABLE:KEY for a part of it [default: choose from a list]
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: Option<String>,
    /// Only these tables
    #[arg(value_name = "TABLE", add = complete::stored_tables())]
    tables: Vec<String>,
    /// Leave out this table, or all that match a pattern
    #[arg(long, value_name = "TABLE", add = complete::stored_tables())]
    exclude: Vec<String>,
    /// What to do with rows that differ
    #[arg(long, value_enum, default_value = "upsert")]
    mode: ModeArg,
    /// Only rows that match this SQL expression, in the snapshot or in the live table
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<String>,
    /// Only the row with this key; repeat for each field of a composite key
    #[arg(long, value_name = "FIELD=VALUE")]
    key: Vec<String>,
    /// Of rows that still exist write only these columns; missing rows come back whole (comma-separated; a name with a
    /// comma between "quotes")
    #[arg(long, value_name = "COLUMN", value_parser = column_list)]
    columns: Vec<ColumnList>,
    /// The column OLD is called NEW now. NAME=NAME accepts that the type of NAME has changed
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Skip this column: it was dropped, or should keep its current values
    #[arg(long, value_name = "COLUMN")]
    ignore_column: Vec<String>,
    /// Create a new table with the rows instead
    #[arg(long, value_name = "TABLE")]
    into: Option<String>,
    /// Make tables again that are gone, with keys, defaults, indexes, foreign keys and triggers; or the database
    #[arg(long, conflicts_with = "into")]
    create: bool,
    /// Restore into this database; unlike --url, it need not be the one the snapshot was taken from
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    #[command(flatten)]
    planned: Planned,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Allow foreign keys to delete or change rows in other tables (PostgreSQL)
    #[arg(long)]
    cascade: bool,
    /// Allow a database other than the one the snapshot was taken from
    #[arg(long)]
    other_database: bool,
    /// Allow a database on another host
    #[arg(long)]
    remote: bool,
    /// Restore even if NODE_ENV is production
    #[arg(long)]
    production: bool,
    /// Allow foreign keys that refer to missing rows (SQLite)
    #[arg(long)]
    allow_dangling: bool,
}

/// Columns of one `--columns`.
#[derive(Debug, Clone)]
struct ColumnList(Vec<String>);

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Restore deleted and changed rows, keep rows added since
    Upsert,
    /// Make the table identical to the snapshot, delete rows added since
    Exact,
    /// Restore deleted rows only
    Missing,
}

pub(super) fn run(args: &Args, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    let url = args.to.as_ref().or(place.url.as_ref());
    let repository = &super::find(&Place { url: url.cloned(), ..place.clone() })?;
    let reference = match &args.reference {
        Some(reference) => reference.clone(),
        None => choose(repository, ui)?,
    };
    let options = RestoreOptions {
        reference,
        tables: args.tables.clone(),
        exclude: args.exclude.clone(),
        mode: match args.mode {
            ModeArg::Upsert => Mode::Upsert,
            ModeArg::Exact => Mode::Exact,
            ModeArg::Missing => Mode::Missing,
        },
        key: None,
        named_key: args.key.clone(),
        filter: args.filter.clone(),
        columns: args.columns.iter().flat_map(|list| list.0.iter().cloned()).collect(),
        map: args.map.clone(),
        ignore: args.ignore_column.clone(),
        into: args.into.clone(),
        cascade: args.cascade,
        other_database: args.other_database || args.to.is_some(),
        remote: args.remote,
        production: args.production,
        allow_dangling: args.allow_dangling,
        create: args.create,
    };
    carry_out(&options, &args.planned, args.yes, repository, ui)
}

/// Lets a person choose one of the latest snapshots.
fn choose(repository: &Repository, ui: &Ui) -> Result<String, CliError> {
    if !ui.can_ask() {
        return Err(OpError::Usage("give a snapshot, as in: dbsnap restore latest".to_owned()).into());
    }
    let mut snapshots = log(repository, &LogOptions::default())?.snapshots;
    snapshots.truncate(CHOICES);
    if snapshots.is_empty() {
        // The error is the one that any command gives.
        return Ok("latest".to_owned());
    }
    let now = jiff::Timestamp::now();
    let mut list = Table::new();
    list.load_style(presets::NOTHING);
    for (number, snapshot) in (1..).zip(&snapshots) {
        list.add_row([
            number.to_string(),
            paint(ID, &snapshot.id[..8]),
            paint(DIM, age(snapshot.created_at, now)),
            tables(snapshot, ui.width()),
            message(snapshot),
        ]);
    }
    ui.note(lines(&list.to_string(), ui.width()).trim_end());
    let answer = ui.prompt(&format!("Restore which snapshot? [1-{}, id or tag] ", snapshots.len()))?;
    let chosen = answer.parse::<usize>().ok().and_then(|number| snapshots.get(number.checked_sub(1)?));
    match chosen {
        Some(snapshot) => Ok(snapshot.id.clone()),
        // A reference is as good as a number.
        None if !answer.is_empty() => Ok(answer),
        None => Err(OpError::Declined.into()),
    }
}

/// `OLD=NEW`.
fn pair(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("write OLD=NEW, the column's name in the snapshot and its name now".to_owned()),
    }
}

/// Names between commas; one between quotes may hold commas, and quotes that are doubled.
fn column_list(typed: &str) -> Result<ColumnList, String> {
    let (mut names, mut rest) = (Vec::new(), typed);
    loop {
        let (name, after) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted).ok_or_else(|| format!("a quote is not closed in {typed}"))?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        if name.is_empty() {
            return Err("a column has no name: write COLUMN,COLUMN".to_owned());
        }
        names.push(name);
        rest = match after.trim_start().strip_prefix(',') {
            Some(more) => more,
            None if after.trim().is_empty() => return Ok(ColumnList(names)),
            None => return Err(format!("a comma is missing before {}", after.trim())),
        };
    }
}

/// The name up to the closing quote, and what comes after that.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let (mut name, mut rest) = (String::new(), quoted);
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

/// Plans a restore, asks unless it need not, and applies just that plan.
pub(super) fn carry_out<O: Operation<Effect = RestorePlan, Report = RestoreReport>>(
    options: &O,
    planned: &Planned,
    yes: bool,
    repository: &Repository,
    ui: &Ui,
) -> Result<ExitCode, CliError> {
    let mut database = repository.database();
    if planned.dry_run {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        ui.plan(&plan, || format!("{}{}", render_plan(&plan.effect), foreseen(&plan)))?;
        let refused = plan.refused.as_ref().map(|refused| refused.kind().exit_code());
        return Ok(refused.map_or(ExitCode::SUCCESS, ExitCode::from));
    }
    let (mut digest, mut shown) = (planned.digest, false);
    if digest.is_none() && !yes {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        digest = Some(plan.digest());
        if let Some(refused) = plan.refused {
            return Err(refused.into());
        }
        if !plan.effect.is_idle() {
            if !ui.can_ask() {
                return Err(OpError::NotConfirmed.into());
            }
            shown = true;
            ui.note(&render_plan(&plan.effect));
            if !ui.ask("Apply this?")? {
                return Err(OpError::Declined.into());
            }
        }
    }
    let report = options.apply(repository, &mut database, digest.as_ref(), ui.monitor())?;
    ui.done(O::COMMAND, &report, || outcome(&report, shown))?;
    if let Some(elsewhere) = report.elsewhere.as_ref().filter(|_| !ui.json) {
        ui.note(&format!("{} {}", paint(DIM, "note:"), in_newer_snapshots(&report.plan, elsewhere)));
    }
    Ok(if report.plan.conflicting() > 0 { ExitCode::from(ErrorKind::Partial.exit_code()) } else { ExitCode::SUCCESS })
}

pub(super) fn render_plan(plan: &RestorePlan) -> String {
    let age = age(plan.created_at, jiff::Timestamp::now());
    let (into, target) = (paint(BOLD, "into"), printable(&plan.target));
    let mut text = match &plan.run {
        Some(run) => format!(
            "{} {} ({age})\n{into} {target}  {}\n",
            paint(BOLD, "Undoing"),
            printable(&in_a_line(&run.argv)),
            paint(DIM, "(what changed while it ran, by whomever; keeps rows changed since)")
        ),
        None => format!(
            "{} {} \"{}\" ({age})\n{into} {target}  {}\n",
            paint(BOLD, "Restoring"),
            paint(ID, &plan.id[..8]),
            printable(&plan.message),
            paint(DIM, mode(plan.mode))
        ),
    };
    text.push_str(&creations(plan));
    for table in &plan.tables {
        let _ = writeln!(
            text,
            "  {}: {} insert, {} update, {} delete, {} unchanged{}",
            printable(&table.table),
            paint(GOOD, count(table.insert)),
            paint(CHANGED, count(table.update)),
            paint(BAD, count(table.delete)),
            count(table.unchanged),
            kept(plan, table)
        );
        for note in &table.notes {
            let _ = writeln!(text, "    {} {}", paint(DIM, "note:"), printable(note));
        }
    }
    for note in plan.left_out.iter().chain(&plan.notes) {
        let _ = writeln!(text, "  {} {}", paint(DIM, "note:"), printable(note));
    }
    for affected in &plan.cascaded {
        let rows = counted(affected.rows, "row");
        let _ = writeln!(text, "  {}: {} affected by cascade", printable(&affected.table), paint(CHANGED, rows));
    }
    text.push_str(&super::undo::conflicts(plan));
    text
}

/// What is made: a line for each table, with what is part of it, and for what is no part of one.
fn creations(plan: &RestorePlan) -> String {
    let is_table = |one: &Created, table: &Option<String>| one.kind == "table" && one.table == *table;
    let mut lines: Vec<String> = Vec::new();
    if plan.creates_database {
        lines.push("the database".to_owned());
    }
    for one in &plan.created {
        let with_table = plan.created.iter().any(|other| is_table(other, &one.table));
        match &one.table {
            Some(table) if one.kind == "table" => {
                let is_part = |part: &&Created| part.table == one.table && !["table", "setting"].contains(&&*part.kind);
                let parts = plan.created.iter().filter(is_part);
                let parts: Vec<&str> = parts.map(|part| part.name.as_str()).collect();
                let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
                lines.push(format!("table {table}{parts}"));
            }
            Some(_) if with_table => {}
            Some(table) => lines.push(format!("{} {} of {table}", one.kind, one.name)),
            None => lines.push(format!("{} {}", one.kind, one.name)),
        }
    }
    let lines = lines.iter().map(|line| format!("  {} {}\n", paint(GOOD, "create"), printable(line)));
    let warnings =
        plan.warnings.iter().map(|warning| format!("  {} {}\n", paint(CHANGED, "warning:"), printable(warning)));
    lines.chain(warnings).collect()
}

/// How many tables are made, if any is.
fn tables_created(plan: &RestorePlan) -> Option<String> {
    let created = plan.tables.iter().filter(|table| table.created).count();
    (created > 0).then(|| counted(created as u64, "table"))
}

/// Live rows that a restore keeps as they are.
fn kept(plan: &RestorePlan, table: &PlannedTable) -> String {
    if table.conflicts > 0 {
        return format!(", {}", counted(table.conflicts, "conflict"));
    }
    let rows = table.left;
    let noun = match plan.mode {
        _ if plan.partial => "other row",
        Mode::Upsert => "newer row",
        Mode::Missing => "changed or newer row",
        Mode::Exact => "other row",
    };
    if rows > 0 { format!(", {} kept", counted(rows, noun)) } else { String::new() }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Upsert => "(upsert: keeps rows added since the snapshot)",
        Mode::Exact => "(exact: deletes rows added since the snapshot)",
        Mode::Missing => "(missing: restores only deleted rows)",
    }
}

fn foreseen<O: Operation<Effect = RestorePlan>>(plan: &Plan<O>) -> String {
    match &plan.refused {
        Some(refused) => {
            format!("[DRY RUN] This {} would be refused: {}\n", O::COMMAND, printable(&refused.in_words()))
        }
        None => {
            let created =
                tables_created(&plan.effect).map_or_else(String::new, |tables| format!("{tables} created, and "));
            let rows = counted(plan.effect.writes(), "row");
            let statements = plan.effect.created.iter().flat_map(|one| &one.sql);
            let statements: String = statements
                .map(|sql| sql.lines().map(|line| format!("    {}\n", printable(line))).collect::<String>())
                .collect();
            format!("{statements}[DRY RUN] {created}{rows} would be written. Nothing was changed.\n")
        }
    }
}

/// That newer snapshots have tables which were not restored, in a line.
fn in_newer_snapshots(plan: &RestorePlan, elsewhere: &Elsewhere) -> String {
    let has = match plan.tables.as_slice() {
        [only] => printable(&only.table),
        tables => counted(tables.len() as u64, "table"),
    };
    let (table, id) = (printable(&elsewhere.table), paint(ID, &elsewhere.snapshot[..8]));
    let others = match elsewhere.others {
        0 => String::new(),
        others => format!(", and {} in newer snapshots", counted(others as u64, "other table")),
    };
    format!("this snapshot has only {has}; {table} is in {id} (dbsnap restore latest:{table}){others}")
}

pub(super) fn outcome(report: &RestoreReport, shown: bool) -> String {
    let mut text = if shown { String::new() } else { render_plan(&report.plan) };
    let writes = report.plan.writes();
    if report.plan.is_idle() {
        let which = if report.plan.partial { "the selected rows" } else { "the rows" };
        let _ = match report.plan.conflicting() {
            0 if report.plan.run.is_some() => writeln!(text, "Nothing to do: nothing that the command did is left."),
            0 => writeln!(text, "Nothing to do: {which} already match the snapshot."),
            _ => writeln!(text, "Nothing was written."),
        };
    } else {
        let _ = writeln!(
            text,
            "{} {}{} written and verified in {}.",
            paint(GOOD, if report.plan.run.is_some() { "Undo complete." } else { "Restore complete." }),
            tables_created(&report.plan).map_or_else(String::new, |tables| format!("{tables} created, ")),
            counted(writes, "row"),
            seconds(report.seconds)
        );
        if let Some(safety) = &report.safety {
            let _ = writeln!(text, "Previous state saved as {}. To undo: dbsnap undo", paint(ID, &safety[..8]),);
        }
    }
    text
}

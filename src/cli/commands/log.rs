//! `dbsnap log`

mod format;

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::progress::count;
use crate::cli::text::{BAD, DIM, GOOD, ID, change, fit, in_columns, moment, paint, printable, short_name, size};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::log::{LogOptions, LogReport, LoggedSnapshot, log};
use crate::ops::run::in_a_line;
use crate::ops::wording::counted;
use format::{DateStyle, Template};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;
use std::process::ExitCode;

/// On a terminal with fewer columns the sizes are left out, and all tables of a snapshot but the first.
const NARROW: usize = 100;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only snapshots of this table
    #[arg(add = complete::stored_tables())]
    table: Option<String>,
    /// Show at most N snapshots
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Show only id and message
    #[arg(long)]
    oneline: bool,
    /// Also show rows and changes of each table
    #[arg(long, conflicts_with = "oneline")]
    stat: bool,
    /// Print a line per snapshot in this format, as in '{short} {date} {message}'
    ///
    /// Fields: {id}, {short} (first 8 digits of the id), {date}, {message}, {tables}, {rows}, {size} (growth of the
    /// store), {user}, {agent}, {session}, {command}, {tags}, {branch}, {commit}, {database}, {kind} (snapshot or safety). {{ and }} print
    /// braces, \t a tab, \n a newline.
    #[arg(long, value_name = "TEMPLATE", conflicts_with_all = ["oneline", "stat"])]
    format: Option<Template>,
    /// How to show dates
    #[arg(long, value_enum, value_name = "STYLE", default_value = "relative")]
    date: DateStyle,
    /// Only snapshots since a date (2026-01-24), a time (2026-01-24T10:30:00Z) or an age (3d, 12h, 30m)
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only snapshots whose message contains TEXT
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only snapshots by this user or coding agent, or in this session of one
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// List deleted snapshots that can still be brought back
    #[arg(long)]
    deleted: bool,
}

/// Parses the argument of `--since`.
pub(in crate::cli) fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string());
    }
    let hours = |per: i64, number: &str| number.parse::<i64>().ok().and_then(|n| n.checked_mul(per));
    let minutes = match text.chars().last() {
        Some('d') => hours(24 * 60, &text[..text.len() - 1]),
        Some('h') => hours(60, &text[..text.len() - 1]),
        Some('m') => hours(1, &text[..text.len() - 1]),
        _ => None,
    };
    minutes
        .and_then(|minutes| Timestamp::now().checked_sub(SignedDuration::from_mins(minutes)).ok())
        .ok_or_else(|| "give a date (2026-01-24), an RFC 3339 time, or an age (3d, 12h, 30m)".to_owned())
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = LogOptions {
        table: args.table.clone(),
        limit: args.limit,
        since: args.since,
        grep: args.grep.clone(),
        actor: args.actor.clone(),
        deleted: args.deleted,
    };
    let report = log(repository, &options)?;
    ui.paged("log", &report, || render(&report, args, ui.width()))?;
    for (id, reason) in &report.unreadable {
        ui.note(&crate::cli::text::warning(&format!("snapshot {} cannot be read: {}", &id[..8], printable(reason))));
    }
    for damage in &report.damaged_refs {
        ui.note(&crate::cli::text::warning(&printable(damage)));
    }
    Ok(ExitCode::SUCCESS)
}

fn render(report: &LogReport, args: &Args, width: Option<usize>) -> String {
    if let Some(template) = &args.format {
        return report.snapshots.iter().map(|snapshot| template.line(snapshot, args.date)).collect();
    }
    if report.snapshots.is_empty() {
        return match report.total {
            0 if args.deleted => "No deleted snapshots.\n".to_owned(),
            0 if !report.unreadable.is_empty() => {
                "No snapshot can be read. Run dbsnap verify for details.\n".to_owned()
            }
            0 => "No snapshots yet. Take one: dbsnap snap TABLE -m MESSAGE\n".to_owned(),
            _ => "No matching snapshots.\n".to_owned(),
        };
    }
    if args.oneline {
        return report
            .snapshots
            .iter()
            .map(|snapshot| format!("{} {}\n", paint(ID, &snapshot.id[..8]), message(snapshot)))
            .collect();
    }
    let row = |snapshot: &LoggedSnapshot| {
        [
            paint(ID, &snapshot.id[..8]),
            paint(DIM, args.date.show(snapshot.created_at)),
            tables(snapshot, width),
            count(snapshot.rows),
            changes(snapshot),
            match is_narrow(width) {
                true => String::new(),
                false => format!("+{}", size(snapshot.added_bytes)),
            },
            message(snapshot),
            actor(snapshot),
        ]
    };
    let lines = in_columns(&report.snapshots.iter().map(row).collect::<Vec<_>>(), &[3, 5]);
    let mut text = String::new();
    for (line, snapshot) in lines.iter().zip(&report.snapshots) {
        let _ = writeln!(text, "{}", fit(line, width));
        if args.stat {
            stat(&mut text, snapshot, width);
        }
    }
    text
}

/// Whether there is room for the message only where something else is left out.
fn is_narrow(width: Option<usize>) -> bool {
    width.is_some_and(|width| width < NARROW)
}

/// The tables of a snapshot, if there are many the first of them.
pub(super) fn tables(snapshot: &LoggedSnapshot, width: Option<usize>) -> String {
    let names: Vec<String> = snapshot
        .tables
        .iter()
        .map(|table| format!("{}{}", short_name(&table.table, width, 5), if table.filter.is_some() { "*" } else { "" }))
        .collect();
    match &names[..] {
        [first, rest @ ..] if !rest.is_empty() && is_narrow(width) => format!("{first} +{}", rest.len()),
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first}, {second} +{}", rest.len()),
        names => names.join(", "),
    }
}

fn changes(snapshot: &LoggedSnapshot) -> String {
    let known: Vec<_> = snapshot.tables.iter().filter_map(|table| table.change).collect();
    if known.is_empty() {
        return paint(DIM, "first");
    }
    let sum = |part: fn(&crate::ops::log::TableChange) -> u64| known.iter().map(part).sum();
    change(sum(|c| c.added), sum(|c| c.changed), sum(|c| c.removed))
}

/// A snapshot's message and its marks.
pub(super) fn message(snapshot: &LoggedSnapshot) -> String {
    let mut text = printable(&snapshot.message);
    if snapshot.is_safety() {
        text = paint(DIM, format_args!("[safety] {text}"));
    }
    for tag in &snapshot.tags {
        let _ = write!(text, " {}", paint(GOOD, format_args!("({})", printable(tag))));
    }
    if let Some(deletion) = &snapshot.deletion {
        let until = format!("(deleted; can be brought back until {})", moment(deletion.until));
        let _ = write!(text, " {}", paint(BAD, until));
    }
    if snapshot.pinned {
        let _ = write!(text, " {}", paint(BAD, "(pinned)"));
    }
    text
}

fn actor(snapshot: &LoggedSnapshot) -> String {
    let who = match (&snapshot.user, &snapshot.agent) {
        (Some(user), Some(agent)) => format!("{user} via {agent}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    };
    paint(DIM, printable(&who))
}

fn stat(text: &mut String, snapshot: &LoggedSnapshot, width: Option<usize>) {
    if !snapshot.command.is_empty() {
        let session = snapshot.session.as_ref().map(|session| format!("  (session {session})")).unwrap_or_default();
        let line = format!("    {}{session}", in_a_line(&snapshot.command));
        let _ = writeln!(text, "{}", fit(&paint(DIM, printable(&line)), width));
    }
    for table in &snapshot.tables {
        let change = table.change.map_or_else(|| paint(DIM, "first"), |c| change(c.added, c.changed, c.removed));
        let filter = table.filter.as_ref().map(|filter| format!("  where {}", printable(filter))).unwrap_or_default();
        let line = format!(
            "    {}  {}  {}  {change}{filter}",
            printable(&table.table),
            counted(table.rows, "row"),
            size(table.bytes)
        );
        let _ = writeln!(text, "{}", fit(&line, width));
    }
}

//! `dbsnap history`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::diff::{Shown, changed_cell, one_cell};
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, Painted, Printable, age, paint, printable};
use crate::cli::ui::{Stream, Ui};
use crate::ops::Repository;
use crate::ops::history::{HistoryReceiver, HistoryReport, HistoryStep, LiveRow, RowEvent, history};
use crate::ops::json::VERSION;
use crate::ops::wording::counted;
use jiff::Timestamp;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The row; separate the values of a composite key by commas
    #[arg(value_name = "TABLE:KEY", add = complete::rows())]
    row: String,
    /// Show at most N changes
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Show values in full
    #[arg(long)]
    full: bool,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let limit = args.limit.unwrap_or(usize::MAX);
    if ui.json {
        let mut receiver = Json { out: ui.raw_stream(), steps: 0 };
        let report = history(repository, None, &args.row, limit, &mut receiver)?;
        receiver.out.put(&format!("],\"snapshots\":{}}}\n", report.snapshots))?;
        receiver.out.end()?;
    } else {
        let mut receiver = Text { ui, out: None, full: args.full, now: Timestamp::now() };
        let mut database = repository.database_at_hand();
        let asked = (!ui.quiet).then_some(&mut database);
        history(repository, asked, &args.row, limit, &mut receiver)?;
        receiver.out.map_or(Ok(()), Stream::end)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a history as one object.
struct Json {
    out: Stream,
    steps: u64,
}

impl HistoryReceiver for Json {
    type Error = CliError;

    fn begin(&mut self, report: &HistoryReport) -> Result<(), CliError> {
        self.out.put(&format!("{{\"version\":{VERSION},\"command\":\"history\",\"table\":"))?;
        self.out.json(&report.table)?;
        self.out.put(",\"key\":")?;
        self.out.json(&report.key)?;
        self.out.put(",\"columns\":")?;
        self.out.json(&report.columns)?;
        self.out.put(",\"steps\":[")
    }

    fn step(&mut self, _: &HistoryReport, step: &HistoryStep<'_>) -> Result<(), CliError> {
        if self.steps > 0 {
            self.out.put(",")?;
        }
        self.steps += 1;
        self.out.json(step)
    }
}

/// A history as one object.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "it is written piece by piece")]
pub(in crate::cli) struct Told<'t> {
    /// The table.
    table: String,
    /// The key as typed.
    key: String,
    /// Columns, in the newest snapshot's order, by the names of Prisma's fields where a schema has them.
    columns: Vec<String>,
    /// The changes of the row, newest first.
    steps: Vec<HistoryStep<'t>>,
    /// Snapshots of the table that were looked at.
    snapshots: usize,
}

/// Writes a history for people.
struct Text<'u> {
    ui: &'u Ui,
    /// Opened with the first change: a pager must not come up before there is anything to show.
    out: Option<Stream>,
    full: bool,
    now: Timestamp,
}

impl HistoryReceiver for Text<'_> {
    type Error = CliError;

    fn begin(&mut self, report: &HistoryReport) -> Result<(), CliError> {
        let out = self.out.insert(self.ui.text_stream());
        if self.ui.quiet {
            return Ok(());
        }
        out.put(&format!(
            "{} {}  {}\n{}\n",
            paint(BOLD, printable(&report.table)),
            paint(BOLD, printable(&report.key)),
            paint(DIM, format!("in {}", counted(report.snapshots as u64, "snapshot"))),
            report.live.as_ref().map(live).unwrap_or_default()
        ))
    }

    fn step(&mut self, report: &HistoryReport, step: &HistoryStep<'_>) -> Result<(), CliError> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.put(&format!("{}\n", headline(step, self.now)))?;
        for name in names(report, step) {
            lines(out, step, name, self.full)?;
        }
        if step.unchanged_in > 0 {
            let snapshots = if step.unchanged_in == 1 { "snapshot" } else { "snapshots" };
            let unchanged = match step.event {
                RowEvent::Deleted => format!("not in {} later {snapshots} either", step.unchanged_in),
                _ => format!("the same in {} later {snapshots}", step.unchanged_in),
            };
            out.put(&format!("    {}\n", paint(DIM, unchanged)))?;
        }
        Ok(())
    }
}

/// The line on the live row.
fn live(row: &LiveRow) -> String {
    let is = match row {
        LiveRow::AsIn(id) => format!("as in {}", paint(ID, &id[..8])),
        LiveRow::Gone => "not there".to_owned(),
        LiveRow::Differs(columns) if columns.is_empty() => "as in no snapshot".to_owned(),
        LiveRow::Differs(columns) => {
            let columns: Vec<String> = columns.iter().map(|column| printable(column)).collect();
            format!("differs in {}", columns.join(", "))
        }
    };
    format!("live: {is}\n")
}

/// Columns that a step changed: in the table's order, then those that the table no longer has.
fn names<'h>(report: &'h HistoryReport, step: &'h HistoryStep<'_>) -> Vec<&'h str> {
    let columns = report.columns.iter().map(String::as_str);
    let gone = step.cells.keys().copied().filter(|name| !report.columns.iter().any(|column| column == name));
    columns.chain(gone).filter(|name| step.cells.contains_key(name)).collect()
}

fn headline(step: &HistoryStep<'_>, now: Timestamp) -> String {
    let event = match step.event {
        RowEvent::First => paint(GOOD, "first seen"),
        RowEvent::Created => paint(GOOD, "created"),
        RowEvent::Changed => paint(CHANGED, "changed"),
        RowEvent::Deleted => paint(BAD, "deleted"),
    };
    let who: Vec<&str> = [step.user, step.agent].into_iter().flatten().collect();
    let who = if who.is_empty() { String::new() } else { format!("  by {}", who.join(" via ")) };
    let commit =
        step.git.as_ref().and_then(|git| git.commit.as_ref()).map(|commit| commit.chars().take(8).collect::<String>());
    let branch = step.git.as_ref().and_then(|git| git.branch.clone());
    let git: Vec<String> = [branch, commit].into_iter().flatten().collect();
    let git = if git.is_empty() { String::new() } else { format!(" on {}", git.join(" ")) };
    format!(
        "{}  {}  {event}  {}{}",
        paint(ID, &step.id[..8]),
        paint(DIM, age(step.created_at, now)),
        printable(step.message),
        paint(DIM, printable(&format!("{who}{git}")))
    )
}

/// The lines of a cell, as `diff` shows it.
fn lines(out: &mut Stream, step: &HistoryStep<'_>, name: &str, full: bool) -> Result<(), CliError> {
    let [old, new] = [step.old, step.new].map(|row| row.and_then(|row| row.value(name)));
    if let (Some((_, old)), Some((column, new))) = (old, new) {
        let changed = changed_cell(column, old, new, full);
        return changed.iter().try_for_each(|line| out.put_args(format_args!("    {line}\n")));
    }
    let text = |value: Option<_>| match value {
        None => Shown::Short("(nothing)".to_owned()),
        Some((column, value)) => one_cell(value, column, full),
    };
    let (old, new) = (text(old), text(new));
    let name = Printable(name);
    match step.event {
        RowEvent::First | RowEvent::Created => out.put_args(format_args!("    {name}: {}\n", Painted(GOOD, new))),
        RowEvent::Deleted => out.put_args(format_args!("    {name}: {}\n", Painted(BAD, old))),
        RowEvent::Changed => out.put_args(format_args!(
            "    {name}: {} {} {}\n",
            Painted(BAD, old),
            Painted(DIM, "→"),
            Painted(GOOD, new)
        )),
    }
}

//! `dbsnap run`

use super::restore::outcome;
use crate::cli::child::{self, Line};
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::report::in_full;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, ID, change, paint, printable, size, warning};
use crate::cli::ui::Ui;
use crate::ops::restore::{RestoreReport, UndoOptions};
use crate::ops::run::{
    Before, Ended, MaxDeleted, Recovery, RecoveryKind, RunOptions, RunReport, RunState, RunTable, after, before,
    in_a_line,
};
use crate::ops::wording::counted;
use crate::ops::{ErrorKind, OpError, Operation, Repository};
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;
use std::ffi::OsString;
use std::fmt::Write;
use std::io::IsTerminal;
use std::process::{ExitCode, ExitStatus};

/// The variable by which a command can tell that it is run so: the snapshot before it.
const RUN: &str = "DBSNAP_RUN";
/// Names that a line lists.
const LISTED: usize = 3;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Tables, Prisma models or patterns that the command may change, and with them those that deletes and updates
    /// cascade to [default: all tables up to max_table_bytes of config.toml]
    #[arg(value_name = "TABLE", add = complete::live_tables())]
    tables: Vec<String>,
    /// All tables of the database, however large
    #[arg(long)]
    all: bool,
    /// Leave out this table, or all that match a pattern
    #[arg(long, value_name = "TABLE", add = complete::live_tables())]
    exclude: Vec<String>,
    /// Message of the snapshot before the command [default: 'before: COMMAND']
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message: String,
    /// What to do if the command fails, or passes --max-deleted
    #[arg(long, value_enum, value_name = "WHAT", default_value = "ask")]
    on_failure: OnFailure,
    /// Treat it as a failure if more than N rows of a table are gone, or more than P% of them
    #[arg(long, value_name = "N|P%")]
    max_deleted: Option<MaxDeleted>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnFailure {
    /// Keep what it did
    Keep,
    /// Undo what it did
    Undo,
    /// Ask; keep it if there is no terminal
    Ask,
}

/// What is told of a run as JSON.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct Told<'t> {
    #[serde(flatten)]
    report: &'t RunReport,
    /// Tables of which more is gone than may be.
    too_many_deleted: &'t [&'t str],
    /// The commands that take back what it did.
    recovery: Vec<Recovery>,
    /// How it was undone, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<&'t RestoreReport>,
    /// Why it could not be undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo_error: Option<String>,
}

/// What is told of a run after which the tables could not be compared.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct NotCompared<'t> {
    argv: &'t [String],
    #[serde(flatten)]
    ended: Ended,
    before: &'t str,
    error: String,
    /// The command that brings back what was there before.
    recovery: Vec<Recovery>,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let program = args.command.first().ok_or_else(|| OpError::Usage("there is no command to run".to_owned()))?;
    child::find(program, repository.dir())?;
    let options = RunOptions {
        command: args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        tables: args.tables.clone(),
        all: args.all,
        exclude: args.exclude.clone(),
        undo: args.on_failure == OnFailure::Undo,
        whole: args.max_deleted.is_some() || args.on_failure == OnFailure::Undo,
        message: args.message.clone(),
    };
    // The connection ends before the command begins: it may want to drop the database.
    let before = before(&options, repository, &mut repository.database(), ui.monitor())?;
    if !ui.json {
        ui.note(&opening(&before));
    }
    let started_at = Timestamp::now();
    let line = Line { words: &args.command, dir: repository.dir(), variable: (RUN, &before.id) };
    let status = child::run(&line, ui)?;
    let ended = ended(started_at, status);
    // Whatever happens from here on, the command has run: its exit code is ours.
    let report = match after(&before, ended, repository, &mut repository.database(), ui.monitor()) {
        Ok(report) => report,
        Err(error) => {
            ui.tell(&not_compared(&before, ended, &error));
            // of a snapshot that is gone itself nothing can be had
            let is_kept = !matches!(error, OpError::Reference(_));
            let recovery = is_kept.then(|| before.recovery(matches!(error, OpError::DatabaseGone(_))));
            let (error, recovery) = (error.in_words(), recovery.into_iter().collect());
            told(ui, &NotCompared { argv: &before.command, ended, before: &before.id, error, recovery });
            // a limit that nobody could look at was not kept to
            return Ok(exit_code(ended, args.max_deleted.is_some()));
        }
    };
    let passed = |table: &&RunTable| args.max_deleted.is_some_and(|most| most.is_passed(table));
    let too_many: Vec<&str> = report.tables.iter().filter(passed).map(|table| table.table.as_str()).collect();
    show(ui, &changes(&report));
    if let Some(most) = args.max_deleted.filter(|_| !too_many.is_empty()) {
        let names: Vec<String> = too_many.iter().map(ToString::to_string).collect();
        show(ui, &format!("{}\n", warning(&format!("more than {most} of the rows are gone: {}", list(&names)))));
    }
    // what goes on is not known not to delete more
    let too_much = !too_many.is_empty() || args.max_deleted.is_some() && report.unsettled.is_some();
    let failed = !ended.success() || too_much;
    let undo = failed && report.changed() && wants_undo(args.on_failure, &report, repository, ui);
    let undone = if undo { Some(undo_run(&report, repository, ui)) } else { None };
    let (undone, undo_error) = match &undone {
        Some(Ok(undone)) => (Some(undone), None),
        Some(Err(error)) => (None, Some(error.in_words())),
        None => (None, None),
    };
    if undone.is_none() && !ui.quiet {
        show(ui, &next_steps(&report));
    }
    let recovery = if undone.is_none() { report.recovery() } else { Vec::new() };
    told(ui, &Told { report: &report, too_many_deleted: &too_many, recovery, undone, undo_error });
    Ok(exit_code(ended, too_much))
}

/// Tells a person; a program reads it in the object.
fn show(ui: &Ui, text: &str) {
    if !ui.json {
        ui.tell(text);
    }
}

/// Whether what the command did is to be undone.
fn wants_undo(on_failure: OnFailure, report: &RunReport, repository: &Repository, ui: &Ui) -> bool {
    match on_failure {
        OnFailure::Undo if !report.overlapping.is_empty() => {
            ui.tell(&format!(
                "{}\n",
                warning("nothing is undone by itself: another run changed the database meanwhile")
            ));
            return false;
        }
        OnFailure::Undo => return true,
        OnFailure::Ask if ui.can_ask() => {}
        _ => return false,
    }
    // the rows go to stdout, which may be a file of the command's
    let may_look = std::io::stdout().is_terminal();
    let question = match may_look {
        true => "Keep the changes, undo them, or look at them? [k/u/l] ",
        false => "Keep the changes, or undo them? [k/u] ",
    };
    loop {
        // Without an answer everything stays.
        match ui.prompt(question).unwrap_or_default().as_str() {
            "u" | "undo" => return true,
            "l" | "look" if may_look => {
                let to = report.after.as_deref().unwrap_or("live");
                if let Err(CliError::Op(error)) = super::diff::between(repository, &report.before, to, ui) {
                    ui.error(&in_full(&error, ""), None);
                }
            }
            "" | "k" | "keep" => return false,
            _ => {}
        }
    }
}

/// Undoes what the command did, and tells of it.
fn undo_run(report: &RunReport, repository: &Repository, ui: &Ui) -> Result<RestoreReport, OpError> {
    let reference = report.after.clone().or_else(|| Some(report.before.clone()));
    let options = UndoOptions { reference, ..UndoOptions::default() };
    let undone = options.apply(repository, &mut repository.database(), None, ui.monitor());
    match &undone {
        Ok(undone) => show(ui, &outcome(undone, false)),
        Err(error) => ui.tell(&format!("{}\n", in_full(error, "what the command did is not undone: "))),
    }
    undone
}

fn ended(started_at: Timestamp, status: ExitStatus) -> Ended {
    Ended { started_at, ended_at: Timestamp::now(), exit_code: status.code(), signal: child::signal_of(status) }
}

/// What dbsnap exits with: what the command did, or as a shell says it if a signal ended it. A command that exited with
/// 0 and did too much has not succeeded.
fn exit_code(ended: Ended, too_much: bool) -> ExitCode {
    let code = ended.exit_code.or(ended.signal.map(|signal| 128 + signal));
    match code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1) {
        0 if too_much => ExitCode::from(ErrorKind::Refused.exit_code()),
        code => ExitCode::from(code),
    }
}

/// The object on stdout, behind what the command wrote there. That it cannot be written is told, and changes nothing.
fn told(ui: &Ui, report: &impl Serialize) {
    // the command may have ended within a line
    let result = || {
        ui.raw_stream().put("\n")?;
        ui.result("run", report, String::new)
    };
    if ui.json
        && let Err(error) = result()
    {
        let why = match error {
            CliError::Output(error) => error.to_string(),
            error => format!("{error:?}"),
        };
        ui.note(&format!("the report could not be written: {}", printable(&why)));
    }
}

/// What was kept before the command.
fn opening(before: &Before) -> String {
    let mut text = format!(
        "{} {} of {} ({})",
        paint(BOLD, "snapshot"),
        paint(ID, &before.id[..8]),
        list(&before.tables),
        counted(before.rows, "row")
    );
    if !before.left_out.is_empty() {
        let names: Vec<String> =
            before.left_out.iter().map(|one| format!("{} ({})", one.table, size(one.bytes))).collect();
        let _ = write!(text, "\n{} {}; name them to include them", paint(BAD, "not in it:"), list(&names));
    }
    text
}

/// The first of some names, and how many more there are.
fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| printable(name)).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {}", shown.join(", "), counted(more as u64, "more table")),
    }
}

/// What the command did.
fn changes(report: &RunReport) -> String {
    let mut text = String::new();
    if !report.ended.success() {
        let _ = writeln!(text, "{}", paint(BAD, how_it_ended(report.ended)));
    }
    for table in report.tables.iter().filter(|table| table.state != RunState::Unchanged) {
        let _ = writeln!(text, "{}: {}", printable(&table.table), described(table));
        for line in &table.schema_changes {
            let _ = writeln!(text, "  {}", printable(line));
        }
    }
    for table in &report.created {
        let _ = writeln!(text, "{}: {}", printable(table), paint(CHANGED, "created"));
    }
    if !report.overlapping.is_empty() {
        let ids: Vec<String> = report.overlapping.iter().map(|id| id[..8].to_owned()).collect();
        let what = format!("another run was under way meanwhile ({}): what it did is among these changes", list(&ids));
        let _ = writeln!(text, "{}", warning(&what));
    }
    if let Some(unsettled) = &report.unsettled {
        let what = format!("{unsettled}, and what it writes is not in this report");
        let _ = writeln!(text, "{}", warning(&printable(&what)));
    }
    if !report.left_out.is_empty() {
        let names: Vec<String> = report.left_out.iter().map(|one| one.table.clone()).collect();
        let _ = writeln!(text, "Nothing is known of {}, left out of the snapshots.", list(&names));
    }
    text
}

/// How what the command did can be undone.
fn next_steps(report: &RunReport) -> String {
    let mut lines = String::new();
    if !report.changed() {
        let names: Vec<String> = report.tables.iter().map(|table| table.table.clone()).collect();
        let yet = if report.unsettled.is_some() { "has changed yet" } else { "changed" };
        let _ = writeln!(lines, "Nothing {yet} in {}.", list(&names));
    }
    for recovery in report.recovery() {
        let names = printable(&recovery.tables.join(", "));
        let purpose = match (recovery.kind, &report.after) {
            (RecoveryKind::Undo, Some(after)) => {
                let [before, after] = [&report.before, after].map(|id| paint(ID, &id[..8]));
                format!("Before: {before}, after: {after}. To undo")
            }
            (RecoveryKind::Undo, None) => "To undo".to_owned(),
            (RecoveryKind::Dropped, _) => format!("To get {names} back"),
            (RecoveryKind::Rows, _) if !report.changed() => "To bring back the rows from before".to_owned(),
            (RecoveryKind::Rows, _) => format!("To bring back rows of {names}"),
            (RecoveryKind::Beside, _) => format!("To put the rows of {names} from before in a new table"),
            (RecoveryKind::Look, _) => format!("To see the rows of {names} from before"),
        };
        let _ = writeln!(lines, "{purpose}: {}", printable(&recovery.line()));
    }
    lines
}

fn how_it_ended(ended: Ended) -> String {
    match (ended.exit_code, ended.signal) {
        (Some(code), _) => format!("The command failed with exit code {code}."),
        (None, Some(signal)) => format!("The command was killed by signal {signal}."),
        (None, None) => "The command ended.".to_owned(),
    }
}

fn described(table: &RunTable) -> String {
    let rows = counted(table.rows_before, "row");
    match (table.state, table.change) {
        (RunState::Dropped, _) => format!("{} ({rows})", paint(BAD, "dropped")),
        (RunState::Changed, Some(one)) => change(one.added, one.changed, one.removed),
        (state, _) => {
            let what = if state == RunState::SchemaChanged { "schema changed" } else { "rows changed" };
            let now = table.rows_after.map_or_else(String::new, |rows| format!(", {} now", counted(rows, "row")));
            format!("{} ({rows} before{now})", paint(CHANGED, what))
        }
    }
}

/// That nothing is known of what the command did, and what can be done.
fn not_compared(before: &Before, ended: Ended, error: &OpError) -> String {
    let how = match ended.success() {
        true => "The command exited with code 0.".to_owned(),
        false => how_it_ended(ended),
    };
    if matches!(error, OpError::Reference(_)) {
        return format!("{}\n{how}\n", in_full(error, "what the command changed cannot be told: "));
    }
    let gone = matches!(error, OpError::DatabaseGone(_));
    let back = match gone {
        true => "has what was in it before. To make it again, with its tables and rows",
        false => "has the rows from before it. To bring them back, once the tables are there",
    };
    format!(
        "{}\n{how} It was {}.\nSnapshot {} {back}:\n$ {}\n",
        in_full(error, "what the command changed cannot be told: "),
        paint(DIM, printable(&in_a_line(&before.command))),
        paint(ID, &before.id[..8]),
        printable(&before.recovery(gone).line())
    )
}

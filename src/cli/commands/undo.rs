//! `dbsnap undo`

use super::restore::carry_out;
use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{CHANGED, paint, printable};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::restore::{Conflict, RestorePlan, UndoOptions};
use crate::ops::wording::counted;
use serde_json::Value;
use std::fmt::Write;
use std::process::ExitCode;

/// Conflicts that are shown in full.
const SHOWN: usize = 10;
/// Characters of a value that are shown.
const CELL: usize = 24;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The restore to undo, by the id that it printed as "Previous state saved as", or by the snapshot it restored; or
    /// the run of a command, by the snapshot before or after it [default: the last restore or run]
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: Option<String>,
    /// Of a run also undo what it did to this row, although the row was changed after it
    #[arg(long, value_name = "TABLE:KEY")]
    force: Vec<String>,
    #[command(flatten)]
    planned: Planned,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Allow foreign keys to delete or change rows in other tables
    #[arg(long)]
    cascade: bool,
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

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = UndoOptions {
        reference: args.reference.clone(),
        force: args.force.clone(),
        cascade: args.cascade,
        remote: args.remote,
        production: args.production,
        allow_dangling: args.allow_dangling,
    };
    carry_out(&options, &args.planned, args.yes, repository, ui)
}

/// The rows that the undoing of a run leaves as they are, and how they are undone all the same.
pub(super) fn conflicts(plan: &RestorePlan) -> String {
    let all = plan.conflicting();
    let Some(run) = plan.run.as_ref().filter(|_| all > 0) else { return String::new() };
    let taken = plan.conflicts.iter().any(|conflict| conflict.taken);
    let why = if taken { "changed after the command, or displaced by others," } else { "changed after the command," };
    let mut text = format!("{} {why} left as they are:\n", paint(CHANGED, counted(all, "row")));
    for conflict in plan.conflicts.iter().take(SHOWN) {
        let key = conflict.key.as_ref().map_or_else(String::new, |key| format!(":{}", printable(key)));
        let _ = writeln!(text, "  {}{key}", printable(&conflict.table));
        if conflict.taken {
            let _ = writeln!(text, "    another row has its key or a unique value of it now");
        }
        for cell in cells(conflict) {
            let _ = writeln!(text, "    {cell}");
        }
    }
    let more = all.saturating_sub(plan.conflicts.len().min(SHOWN) as u64);
    if more > 0 {
        let _ = writeln!(text, "  and {} (--json lists them)", counted(more, "more row"));
    }
    let forceable = plan.conflicts.iter().filter(|conflict| !conflict.taken);
    let keyed = forceable.into_iter().find_map(|one| Some((&one.table, one.key.as_ref()?)));
    if let Some((table, key)) = keyed {
        let (table, key) = (printable(table), printable(key));
        let _ = writeln!(text, "To undo one all the same: dbsnap undo {} --force {table}:{key}", &run.after[..8]);
    }
    text
}

/// The cells in which the versions of a row differ; one line if a version is missing.
fn cells(conflict: &Conflict) -> Vec<String> {
    let Conflict { before, after, live, deleted, taken, .. } = conflict;
    let fields = |row: &Option<Value>| row.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (was, made, is) = (fields(before), fields(after), fields(live));
    let names = made.keys().chain(was.keys().filter(|name| !made.contains_key(*name)));
    let names = names.chain(is.keys().filter(|name| !made.contains_key(*name) && !was.contains_key(*name)));
    let shown = |value: Option<&Value>| match value {
        Some(value) => short(value),
        None => "no row".to_owned(),
    };
    let differs = |name: &&String| was.get(*name) != made.get(*name) || made.get(*name) != is.get(*name);
    let line = |name: &String| {
        let now = if *deleted { "deleted".to_owned() } else { shown(is.get(name)) };
        let (was, made) = (shown(was.get(name)), shown(made.get(name)));
        // of a row that only the database can tell from others, that is not known
        let made = if *taken && after.is_none() { String::new() } else { format!(", {made} after the command") };
        format!("{}: {was} before{made}, {now} now", printable(name))
    };
    names.filter(differs).map(line).collect()
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", printable(&text[..end])),
        None => printable(&text),
    }
}

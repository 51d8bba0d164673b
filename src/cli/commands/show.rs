//! `dbsnap show`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{BOLD, DIM, ID, age, change, paint, printable, size};
use crate::cli::ui::Ui;
use crate::ops::Repository;
use crate::ops::json;
use crate::ops::run::in_a_line;
use crate::ops::show::{ShowReport, ShownTable, show};
use crate::ops::wording::counted;
use comfy_table::{Table, presets};
use std::fmt::Write;
use std::process::ExitCode;

/// Bytes of a row whose JSON documents are not told field by field.
const LONG: usize = 1 << 20;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A snapshot, one of its tables, or one row
    #[arg(value_name = "SNAPSHOT[:TABLE[:KEY]]", default_value = "latest", add = complete::snapshots())]
    reference: String,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let report = show(repository, &args.reference)?;
    if ui.json {
        ui.result("show", &report, String::new)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = ui.stream();
    match (&report.row, &report.table) {
        (Some(row), _) if row.bytes() > LONG => {
            out.pretty(row)?;
            out.put("\n")?;
        }
        (Some(row), _) => out.put(&format!("{}\n", pretty(&json::to_string(row).map_err(CliError::Output)?)))?,
        (None, Some(table)) => {
            out.put(&render_table(table))?;
            for row in &table.sample {
                out.json(row)?;
                out.put("\n")?;
            }
        }
        (None, None) => out.put(&render(&report))?,
    }
    out.end()?;
    Ok(ExitCode::SUCCESS)
}

fn render(report: &ShowReport) -> String {
    let snapshot = &report.snapshot;
    let mut text = format!("{} {}\n", paint(BOLD, "snapshot"), paint(ID, &snapshot.id));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{:<9} {}", name, printable(&value));
    };
    line("taken", format!("{} ({})", snapshot.created_at, age(snapshot.created_at, jiff::Timestamp::now())));
    line("database", report.source.clone());
    let who = [snapshot.user.as_deref(), snapshot.agent.as_deref()];
    let who: Vec<&str> = who.into_iter().flatten().collect();
    if !who.is_empty() {
        line("by", who.join(" via "));
    }
    if let Some(session) = &snapshot.session {
        line("session", session.clone());
    }
    if !snapshot.command.is_empty() {
        line("command", in_a_line(&snapshot.command));
    }
    if let Some(run) = &snapshot.run {
        line(if run.ended.is_some() { "after" } else { "before" }, in_a_line(&run.command));
    }
    if let Some(git) = &snapshot.git {
        let commit = git.commit.as_deref().map(|commit| commit.chars().take(12).collect::<String>());
        line("git", [git.branch.clone(), commit].into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    if let Some(parent) = &report.parent {
        line("parent", parent[..8].to_owned());
    }
    if snapshot.pinned {
        line("pinned", snapshot.pin_reason.clone().unwrap_or_else(|| "yes".to_owned()));
    }
    if !snapshot.tags.is_empty() {
        line("tags", snapshot.tags.join(", "));
    }
    line("stored", size(snapshot.added_bytes));
    let _ = writeln!(text, "\n    {}\n", printable(&snapshot.message));
    for table in &snapshot.tables {
        let changed = table.change.map_or_else(String::new, |c| format!("  {}", change(c.added, c.changed, c.removed)));
        let filter = table.filter.as_ref().map_or_else(String::new, |filter| format!("  where {}", printable(filter)));
        let _ = writeln!(
            text,
            "{}  {}  {}{changed}{filter}  {}",
            paint(BOLD, printable(&table.table)),
            counted(table.rows, "row"),
            size(table.bytes),
            paint(DIM, printable(&table.backup))
        );
    }
    text
}

fn render_table(table: &ShownTable) -> String {
    let schema = &table.schema;
    let keys = schema.key_names();
    let what = match &table.root {
        Some(root) => format!("hash {}", paint(ID, &root[..8])),
        None => format!("partitions {}", printable(&table.partitions.join(", "))),
    };
    let mut text = format!("{}  {what}\n\n", paint(BOLD, printable(&schema.table.to_string())));
    let mut columns = Table::new();
    columns.load_style(presets::NOTHING);
    for (column, field) in schema.columns.iter().zip(&table.fields) {
        let notes = [
            (!column.nullable).then(|| "not null".to_owned()),
            keys.contains(&column.name.as_str()).then(|| "key".to_owned()),
            (*field != column.name).then(|| paint(DIM, printable(&format!("as {field}")))),
        ];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        columns.add_row([printable(&column.name), paint(DIM, printable(&column.sql_type)), notes.join("  ")]);
    }
    for column in &schema.generated {
        let note = paint(DIM, "generated, not captured");
        columns.add_row([printable(&column.name), paint(DIM, printable(&column.sql_type)), note]);
    }
    for line in columns.to_string().lines() {
        let _ = writeln!(text, "  {}", line.trim());
    }
    let first = match table.sample.len() as u64 {
        _ if table.rows_hidden.is_some() => String::new(),
        shown if table.rows > shown => format!("; the first {shown}"),
        _ => String::new(),
    };
    let colon = if table.sample.is_empty() { "" } else { ":\n" };
    let _ = writeln!(text, "\n{}{first}{colon}", counted(table.rows, "row"));
    if let Some(why) = &table.rows_hidden {
        let _ = writeln!(text, "not shown: {}", printable(why));
    }
    text
}

/// A record, one field a line.
fn pretty(record: &str) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(record) else { return printable(record) };
    let text = serde_json::to_string_pretty(&value).unwrap_or_else(|_| record.to_owned());
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

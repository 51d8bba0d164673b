//! A diff for the terminal.

use super::Ending;
use super::cell::{key, one, quoted, short_pair, shortened, whole};
use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, age, change, paint, printable, wrapped};
use crate::cli::ui::{Stream, Ui};
use crate::ops::diff::{
    Column, Counts, Depth, DiffReport, DiffSide, Kind, Receiver, Records, RowChange, RowOp, TableDiff, TableState,
    ValueRef, json_changes,
};
use crate::ops::wording::counted;
use jiff::Timestamp;

/// Writes a diff as text.
pub(in crate::cli) struct TextReceiver {
    out: Stream,
    depth: Depth,
    full: bool,
    quiet: bool,
    width: Option<usize>,
    begun: bool,
    sides: (String, String),
}

impl TextReceiver {
    /// To the terminal or a file; with `full` nothing is shortened.
    pub fn new(ui: &Ui, depth: Depth, full: bool) -> TextReceiver {
        let (out, quiet, width) = (ui.stream(), ui.quiet, ui.width());
        TextReceiver { out, depth, full, quiet, width, begun: false, sides: Default::default() }
    }

    fn put(&mut self, text: &str) -> Result<(), CliError> {
        self.out.put(&wrapped(text, self.width))
    }
}

impl Receiver for TextReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.sides = (from.name.clone(), to.name.clone());
        if self.quiet || self.depth == Depth::Names {
            return Ok(());
        }
        self.put(&format!("{} {} {}\n", side(from), paint(DIM, "→"), side(to)))
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), CliError> {
        if table.state == TableState::Same && (table.notes.is_empty() || self.quiet || self.depth == Depth::Names) {
            return Ok(());
        }
        let name = printable(&table.table);
        if self.depth == Depth::Names {
            return self.put(&format!("{name}\n"));
        }
        if self.depth == Depth::Rows && (self.begun || !self.quiet) {
            self.put("\n")?;
        }
        self.begun = true;
        self.put(&format!("{}  {}\n", paint(BOLD, name), headline(table, &self.sides)))?;
        for what in &table.schema_changes {
            self.put(&format!("  {} {}\n", paint(CHANGED, "schema:"), printable(what)))?;
        }
        for note in &table.notes {
            self.put(&format!("  {} {}\n", paint(DIM, "note:"), printable(note)))?;
        }
        Ok(())
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, _: &mut Records) -> Result<(), CliError> {
        let text = match row.op {
            RowOp::Changed => changed(table, row, self.full),
            op => {
                let (style, sign) = if op == RowOp::Added { (GOOD, "+") } else { (BAD, "-") };
                let copies = if row.count > 1 { format!("{} × ", count(row.count)) } else { String::new() };
                format!("  {}\n", paint(style, format!("{sign} {copies}{}", cells(table, row, self.full))))
            }
        };
        self.put(&text)
    }

    fn table_end(&mut self, table: &TableDiff, shown: u64) -> Result<(), CliError> {
        let left = table.counts.all().saturating_sub(shown);
        if self.depth == Depth::Rows && left > 0 && table.state == TableState::Changed {
            self.put(&format!("  {}\n", paint(DIM, format!("… and {} more", count(left)))))?;
        }
        Ok(())
    }
}

impl Ending for TextReceiver {
    fn end(mut self, report: &DiffReport) -> Result<(), CliError> {
        if !self.quiet && self.depth != Depth::Names {
            self.put(&format!("\n{}\n", summary(report)))?;
        }
        self.out.end()
    }
}

/// A side of the diff, for people.
fn side(side: &DiffSide) -> String {
    let mut text = paint(ID, printable(&side.name));
    let mut add = |part: String| {
        text.push(' ');
        text.push_str(&part);
    };
    match &side.id {
        Some(id) if !id.starts_with(&side.name) => add(paint(ID, &id[..8])),
        _ => {}
    }
    if let Some(message) = side.message.as_ref().filter(|message| !message.is_empty()) {
        add(format!("\"{}\"", printable(message)));
    }
    match (side.created_at, &side.database) {
        (Some(at), _) => add(paint(DIM, format!("({})", age(at, Timestamp::now())))),
        (None, Some(database)) => add(paint(DIM, format!("({})", printable(database)))),
        (None, None) => {}
    }
    text
}

/// The counts of a table, or what became of it.
fn headline(table: &TableDiff, sides: &(String, String)) -> String {
    let rows = |rows: Option<u64>| counted(rows.unwrap_or(0), "row");
    match table.state {
        TableState::Same => "unchanged".to_owned(),
        TableState::OnlyOld => paint(BAD, format!("{} ({})", absent(&sides.1, "gone"), rows(table.old_rows))),
        TableState::OnlyNew => paint(GOOD, format!("{} ({})", absent(&sides.0, "new"), rows(table.new_rows))),
        TableState::Unlike => paint(CHANGED, "no column in common"),
        TableState::Changed => {
            let Counts { added, changed, removed } = table.counts;
            format!(
                "{}  {}",
                change(added, changed, removed),
                paint(DIM, format!("{} → {}", count(table.old_rows.unwrap_or(0)), rows(table.new_rows)))
            )
        }
    }
}

/// Of a table that one side does not have: a snapshot need not have every table, the live database has.
fn absent(side: &str, live: &str) -> String {
    match side {
        "live" | "latest" => live.to_owned(),
        snapshot => format!("not in {}", printable(snapshot)),
    }
}

/// One line over everything.
fn summary(report: &DiffReport) -> String {
    let differ = report.tables.iter().filter(|table| table.state != TableState::Same).count();
    let same = report.tables.len() - differ;
    let tables = |number: usize| counted(number as u64, "table");
    if differ == 0 {
        return format!("No differences in {}.", tables(same));
    }
    let sum = |part: fn(&Counts) -> u64| report.tables.iter().map(|table| part(&table.counts)).sum();
    let counts = match sum(Counts::all) {
        0 => String::new(),
        _ => format!(": {}", change(sum(|c| c.added), sum(|c| c.changed), sum(|c| c.removed))),
    };
    let same = if same > 0 { format!(", {same} unchanged") } else { String::new() };
    format!("{} changed{same}{counts}", tables(differ))
}

/// The cells of a whole row: the key first.
fn cells(table: &TableDiff, row: &RowChange<'_>, full: bool) -> String {
    let columns = &table.schema.columns;
    let mut parts = Vec::new();
    if !table.key.is_empty() {
        parts.push(key(&table.key, columns, row.values(), full));
    }
    for (value, column) in row.values().iter().zip(columns) {
        if table.key.contains(&column.name) {
            continue;
        }
        parts.push(format!("{}: {}", printable(&column.name), one(*value, column, full)));
    }
    parts.join(if full { "\n      " } else { "  " })
}

fn changed(table: &TableDiff, row: &RowChange<'_>, full: bool) -> String {
    let (Some(old), Some(new)) = (row.old, row.new) else { return String::new() };
    let columns = &table.schema.columns;
    let key = key(&table.key, columns, new, full);
    let mut lines = Vec::new();
    for &at in row.changed {
        let (Some(column), Some(old), Some(new)) = (columns.get(at), old.get(at), new.get(at)) else { continue };
        lines.extend(changed_cell(column, *old, *new, full));
    }
    let head = format!("  {} {}", paint(CHANGED, "~"), paint(CHANGED, key));
    match &lines[..] {
        [one] => format!("{head}  {one}\n"),
        several => format!("{head}\n      {}\n", several.join("\n      ")),
    }
}

/// A changed cell, JSON path by path.
pub(in crate::cli) fn changed_cell(column: &Column, old: ValueRef<'_>, new: ValueRef<'_>, full: bool) -> Vec<String> {
    let name = printable(&column.name);
    let line = |path: &str, old: String, new: String| {
        format!("{name}{path}: {} {} {}", paint(BAD, old), paint(DIM, "→"), paint(GOOD, new))
    };
    if let (Kind::Json | Kind::Jsonb, ValueRef::Text(old), ValueRef::Text(new)) = (column.kind, old, new)
        && let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new))
        && let Some(changes) = json_changes(old, new)
    {
        let text = |value: &Option<String>| match value {
            None => "(nothing)".to_owned(),
            Some(value) if full => quoted(value),
            Some(value) => shortened(&printable(value)),
        };
        let lines = changes.iter().map(|one| line(&printable(&one.path), text(&one.old), text(&one.new)));
        return lines.collect();
    }
    let (old, new) = match full {
        true => (whole(old, column), whole(new, column)),
        false => short_pair(old, new, column),
    };
    vec![line("", old, new)]
}

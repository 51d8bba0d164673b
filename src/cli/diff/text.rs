//! A diff for the terminal.

use super::Ending;
use super::cell::{Shown, Whole, key, one, short_pair, short_text};
use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, ID, Painted, Printable, age, change, paint, printable};
use crate::cli::ui::{Stream, Ui};
use crate::ops::diff::{
    Column, Counts, Depth, DiffReport, DiffSide, JsonChange, Kind, Receiver, Records, RowChange, RowOp, TableDiff,
    TableState, ValueRef, json_changes,
};
use crate::ops::wording::counted;
use jiff::Timestamp;
use std::fmt;

/// Writes a diff as text.
pub(in crate::cli) struct TextReceiver {
    out: Stream,
    depth: Depth,
    full: bool,
    quiet: bool,
    begun: bool,
    sides: (String, String),
    /// Whether each table has its latest snapshot, and not all the same.
    apart: bool,
}

impl TextReceiver {
    /// To the terminal or a file; with `full` nothing is shortened.
    pub fn new(ui: &Ui, depth: Depth, full: bool) -> TextReceiver {
        let (out, quiet) = (ui.text_stream(), ui.quiet);
        TextReceiver { out, depth, full, quiet, begun: false, sides: Default::default(), apart: false }
    }

    fn put(&mut self, text: &str) -> Result<(), CliError> {
        self.out.put(text)
    }
}

impl Receiver for TextReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.sides = (from.name.clone(), to.name.clone());
        self.apart = each_has_its_own(from);
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
        let headline = headline(table, &self.sides);
        let since = table.from.as_ref().filter(|_| self.apart).map(|id| paint(DIM, format!("  since {}", &id[..8])));
        let name = part(paint(BOLD, name), table.filter.is_some());
        self.put(&format!("{name}  {headline}{}\n", since.unwrap_or_default()))?;
        for what in &table.schema_changes {
            self.put(&format!("  {} {}\n", paint(CHANGED, "schema:"), printable(what)))?;
        }
        let full = table.last_full.as_deref().map(|id| compare_with_full(&table.table, id));
        for note in table.notes.iter().chain(&full) {
            self.put(&format!("  {} {}\n", paint(DIM, "note:"), printable(note)))?;
        }
        Ok(())
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, _: &mut Records) -> Result<(), CliError> {
        if row.op == RowOp::Changed {
            return self.changed(table, row);
        }
        let (style, sign) = if row.op == RowOp::Added { (GOOD, "+") } else { (BAD, "-") };
        let copies = if row.count > 1 { format!("{} × ", count(row.count)) } else { String::new() };
        let cells = Cells { table, row, full: self.full };
        self.out.put_args(format_args!("  {}\n", Painted(style, format_args!("{sign} {copies}{cells}"))))
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

/// How that side is called which is the latest snapshot of each table.
pub(super) const EACH_LATEST: &str = "each table's latest snapshot";

/// Whether a side is the latest snapshot of each table, and these are not one.
pub(super) fn each_has_its_own(side: &DiffSide) -> bool {
    side.name == "latest" && side.id.is_none()
}

/// The name of a table of which only a part is compared.
pub(in crate::cli) fn part(name: String, is_part: bool) -> String {
    if is_part { format!("{name} (part)") } else { name }
}

/// How all rows of a table are compared whose latest snapshot has only some.
pub(in crate::cli) fn compare_with_full(table: &str, id: &str) -> String {
    format!("the last snapshot of all rows is {0}: dbsnap diff {0} -- {table}", &id[..8])
}

/// A side of the diff, for people.
fn side(side: &DiffSide) -> String {
    if each_has_its_own(side) {
        return paint(ID, EACH_LATEST);
    }
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

impl TextReceiver {
    fn changed(&mut self, table: &TableDiff, row: &RowChange<'_>) -> Result<(), CliError> {
        let (Some(old), Some(new)) = (row.old, row.new) else { return Ok(()) };
        let columns = &table.schema.columns;
        let mut lines = Vec::new();
        for &at in row.changed {
            let (Some(column), Some(old), Some(new)) = (columns.get(at), old.get(at), new.get(at)) else { continue };
            lines.extend(changed_cell(column, *old, *new, self.full));
        }
        let key = key(&table.key, columns, new, self.full);
        self.out.put(&format!("  {} {}", paint(CHANGED, "~"), paint(CHANGED, key)))?;
        let before = if lines.len() == 1 { "  " } else { "\n      " };
        for line in &lines {
            self.out.put_args(format_args!("{before}{line}"))?;
        }
        self.out.put("\n")
    }
}

/// The cells of a whole row: the key first.
struct Cells<'r> {
    table: &'r TableDiff,
    row: &'r RowChange<'r>,
    full: bool,
}

impl fmt::Display for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cells { table, row, full } = *self;
        let columns = &table.schema.columns;
        let between = if full { "\n      " } else { "  " };
        let mut before = "";
        if !table.key.is_empty() {
            f.write_str(&key(&table.key, columns, row.values(), full))?;
            before = between;
        }
        for (value, column) in row.values().iter().zip(columns).filter(|(_, c)| !table.key.contains(&c.name)) {
            write!(f, "{before}{}: {}", Printable(&column.name), one(*value, column, full))?;
            before = between;
        }
        Ok(())
    }
}

/// A line about a cell, or a part of one, that changed.
pub(in crate::cli) struct Line<'v> {
    name: String,
    old: Shown<'v>,
    new: Shown<'v>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { name, old, new } = self;
        write!(f, "{name}: {} {} {}", Painted(BAD, old), Painted(DIM, "→"), Painted(GOOD, new))
    }
}

/// A changed cell, JSON path by path.
pub(in crate::cli) fn changed_cell<'v>(
    column: &'v Column,
    old: ValueRef<'v>,
    new: ValueRef<'v>,
    full: bool,
) -> Vec<Line<'v>> {
    let name = printable(&column.name);
    if let (Kind::Json | Kind::Jsonb, ValueRef::Text(old), ValueRef::Text(new)) = (column.kind, old, new)
        && let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new))
        && let Some(changes) = json_changes(old, new)
    {
        let text = |value: Option<&'v str>| match value {
            None => Shown::Short("(nothing)".to_owned()),
            Some(value) if full => Shown::Text(value),
            Some(value) => Shown::Short(short_text(value)),
        };
        let line = |one: &JsonChange<'v>| Line {
            name: format!("{name}{}", Printable(&one.path)),
            old: text(one.old),
            new: text(one.new),
        };
        return changes.iter().map(line).collect();
    }
    let (old, new) = match full {
        true => (Shown::Whole(Whole(old, column)), Shown::Whole(Whole(new, column))),
        false => {
            let (old, new) = short_pair(old, new, column);
            (Shown::Short(old), Shown::Short(new))
        }
    };
    vec![Line { name, old, new }]
}

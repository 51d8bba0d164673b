//! A diff as a page: one file that needs nothing else, works from a disk, and can be sent to somebody.
//!
//! Everything of the database is escaped where it enters the page. The page's own policy lets nothing run but its one script
//! and nothing be fetched at all.

use super::Ending;
use super::cell::{key, quoted, whole};
use super::html_page::{FOOT, SCRIPT, head};
use super::words;
use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::ui::Stream;
use crate::ops::diff::{
    Column, Counts, DiffReport, DiffSide, Kind, Receiver, Records, RowChange, RowOp, TableDiff, TableState, ValueRef,
    json_changes,
};
use crate::ops::wording::counted;

/// Characters of a cell that are written unless all are wanted.
const LONG: usize = 4_000;

/// Writes a diff as a page.
pub(in crate::cli) struct HtmlReceiver {
    out: Stream,
    full: bool,
}

impl HtmlReceiver {
    /// To `out`; with `full` no cell is shortened.
    pub fn new(out: Stream, full: bool) -> HtmlReceiver {
        HtmlReceiver { out, full }
    }

    fn text(&self, value: ValueRef<'_>, column: &Column) -> String {
        let text = match value {
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.trim().is_empty() && text != "NULL" => text.to_owned(),
                Ok(text) => quoted(text),
                Err(_) => whole(value, column),
            },
            value => whole(value, column),
        };
        match text.char_indices().nth(LONG) {
            Some((end, _)) if !self.full => {
                format!("{}… ({} characters)", &text[..end], count(text.chars().count() as u64))
            }
            _ => text,
        }
    }

    fn value(&self, value: ValueRef<'_>, column: &Column) -> String {
        match value {
            ValueRef::Null => "<i class=null>NULL</i>".to_owned(),
            value => escape(&self.text(value, column)),
        }
    }

    /// The lines of a changed row: a changed cell each, a JSON path each.
    fn lines(&self, table: &TableDiff, row: &RowChange<'_>) -> Vec<(String, String, String)> {
        let mut lines = Vec::new();
        for &at in row.changed {
            let cells = row.old.and_then(|row| row.get(at)).zip(row.new.and_then(|row| row.get(at)));
            let (Some(column), Some((old, new))) = (table.schema.columns.get(at), cells) else { continue };
            if let (Kind::Json | Kind::Jsonb, ValueRef::Text(a), ValueRef::Text(b)) = (column.kind, *old, *new)
                && let (Ok(a), Ok(b)) = (std::str::from_utf8(a), std::str::from_utf8(b))
                && let Some(changes) = json_changes(a, b)
            {
                for change in changes {
                    let path = format!("{}<span class=path>{}</span>", escape(&column.name), escape(&change.path));
                    let text =
                        |value: &Option<String>| value.as_deref().map_or("<i class=null>nothing</i>".into(), escape);
                    lines.push((path, text(&change.old), text(&change.new)));
                }
                continue;
            }
            let (a, b) = match (old, new) {
                (ValueRef::Text(_), ValueRef::Text(_)) => marked(&self.text(*old, column), &self.text(*new, column)),
                _ => (self.value(*old, column), self.value(*new, column)),
            };
            lines.push((escape(&column.name), a, b));
        }
        lines
    }
}

impl Receiver for HtmlReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.out.put(&head(&format!("{} → {}", plain(from), plain(to))))?;
        self.out.put(&format!(
            "<header><h1>{} <span class=arrow>→</span> {}</h1>\
             <input id=search type=search placeholder=\"Search rows\" aria-label=\"Search rows\" autocomplete=off></header>\n<main>\n",
            side(from),
            side(to)
        ))
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), CliError> {
        if table.state == TableState::Same {
            return Ok(());
        }
        self.out.put(&format!(
            "<details open class=table><summary><b>{}</b> {}</summary>\n",
            escape(&table.table),
            headline(table)
        ))?;
        for what in &table.schema_changes {
            self.out.put(&format!("<p class=schema>{}</p>\n", escape(what)))?;
        }
        for note in &table.notes {
            self.out.put(&format!("<p class=note>{}</p>\n", escape(note)))?;
        }
        let key = if table.key.is_empty() { "Row".to_owned() } else { escape(&table.key.join(", ")) };
        self.out.put(&format!(
            "<table><thead><tr><th></th><th>{key}</th><th>Column</th><th>Old</th><th>New</th></tr></thead>\n"
        ))
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, _: &mut Records) -> Result<(), CliError> {
        let columns = &table.schema.columns;
        let key = match table.key.is_empty() {
            true => format!("{} ×", count(row.count)),
            false => escape(&key(&table.key, columns, row.values(), self.full)),
        };
        let (class, sign) = match row.op {
            RowOp::Added => ("add", "+"),
            RowOp::Removed => ("del", "−"),
            RowOp::Changed => ("chg", "~"),
        };
        let mut html = format!("<tbody class={class}>");
        if row.op == RowOp::Changed {
            let lines = self.lines(table, row);
            for (at, (name, old, new)) in lines.iter().enumerate() {
                html.push_str("<tr>");
                if at == 0 {
                    let span = lines.len();
                    html.push_str(&format!(
                        "<td rowspan={span} class=op>{sign}</td><td rowspan={span} class=key>{key}</td>"
                    ));
                }
                html.push_str(&format!(
                    "<td class=col>{name}</td><td class=old>{old}</td><td class=new>{new}</td></tr>"
                ));
            }
        } else {
            let cells: Vec<String> = row
                .values()
                .iter()
                .zip(columns)
                .filter(|(_, column)| !table.key.contains(&column.name))
                .map(|(value, column)| {
                    format!("<div><span class=col>{}</span> {}</div>", escape(&column.name), self.value(*value, column))
                })
                .collect();
            html.push_str(&format!(
                "<tr><td class=op>{sign}</td><td class=key>{key}</td><td colspan=3 class=whole>{}</td></tr>",
                cells.concat()
            ));
        }
        html.push_str("</tbody>\n");
        self.out.put(&html)
    }

    fn table_end(&mut self, table: &TableDiff, shown: u64) -> Result<(), CliError> {
        if table.state == TableState::Same {
            return Ok(());
        }
        let left = table.counts.all().saturating_sub(shown);
        let more = match left > 0 && table.state == TableState::Changed {
            true => {
                format!("<p class=note>… and {}; --limit shows another number of them</p>", counted(left, "more row"))
            }
            false => String::new(),
        };
        self.out.put(&format!("</table>{more}</details>\n"))
    }
}

impl Ending for HtmlReceiver {
    fn end(mut self, report: &DiffReport) -> Result<(), CliError> {
        let same: Vec<String> = report
            .tables
            .iter()
            .filter(|table| table.state == TableState::Same)
            .map(|table| escape(&table.table))
            .collect();
        if !report.different {
            self.out.put("<p class=none>No differences.</p>\n")?;
        }
        if !same.is_empty() {
            self.out.put(&format!("<p class=note>Unchanged: {}</p>\n", same.join(", ")))?;
        }
        self.out.put(&format!("</main>\n<script>{SCRIPT}</script>\n{FOOT}"))?;
        self.out.end()
    }
}

fn plain(side: &DiffSide) -> String {
    match &side.message {
        Some(message) if !message.is_empty() => format!("{} \"{message}\"", side.name),
        _ => side.name.clone(),
    }
}

fn side(side: &DiffSide) -> String {
    let id = side.id.as_ref().filter(|id| !id.starts_with(&side.name));
    let id = id.map(|id| format!(" <code>{}</code>", escape(&id[..8]))).unwrap_or_default();
    let more = side.message.as_ref().filter(|message| !message.is_empty()).or(side.database.as_ref());
    let more = more.map(|text| format!(" <small>{}</small>", escape(text))).unwrap_or_default();
    let at = side
        .created_at
        .map(|at| format!(" <small class=when>{}</small>", escape(&at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())));
    format!("<code>{}</code>{id}{more}{}", escape(&side.name), at.unwrap_or_default())
}

fn headline(table: &TableDiff) -> String {
    match table.state {
        TableState::OnlyOld => {
            format!("<span class=del>only before, {}</span>", counted(table.old_rows.unwrap_or(0), "row"))
        }
        TableState::OnlyNew => {
            format!("<span class=add>only after, {}</span>", counted(table.new_rows.unwrap_or(0), "row"))
        }
        TableState::Unlike => "<span class=chg>no column in common</span>".to_owned(),
        TableState::Same => String::new(),
        TableState::Changed => {
            let Counts { added, changed, removed } = table.counts;
            let parts = [("add", "+", added), ("chg", "~", changed), ("del", "−", removed)];
            let shown: Vec<String> = parts
                .into_iter()
                .filter(|(.., number)| *number > 0)
                .map(|(class, sign, number)| format!("<span class={class}>{sign}{}</span>", count(number)))
                .collect();
            format!(
                "{} <small>{} → {}</small>",
                shown.join(" "),
                count(table.old_rows.unwrap_or(0)),
                counted(table.new_rows.unwrap_or(0), "row")
            )
        }
    }
}

/// Both texts, what differs marked.
fn marked(old: &str, new: &str) -> (String, String) {
    let (old, new) = words::compare(old, new);
    let html = |parts: Vec<words::Part<'_>>| {
        let mut html = String::new();
        let mut open = false;
        for part in parts {
            if part.differs != open {
                html.push_str(if open { "</mark>" } else { "<mark>" });
                open = part.differs;
            }
            html.push_str(&escape(part.text));
        }
        if open {
            html.push_str("</mark>");
        }
        html
    };
    (html(old), html(new))
}

/// Text of any origin as text of a page. Characters that turn the direction of what follows or cannot be seen are spelled out.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\t' => html.push(c),
            c if c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                html.extend(c.escape_default());
            }
            c => html.push(c),
        }
    }
    html
}

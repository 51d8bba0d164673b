//! A diff as a page: one file that needs nothing else, works from a disk, and can be sent to somebody.
//!
//! Everything of the database is escaped where it enters the page. The page's own policy lets nothing run but its one
//! script and nothing be fetched at all.

use super::Ending;
use super::cell::{Whole, cut, key, quoted};
use super::html_page::{Escaped, FOOT, SCRIPT, escape, head};
use super::text::{EACH_LATEST, compare_with_full, each_has_its_own, part};
use super::words;
use crate::cli::command_error::CliError;
use crate::cli::progress::count;
use crate::cli::ui::Stream;
use crate::ops::diff::{
    Column, Counts, DiffReport, DiffSide, Kind, Receiver, Records, RowChange, RowOp, TableDiff, TableState, ValueRef,
    json_changes,
};
use crate::ops::wording::counted;
use std::fmt::{self, Write};

/// Characters of a cell that are written unless all are wanted.
const LONG: usize = 4_000;

/// Bytes of texts in which words that differ are marked.
const MARKED: usize = 1 << 20;

/// Writes a diff as a page.
pub(in crate::cli) struct HtmlReceiver {
    out: Stream,
    full: bool,
    /// Whether each table has its latest snapshot, and not all the same.
    apart: bool,
}

impl HtmlReceiver {
    /// To `out`; with `full` no cell is shortened.
    pub fn new(out: Stream, full: bool) -> HtmlReceiver {
        HtmlReceiver { out, full, apart: false }
    }

    fn text(&self, value: ValueRef<'_>, column: &Column) -> String {
        let most = if self.full { usize::MAX } else { LONG };
        match cut(Plain(value, column), most) {
            (text, None) => text,
            (text, Some(all)) => format!("{text}… ({} characters)", count(all)),
        }
    }

    fn value<'v>(&self, value: ValueRef<'v>, column: &'v Column) -> Html<'v> {
        match value {
            ValueRef::Null => Html::Ready("<i class=null>NULL</i>".to_owned()),
            value if self.full => Html::Value(Plain(value, column)),
            value => Html::Ready(escape(&self.text(value, column))),
        }
    }

    /// The lines of a changed row: a changed cell each, a JSON path each.
    fn lines<'v>(&self, table: &'v TableDiff, row: &RowChange<'v>) -> Vec<(String, Html<'v>, Html<'v>)> {
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
                    let text = |value: Option<&'v str>| {
                        value.map_or_else(|| Html::Ready("<i class=null>nothing</i>".to_owned()), Html::Text)
                    };
                    lines.push((path, text(change.old), text(change.new)));
                }
                continue;
            }
            let (a, b) = match (old, new) {
                (ValueRef::Text(a), ValueRef::Text(b)) if !self.full || a.len().max(b.len()) <= MARKED => {
                    let (a, b) = marked(&self.text(*old, column), &self.text(*new, column));
                    (Html::Ready(a), Html::Ready(b))
                }
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
        self.apart = each_has_its_own(from);
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
        let since = table.from.as_ref().filter(|_| self.apart);
        let since = since.map(|id| format!(" <small>since <code>{}</code></small>", escape(&id[..8])));
        self.out.put(&format!(
            "<details open class=table><summary><b>{}</b> {}{}</summary>\n",
            escape(&part(table.table.clone(), table.filter.is_some())),
            headline(table),
            since.unwrap_or_default()
        ))?;
        for what in &table.schema_changes {
            self.out.put(&format!("<p class=schema>{}</p>\n", escape(what)))?;
        }
        let full = table.last_full.as_deref().map(|id| compare_with_full(&table.table, id));
        for note in table.notes.iter().chain(&full) {
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
        self.out.put(&format!("<tbody class={class}>"))?;
        if row.op == RowOp::Changed {
            let lines = self.lines(table, row);
            let span = lines.len();
            for (at, (name, old, new)) in lines.iter().enumerate() {
                self.out.put("<tr>")?;
                if at == 0 {
                    self.out.put(&format!(
                        "<td rowspan={span} class=op>{sign}</td><td rowspan={span} class=key>{key}</td>"
                    ))?;
                }
                self.out.put_args(format_args!(
                    "<td class=col>{name}</td><td class=old>{old}</td><td class=new>{new}</td></tr>"
                ))?;
            }
        } else {
            self.out.put(&format!("<tr><td class=op>{sign}</td><td class=key>{key}</td><td colspan=3 class=whole>"))?;
            for (value, column) in row.values().iter().zip(columns).filter(|(_, c)| !table.key.contains(&c.name)) {
                let (name, value) = (escape(&column.name), self.value(*value, column));
                self.out.put_args(format_args!("<div><span class=col>{name}</span> {value}</div>"))?;
            }
            self.out.put("</td></tr>")?;
        }
        self.out.put("</tbody>\n")
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
        _ if each_has_its_own(side) => EACH_LATEST.to_owned(),
        Some(message) if !message.is_empty() => format!("{} \"{message}\"", side.name),
        _ => side.name.clone(),
    }
}

fn side(side: &DiffSide) -> String {
    if each_has_its_own(side) {
        return escape(EACH_LATEST);
    }
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

/// A value as text, as a page has it.
#[derive(Clone, Copy)]
struct Plain<'v>(ValueRef<'v>, &'v Column);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.trim().is_empty() && text != "NULL" => f.write_str(text),
                Ok(text) => f.write_str(&quoted(text)),
                Err(_) => Whole(self.0, self.1).fmt(f),
            },
            value => Whole(value, self.1).fmt(f),
        }
    }
}

/// What stands in a cell of the page.
enum Html<'v> {
    Ready(String),
    /// A text, to be escaped.
    Text(&'v str),
    /// A value, to be escaped.
    Value(Plain<'v>),
}

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Html::Ready(html) => f.write_str(html),
            Html::Text(text) => Escaped(f).write_str(text),
            Html::Value(value) => write!(Escaped(f), "{value}"),
        }
    }
}

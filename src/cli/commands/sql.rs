//! `dbsnap sql`

use crate::cli::command_error::CliError;
use crate::cli::complete;
use crate::cli::text::{BOLD, GOOD, ID, Printable, paint, printable};
use crate::cli::ui::{Stream, Ui};
use crate::ops::json::{self, VERSION};
use crate::ops::sql::{Answers, SqlOptions, ValueRef, sql};
use crate::ops::wording::counted;
use crate::ops::{OpError, Repository};
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use console::{Alignment, pad_str};
use data_encoding::HEXLOWER;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Rows by whose values the columns' widths are chosen; those that come later are written as they come.
const MEASURED: usize = 200;
/// Rows of more bytes wait for nobody and are written piece by piece.
const LARGE: usize = 64 << 10;
/// A column is not made wider than this for the sake of a few long values.
const WIDEST: usize = 60;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The snapshot
    #[arg(value_name = "SNAPSHOT", add = complete::snapshots())]
    reference: String,
    /// One SELECT statement, in SQLite's SQL
    query: Option<String>,
    /// Stop the query after this many seconds, 0 for no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    /// Write the whole snapshot to a new SQLite database instead
    #[arg(long, value_name = "FILE.db")]
    out: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Aligned columns
    Table,
    /// Comma-separated values with a header; NULL is empty, an empty text is ""
    Csv,
    /// One object
    Json,
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    if args.query.is_none() && args.out.is_none() {
        return Err(
            OpError::Usage("give a query, as in: dbsnap sql latest \"SELECT count(*) FROM mods\"".to_owned()).into()
        );
    }
    let timeout = Some(args.timeout).filter(|&seconds| seconds > 0).map(Duration::from_secs);
    let options =
        SqlOptions { reference: args.reference.clone(), query: args.query.clone(), out: args.out.clone(), timeout };
    let output = ui.format(args.output, Output::Json, Output::Table)?;
    if output == Output::Json {
        let mut answers = JsonAnswers { out: ui.raw_stream(), begun: false, rows: 0 };
        let report = sql(repository, &options, &mut answers, ui.monitor())?;
        let report = json::to_string(&report).map_err(CliError::Output)?;
        answers.end(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = if output == Output::Csv {
        let mut answers = CsvAnswers { out: ui.raw_stream(), safely: std::io::stdout().is_terminal() };
        let report = sql(repository, &options, &mut answers, ui.monitor())?;
        answers.out.end()?;
        report
    } else {
        let mut answers = TextAnswers { out: ui.stream(), names: Vec::new(), waiting: Vec::new(), widths: None };
        let report = sql(repository, &options, &mut answers, ui.monitor())?;
        answers.end()?;
        report
    };
    if let Some(out) = &report.out {
        for (name, here) in &report.renamed {
            ui.note(&format!("{} is called {} there", printable(name), printable(here)));
        }
        ui.note(&format!(
            "{} {}: {} of snapshot {} in {}",
            paint(GOOD, "Wrote"),
            printable(&out.display().to_string()),
            counted(report.loaded, "row"),
            paint(ID, &report.id[..8]),
            counted(report.tables.len() as u64, "table")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// An answer as a table.
struct TextAnswers {
    out: Stream,
    names: Vec<String>,
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl TextAnswers {
    /// Chooses the widths and writes what has waited for them.
    fn release(&mut self) -> Result<(), CliError> {
        if self.names.is_empty() || self.widths.is_some() {
            return Ok(());
        }
        let width = |text: &String| console::measure_text_width(text);
        let widths: Vec<usize> = (0..self.names.len())
            .map(|at| {
                let values = self.waiting.iter().filter_map(|row| row.get(at)).map(width);
                values.chain([width(&self.names[at])]).max().unwrap_or(0).min(WIDEST)
            })
            .collect();
        let head = aligned(&self.names, &widths);
        self.out.put(&format!("{}\n", paint(BOLD, head)))?;
        let waiting = std::mem::take(&mut self.waiting);
        for row in waiting {
            self.out.put(&format!("{}\n", aligned(&row, &widths)))?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    /// Writes a row of which no copy is to be made as a whole.
    fn large(&mut self, values: &[ValueRef<'_>]) -> Result<(), CliError> {
        self.release()?;
        for (at, value) in values.iter().enumerate() {
            let width = self.widths.as_ref().and_then(|widths| widths.get(at)).copied().unwrap_or_default();
            let (before, pieces, after): (_, Box<dyn Iterator<Item = String>>, _) = match value {
                ValueRef::Text(bytes) if bytes.len() > WIDEST => match std::str::from_utf8(bytes) {
                    Ok(text) => ("", Box::new(pieces(text).map(printable)), ""),
                    Err(_) => ("text x'", Box::new(bytes.chunks(LARGE).map(|piece| HEXLOWER.encode(piece))), "'"),
                },
                ValueRef::Blob(bytes) if bytes.len() > WIDEST => {
                    ("x'", Box::new(bytes.chunks(LARGE).map(|piece| HEXLOWER.encode(piece))), "'")
                }
                value => ("", Box::new(std::iter::once(format!("{:<width$}", text(*value)))), ""),
            };
            self.out.put(if at > 0 { "  " } else { "" })?;
            self.out.put(before)?;
            for piece in pieces {
                self.out.put(&piece)?;
            }
            self.out.put(after)?;
        }
        self.out.put("\n")
    }

    fn end(mut self) -> Result<(), CliError> {
        self.release()?;
        self.out.end()
    }
}

/// The parts of a long text, cut between characters.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.floor_char_boundary(LARGE));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<_> =
        row.iter().zip(widths).map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None)).collect();
    cells.join("  ").trim_end().to_owned()
}

impl Answers for TextAnswers {
    type Error = CliError;

    fn columns(&mut self, names: &[String]) -> Result<(), CliError> {
        self.names = names.iter().map(|name| printable(name)).collect();
        Ok(())
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), CliError> {
        let len = |value: &ValueRef<'_>| match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        if values.iter().map(len).sum::<usize>() > LARGE {
            return self.large(values);
        }
        let row: Vec<String> = values.iter().map(|value| text(*value)).collect();
        match &self.widths {
            Some(widths) => self.out.put(&format!("{}\n", aligned(&row, widths))),
            None => {
                self.waiting.push(row);
                if self.waiting.len() < MEASURED { Ok(()) } else { self.release() }
            }
        }
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Real(real) => format!("{real:?}"),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => printable(text),
            Err(_) => format!("text x'{}'", HEXLOWER.encode(bytes)),
        },
        ValueRef::Blob(bytes) => format!("x'{}'", HEXLOWER.encode(bytes)),
    }
}

/// An answer as comma-separated values.
struct CsvAnswers {
    out: Stream,
    /// Whether control characters are escaped.
    safely: bool,
}

impl Answers for CsvAnswers {
    type Error = CliError;

    fn columns(&mut self, names: &[String]) -> Result<(), CliError> {
        self.row(&names.iter().map(|name| ValueRef::Text(name.as_bytes())).collect::<Vec<_>>())
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), CliError> {
        for (at, value) in values.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            self.out.put_args(format_args!("{comma}{}", Csv { value: *value, safely: self.safely }))?;
        }
        self.out.put("\n")
    }
}

/// A value of a line.
struct Csv<'v> {
    value: ValueRef<'v>,
    safely: bool,
}

impl fmt::Display for Csv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, safely) = match self.value {
            ValueRef::Null => return Ok(()),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => (text, self.safely),
                Err(_) => return put_hex(bytes, f),
            },
            ValueRef::Blob([]) => ("", false),
            ValueRef::Blob(bytes) => return put_hex(bytes, f),
            number => return f.write_str(&text(number)),
        };
        let put = |text, f: &mut fmt::Formatter<'_>| match safely {
            true => Printable(text).fmt(f),
            false => f.write_str(text),
        };
        let quoted: &[char] = if safely { &['"', ','] } else { &['"', ',', '\n', '\r'] };
        if !text.is_empty() && !quoted.iter().any(|char| text.contains(*char)) {
            return put(text, f);
        }
        f.write_str("\"")?;
        for (at, part) in text.split('"').enumerate() {
            f.write_str(if at > 0 { "\"\"" } else { "" })?;
            put(part, f)?;
        }
        f.write_str("\"")
    }
}

fn put_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.chunks(LARGE).try_for_each(|piece| f.write_str(&HEXLOWER.encode(piece)))
}

/// An answer as one object: `columns`, and `rows` as arrays.
struct JsonAnswers {
    out: Stream,
    begun: bool,
    rows: u64,
}

impl JsonAnswers {
    fn end(mut self, report: &str) -> Result<(), CliError> {
        let rest = report.strip_prefix('{').unwrap_or(report);
        match self.begun {
            true => self.out.put(&format!("],{rest}\n"))?,
            false => self.out.put(&format!("{{\"version\":{VERSION},\"command\":\"sql\",{rest}\n"))?,
        }
        self.out.end()
    }
}

impl Answers for JsonAnswers {
    type Error = CliError;

    fn columns(&mut self, names: &[String]) -> Result<(), CliError> {
        self.begun = true;
        self.out.put(&format!("{{\"version\":{VERSION},\"command\":\"sql\",\"columns\":"))?;
        self.out.json(&names)?;
        self.out.put(",\"rows\":[")
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), CliError> {
        if self.rows > 0 {
            self.out.put(",")?;
        }
        self.rows += 1;
        self.out.json(&values.iter().map(|value| Json(*value)).collect::<Vec<_>>())
    }
}

/// The answer to a query. Without a query it has neither columns nor rows.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "it is written piece by piece")]
pub(in crate::cli) struct Answer<'a> {
    /// The names of the columns.
    #[schemars(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<String>>,
    /// The rows: values in the order of the columns.
    #[schemars(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Vec<Json<'a>>>>,
    #[schemars(flatten)]
    report: crate::ops::sql::SqlReport,
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Json<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SqlValue".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A value of the answer. A blob, and text that is not UTF-8, is an object with base64.",
            "anyOf": [
                { "type": ["null", "number", "string"] },
                {
                    "type": "object",
                    "properties": { "$blob": { "type": "string", "contentEncoding": "base64" } },
                    "required": ["$blob"]
                }
            ]
        })
    }
}

/// A value as in an export: blobs as base64, what JSON has no number for as text.
pub(in crate::cli) struct Json<'v>(pub ValueRef<'v>);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = match self.0 {
            ValueRef::Null => return serializer.serialize_unit(),
            ValueRef::Int(int) => return serializer.serialize_i64(int),
            ValueRef::Real(real) if real.is_finite() => return serializer.serialize_f64(real),
            ValueRef::Real(real) => return serializer.serialize_str(if real > 0.0 { "Infinity" } else { "-Infinity" }),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => return serializer.serialize_str(text),
                Err(_) => bytes,
            },
            ValueRef::Blob(bytes) => bytes,
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$blob", &format_args!("{}", Base64Display::new(bytes, &STANDARD)))?;
        map.end()
    }
}

//! A diff for programs: one object, or one object a line. Either is written as it is found.

use super::Ending;
use crate::cli::command_error::CliError;
use crate::cli::ui::Stream;
use crate::ops::diff::{DiffReport, DiffSide, Receiver, Records, RowChange, RowRecord, TableDiff};
use crate::ops::json::{self, VERSION};
use serde::Serialize;

/// Writes a diff as one object.
pub(in crate::cli) struct JsonReceiver {
    out: Stream,
    rows: bool,
    tables: u64,
    shown: u64,
}

impl JsonReceiver {
    /// To `out`; with `rows` each table has its rows.
    pub fn new(out: Stream, rows: bool) -> JsonReceiver {
        JsonReceiver { out, rows, tables: 0, shown: 0 }
    }
}

impl Receiver for JsonReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.out.put(&format!("{{\"version\":{VERSION},\"command\":\"diff\",\"from\":"))?;
        self.out.json(from)?;
        self.out.put(",\"to\":")?;
        self.out.json(to)?;
        self.out.put(",\"tables\":[")
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), CliError> {
        let head = json::to_string(table).map_err(CliError::Output)?;
        let comma = if self.tables > 0 { "," } else { "" };
        self.tables += 1;
        self.shown = 0;
        self.out.put(&format!("{comma}{}", head.strip_suffix('}').unwrap_or(&head)))?;
        if self.rows { self.out.put(",\"rows\":[") } else { Ok(()) }
    }

    fn row(&mut self, _: &TableDiff, row: &RowChange<'_>, records: &mut Records) -> Result<(), CliError> {
        if self.shown > 0 {
            self.out.put(",")?;
        }
        self.shown += 1;
        self.out.json(&records.record(row))
    }

    fn table_end(&mut self, _: &TableDiff, _: u64) -> Result<(), CliError> {
        self.out.put(if self.rows { "]}" } else { "}" })
    }
}

impl Ending for JsonReceiver {
    fn end(mut self, report: &DiffReport) -> Result<(), CliError> {
        self.out.put(&format!("],\"different\":{}}}\n", report.different))?;
        self.out.end()
    }
}

/// Writes a diff as one object a line.
pub(in crate::cli) struct LinesReceiver {
    out: Stream,
}

#[derive(Serialize)]
struct Line<'l, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    what: &'l T,
}

#[derive(Serialize)]
struct Head<'l> {
    version: u32,
    command: &'static str,
    from: &'l DiffSide,
    to: &'l DiffSide,
}

#[derive(Serialize)]
struct Row<'l> {
    table: &'l str,
    #[serde(flatten)]
    record: RowRecord<'l>,
}

#[derive(Serialize)]
struct End {
    different: bool,
}

impl LinesReceiver {
    /// To `out`.
    pub fn new(out: Stream) -> LinesReceiver {
        LinesReceiver { out }
    }

    fn line(&mut self, kind: &'static str, what: &impl Serialize) -> Result<(), CliError> {
        self.out.json(&Line { kind, what })?;
        self.out.put("\n")
    }
}

impl Receiver for LinesReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.line("diff", &Head { version: VERSION, command: "diff", from, to })
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), CliError> {
        self.line("table", table)
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, records: &mut Records) -> Result<(), CliError> {
        self.line("row", &Row { table: &table.table, record: records.record(row) })
    }

    fn table_end(&mut self, _: &TableDiff, _: u64) -> Result<(), CliError> {
        Ok(())
    }
}

impl Ending for LinesReceiver {
    fn end(mut self, report: &DiffReport) -> Result<(), CliError> {
        self.line("end", &End { different: report.different })?;
        self.out.end()
    }
}

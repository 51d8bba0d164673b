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

/// A diff as one object.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "it is written piece by piece")]
pub(in crate::cli) struct Whole<'w> {
    /// The older side.
    from: DiffSide,
    /// The newer side.
    to: DiffSide,
    /// Table by table.
    tables: Vec<WholeTable<'w>>,
    /// Whether anything differs.
    different: bool,
}

/// A table of it.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "DiffTable")]
#[expect(dead_code, reason = "it is written piece by piece")]
struct WholeTable<'w> {
    #[schemars(flatten)]
    table: TableDiff,
    /// The rows that differ; left out with `--stat` and `--name-only`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowRecord<'w>>>,
}

/// Writes a diff as one object a line.
pub(in crate::cli) struct LinesReceiver {
    out: Stream,
}

/// A line of it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DiffLine"))]
#[serde(tag = "type", rename_all = "lowercase")]
pub(in crate::cli) enum Line<'l> {
    /// The first: what is compared.
    Diff(Head<'l>),
    /// A table. The rows that differ follow it.
    Table(&'l TableDiff),
    /// A row that differs.
    Row(Row<'l>),
    /// The last.
    End(End),
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct Head<'l> {
    /// The version of this format.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    version: u32,
    /// The command.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "diff")))]
    command: &'static str,
    /// The older side.
    from: &'l DiffSide,
    /// The newer side.
    to: &'l DiffSide,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct Row<'l> {
    /// The table.
    table: &'l str,
    #[serde(flatten)]
    record: RowRecord<'l>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::cli) struct End {
    /// Whether anything differs.
    different: bool,
}

impl LinesReceiver {
    /// To `out`.
    pub fn new(out: Stream) -> LinesReceiver {
        LinesReceiver { out }
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), CliError> {
        self.out.json(line)?;
        self.out.put("\n")
    }
}

impl Receiver for LinesReceiver {
    type Error = CliError;

    fn begin(&mut self, from: &DiffSide, to: &DiffSide) -> Result<(), CliError> {
        self.line(&Line::Diff(Head { version: VERSION, command: "diff", from, to }))
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), CliError> {
        self.line(&Line::Table(table))
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, records: &mut Records) -> Result<(), CliError> {
        self.line(&Line::Row(Row { table: &table.table, record: records.record(row) }))
    }

    fn table_end(&mut self, _: &TableDiff, _: u64) -> Result<(), CliError> {
        Ok(())
    }
}

impl Ending for LinesReceiver {
    fn end(mut self, report: &DiffReport) -> Result<(), CliError> {
        self.line(&Line::End(End { different: report.different }))?;
        self.out.end()
    }
}

//! `sql`

use super::{Effect, Tool};
use crate::cli::commands::sql::Json;
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::{Page, object};
use crate::cli::mcp::record::{record, shorten_cell};
use crate::cli::mcp::schema::{anything, count, list, text, texts};
use crate::ops::OpError;
use crate::ops::sql::{Answers, SqlOptions, ValueRef, sql};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds that a query may run unless the client says otherwise.
const TIMEOUT: u64 = 60;

pub(super) const SQL: Tool = Tool {
    name: "sql",
    title: "Query a snapshot",
    description: "Run one SELECT over the tables of a snapshot, in SQLite's SQL. It never touches the live \
                  database. Use it to look at rows as they were, to count or aggregate, or to read a long value in \
                  pieces (substr). Use ORDER BY if you page.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![
            ("reference", text("The snapshot, or SNAPSHOT:TABLE to load only that table")),
            ("query", text("One SELECT")),
            ("timeoutSeconds?", count("Stop the query after this many seconds, 0 for no limit [default: 60]")),
        ]
    },
    gives: || {
        vec![
            ("id", text("The snapshot")),
            ("columns", texts("The columns of the answer")),
            (
                "rows",
                list(
                    "Its rows",
                    list(
                        "A row",
                        anything("A value; {\"$blob\": base64} for bytes, texts where a double loses digits"),
                    ),
                ),
            ),
            ("tables", texts("Tables that were loaded, by the names that queries call them")),
            (
                "renamed?",
                list("What has another name here than in the source", texts("the source's name, the name here")),
            ),
            ("loaded", count("Rows that were loaded")),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    reference: String,
    query: String,
    timeout_seconds: Option<u64>,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let page = call.page()?;
    let Arguments { reference, query, timeout_seconds } = call.options()?;
    let timeout = Some(timeout_seconds.unwrap_or(TIMEOUT)).filter(|seconds| *seconds > 0).map(Duration::from_secs);
    let options = SqlOptions { reference, query: Some(query), timeout, out: None };
    let mut rows = Rows { page, columns: Vec::new() };
    let report = sql(&call.repository()?, &options, &mut rows, call.watch)?;
    let mut told = object(&report)?;
    let basis = (report.id, report.answered);
    ["out", "answered"].iter().for_each(|name| drop(told.shift_remove(*name)));
    told.insert("columns".to_owned(), json!(rows.columns));
    rows.page.finish(told, &["rows"], &basis)
}

struct Rows {
    page: Page,
    columns: Vec<String>,
}

impl Answers for Rows {
    type Error = OpError;

    fn columns(&mut self, names: &[String]) -> Result<(), OpError> {
        self.columns = names.to_vec();
        Ok(())
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), OpError> {
        self.page.offer("rows", || {
            let mut row = record(&values.iter().map(|value| Json(*value)).collect::<Vec<_>>())?;
            if let Value::Array(cells) = &mut row {
                cells.iter_mut().for_each(shorten_cell);
            }
            Ok(row)
        })
    }
}

//! `show`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::record::{record, shorten_cells};
use crate::cli::mcp::schema::{self, anything, count, list, map, or_null, text, texts};
use crate::ops::OpError;
use crate::ops::show::show;
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

pub(in crate::cli::mcp) const SHOW: Tool = Tool {
    name: "show",
    title: "Show a snapshot",
    description: "Show a snapshot with all its tables, one table of it (columns and the first rows), or one row by \
                  its key.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![(
            "reference?",
            text("latest (default), an id, a tag, SNAPSHOT:TABLE, or SNAPSHOT:TABLE:KEY, as in latest:mods:cl1104"),
        )]
    },
    gives: || {
        vec![
            ("snapshot", super::log::snapshot(false)),
            ("source", text("Engine, version and database")),
            ("parent", or_null(text("The snapshot before"))),
            ("tables", list("The snapshot's tables", super::log::table())),
            (
                "table",
                or_null(schema::object(&[
                    ("schema", anything("Columns, key, foreign keys and unique indexes")),
                    ("fields", texts("The columns by the names that rows have them under")),
                    ("root", or_null(text("The hash of all rows"))),
                    ("partitions?", texts("Of a partitioned table, its partitions")),
                    ("rows", count("Rows")),
                    ("sample", list("The first rows", row())),
                    ("rowsHidden?", text("Why rows cannot be shown")),
                ])),
            ),
            ("row", or_null(row())),
        ]
    },
    answer,
};

/// A row of a table.
pub(super) fn row() -> Value {
    map("A row: values by field, as in an export", anything("A value; long texts are cut and say how long they are"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default = "latest")]
    reference: String,
}

fn latest() -> String {
    "latest".to_owned()
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let Arguments { reference } = call.options()?;
    let mut report = show(&call.repository()?, &reference)?;
    let cells = |row: &_| {
        let mut row = record(row)?;
        shorten_cells(Some(&mut row));
        Ok::<_, OpError>(row)
    };
    let row = report.row.take().as_ref().map(cells).transpose()?;
    let sample = report.table.as_mut().map(|table| std::mem::take(&mut table.sample)).unwrap_or_default();
    let sample = sample.iter().map(cells).collect::<Result<Vec<_>, _>>()?;
    let mut told = object(&report)?;
    if let Some(Value::Object(snapshot)) = told.get_mut("snapshot") {
        let tables = snapshot.shift_remove("tables").unwrap_or_default();
        told.insert("tables".to_owned(), tables);
    }
    if let Some(table @ Value::Object(_)) = told.get_mut("table") {
        table["sample"] = json!(sample);
    }
    told.insert("row".to_owned(), json!(row));
    page.offer_all(&mut told, "tables")?;
    page.finish(told, &["tables"], &report.snapshot.id)
}

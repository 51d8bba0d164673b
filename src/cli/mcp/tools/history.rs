//! `history`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::{Page, object};
use crate::cli::mcp::record::{record, shorten_cell};
use crate::cli::mcp::schema::{self, anything, count, list, map, one_of, or_null, text, texts};
use crate::ops::OpError;
use crate::ops::history::{HistoryReceiver, HistoryReport, HistoryStep, LiveRow, history};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const HISTORY: Tool = Tool {
    name: "history",
    title: "History of a row",
    description: "Show how one row changed from snapshot to snapshot, newest change first, and what the live row \
                  is. Use it to find the snapshot that still has a lost row or value.",
    effect: Effect::Reads,
    parts: true,
    takes: || vec![("row", text("TABLE:KEY, as in mods:cl1104; parts of a composite key between commas"))],
    gives: || {
        vec![
            ("table", text("The table")),
            ("key", text("The key")),
            ("columns", texts("Its columns")),
            ("snapshots", count("Snapshots that were looked at")),
            (
                "live",
                or_null(schema::object(&[
                    ("is", one_of("What the live row is", &["as in", "gone", "different"])),
                    ("snapshot?", text("The snapshot that it is as in")),
                    ("columns?", texts("Columns that differ from the newest snapshot")),
                ])),
            ),
            (
                "steps",
                list(
                    "Changes, newest first",
                    schema::object(&[
                        ("id", text("The snapshot that shows it")),
                        ("createdAt", text("When that was taken")),
                        ("kind", one_of("safety: taken by a restore before it wrote", &["snapshot", "safety"])),
                        ("message", text("What for")),
                        ("user", or_null(text("The user"))),
                        ("agent", or_null(text("The coding agent"))),
                        (
                            "git",
                            or_null(schema::object(&[
                                ("branch?", text("The branch")),
                                ("commit?", text("The commit")),
                            ])),
                        ),
                        ("event", one_of("What became of the row", &["first", "created", "changed", "deleted"])),
                        (
                            "cells",
                            map(
                                "The cells that changed; of a row that came or went all",
                                schema::object(&[
                                    ("old", anything("Before; null if it was not there")),
                                    ("new", anything("After; null if it was not there")),
                                ]),
                            ),
                        ),
                        ("unchangedIn", count("Later snapshots, until the next change, that show the same")),
                    ]),
                ),
            ),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    row: String,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let page = call.page()?;
    let Arguments { row } = call.options()?;
    let repository = call.repository()?;
    let mut steps = Steps { page, ids: Vec::new() };
    let report = history(&repository, Some(&mut repository.database_at_hand()), &row, usize::MAX, &mut steps)?;
    let told = object(&json!({
        "table": report.table,
        "key": report.key,
        "columns": report.columns,
        "snapshots": report.snapshots,
        "live": report.live.as_ref().map(live),
    }))?;
    steps.page.finish(told, &["steps"], &steps.ids)
}

fn live(row: &LiveRow) -> Value {
    match row {
        LiveRow::AsIn(id) => json!({ "is": "as in", "snapshot": id }),
        LiveRow::Gone => json!({ "is": "gone" }),
        LiveRow::Differs(columns) => json!({ "is": "different", "columns": columns }),
    }
}

struct Steps {
    page: Page,
    ids: Vec<String>,
}

impl HistoryReceiver for Steps {
    type Error = OpError;

    fn begin(&mut self, _: &HistoryReport) -> Result<(), OpError> {
        Ok(())
    }

    fn step(&mut self, _: &HistoryReport, step: &HistoryStep<'_>) -> Result<(), OpError> {
        self.ids.push(step.id.clone());
        self.page.offer("steps", || {
            let mut told = record(step)?;
            if let Some(Value::Object(cells)) = told.get_mut("cells") {
                for sides in cells.values_mut().filter_map(Value::as_object_mut) {
                    sides.values_mut().for_each(shorten_cell);
                }
            }
            Ok(told)
        })
    }
}

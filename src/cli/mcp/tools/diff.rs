//! `diff`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::{Page, object};
use crate::cli::mcp::record::{record, shorten_cell, shorten_cells};
use crate::cli::mcp::schema::{self, anything, count, flag, list, map, one_of, or_null, text, texts};
use crate::ops::OpError;
use crate::ops::diff::{
    Counts, Depth, DiffOptions, DiffSide, Receiver, Records, RowChange, TableDiff, TableState, diff,
};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

pub(in crate::cli::mcp) const DIFF: Tool = Tool {
    name: "diff",
    title: "Compare",
    description: "Show which rows were added, removed or changed (with old and new values) between two snapshots, \
                  or between a snapshot and the live database (the default: the latest snapshot of each table \
                  against live). Use it after a script to see what it did; stat: true only counts. Rows come in \
                  parts; if the live database changes between parts, begin again.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![
            ("from?", text("The older side: a snapshot, or live; default: the latest snapshot of each table")),
            ("to?", text("The newer side: a snapshot, or live (default)")),
            ("tables?", texts("Only these tables")),
            ("exclude?", texts("Tables or patterns to leave out")),
            ("filter?", text("Only rows of which a version fits this SQL expression")),
            ("stat?", flag("Only count the rows that differ")),
        ]
    },
    gives: || {
        vec![
            ("from", side()),
            ("to", side()),
            ("different", flag("Whether anything differs")),
            ("added", count("Rows added, in all tables")),
            ("changed", count("Rows changed, in all tables")),
            ("removed", count("Rows removed, in all tables")),
            ("unchangedTables", count("Tables that do not differ")),
            ("tables", list("Tables that differ; each comes before its rows, in this part or an earlier one", table())),
            (
                "rows",
                list(
                    "Rows that differ",
                    schema::object(&[
                        ("table", text("The table")),
                        ("op", one_of("What became of it", &["added", "removed", "changed"])),
                        ("key?", map("Its key; missing in a table without one", anything("A value"))),
                        ("count?", count("Copies, in a table without a key")),
                        ("row?", super::show::row()),
                        (
                            "cells?",
                            map(
                                "The cells that changed",
                                schema::object(&[
                                    ("old", anything("The older value")),
                                    ("new", anything("The newer value")),
                                ]),
                            ),
                        ),
                    ]),
                ),
            ),
        ]
    },
    answer,
};

fn side() -> Value {
    schema::object(&[
        ("name", text("live, latest, or a snapshot's short id")),
        ("id", or_null(text("The snapshot"))),
        ("message", or_null(text("Its message"))),
        ("createdAt", or_null(text("When it was taken"))),
        ("database", or_null(text("The database"))),
    ])
}

fn table() -> Value {
    schema::object(&[
        ("table", text("The table")),
        (
            "state",
            one_of(
                "onlyOld: it is gone; onlyNew: it is new; unlike: no column in common",
                &["changed", "onlyOld", "onlyNew", "unlike"],
            ),
        ),
        ("from", or_null(text("The older snapshot; null for live"))),
        ("to", or_null(text("The newer snapshot; null for live"))),
        ("added", count("Rows added")),
        ("changed", count("Rows changed")),
        ("removed", count("Rows removed")),
        ("oldRows", or_null(count("Rows of the older version"))),
        ("newRows", or_null(count("Rows of the newer version"))),
        ("key", texts("Columns of the key; empty if there is none")),
        ("schemaChanges", texts("Changes of columns, keys and so on")),
        ("notes", texts("What else to know")),
        ("filter?", text("The filter within which it is compared")),
        ("lastFull?", text("The latest snapshot that has all rows")),
    ])
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Arguments {
    from: Option<String>,
    to: Option<String>,
    tables: Vec<String>,
    exclude: Vec<String>,
    filter: Option<String>,
    stat: bool,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let page = call.page()?;
    let Arguments { from, to, tables, exclude, filter, stat } = call.options()?;
    let depth = if stat { Depth::Counts } else { Depth::Rows };
    let options = DiffOptions { from, to, tables, exclude, filter, swap: false, depth, limit: None };
    let repository = call.repository()?;
    let mut part = Part(page);
    let report = diff(&repository, &mut repository.database(), &options, &mut part, call.watch)?;
    let sum = |of: fn(&Counts) -> u64| report.tables.iter().map(|table| of(&table.counts)).fold(0, u64::saturating_add);
    let same = report.tables.iter().filter(|table| table.state == TableState::Same).count();
    let told = object(&json!({
        "from": report.from,
        "to": report.to,
        "different": report.different,
        "added": sum(|counts| counts.added),
        "changed": sum(|counts| counts.changed),
        "removed": sum(|counts| counts.removed),
        "unchangedTables": same,
    }))?;
    let counts: Vec<_> = report.tables.iter().map(|table| (&table.table, &table.counts)).collect();
    part.0.finish(told, &["tables", "rows"], &(&report.from.id, &report.to.id, counts))
}

/// Takes a diff: tables and rows are counted as one list.
struct Part(Page);

impl Receiver for Part {
    type Error = OpError;

    fn begin(&mut self, _: &DiffSide, _: &DiffSide) -> Result<(), OpError> {
        Ok(())
    }

    fn table(&mut self, table: &TableDiff) -> Result<(), OpError> {
        match table.state {
            TableState::Same => Ok(()),
            _ => self.0.offer("tables", || object(table).map(Value::Object)),
        }
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, records: &mut Records) -> Result<(), OpError> {
        self.0.offer("rows", || {
            let mut told = record(&records.record(row))?;
            shorten_cells(told.get_mut("key"));
            shorten_cells(told.get_mut("row"));
            if let Some(Value::Object(cells)) = told.get_mut("cells") {
                for sides in cells.values_mut().filter_map(Value::as_object_mut) {
                    sides.values_mut().for_each(shorten_cell);
                }
            }
            told["table"] = table.table.clone().into();
            Ok(told)
        })
    }

    fn table_end(&mut self, _: &TableDiff, _: u64) -> Result<(), OpError> {
        Ok(())
    }
}

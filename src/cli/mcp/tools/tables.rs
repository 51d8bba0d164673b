//! `tables`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, count, list, one_of, or_null, text, texts};
use crate::ops::tables::tables;
use crate::ops::{OpError, Repository};
use rmcp::model::JsonObject;
use serde::Deserialize;

pub(super) const TABLES: Tool = Tool {
    name: "tables",
    title: "List tables",
    description: "List the tables of the database: Prisma model, table name, rows (estimated or counted), size, \
                  key, and which other tables lose rows when rows of this one are deleted. Use it to check that a \
                  table exists and how large it is. Needs no store.",
    effect: Effect::Reads,
    parts: true,
    takes: Vec::new,
    gives: || {
        vec![
            ("database", text("The database, without secrets")),
            (
                "tables",
                list(
                    "By name",
                    schema::object(&[
                        ("model", or_null(text("The Prisma model that stands for it"))),
                        ("table", text("The table")),
                        ("rows", or_null(count("Rows, estimated or counted; null if unknown"))),
                        ("bytes", or_null(count("Bytes on disk"))),
                        ("key", texts("Columns of the key; empty if there is none")),
                        ("keySource", one_of("What the key is", &["primary key", "unique index", "no key"])),
                        ("refersTo", texts("Tables that its foreign keys refer to")),
                        ("deletesReach", texts("Tables that lose rows or values when rows of this one are deleted")),
                        ("partitionOf", or_null(text("The partitioned table that it is a part of"))),
                        ("generated", texts("Computed columns, which snapshots leave out")),
                        ("note", or_null(text("What is known of it"))),
                        ("refusal", or_null(text("Why it cannot be snapshotted"))),
                    ]),
                ),
            ),
            ("notCaptured", texts("Views, foreign tables and so on")),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let Nothing {} = call.options()?;
    let repository = Repository::find_or_here(call.place)?;
    let report = tables(&repository, &mut repository.database())?;
    let names: Vec<&String> = report.tables.iter().map(|table| &table.table).collect();
    let mut told = object(&report)?;
    page.offer_all(&mut told, "tables")?;
    page.finish(told, &["tables"], &names)
}

//! `export`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, count, list, text, texts};
use crate::ops::OpError;
use crate::ops::export::{ExportOptions, export};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::Value;

pub(super) const EXPORT: Tool = Tool {
    name: "export",
    title: "Export a snapshot",
    description: "Write a snapshot as JSON files with TypeScript restore scripts (npx tsx SCRIPT --restore) and a \
                  backup_manifest.json into the project's export directory (scripts/backups unless the settings \
                  name another). The same files are written again if they are there.",
    effect: Effect::Settles,
    parts: false,
    takes: || {
        vec![
            ("reference", text("The snapshot")),
            ("tables?", texts("Only these tables")),
            ("exclude?", texts("Tables or patterns to leave out")),
        ]
    },
    gives: || {
        vec![
            ("id", text("The snapshot")),
            ("manifest", text("The list of backups")),
            ("tables", list("The files, the first of them if there are many", exported())),
            ("total", count("Tables that were exported")),
        ]
    },
    answer,
};

/// An exported table.
pub(super) fn exported() -> Value {
    schema::object(&[
        ("table", text("The table")),
        ("backup", text("Its backup id")),
        ("json", text("The JSON file")),
        ("script", text("The restore script")),
        ("records", count("Records in the file")),
        ("bytes", count("Bytes of the file")),
        ("checksum", text("sha256: and 64 hex digits")),
    ])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    reference: String,
    #[serde(default)]
    tables: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let Arguments { reference, tables, exclude } = call.options()?;
    let options = ExportOptions { tables, exclude, dir: None };
    let report = export(&call.repository()?, &reference, &options, call.watch)?;
    let mut told = object(&report)?;
    page.offer_all(&mut told, "tables")?;
    Ok(page.finish_without_cursor(told, &["tables"]))
}

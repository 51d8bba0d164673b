//! `estimate` and `snap`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, anything, change, count, flag, list, number, one_of, or_null, text, texts};
use crate::ops::snap::SnapOptions;
use crate::ops::{OpError, Operation};
use rmcp::model::JsonObject;
use serde_json::Value;

pub(super) const ESTIMATE: Tool = Tool {
    name: "estimate",
    title: "Estimate a snapshot",
    description: "Say what `snap` with these arguments would read: rows, bytes and time of each table, and which \
                  tables outside of it deletions would cascade to. Nothing is stored. Use it before the snapshot of \
                  a large table: strategy \"large\" (more than 100,000 rows) suggests a filter.",
    effect: Effect::Reads,
    parts: true,
    takes,
    gives: || {
        vec![
            ("digest", text("The digest of this plan")),
            ("options", anything("The arguments, with defaults")),
            ("database", text("The database, without secrets")),
            ("urlOrigin", text("Where its URL was found")),
            (
                "tables",
                list(
                    "The tables",
                    schema::object(&[
                        ("table", text("The table")),
                        ("rows", or_null(count("Rows expected"))),
                        ("counted", flag("Whether rows were counted, not estimated")),
                        ("bytes", or_null(count("Bytes expected, before compression"))),
                        (
                            "strategy",
                            one_of(
                                "full: < 10,000 rows; batches: to 100,000; large: more",
                                &["full", "batches", "large"],
                            ),
                        ),
                        ("filter", or_null(text("The filter"))),
                    ]),
                ),
            ),
            ("takenAlong", list("Tables outside of the snapshot that deletions would change", taken_along())),
            ("leftOut?", text("What `all` leaves out")),
            ("estimatedSeconds", number("Seconds")),
        ]
    },
    answer: estimate,
};

pub(super) const SNAP: Tool = Tool {
    name: "snap",
    title: "Take a snapshot",
    description: "Take a snapshot of tables, all in one transaction. Call it BEFORE running anything that deletes, \
                  updates, migrates or overwrites rows, and tell the user the snapshot's id. rows must equal \
                  sourceRows: the backup is complete. If takenAlong is not empty, deletions would also change those \
                  tables: snapshot them too (cascade: true). It only adds to the store; the database is only read.",
    effect: Effect::Adds,
    parts: false,
    takes,
    gives: || {
        vec![
            ("id", text("The snapshot's id; its first 8 digits name it everywhere")),
            ("createdAt", text("When (RFC 3339)")),
            ("message", text("What for")),
            (
                "tables",
                list(
                    "The tables, the first of them if there are many; `show` has all",
                    schema::object(&[
                        ("table", text("The table")),
                        ("backup", text("Its backup id, as in backup_20260124_103000_mods")),
                        ("filter?", text("The filter, if it is not all rows")),
                        ("sourceRows", count("Rows that the database sent")),
                        ("rows", count("Rows in the store")),
                        ("bytes", count("Bytes of the rows")),
                        ("root", text("The hash of all rows")),
                        ("leaves", count("Leaves of the tree")),
                        ("newLeaves", count("Leaves that the store did not hold yet")),
                        ("change", change()),
                    ]),
                ),
            ),
            ("takenAlong", list("Tables outside of the snapshot that deletions would change", taken_along())),
            ("exported", list("Files, if the settings ask for an export", super::export::exported())),
            ("exportManifest?", text("The list of exported backups")),
            ("total", count("Tables, tables taken along and exported tables, all of them")),
            ("addedBytes", count("Bytes by which the store grew")),
            ("seconds", number("Seconds")),
        ]
    },
    answer: snap,
};

fn takes() -> Vec<(&'static str, Value)> {
    vec![
        ("tables?", texts("Tables, Prisma models or patterns such as mod*; this or `all`")),
        ("all?", flag("All tables of the database")),
        ("exclude?", texts("Tables or patterns to leave out")),
        ("message?", text("Why, in a line: before which script or migration")),
        (
            "filter?",
            text("Only rows of one table for which this SQL expression holds, as in content_type = 'furniture'"),
        ),
        ("cascade?", flag("Also the tables that deletions would cascade to")),
        ("export?", or_null(flag("Also write JSON files and restore scripts; null leaves it to the settings"))),
    ]
}

fn taken_along() -> Value {
    schema::object(&[
        ("table", text("The table that would lose rows or values")),
        ("refersTo", text("The table of the snapshot that it refers to")),
        ("onDelete", text("cascade, set_null or set_default")),
        ("byPrisma?", flag("Prisma's client does it, not the database")),
    ])
}

fn estimate(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let options: SnapOptions = call.options()?;
    let repository = call.repository()?;
    let plan = options.plan(&repository, &mut repository.database(), call.watch)?;
    let mut told = object(&plan)?;
    page.offer_all(&mut told, "tables")?;
    page.offer_all(&mut told, "takenAlong")?;
    page.finish(told, &["tables", "takenAlong"], &plan.digest())
}

fn snap(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let options: SnapOptions = call.options()?;
    let repository = call.repository()?;
    let mut database = repository.database();
    let plan = options.plan(&repository, &mut database, call.watch)?;
    let report = plan.apply(&repository, &mut database, call.watch)?;
    let mut told = object(&report)?;
    let export = told.shift_remove("export");
    page.offer_all(&mut told, "tables")?;
    page.offer_all(&mut object(&plan.effect)?, "takenAlong")?;
    if let Some(Value::Object(mut export)) = export {
        told.insert("exportManifest".to_owned(), export.shift_remove("manifest").unwrap_or_default());
        if let Some(Value::Array(files)) = export.shift_remove("tables") {
            files.into_iter().try_for_each(|file| page.offer("exported", || Ok(file)))?;
        }
    }
    Ok(page.finish_without_cursor(told, &["tables", "takenAlong", "exported"]))
}

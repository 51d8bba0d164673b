//! `log`

use super::{Effect, Tool};
use crate::cli::commands::log::since;
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, change, count, flag, list, one_of, or_null, text, texts};
use crate::ops::OpError;
use crate::ops::log::{LogOptions, LoggedSnapshot, log};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::Value;

/// Tables of a snapshot that a list tells.
const TABLES: usize = 20;

pub(super) const LOG: Tool = Tool {
    name: "log",
    title: "List snapshots",
    description: "List the available snapshots (backups), newest first: id, when, by whom, message, tables with \
                  their rows. Use it to find the snapshot to restore or compare.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![
            ("table?", text("Only snapshots of this table or Prisma model")),
            ("since?", text("Only since then: 2026-01-24, an RFC 3339 time, or an age such as 3d, 12h, 30m")),
            ("grep?", text("Only snapshots whose message contains this")),
            ("actor?", text("Only snapshots by this user or coding agent")),
            ("deleted?", flag("Deleted snapshots that can still be brought back (by a person: dbsnap undelete)")),
        ]
    },
    gives: || {
        vec![
            ("snapshots", list("Newest first", snapshot(true))),
            ("stored", count("Snapshots of the store, listed or not")),
            ("unreadable", list("Snapshots that cannot be read: id and reason", texts("id and reason"))),
            ("damagedRefs?", texts("Tags and pins that cannot be read")),
        ]
    },
    answer,
};

/// A snapshot.
pub(super) fn snapshot(with_tables: bool) -> Value {
    let mut fields = vec![
        ("id", text("The id; its first 8 digits name it everywhere")),
        ("createdAt", text("When (RFC 3339)")),
        ("kind", one_of("safety: taken by a restore before it wrote", &["snapshot", "safety"])),
        ("message", text("What for")),
        ("user", or_null(text("The user"))),
        ("agent", or_null(text("The coding agent"))),
        ("git", or_null(schema::object(&[("branch?", text("The branch")), ("commit?", text("The commit"))]))),
        ("database", text("The database")),
        ("rows", count("Rows of all tables")),
        ("addedBytes", count("Bytes by which the store grew")),
        ("pinned", flag("Whether it is protected from gc and delete")),
        ("pinReason?", text("Why")),
        ("tags", texts("Its names")),
        (
            "deletion?",
            schema::object(&[
                ("at", text("When it was deleted")),
                ("until", text("Until when it can be brought back")),
                ("byRetention", flag("Whether gc did it by its rules")),
            ]),
        ),
    ];
    if with_tables {
        fields.push(("tables", list("Its tables, the first of them if there are many; `show` has all", table())));
        fields.push(("moreTables?", count("Tables that are not listed here")));
    }
    schema::object(&fields)
}

/// A table of a snapshot.
pub(super) fn table() -> Value {
    schema::object(&[
        ("table", text("The table")),
        ("backup", text("Its backup id, as in backup_20260124_103000_mods")),
        ("rows", count("Rows")),
        ("bytes", count("Bytes of the rows")),
        ("filter", or_null(text("The filter, if it is not all rows"))),
        ("change", change()),
    ])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    table: Option<String>,
    since: Option<String>,
    grep: Option<String>,
    actor: Option<String>,
    #[serde(default)]
    deleted: bool,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let Arguments { table, since: typed, grep, actor, deleted } = call.options()?;
    let invalid = |reason: String| OpError::Usage(format!("invalid arguments of log: since: {reason}"));
    let since = typed.as_deref().map(since).transpose().map_err(invalid)?;
    let options = LogOptions { table, limit: None, since, grep, actor, deleted };
    let mut report = log(&call.repository()?, &options)?;
    let snapshots = std::mem::take(&mut report.snapshots);
    for snapshot in &snapshots {
        page.offer("snapshots", || told(snapshot))?;
    }
    let mut rest = object(&report)?;
    let total = rest.shift_remove("total").unwrap_or_default();
    rest.insert("stored".to_owned(), total);
    let ids: Vec<&String> = snapshots.iter().map(|snapshot| &snapshot.id).collect();
    page.finish(rest, &["snapshots"], &ids)
}

fn told(snapshot: &LoggedSnapshot) -> Result<Value, OpError> {
    let more = snapshot.tables.len().saturating_sub(TABLES);
    let tables = snapshot.tables.iter().take(TABLES).cloned().collect();
    let mut told = object(&LoggedSnapshot { tables, ..snapshot.clone() })?;
    if more > 0 {
        told.insert("moreTables".to_owned(), more.into());
    }
    Ok(Value::Object(told))
}

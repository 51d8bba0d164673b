//! `restore_plan`, `restore_apply`, `undo_plan` and `undo_apply`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, anything, count, flag, list, number, one_of, or_null, text, texts};
use crate::ops::restore::{RestoreOptions, RestorePlan, RestoreReport, UndoOptions};
use crate::ops::{OpError, Operation};
use rmcp::model::JsonObject;
use serde_json::Value;

pub(super) const RESTORE_PLAN: Tool = Tool {
    name: "restore_plan",
    title: "Plan a restore",
    description: "Say what restoring a snapshot would insert, update and delete in each table, and which rows of \
                  other tables would go along. Nothing is changed. Show the numbers to the user; then call \
                  restore_apply with the same arguments and the digest. If there is a `refused`, it would not be \
                  done as it is, and why.",
    effect: Effect::Reads,
    parts: true,
    takes: what,
    gives: plan,
    answer: |call| planned::<RestoreOptions>(call, named),
};

pub(super) const RESTORE_APPLY: Tool = Tool {
    name: "restore_apply",
    title: "Restore",
    description: "Do exactly what restore_plan showed: same arguments, and its digest. Refused (kind plan_changed) \
                  if anything has changed since. One transaction: all or nothing. The state before is saved first; \
                  undo_plan and undo_apply take the restore back.",
    effect: Effect::Overwrites,
    parts: false,
    takes: || with_digest(what()),
    gives: done,
    answer: |call| applied::<RestoreOptions>(call, named),
};

pub(super) const UNDO_PLAN: Tool = Tool {
    name: "undo_plan",
    title: "Plan an undo",
    description: "Say what taking back the last restore, or the last command of dbsnap run, would insert, update \
                  and delete. Nothing is changed. Then call undo_apply with the same arguments and the digest.",
    effect: Effect::Reads,
    parts: true,
    takes: which,
    gives: plan,
    answer: |call| planned::<UndoOptions>(call, |_| Ok(())),
};

pub(super) const UNDO_APPLY: Tool = Tool {
    name: "undo_apply",
    title: "Undo",
    description: "Take back a restore or a run exactly as undo_plan showed: same arguments, and its digest. Rows that \
                  were changed after a restore go back too; those that were changed after a run stay. Refused (kind plan_changed) if anything has changed since \
                  the plan.",
    effect: Effect::Overwrites,
    parts: false,
    takes: || with_digest(which()),
    gives: done,
    answer: |call| applied::<UndoOptions>(call, |_| Ok(())),
};

fn what() -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        (
            "reference",
            text("The snapshot: latest, an id, a tag, a backup's name or file, SNAPSHOT:TABLE or SNAPSHOT:TABLE:KEY"),
        ),
        ("tables?", texts("Only these tables of it")),
        ("exclude?", texts("Tables or patterns to leave out")),
        (
            "mode?",
            one_of(
                "upsert (default): deleted and changed rows come back, rows added since stay; exact: the table \
                 becomes the snapshot, rows added since are deleted; missing: only deleted rows come back",
                &["upsert", "exact", "missing"],
            ),
        ),
        ("key?", or_null(text("Only the row with this key; parts of a composite key between commas"))),
        ("namedKey?", texts("The same by names: field=value, for each field of the key")),
        (
            "filter?",
            or_null(text("Only rows for which this SQL expression holds, in the snapshot or in the live table")),
        ),
        ("columns?", texts("Of rows that still exist, only these columns")),
        (
            "map?",
            list(
                "Columns that are called otherwise now: pairs of the name in the snapshot and the name now",
                texts("old, new"),
            ),
        ),
        ("ignore?", texts("Columns that keep their values, or were dropped")),
        ("into?", or_null(text("Make a new table of this name with the rows, and leave the old one alone"))),
        ("create?", flag("Make tables again that are gone, with keys, indexes and foreign keys; or the database")),
    ];
    fields.extend(guards());
    fields.push(("otherDatabase?", flag("Allow a database other than the snapshot's. Only if the user agrees")));
    fields
}

fn which() -> Vec<(&'static str, Value)> {
    let reference = "The restore or the run of a command: the id of its safety snapshot or of the snapshot after the \
                     command, or the snapshot that was restored [default: the last of them]";
    let force = "Rows to put back although they were changed after the command, as TABLE:KEY. Only if the user agrees";
    let mut fields = vec![("reference?", or_null(text(reference))), ("force?", texts(force))];
    fields.extend(guards());
    fields
}

/// The guards that can be lifted.
fn guards() -> [(&'static str, Value); 4] {
    [
        ("cascade?", flag("Allow foreign keys to delete or change rows of other tables. Only if the user agrees")),
        ("remote?", flag("Allow a database on another host. Only if the user agrees")),
        ("production?", flag("Restore even if NODE_ENV is production. Only if the user agrees")),
        ("allowDangling?", flag("Allow rows that refer to missing rows (SQLite). Only if the user agrees")),
    ]
}

fn with_digest(mut fields: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    fields.push(("digest", text("The digest of the plan that the user has seen")));
    fields
}

fn effect() -> Vec<(&'static str, Value)> {
    vec![
        ("id", text("The snapshot")),
        ("message", text("Its message")),
        ("createdAt", text("When it was taken")),
        ("target", text("The database that is written to, without secrets")),
        ("mode", one_of("The mode", &["upsert", "exact", "missing"])),
        ("partial", flag("Only some rows of the tables are meant")),
        (
            "tables",
            list(
                "The tables, in the order of insertion",
                schema::object(&[
                    ("table", text("The table")),
                    ("created?", flag("Whether it is gone, and is made again")),
                    ("snapshotRows", count("Rows of the snapshot")),
                    ("liveRows", count("Rows of the live table")),
                    ("insert", count("Rows to insert")),
                    ("update", count("Rows to update")),
                    ("delete", count("Rows to delete")),
                    ("unchanged", count("Rows that are as in the snapshot already")),
                    ("left", count("Rows that differ or are newer, and stay in this mode")),
                    ("conflicts?", count("Rows that were changed after the command too, and stay as they are")),
                    ("notes", texts("What else to know")),
                ]),
            ),
        ),
        (
            "created?",
            list(
                "What is made because it is gone, in this order",
                schema::object(&[
                    ("kind", text("table, index, foreign key, type and so on")),
                    ("name", text("Its name")),
                    ("table?", text("The table that it is, or is a part of")),
                ]),
            ),
        ),
        ("createsDatabase?", flag("Whether the database is gone, and is made first")),
        (
            "cascaded",
            list(
                "Rows of other tables that foreign keys would delete or change",
                schema::object(&[("table", text("The table")), ("rows", count("Rows"))]),
            ),
        ),
        (
            "run?",
            schema::object(&[
                ("after", text("The snapshot after the command")),
                ("argv", texts("The words of the command, without passwords")),
            ]),
        ),
        (
            "conflicts?",
            list(
                "Rows that the command changed and somebody else after it: they stay as they are",
                schema::object(&[
                    ("table", text("The table")),
                    ("key", or_null(text("Its key, as force takes it; null in a table without a key"))),
                    ("deleted", flag("Whether it is not there now")),
                    ("before", anything("The row before the command; null if there was none")),
                    ("after", anything("The row after the command")),
                    ("live", anything("The row now")),
                ]),
            ),
        ),
        ("leftOut?", text("What is left out unless it is named")),
        ("notes?", texts("What else there is to know of the restore")),
    ]
}

fn plan() -> Vec<(&'static str, Value)> {
    let mut fields = effect();
    fields.extend([
        ("digest", text("The digest to apply this plan with")),
        ("options", anything("The arguments, with defaults")),
        ("refused?", text("Why it would be refused as it is")),
    ]);
    fields
}

fn done() -> Vec<(&'static str, Value)> {
    let mut fields = effect();
    fields.extend([
        ("applied", flag("Whether anything was written")),
        ("safety", or_null(text("The snapshot of the state before"))),
        ("seconds", number("Seconds")),
        ("total", count("Tables, cascaded tables and conflicts, all of them")),
    ]);
    fields
}

/// An empty reference names nothing.
fn named(options: &RestoreOptions) -> Result<(), OpError> {
    match options.reference.is_empty() {
        true => {
            Err(OpError::Usage("invalid arguments: reference is missing: name a snapshot, as in latest".to_owned()))
        }
        false => Ok(()),
    }
}

/// What comes in parts.
const LISTS: [&str; 3] = ["tables", "cascaded", "conflicts"];

fn planned<O: Operation<Effect = RestorePlan>>(
    call: &mut Call<'_>,
    check: fn(&O) -> Result<(), OpError>,
) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let options: O = call.options()?;
    check(&options)?;
    let repository = call.repository()?;
    let plan = options.plan(&repository, &mut repository.database(), call.watch)?;
    let mut told = object(&plan)?;
    LISTS.iter().try_for_each(|list| page.offer_all(&mut told, list))?;
    page.finish(told, &LISTS, &plan.digest())
}

fn applied<O: Operation<Effect = RestorePlan, Report = RestoreReport>>(
    call: &mut Call<'_>,
    check: fn(&O) -> Result<(), OpError>,
) -> Result<JsonObject, OpError> {
    let digest = call.digest()?;
    let mut page = call.page()?;
    let options: O = call.options()?;
    check(&options)?;
    let repository = call.repository()?;
    let report = options.apply(&repository, &mut repository.database(), Some(&digest), call.watch)?;
    let mut told = object(&report)?;
    LISTS.iter().try_for_each(|list| page.offer_all(&mut told, list))?;
    Ok(page.finish_without_cursor(told, &LISTS))
}

//! `gc_plan`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, count, flag, list, or_null, text, texts};
use crate::ops::gc::GcOptions;
use crate::ops::{OpError, Operation};
use rmcp::model::JsonObject;
use serde::Deserialize;

pub(super) const GC_PLAN: Tool = Tool {
    name: "gc_plan",
    title: "Plan a clean-up",
    description: "Say which old snapshots `dbsnap gc` would delete and how much space that would free. Nothing is \
                  deleted: only a person can run dbsnap gc.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![
            ("keep?", count("Keep the newest N snapshots of each table [default: the setting, or 5]")),
            ("days?", count("Drop snapshots older than this [default: the setting, or 30]")),
            ("now?", flag("As if the space of deleted snapshots were freed at once")),
        ]
    },
    gives: || {
        vec![
            (
                "snapshots",
                list(
                    "Every snapshot, newest first",
                    schema::object(&[
                        ("id", text("The id")),
                        ("message", text("Its message")),
                        ("keep", flag("Whether it stays")),
                        ("reason", text("Why")),
                    ]),
                ),
            ),
            (
                "removed",
                list(
                    "Deleted snapshots that would be removed for good",
                    schema::object(&[("id", text("The id")), ("message", or_null(text("Its message")))]),
                ),
            ),
            ("keptDeleted", count("Deleted snapshots that can still be brought back")),
            ("heldBack", or_null(text("Why no space would be freed"))),
            ("exports", texts("Exported files that would go with their snapshots")),
            ("objects", count("Objects that would be freed")),
            ("freedBytes", count("Bytes that would be freed")),
            ("outOfSpace", flag("Whether the disk is too full")),
            (
                "recompressed",
                schema::object(&[
                    ("packs", count("Packs that would be compressed harder")),
                    ("bytes", count("Their bytes")),
                    ("bytesAfter", count("0 in a plan")),
                    ("bytesLeft", count("Bytes of packs that are left for the next gc")),
                ]),
            ),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    keep: Option<usize>,
    days: Option<u32>,
    #[serde(default)]
    now: bool,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    const LISTS: [&str; 3] = ["snapshots", "removed", "exports"];
    let mut page = call.page()?;
    let Arguments { keep, days, now } = call.options()?;
    let options = GcOptions { keep, days, now, ..GcOptions::default() };
    let repository = call.repository()?;
    let plan = options.plan(&repository, &mut repository.database(), call.watch)?;
    let mut told = object(&plan.effect)?;
    LISTS.iter().try_for_each(|list| page.offer_all(&mut told, list))?;
    page.finish(told, &LISTS, &plan.digest())
}

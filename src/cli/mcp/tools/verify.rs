//! `verify`

use super::{Effect, Tool};
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, count, flag, list, one_of, text};
use crate::ops::OpError;
use crate::ops::verify::{self, verify};
use rmcp::model::JsonObject;
use serde::Deserialize;

pub(super) const VERIFY: Tool = Tool {
    name: "verify",
    title: "Verify",
    description: "Check that a snapshot, an exported file, or the whole store with all exports is complete and \
                  undamaged: every row is read and hashed. damage is empty if all is well. It changes nothing but \
                  the status of exports in backup_manifest.json.",
    effect: Effect::Settles,
    parts: false,
    takes: || {
        vec![
            (
                "subject?",
                text("A snapshot, or the path of an exported JSON file [default: the whole store and all exports]"),
            ),
            ("quick?", flag("Only check that everything is there, without reading rows")),
        ]
    },
    gives: || {
        vec![
            ("packs", count("Packs read")),
            ("snapshots", count("Snapshots read")),
            ("rows", count("Rows read and hashed")),
            ("files", count("Exported files checked")),
            (
                "damage",
                list(
                    "What is wrong, the first of it if there is much",
                    schema::object(&[("what", text("What is damaged")), ("reason", text("How"))]),
                ),
            ),
            (
                "remedy",
                one_of(
                    "What can be done, by a person: the command of that name",
                    &["none", "export", "collect", "delete", "repair"],
                ),
            ),
            ("total", count("Things that are wrong")),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    subject: Option<String>,
    #[serde(default)]
    quick: bool,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    let mut page = call.page()?;
    let Arguments { subject, quick } = call.options()?;
    let file = subject.as_ref().map(|typed| call.place.dir.join(typed)).filter(|path| path.is_file());
    let report = match file {
        Some(path) => verify::file(&path)?,
        None => verify(&call.repository()?, subject.as_deref(), quick, call.watch)?,
    };
    let mut told = object(&report)?;
    page.offer_all(&mut told, "damage")?;
    Ok(page.finish_without_cursor(told, &["damage"]))
}

//! `check`

use super::{Effect, Tool};
use crate::cli::commands::check::Written;
use crate::cli::mcp::call::Call;
use crate::cli::mcp::page::object;
use crate::cli::mcp::schema::{self, count, flag, list, one_of, text, texts};
use crate::ops::check::{CheckOptions, Language, Script, check};
use crate::ops::{OpError, Repository};
use rmcp::model::JsonObject;
use serde::Deserialize;
use std::path::PathBuf;

pub(super) const CHECK: Tool = Tool {
    name: "check",
    title: "Check a script",
    description: "Tell what a script or a shell command would do to the database, without running it: the statements \
                  that change or remove rows or tables, their lines, and which tables. Use it before you run one, \
                  and snap those tables first if the verdict is not harmless. Needs no store.",
    effect: Effect::Reads,
    parts: true,
    takes: || {
        vec![
            ("script?", text("A file of the project: TypeScript, JavaScript, SQL, shell, Python or Ruby")),
            ("text?", text("The text itself, in place of a file: a shell command, SQL, or a program")),
            (
                "language?",
                one_of(
                    "What it is written in [default: by the file's name or the text]",
                    &["ts", "sql", "sh", "py", "rb"],
                ),
            ),
        ]
    },
    gives: || {
        vec![
            ("verdict", one_of("What it comes to", &["harmless", "unknown", "destructive"])),
            ("tables", texts("The tables whose rows or definition it changes or removes, as far as it names them")),
            (
                "findings",
                list(
                    "Statements and calls that change the database, or may",
                    schema::object(&[
                        ("file?", text("The file that it stands in")),
                        ("line", count("Its line, from 1")),
                        ("text", text("The statement, shortened")),
                        (
                            "effect",
                            one_of(
                                "What it does",
                                &[
                                    "insert", "update", "upsert", "delete", "truncate", "alter", "drop", "reset",
                                    "unknown",
                                ],
                            ),
                        ),
                        ("tables", texts("The tables that it names; empty if they cannot be told")),
                        ("allRows", flag("Whether nothing limits it to some rows")),
                        ("reason?", text("Why its effect is unknown")),
                    ]),
                ),
            ),
            ("files", texts("The files that were read")),
        ]
    },
    answer,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    script: Option<PathBuf>,
    text: Option<String>,
    language: Option<Written>,
}

fn answer(call: &mut Call<'_>) -> Result<JsonObject, OpError> {
    const LISTS: [&str; 2] = ["findings", "files"];
    let mut page = call.page()?;
    let Arguments { script, text, language } = call.options()?;
    let script = match (script, text) {
        (Some(file), None) => Script::File(file),
        (None, Some(text)) => Script::Text(text),
        _ => return Err(OpError::Usage("give either script or text".to_owned())),
    };
    let repository = Repository::find_or_here(call.place)?;
    let report = check(&repository, &CheckOptions { script, language: language.map(Language::from) })?;
    let mut told = object(&report)?;
    LISTS.iter().try_for_each(|list| page.offer_all(&mut told, list))?;
    page.finish(told, &LISTS, &report.files)
}

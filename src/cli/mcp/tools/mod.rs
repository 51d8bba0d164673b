//! The tools: one file for each subject.

mod check;
mod diff;
mod export;
mod gc;
mod history;
mod log;
mod restore;
mod show;
mod snap;
mod sql;
mod tables;
mod verify;

pub(super) use diff::DIFF;
pub(super) use show::SHOW;

use super::call::Call;
use super::record::shorten;
use super::schema::{self, count, text, texts};
use crate::ops::OpError;
use rmcp::model::{self, JsonObject, ToolAnnotations};
use serde_json::Value;
use std::sync::Arc;

/// What a tool does to a database, a store or files.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// It adds something, each time anew.
    Adds,
    /// It brings something about; a second time does nothing more.
    Settles,
    /// It changes or deletes rows; a second time does nothing more.
    Overwrites,
}

/// A tool.
pub(super) struct Tool {
    pub name: &'static str,
    title: &'static str,
    description: &'static str,
    effect: Effect,
    /// Whether its answer comes in parts.
    parts: bool,
    takes: fn() -> Vec<(&'static str, Value)>,
    gives: fn() -> Vec<(&'static str, Value)>,
    answer: fn(&mut Call<'_>) -> Result<JsonObject, OpError>,
}

/// All tools, in the order in which they are listed.
pub(super) const TOOLS: &[Tool] = &[
    tables::TABLES,
    check::CHECK,
    snap::ESTIMATE,
    snap::SNAP,
    log::LOG,
    SHOW,
    DIFF,
    history::HISTORY,
    sql::SQL,
    export::EXPORT,
    restore::RESTORE_PLAN,
    restore::RESTORE_APPLY,
    restore::UNDO_PLAN,
    restore::UNDO_APPLY,
    verify::VERIFY,
    gc::GC_PLAN,
];

impl Tool {
    /// As it is listed.
    pub fn described(&self) -> model::Tool {
        let (reads, destroys, repeatable) = match self.effect {
            Effect::Reads => (true, false, true),
            Effect::Adds => (false, false, false),
            Effect::Settles => (false, false, true),
            Effect::Overwrites => (false, true, true),
        };
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(reads)
            .destructive(destroys)
            .idempotent(repeatable)
            .open_world(false);
        let (mut takes, mut gives) = ((self.takes)(), (self.gives)());
        if self.parts {
            takes.extend([
                ("cursor?", text("Go on where an answer ended: its nextCursor. All other arguments must be the same")),
                ("limit?", count("At most this many items in the answer; it may have fewer")),
            ]);
            gives.extend([
                ("total", count("Items of all parts together")),
                ("nextCursor?", text("There is more: call again with this as cursor")),
            ]);
        }
        gives.push(("warnings?", texts("What the user should know")));
        model::Tool::new(self.name, self.description, Arc::new(schema::arguments(&takes)))
            .with_title(self.title)
            .with_raw_output_schema(Arc::new(schema::root(schema::object(&gives))))
            .with_annotations(annotations)
    }

    /// Answers a call.
    ///
    /// # Errors
    /// If the arguments are none of this tool's, and what the library fails with.
    pub fn answer(&self, call: &mut Call<'_>) -> Result<JsonObject, OpError> {
        let mut answer = (self.answer)(call)?;
        let mut warnings = call.watch.warnings();
        if !warnings.is_empty() {
            let more = warnings.len().saturating_sub(MOST_WARNINGS);
            warnings.truncate(MOST_WARNINGS);
            if more > 0 {
                warnings.push(format!("and {more} more"));
            }
            let mut warnings = Value::from(warnings);
            shorten(&mut warnings);
            answer.insert("warnings".to_owned(), warnings);
        }
        Ok(answer)
    }
}

/// Warnings that an answer has at most.
const MOST_WARNINGS: usize = 10;

#[cfg(test)]
mod tests {
    use super::{Effect, TOOLS};
    use crate::ops::gc::GcOptions;
    use crate::ops::restore::{RestoreOptions, UndoOptions};
    use crate::ops::snap::SnapOptions;
    use serde::Serialize;
    use std::collections::BTreeSet;

    #[test]
    fn the_manual_lists_every_tool() {
        let manual = include_str!("../../../../docs/MCP.md");
        for tool in TOOLS {
            assert!(manual.contains(&format!("| `{}`", tool.name)), "docs/MCP.md does not list {}", tool.name);
        }
    }

    #[test]
    fn every_option_of_an_operation_is_described() {
        fn names(options: impl Serialize) -> BTreeSet<String> {
            let options = serde_json::to_value(options).unwrap();
            options.as_object().unwrap().keys().cloned().collect()
        }
        let takes = |name: &str| -> BTreeSet<String> {
            let tool = TOOLS.iter().find(|tool| tool.name == name).unwrap();
            (tool.takes)().iter().map(|(field, _)| field.trim_end_matches('?').to_owned()).collect()
        };
        let without = |mut names: BTreeSet<String>, name: &str| {
            assert!(names.remove(name), "{name}");
            names
        };
        for (tool, options) in [
            ("estimate", names(SnapOptions::default())),
            ("snap", names(SnapOptions::default())),
            ("restore_plan", names(RestoreOptions::default())),
            ("undo_plan", names(UndoOptions::default())),
        ] {
            assert_eq!(takes(tool), options, "{tool}");
        }
        assert_eq!(without(takes("restore_apply"), "digest"), takes("restore_plan"));
        assert_eq!(without(takes("undo_apply"), "digest"), takes("undo_plan"));
        // what lets an agent collect is not offered, and what only a run has is not part of a plan
        assert_eq!(takes("gc_plan"), without(without(names(GcOptions::default()), "allowAgent"), "recompress"));
    }

    #[test]
    fn nothing_that_deletes_snapshots_is_offered() {
        for tool in TOOLS {
            let takes: Vec<&str> = (tool.takes)().iter().map(|(field, _)| *field).collect();
            assert!(!takes.contains(&"allowAgent?"), "{}", tool.name);
            let is_apply = tool.name.ends_with("_apply");
            assert_eq!(matches!(tool.effect, Effect::Overwrites), is_apply, "{}", tool.name);
            assert_eq!(takes.contains(&"digest"), is_apply, "{}", tool.name);
        }
    }
}

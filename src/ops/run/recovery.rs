//! How what a command did is taken back.

use super::command::quoted;
use super::{Before, RunReport, RunState, RunTable};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a command of dbsnap brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RecoveryKind {
    /// All that the command did, row by row.
    Undo,
    /// Tables that are gone, which are made again, and the rows of others.
    Dropped,
    /// The rows of tables that are still there.
    Rows,
    /// Rows for which the table has no place any more: in a new table beside it.
    Beside,
    /// Nothing: it shows rows for which the table has no place any more.
    Look,
}

/// A command that takes back what another one did, or shows what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    /// What it brings back.
    pub kind: RecoveryKind,
    /// Of which tables.
    pub tables: Vec<String>,
    /// Its words, `dbsnap` the first.
    pub argv: Vec<String>,
}

impl RunReport {
    /// The commands that take back what this one did: one that undoes it row by row, or, where a table is gone or has
    /// other columns, one for each kind of loss. None if nothing is known to have changed.
    pub fn recovery(&self) -> Vec<Recovery> {
        let before = &self.before[..8];
        let in_state = |state: RunState| -> Vec<String> {
            self.tables.iter().filter(|table| table.state == state).map(|table| table.table.clone()).collect()
        };
        if !self.changed() {
            // what goes on writing may still change something
            let all = self.tables.iter().map(|table| table.table.clone()).collect();
            return match self.unsettled {
                Some(_) => vec![Recovery::new(RecoveryKind::Rows, all, &["restore", before])],
                None => Vec::new(),
            };
        }
        if let (Some(after), true) = (&self.after, self.undoable) {
            return vec![Recovery::new(RecoveryKind::Undo, in_state(RunState::Changed), &["undo", &after[..8]])];
        }
        let mut found = Vec::new();
        let is_changed = |table: &&RunTable| matches!(table.state, RunState::Changed | RunState::SchemaChanged);
        let (fit, other): (Vec<_>, Vec<_>) = self.tables.iter().filter(is_changed).partition(|table| table.takes_rows);
        let dropped = in_state(RunState::Dropped);
        // together with those that are gone: their rows may refer to each other, and what refers to a table that is
        // made again gets its foreign key back
        let lost: Vec<String> = dropped.iter().cloned().chain(fit.iter().map(|table| table.table.clone())).collect();
        let named = |lost: &[String]| if other.is_empty() && !dropped.is_empty() { Vec::new() } else { lost.to_vec() };
        if !lost.is_empty() {
            let (kind, create) = match dropped.is_empty() {
                true => (RecoveryKind::Rows, None),
                false => (RecoveryKind::Dropped, Some("--create")),
            };
            let names = named(&lost);
            let words = ["restore", before].into_iter().chain(names.iter().map(String::as_str)).chain(create);
            let argv: Vec<&str> = words.collect();
            found.push(Recovery::new(kind, lost, &argv));
        }
        for table in other.into_iter().filter(|_| !self.undoable).map(|other| &other.table) {
            let argv = ["show", &format!("{before}:{table}")];
            found.push(Recovery::new(RecoveryKind::Look, vec![table.clone()], &argv));
        }
        found
    }
}

impl Before {
    /// The command that brings back what was there before, of which nothing else is known; makes the database again if
    /// it is `gone`.
    pub fn recovery(&self, gone: bool) -> Recovery {
        let before = &self.id[..8];
        match gone {
            true => Recovery::new(RecoveryKind::Dropped, self.tables.clone(), &["restore", before, "--create"]),
            false => Recovery::new(RecoveryKind::Rows, self.tables.clone(), &["restore", before]),
        }
    }
}

impl Recovery {
    /// That command, `dbsnap` left out.
    pub(in crate::ops) fn new(kind: RecoveryKind, tables: Vec<String>, words: &[&str]) -> Recovery {
        let argv = ["dbsnap"].iter().chain(words).map(ToString::to_string).collect();
        Recovery { kind, tables, argv }
    }

    /// The same for who is elsewhere than in the project in `root`.
    pub fn from_elsewhere(mut self, root: &Path) -> Recovery {
        self.argv.splice(1..1, ["-C".to_owned(), root.display().to_string()]);
        self
    }

    /// The command as it is typed in a shell.
    pub fn line(&self) -> String {
        self.argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

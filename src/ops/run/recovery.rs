//! How what a command did is taken back.

use super::command::quoted;
use super::{RunReport, RunState};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a command of dbsnap brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryKind {
    /// All that the command did, row by row.
    Undo,
    /// Tables that are gone.
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
        for table in in_state(RunState::Dropped) {
            let argv = ["restore", &format!("{before}:{table}"), "--into", &table];
            found.push(Recovery::new(RecoveryKind::Dropped, vec![table.clone()], &argv));
        }
        for table in in_state(RunState::SchemaChanged).into_iter().filter(|_| !self.undoable) {
            let argv = ["show", &format!("{before}:{table}")];
            found.push(Recovery::new(RecoveryKind::Look, vec![table.clone()], &argv));
        }
        let changed = in_state(RunState::Changed);
        if !changed.is_empty() {
            let words = ["restore", before].into_iter().chain(changed.iter().map(String::as_str));
            let argv: Vec<&str> = words.collect();
            found.push(Recovery::new(RecoveryKind::Rows, changed.clone(), &argv));
        }
        found
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

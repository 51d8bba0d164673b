//! What one statement means for those after it: transactions, temporary tables, prepared statements.

use super::UNKNOWN;
use super::split::Part;
use super::statement::{Act, Change};
use crate::check::finding::one_line;
use crate::check::{Effect, Finding};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Session {
    found: Vec<Finding>,
    /// Temporary tables, and whether each goes with its transaction.
    temporary: HashMap<String, bool>,
    prepared: HashMap<String, Vec<Act>>,
    /// The transaction at hand: what was found and was temporary before it.
    began: Option<Mark>,
    savepoints: Vec<(String, Mark)>,
    /// Whether some of the statements may not run, such as a `ROLLBACK`.
    has_conditions: bool,
    /// The conditions at hand: whether what stands under each is left out.
    left_out: Vec<bool>,
}

#[derive(Clone)]
struct Mark {
    found: usize,
    temporary: HashMap<String, bool>,
}

impl Session {
    pub(super) fn take(&mut self, part: &Part<'_>, acts: Vec<Act>) {
        for act in acts {
            let is_condition = matches!(act, Act::If(_) | Act::Else | Act::EndIf);
            if is_condition || !self.left_out.contains(&true) {
                self.act(part, act);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.found
    }

    fn act(&mut self, part: &Part<'_>, act: Act) {
        match act {
            Act::Change(change) => self.change(part, change),
            Act::Temporary { table, until_commit } => drop(self.temporary.insert(table, until_commit)),
            Act::Forget => self.temporary.clear(),
            Act::Prepare { name, acts } => drop(self.prepared.insert(name, acts)),
            Act::Execute { name } => match self.prepared.get(&name).cloned() {
                Some(acts) => self.take(part, acts),
                None => self.take(part, vec![Change::unknown(format!("{name} is not prepared in this text"))]),
            },
            Act::Begin => self.began = Some(self.mark()),
            Act::Commit { chain } => {
                self.temporary.retain(|_, until_commit| !*until_commit);
                self.end(chain);
            }
            Act::Rollback { chain } => {
                if let Some(mark) = self.began.take() {
                    self.undo(&mark);
                }
                self.end(chain);
            }
            Act::Savepoint { name } => {
                let mark = self.mark();
                self.savepoints.push((name, mark));
            }
            Act::RollbackTo { name } => {
                let last = self.savepoints.iter().rposition(|(saved, _)| *saved == name);
                if let Some((_, mark)) = last.map(|at| self.savepoints[at].clone()) {
                    self.undo(&mark);
                }
            }
            Act::If(truth) => {
                self.has_conditions |= truth.is_none();
                self.left_out.push(truth == Some(false));
            }
            Act::Else => {
                if let Some(left_out) = self.left_out.last_mut() {
                    *left_out = false;
                }
            }
            Act::EndIf => drop(self.left_out.pop()),
            Act::Led(found) => self.found.extend(found),
        }
    }

    fn mark(&self) -> Mark {
        Mark { found: self.found.len(), temporary: self.temporary.clone() }
    }

    fn end(&mut self, chain: bool) {
        self.began = chain.then(|| self.mark());
        self.savepoints.clear();
    }

    /// Takes back what a rollback takes back; what cannot be told may reach out of the transaction.
    fn undo(&mut self, mark: &Mark) {
        self.temporary.clone_from(&mark.temporary);
        if !self.has_conditions {
            let mut at = 0;
            self.found.retain(|finding| {
                at += 1;
                at <= mark.found || matches!(finding.effect, Effect::Unknown | Effect::Reset)
            });
        }
    }

    fn change(&mut self, part: &Part<'_>, change: Change) {
        let Change { effect, tables: named, all_rows, reason } = change;
        let mut tables = Vec::new();
        let mut seen = HashSet::new();
        let had_names = !named.is_empty();
        let mut is_left = !had_names;
        for name in named {
            if name.starts_with("pg_temp.") || name.starts_with("temp.") || self.temporary.contains_key(&name) {
                if effect == Effect::Drop {
                    self.temporary.remove(&name);
                }
                continue;
            }
            is_left = true;
            let name = ["public.", "main."].iter().find_map(|schema| name.strip_prefix(schema)).unwrap_or(&name);
            if !name.contains(UNKNOWN) && seen.insert(name.to_owned()) {
                tables.push(name.to_owned());
            }
        }
        if is_left {
            let text = one_line(part.text);
            self.found.push(Finding { file: None, line: part.line, text, effect, tables, all_rows, reason });
        }
    }
}

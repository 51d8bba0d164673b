//! After a call: what was lost since the snapshot before it.

use super::budget::Budget;
use super::calls::{CallFile, Lost, Record};
use super::{Call, is_loss};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::publish::{now, origin};
use crate::ops::run::{Comparing, Ended, Recovery, RecoveryKind, RunReport, RunState, RunTable, in_a_line};
use crate::ops::unchanged::{Now, Unchanged};
use crate::ops::{Database, OpError, Repository};
use crate::snapshot::{Entry, History, Refs};
use crate::store::{Access, MAX_REF_LEN, Store};

/// What is known after a call.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing is known to be lost. So it is of a call that nothing was remembered of.
    Fine,
    /// Something is.
    Lost(Box<Loss>),
    /// It cannot be told.
    Unknown {
        /// Why.
        why: String,
        /// The snapshot that has the rows from before the call.
        before: String,
    },
}

/// What was lost.
#[derive(Debug)]
pub struct Loss {
    /// All that differs from before the call.
    pub report: RunReport,
    /// The tables that have lost more than goes without a word.
    pub tables: Vec<RunTable>,
    /// What takes it back, for somebody who cannot be asked.
    pub recovery: Vec<Recovery>,
    /// Why the database cannot be reached any more, if so: then it counts as lost.
    pub unreachable: Option<String>,
    /// Whether other calls on the same store were under way: what they did may be among it.
    pub is_shared: bool,
    /// Why the snapshot before the call could not be pinned, if it was not.
    pub not_pinned: Option<String>,
}

/// Compares the tables with the snapshot before the call. If they have lost rows, or are gone, that snapshot is pinned.
pub fn after(call: &Call, repository: Repository, monitor: &dyn Monitor) -> Outcome {
    let budget = Budget::new(repository.config.hook.budget_seconds, monitor);
    let repository = repository.hurried(budget.left()).serving(call.served.clone());
    let unknown = |why: String, before: String| Outcome::Unknown { why, before };
    let files = match CallFile::all(&repository.store_dir) {
        Ok(files) => files,
        Err(error) => return unknown(error.in_words(), String::new()),
    };
    let key = call.key();
    // a record of a loss is of a call that is over
    let mut mine = files.iter().filter(|file| file.call == key).map(|file| (file, file.read()));
    let open = mine.find(|(_, read)| !matches!(read, Ok(None | Some(Record { lost: Some(_), .. }))));
    let (file, record) = match open {
        None => return Outcome::Fine,
        Some((file, Ok(Some(record)))) => (file, record),
        Some((file, Ok(None))) => return unknown("its file is gone".to_owned(), file.before.to_hex()),
        Some((file, Err(error))) => {
            file.remove();
            return unknown(error.in_words(), file.before.to_hex());
        }
    };
    let ending = Ending { repository: &repository, file, record, was_shared: others_are_under_way(&files, key) };
    match budget.persist(|| ending.end(&budget)) {
        Ok(outcome) => outcome,
        Err(error) => {
            ending.keep("hook: what was done after it is not known");
            let why = match budget.is_over() {
                true => format!(
                    "comparing the tables takes longer than the {} s of budget_seconds in [hook] of config.toml",
                    budget.seconds
                ),
                false => error.in_words(),
            };
            unknown(why, file.before.to_hex())
        }
    }
}

/// A call that has ended.
struct Ending<'e> {
    repository: &'e Repository,
    file: &'e CallFile,
    record: Record,
    /// Whether other calls were under way when it ended.
    was_shared: bool,
}

impl Ending<'_> {
    fn end(&self, budget: &Budget<'_>) -> Result<Outcome, OpError> {
        let Ending { repository, file, record, was_shared } = self;
        let store = repository.open(Access::Write)?;
        let history = History::load(&store)?;
        let entry = history.now_called(&file.before).ok_or_else(|| {
            OpError::Verification(format!("the snapshot before it, {}, is not there any more", file.before.short()))
        })?;
        let ended = Ended { started_at: record.started_at, ended_at: now(), exit_code: None, signal: None };
        let mut database = repository.database();
        let unreachable = database.identity().err().map(|error| error.in_words());
        let report = match unreachable {
            Some(_) => {
                let rows = entry.manifest.tables.iter().map(|table| (table.table.to_string(), table.rows));
                RunReport::of_lost_database(&record.before, ended, rows)
            }
            None if is_unchanged(repository, &mut database, entry)? => {
                file.remove();
                return Ok(Outcome::Fine);
            }
            None => {
                let before = &record.before;
                let comparing = Comparing { repository, store: &store, history: &history, entry, before, ended };
                comparing.compare(&mut database, budget)?.0
            }
        };
        let tables: Vec<RunTable> = report.tables.iter().filter(|table| is_loss(table, repository)).cloned().collect();
        if let (Some(unsettled), true) = (&report.unsettled, tables.is_empty()) {
            self.keep_in(&store, entry, "hook: a transaction of the command went on")?;
            let why = format!("{unsettled}, and what it writes is not known yet");
            return Ok(Outcome::Unknown { why, before: entry.id.to_hex() });
        }
        if tables.is_empty() && unreachable.is_none() {
            file.remove();
            return Ok(Outcome::Fine);
        }
        let kept = self.keep_in(&store, entry, "hook: rows were lost after it");
        // one that began while the tables were read may have changed them, too
        let are_others = *was_shared || others_are_under_way(&CallFile::all(&repository.store_dir)?, file.call);
        let is_shared = are_others || !report.overlapping.is_empty();
        let recovery = without_asking(recovery(&report, &tables, is_shared));
        let lost = Lost {
            after: report.after.clone(),
            tables: tables.iter().map(|table| table.table.clone()).collect(),
            rows: tables.iter().filter_map(RunTable::deleted).sum(),
            recovery: recovery.clone(),
            is_told: false,
        };
        let kept = kept.and_then(|()| file.write(&store, &Record { lost: Some(lost), ..record.clone() }));
        let not_pinned = kept.err().map(|error| error.in_words());
        Ok(Outcome::Lost(Box::new(Loss { report, tables, recovery, unreachable, is_shared, not_pinned })))
    }

    /// Pins the snapshot before the call, as well as that can be, and forgets the call.
    fn keep(&self, why: &str) {
        let kept = || -> Result<(), OpError> {
            let store = self.repository.open(Access::Write)?;
            let history = History::load(&store)?;
            history.now_called(&self.file.before).map_or(Ok(()), |entry| self.keep_in(&store, entry, why))
        };
        // as long as the file is there, gc keeps the snapshot
        if kept().is_ok() {
            self.file.remove();
        }
    }

    /// Pins the snapshot before the call, unless somebody did.
    fn keep_in(&self, store: &Store, entry: &Entry, why: &str) -> Result<(), OpError> {
        if Refs::load(store)?.pins.contains_key(&entry.id) {
            return Ok(());
        }
        let mut reason = format!("{why}: {}", in_a_line(&self.record.before.command));
        reason.truncate(reason.floor_char_boundary(usize::try_from(MAX_REF_LEN).unwrap_or(usize::MAX)));
        Ok(store.pin(&entry.id, Some(&reason))?)
    }
}

/// Whether other calls on this store are under way, or were killed not long ago.
fn others_are_under_way(files: &[CallFile], call: Hash) -> bool {
    let others = files.iter().filter(|other| other.call != call);
    others.filter_map(|other| other.read().ok().flatten()).any(|other| other.lost.is_none())
}

/// What takes the loss of `tables` back. Where other calls were under way, what they added and changed must stay: then
/// no more than the rows that are gone is brought back.
fn recovery(report: &RunReport, tables: &[RunTable], is_shared: bool) -> Vec<Recovery> {
    let mut recovery = report.recovery();
    let is_there = |table: &&RunTable| table.state == RunState::Changed;
    let names: Vec<String> = tables.iter().filter(is_there).map(|table| table.table.clone()).collect();
    if is_shared && !names.is_empty() {
        recovery.retain(|one| !matches!(one.kind, RecoveryKind::Undo | RecoveryKind::Rows));
        let words = ["dbsnap", "restore", &report.before[..Hash::SHORT], "--mode", "missing"];
        let argv = words.into_iter().map(str::to_owned).chain(names.clone()).collect();
        recovery.push(Recovery { kind: RecoveryKind::Rows, tables: names, argv });
    }
    recovery
}

/// Whether all tables of the snapshot are known to be as they are in it.
fn is_unchanged(repository: &Repository, database: &mut Database, entry: &Entry) -> Result<bool, OpError> {
    let sink = &mut database.connect()?.sink;
    let now = Now { origin: origin(sink.identity(), repository), standing: sink.standing()? };
    Ok(entry.manifest.tables.iter().all(|table| now.against(&entry.manifest, &table.table) == Unchanged::Known))
}

/// Those commands for somebody without a terminal.
fn without_asking(recovery: Vec<Recovery>) -> Vec<Recovery> {
    let answered = |one: Recovery| match one.kind {
        RecoveryKind::Look => one,
        _ => Recovery { argv: [one.argv, vec!["-y".to_owned()]].concat(), ..one },
    };
    recovery.into_iter().map(answered).collect()
}

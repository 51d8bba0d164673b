//! After a call: what was lost since the snapshot before it.

use super::budget::Budget;
use super::calls::{CallFile, Lost, Record, are_others_under_way};
use super::{Call, bring_back, for_agent, is_loss, is_rewritten, only_reads};
use crate::db::{DatabaseUrl, DbError};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::publish::{now, origin};
use crate::ops::run::{Comparing, Ended, Recovery, RecoveryKind, RunReport, RunState, RunTable, in_a_line};
use crate::ops::settings::database_url;
use crate::ops::unchanged::{Now, Unchanged};
use crate::ops::{Database, OpError, Repository};
use crate::snapshot::{Entry, History, Refs};
use crate::store::{Access, MAX_REF_LEN, Store};
use std::path::{Path, PathBuf};

/// How the reason of a pin of the hook's begins.
pub(super) const PINNED: &str = "hook: ";

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
        /// The snapshot that has the rows from before the call; empty if there is none.
        before: String,
        /// What shows the difference, and what brings back what is gone.
        recovery: Vec<Recovery>,
    },
}

/// What was lost.
#[derive(Debug)]
pub struct Loss {
    /// All that differs from before the call.
    pub report: RunReport,
    /// The tables that have lost more than goes without a word, or of which most rows were changed.
    pub tables: Vec<RunTable>,
    /// Whether rows or values of a column are gone, and not only changed.
    pub is_gone: bool,
    /// What takes it back, for somebody who cannot be asked.
    pub recovery: Vec<Recovery>,
    /// Why the database cannot be reached any more, if so: it is gone.
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
    let files = match CallFile::all(&repository.store_dir) {
        Ok(files) => files,
        Err(error) => return Outcome::Unknown { why: error.in_words(), before: String::new(), recovery: Vec::new() },
    };
    let key = call.key();
    // a record of a loss is of a call that is over; without an id of the agent's the newest call is the one
    let mut mine = files.iter().rev().filter(|file| file.call == key).map(|file| (file, file.read()));
    let open = mine.find(|(_, read)| match read {
        Ok(Some(record)) => record.is_open(),
        Ok(None) => false,
        Err(_) => true,
    });
    match open {
        None if has_lost_store(call, &repository) => Outcome::Unknown {
            why: format!(
                "there is no store in {}: if there was one before this call, its snapshots were removed with it",
                repository.store_dir.display()
            ),
            before: String::new(),
            recovery: Vec::new(),
        },
        None | Some((_, Ok(None))) => Outcome::Fine,
        Some((file, Ok(Some(record)))) => {
            Ending { repository: &repository, file, record, dir: call.dir.clone() }.outcome(&budget)
        }
        Some((file, Err(error))) => {
            if pin(&repository, &file.before, "its file was damaged").is_ok() {
                file.remove();
            }
            unknown(error.in_words(), &file.before, &repository, call.dir.as_deref())
        }
    }
}

/// Whether the project has settings, and nothing of the store that a call before which a snapshot is taken makes.
fn has_lost_store(call: &Call, repository: &Repository) -> bool {
    let has_database = !matches!(repository.database().identity(), Err(OpError::NoDatabase { .. }));
    !repository.store_dir.join("format").exists() && !only_reads(&call.work) && has_database
}

/// What is said where it cannot be told what became of the tables.
pub(super) fn unknown(why: String, before: &Hash, repository: &Repository, dir: Option<&Path>) -> Outcome {
    let id = before.short();
    let look = Recovery::new(RecoveryKind::Look, Vec::new(), &["diff", &id, "live"]);
    let missing = Recovery::new(RecoveryKind::Rows, Vec::new(), &["restore", &id, "--mode", "missing"]);
    Outcome::Unknown { why, before: before.to_hex(), recovery: for_agent(vec![look, missing], repository, dir) }
}

/// Pins the snapshot before a call, unless somebody did.
fn pin(repository: &Repository, before: &Hash, why: &str) -> Result<(), OpError> {
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let id = history.now_called(before).map_or(*before, |entry| entry.id);
    pin_in(&store, &id, why)
}

pub(super) fn pin_in(store: &Store, id: &Hash, why: &str) -> Result<(), OpError> {
    if Refs::load(store)?.pins.contains_key(id) {
        return Ok(());
    }
    let mut reason = format!("{PINNED}{why}");
    reason.truncate(reason.floor_char_boundary(usize::try_from(MAX_REF_LEN).unwrap_or(usize::MAX)));
    Ok(store.pin(id, Some(&reason))?)
}

/// A call that has ended.
pub(super) struct Ending<'e> {
    pub repository: &'e Repository,
    pub file: &'e CallFile,
    pub record: Record,
    /// Where it ran.
    pub dir: Option<PathBuf>,
}

impl Ending<'_> {
    /// What became of the tables.
    pub fn outcome(&self, budget: &Budget<'_>) -> Outcome {
        let error = match budget.persist(|| self.end(budget)) {
            Ok(outcome) => return outcome,
            Err(error) => error,
        };
        let why = match budget.is_over() {
            true => format!(
                "comparing the tables takes longer than the {} s of budget_seconds in [hook] of config.toml",
                budget.seconds
            ),
            false => error.in_words(),
        };
        self.keep("what was done after it is not known", matches!(error, OpError::Db(_)));
        unknown(why, &self.file.before, self.repository, self.dir.as_deref())
    }

    fn end(&self, budget: &Budget<'_>) -> Result<Outcome, OpError> {
        let Ending { repository, file, record, dir } = self;
        let me = (file.call, record.session, file.micros);
        let were_others = are_others_under_way(&CallFile::all(&repository.store_dir)?, me);
        let store = repository.open(Access::Write)?;
        let history = History::load(&store)?;
        let entry = history.now_called(&file.before).ok_or_else(|| {
            let id = file.before.short();
            OpError::Verification(format!(
                "the snapshot before it, {id}, is not there any more; if it was deleted, dbsnap undelete {id} brings it back"
            ))
        })?;
        let ended = Ended { started_at: record.started_at, ended_at: now(), exit_code: None, signal: None };
        let mut database = repository.database();
        let unreachable = match database.identity() {
            Ok(_) => None,
            Err(error) if is_gone(repository, entry, &error) => Some(error.in_words()),
            Err(error) => return Err(error),
        };
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
        let is_gone = |table: &RunTable| is_loss(table, repository);
        let is_told = |table: &&RunTable| is_gone(table) || is_rewritten(table);
        let tables: Vec<RunTable> = report.tables.iter().filter(is_told).cloned().collect();
        if let (Some(unsettled), true) = (&report.unsettled, tables.is_empty()) {
            pin_in(&store, &entry.id, &self.reason("a transaction of the command went on"))?;
            file.remove();
            let why = format!("{unsettled}, and what it writes is not known yet");
            return Ok(unknown(why, &entry.id, repository, dir.as_deref()));
        }
        if tables.is_empty() && unreachable.is_none() {
            file.remove();
            return Ok(Outcome::Fine);
        }
        let is_gone = unreachable.is_some() || tables.iter().any(is_gone);
        let what = if is_gone { "rows were lost after it" } else { "most rows of a table were changed after it" };
        let kept = pin_in(&store, &entry.id, &self.reason(what));
        // one that began while the tables were read may have changed them, too
        let are_others = were_others || are_others_under_way(&CallFile::all(&repository.store_dir)?, me);
        let is_shared = are_others || !report.overlapping.is_empty();
        let recovery = for_agent(recovery(&report, &tables, is_shared), repository, dir.as_deref());
        let lost = Lost {
            after: report.after.clone(),
            tables: tables.iter().map(|table| table.table.clone()).collect(),
            rows: tables.iter().filter_map(RunTable::deleted).sum(),
            recovery: recovery.clone(),
            is_told: false,
        };
        let kept =
            kept.and_then(|()| file.write(&store, &Record { lost: Some(lost), is_unknown: false, ..record.clone() }));
        let not_pinned = kept.err().map(|error| error.in_words());
        Ok(Outcome::Lost(Box::new(Loss { report, tables, is_gone, recovery, unreachable, is_shared, not_pinned })))
    }

    /// Pins the snapshot before the call, as well as that can be, and forgets the call, unless it is to be looked at
    /// again.
    fn keep(&self, why: &str, again: bool) {
        let Ending { repository, file, record, .. } = self;
        // as long as the file is there, gc keeps the snapshot
        if pin(repository, &file.before, &self.reason(why)).is_err() {
            return;
        }
        let noted = || -> Result<(), OpError> {
            file.write(&repository.open(Access::Write)?, &Record { is_unknown: true, ..record.clone() })
        };
        if !again || noted().is_err() {
            file.remove();
        }
    }

    fn reason(&self, why: &str) -> String {
        format!("{why}: {}", in_a_line(&self.record.before.command))
    }
}

/// Whether the database that the snapshot is of is not there any more, and not merely out of reach.
fn is_gone(repository: &Repository, entry: &Entry, error: &OpError) -> bool {
    let is_absent = matches!(error, OpError::DatabaseGone(_) | OpError::Db(DbError::Connect { absent: true, .. }));
    let source = &entry.manifest.source.database;
    // another one may be named now
    database_url(repository).is_ok_and(|chosen| match &chosen.url {
        DatabaseUrl::Sqlite(path) => chosen.url.is_no_file() && same_place(path, &repository.root.join(source)),
        DatabaseUrl::Postgres(target) => is_absent && target.database.as_ref().is_none_or(|name| name == source),
    })
}

/// Whether both are paths of one file, which need not be there.
fn same_place(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| Some(dunce::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// What takes the loss of `tables` back. Where other calls were under way, what they added and changed must stay: then
/// no more than the rows that are gone is brought back.
fn recovery(report: &RunReport, tables: &[RunTable], is_shared: bool) -> Vec<Recovery> {
    let id = &report.before[..Hash::SHORT];
    let mut recovery = report.recovery();
    if is_shared {
        recovery.retain(|one| one.kind == RecoveryKind::Look);
        let has_lost = |table: &&RunTable| table.state == RunState::Changed && table.deleted() > Some(0);
        let names: Vec<String> = tables.iter().filter(has_lost).map(|table| table.table.clone()).collect();
        let is_gone = |table: &&RunTable| table.state == RunState::Dropped;
        let dropped: Vec<String> = report.tables.iter().filter(is_gone).map(|table| table.table.clone()).collect();
        recovery.splice(..0, bring_back(id, &names, &dropped));
        for table in tables.iter().filter(|table| is_rewritten(table)) {
            let words = ["diff", id, "live", "--", &table.table];
            recovery.push(Recovery::new(RecoveryKind::Look, vec![table.table.clone()], &words));
        }
    }
    for table in tables.iter().filter(|table| !table.lost_columns.is_empty()) {
        let name = &table.table;
        recovery.retain(|one| one.kind != RecoveryKind::Look || one.tables != [name.clone()]);
        let words = ["restore", &format!("{id}:{name}"), "--into", &format!("{name}_{id}")];
        recovery.push(Recovery::new(RecoveryKind::Beside, vec![name.clone()], &words));
    }
    recovery
}

/// Whether all tables of the snapshot are known to be as they are in it.
fn is_unchanged(repository: &Repository, database: &mut Database, entry: &Entry) -> Result<bool, OpError> {
    let sink = &mut database.connect()?.sink;
    let now = Now { origin: origin(sink.identity(), repository), standing: sink.standing()? };
    Ok(entry.manifest.tables.iter().all(|table| now.against(&entry.manifest, &table.table) == Unchanged::Known))
}

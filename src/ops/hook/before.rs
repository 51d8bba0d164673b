//! Before a call: a snapshot of the tables as they are.

use super::after::pin_in;
use super::budget::Budget;
use super::calls::are_others_under_way;
use super::calls::{CallFile, Record, clear};
use super::judge::{Judged, judge, only_reads, recordable, removes_store};
use super::unseen::{Unseen, lost_since};
use super::{Call, session_key};
use crate::db::{Catalog, DbError, TableInfo};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::names::Tables;
use crate::ops::publish::{now, origin};
use crate::ops::run::{Before, Chosen, NotCovered, PreImage, Wanted, choose, in_a_line, recorded};
use crate::ops::settings::database_url;
use crate::ops::unchanged::{Now, Unchanged};
use crate::ops::{Database, OpError, Repository};
use crate::snapshot::{Entry, History};
use crate::store::{Access, StoreError};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How a call is protected.
#[derive(Debug)]
pub enum Protection {
    /// It needs nothing: it only reads, or there is nothing to lose.
    NotNeeded,
    /// A snapshot has the tables as they are.
    Snapshot {
        /// Its id.
        id: String,
        /// Whether it was taken for this call.
        is_new: bool,
        /// Tables that it does not have; told only of a call that is known to be destructive.
        not_covered: Vec<NotCovered>,
        /// Tables that the call names and that are not watched; told likewise.
        not_watched: Vec<String>,
        /// What was lost since the last call of the session had ended, if anything.
        unseen: Option<Unseen>,
    },
    /// It would take the snapshots away, and must not be made.
    RemovesStore {
        /// The store.
        store: PathBuf,
    },
    /// There is none, and the call may be made all the same: it is not known to be destructive.
    Without {
        /// Why there is none.
        why: String,
    },
    /// There is none, and the call must not be made.
    Refused {
        /// Why there is none.
        why: String,
        /// Whether the call is known to be destructive.
        is_destructive: bool,
    },
}

/// Why there is no snapshot.
enum Unprotected {
    /// The call may go on if it is not known to be destructive.
    Weak(String),
    /// It must not.
    Hard(OpError),
}

impl<'e> From<&'e Unprotected> for Option<&'e OpError> {
    fn from(why: &'e Unprotected) -> Option<&'e OpError> {
        match why {
            Unprotected::Hard(error) => Some(error),
            Unprotected::Weak(_) => None,
        }
    }
}

impl From<OpError> for Unprotected {
    fn from(error: OpError) -> Unprotected {
        Unprotected::Hard(error)
    }
}

impl From<StoreError> for Unprotected {
    fn from(error: StoreError) -> Unprotected {
        Unprotected::Hard(error.into())
    }
}

/// How a table is left out.
const EXCLUDE: &str =
    "ask the person to name the table in exclude in [hook] of .dbsnap/config.toml, which leaves it out";

/// Sees that a snapshot has the tables as they are, and remembers the call until [`after`](super::after()). Takes one
/// only if that is not known of the newest.
pub fn before(call: &Call, repository: Repository, monitor: &dyn Monitor) -> Protection {
    if only_reads(&call.work) {
        return Protection::NotNeeded;
    }
    if removes_store(call, &repository) {
        return Protection::RemovesStore { store: repository.store_dir };
    }
    let budget = Budget::new(repository.config.hook.budget_seconds, monitor);
    let repository = repository.hurried(budget.left()).serving(call.served.clone());
    let judged = judge(call, &repository);
    let Judged { is_destructive, .. } = judged;
    let why = match budget.persist(|| protect(call, &judged, &repository, &budget)) {
        Ok(protection) => return protection,
        // others have the store for longer than there is time
        Err(Unprotected::Hard(error @ OpError::Store(StoreError::Locked))) => {
            return Protection::Refused { why: error.in_words(), is_destructive };
        }
        Err(_) if budget.is_over() => {
            let seconds = budget.seconds;
            format!("reading the tables takes longer than the {seconds} s of budget_seconds in [hook] of config.toml")
        }
        Err(Unprotected::Weak(why)) => why,
        // somebody holds a lock for longer than there is time: who reads this must not end their work for that
        Err(Unprotected::Hard(OpError::Db(DbError::Busy { .. }))) => {
            format!("a table is locked by another session for longer than can be waited: try again later, or {EXCLUDE}")
        }
        Err(Unprotected::Hard(error @ OpError::RefusedTable { .. })) => {
            return Protection::Refused { why: format!("{error}; {EXCLUDE}"), is_destructive };
        }
        Err(Unprotected::Hard(error)) => return Protection::Refused { why: error.in_words(), is_destructive },
    };
    match is_destructive {
        true => Protection::Refused { why, is_destructive },
        false => Protection::Without { why },
    }
}

fn protect(
    call: &Call,
    judged: &Judged,
    repository: &Repository,
    budget: &Budget<'_>,
) -> Result<Protection, Unprotected> {
    let mut database = repository.database();
    if let Some(protection) = reach(&mut database, repository)? {
        return Ok(protection);
    }
    let catalog = database.catalog()?;
    let Chosen { tables, left_out } = watch(repository, &catalog, &judged.tables)?;
    if tables.is_empty() && left_out.is_empty() {
        return Ok(Protection::NotNeeded);
    }
    if tables.is_empty() {
        let why = "all tables are larger than max_table_bytes in [hook] of config.toml, or excluded there";
        return Err(Unprotected::Weak(why.to_owned()));
    }
    let store = repository.open(Access::Write)?;
    // before the history: what ends in between has its snapshot there
    let files = CallFile::all(store.root())?;
    let history = History::load(&store)?;
    let line = match repository.config.record_actor {
        true => recordable(&call.work),
        false => recordable(&call.work).split_whitespace().next().unwrap_or_default().to_owned(),
    };
    let command = recorded(repository, &[line]);
    let session = session_key(&call.served);
    let mut unseen = None;
    let known = known(repository, &mut database, &history, &tables)?;
    let taken;
    let (entry, is_new) = match known {
        Some(entry) => (entry, false),
        None => {
            let taking = PreImage { repository, store: &store, history: &history, catalog: &catalog, tables: &tables };
            let message = format!("before: {}", in_a_line(&command));
            taken = taking.take(database.connect()?.sink.as_mut(), (message, None), budget)?;
            let me = (call.key(), session, now().as_microsecond());
            let are_alone = |files: &[CallFile]| !are_others_under_way(files, me);
            if are_alone(&files) && are_alone(&CallFile::all(store.root())?) {
                unseen = lost_since(call, repository, &History::load(&store)?, (&taken, &catalog));
            }
            (&taken, true)
        }
    };
    let started_at = now();
    let record = Record {
        session,
        started_at,
        before: Before::of(entry, command, left_out.clone(), &catalog),
        is_unknown: false,
        lost: None,
    };
    let file = CallFile::new(store.root(), call.key(), entry.id, started_at);
    // an equal call without an id that has no end was never made
    let is_superseded =
        |old: &&CallFile| old.call == file.call && old.read().is_ok_and(|read| read.is_some_and(|r| r.is_open()));
    let superseded: Vec<&CallFile> = files.iter().filter(|_| call.id.is_none()).filter(is_superseded).collect();
    file.write(&store, &record)?;
    superseded.into_iter().for_each(CallFile::remove);
    if let Some(id) = unseen.as_ref().and_then(|unseen| Hash::parse_hex(&unseen.before)) {
        pin_in(&store, &id, "rows were lost between two calls")?;
    }
    clear(&files);
    let is_destructive = judged.is_destructive;
    let named = if is_destructive { not_watched(repository, &catalog, &tables, &judged.tables) } else { Vec::new() };
    let not_covered = if is_destructive { left_out } else { Vec::new() };
    let not_watched = named.into_iter().filter(|name| !not_covered.iter().any(|one| one.table == *name)).collect();
    Ok(Protection::Snapshot { id: entry.id.to_hex(), is_new, not_covered, not_watched, unseen })
}

/// Whether there may be something to lose in the database; if not, or if it is not there, how the call is protected.
fn reach(database: &mut Database, repository: &Repository) -> Result<Option<Protection>, Unprotected> {
    match database.identity() {
        Ok(_) => Ok(None),
        Err(OpError::NoDatabase { .. }) => Ok(Some(Protection::NotNeeded)),
        // nothing is lost with a database that is not there
        Err(error @ OpError::Db(DbError::Connect { absent: true, .. })) => {
            Ok(Some(Protection::Without { why: error.to_string() }))
        }
        Err(error) if database_url(repository)?.url.is_no_file() => {
            Ok(Some(Protection::Without { why: error.to_string() }))
        }
        Err(error) => Err(Unprotected::Weak(error.in_words())),
    }
}

/// Those of the tables that a call names that are neither watched nor left out by their names.
fn not_watched(repository: &Repository, catalog: &Catalog, tables: &[&TableInfo], named: &[String]) -> Vec<String> {
    let known = Tables::of_catalog(repository, catalog);
    let of =
        |names: &[String]| names.iter().filter_map(|name| known.find(name).ok()).flatten().collect::<BTreeSet<_>>();
    let mut watched = of(&repository.config.hook.exclude);
    watched.extend(tables.iter().filter_map(|info| known.find(&info.schema.table.to_string()).ok()).flatten());
    let is_left_out = |name: &&String| !of(std::slice::from_ref(name)).is_subset(&watched);
    named.iter().filter(is_left_out).cloned().collect()
}

/// The tables that are watched, with those that a call is `found` to change, and those that are not.
pub(super) fn watch<'c>(
    repository: &Repository,
    catalog: &'c Catalog,
    found: &[String],
) -> Result<Chosen<'c>, OpError> {
    let settings = &repository.config.hook;
    let known = Tables::of_catalog(repository, catalog);
    // a table that was dropped must not stand in the way of all others
    let there = |typed: &[String]| typed.iter().filter(|name| known.find(name).is_ok()).cloned().collect::<Vec<_>>();
    let (tables, exclude) = (there(&settings.tables), there(&settings.exclude));
    if tables.is_empty() && !settings.tables.is_empty() {
        let names = settings.tables.join(", ");
        return Err(OpError::Usage(format!("no table is called {names}: look at tables in [hook] of config.toml")));
    }
    let wanted = Wanted {
        tables: &tables,
        all: false,
        exclude: &exclude,
        max_table_bytes: settings.max_table_bytes,
        found,
        whole: false,
    };
    choose(repository, catalog, &wanted)
}

/// The newest snapshot that has just these tables, as they are now.
fn known<'h>(
    repository: &Repository,
    database: &mut Database,
    history: &'h History,
    tables: &[&TableInfo],
) -> Result<Option<&'h Entry>, OpError> {
    let sink = &mut database.connect()?.sink;
    let now = Now { origin: origin(sink.identity(), repository), standing: sink.standing()? };
    let wanted: BTreeSet<_> = tables.iter().map(|info| &info.schema.table).collect();
    let has_them = |entry: &&Entry| {
        let of_entry: BTreeSet<_> = entry.manifest.tables.iter().map(|table| &table.table).collect();
        of_entry == wanted && wanted.iter().all(|table| now.against(&entry.manifest, table) == Unchanged::Known)
    };
    Ok(history.asked_for().find(has_them))
}

//! Before a call: a snapshot of the tables as they are.

use super::budget::Budget;
use super::calls::{CallFile, Record, clear};
use super::judge::{Judged, judge, only_reads};
use super::{Call, session_key};
use crate::db::{Catalog, TableInfo};
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

/// Sees that a snapshot has the tables as they are, and remembers the call until [`after`](super::after()). Takes one
/// only if that is not known of the newest.
pub fn before(call: &Call, repository: Repository, monitor: &dyn Monitor) -> Protection {
    if only_reads(call) {
        return Protection::NotNeeded;
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
    match database.identity() {
        Ok(_) => {}
        Err(OpError::NoDatabase { .. }) => return Ok(Protection::NotNeeded),
        // nothing is lost with a file that is not there
        Err(error) if database_url(repository)?.url.is_no_file() => {
            return Ok(Protection::Without { why: error.to_string() });
        }
        Err(error) => return Err(Unprotected::Weak(error.in_words())),
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
    let history = History::load(&store)?;
    let line = match repository.config.record_actor {
        true => call.line(),
        false => call.line().split_whitespace().next().unwrap_or_default().to_owned(),
    };
    let command = recorded(repository, &[line]);
    let known = known(repository, &mut database, &history, &tables)?;
    let taken;
    let (entry, is_new) = match known {
        Some(entry) => (entry, false),
        None => {
            let taking = PreImage { repository, store: &store, history: &history, catalog: &catalog, tables: &tables };
            let message = format!("before: {}", in_a_line(&command));
            taken = taking.take(database.connect()?.sink.as_mut(), (message, None), budget)?;
            (&taken, true)
        }
    };
    let started_at = now();
    let record = Record {
        session: session_key(&call.served),
        started_at,
        before: Before::of(entry, command, left_out.clone(), &catalog),
        lost: None,
    };
    CallFile::new(store.root(), call.key(), entry.id, started_at).write(&store, &record)?;
    clear(&CallFile::all(store.root())?);
    let not_covered = if judged.is_destructive { left_out } else { Vec::new() };
    Ok(Protection::Snapshot { id: entry.id.to_hex(), is_new, not_covered })
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

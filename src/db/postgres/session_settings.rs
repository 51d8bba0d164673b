//! The settings that a transaction is pinned to, so that the same value is the same text under any role, database or
//! server.

use super::client::{Connection, Failure};
use crate::monitor::Monitor;
use std::fmt::Write as _;
use std::time::Duration;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reading the catalog.
    Catalog,
    /// Reading tables as of one instant.
    Snapshot,
    /// Writing tables.
    Restore,
}

/// Setting, value, and the first major version that has it. Every value is as `current_setting` shows it.
const SETTINGS: &[(&str, &str, u32)] = &[
    ("search_path", "", 0),
    ("row_security", "off", 0),
    ("client_encoding", "UTF8", 0),
    ("standard_conforming_strings", "on", 0),
    ("DateStyle", "ISO, YMD", 0),
    ("IntervalStyle", "postgres", 0),
    ("TimeZone", "UTC", 0),
    ("extra_float_digits", "3", 0),
    ("bytea_output", "hex", 0),
    ("lc_monetary", "C", 0),
    ("xmloption", "content", 0),
    ("array_nulls", "on", 0),
    ("quote_all_identifiers", "off", 0),
    ("transform_null_equals", "off", 0),
    ("synchronize_seqscans", "off", 0),
    // rows in the order in which they lie, as COPY gives them, by one process
    ("max_parallel_workers_per_gather", "0", 0),
    ("jit", "off", 0),
    ("cursor_tuple_fraction", "1", 0),
    ("client_min_messages", "error", 0),
    ("statement_timeout", "0", 0),
    ("idle_in_transaction_session_timeout", "0", 0),
    ("transaction_timeout", "0", 17),
];

/// Sets the search path that this session has by role, database and URL.
///
/// Functions of the database's own, which checks, domains, generated columns and indexes call, are written for it. It
/// is in force only while a statement writes, counts or selects rows; in such a statement every name of ours, operators
/// included, is qualified.
pub(super) const THEIR_PATH: &str = "SET LOCAL search_path TO DEFAULT";
/// Sets the one that is pinned.
pub(super) const NO_PATH: &str = "SET LOCAL search_path = ''";

/// Opens a transaction for `purpose` and makes its settings. Takes no snapshot: no statement here reads a table.
pub(super) fn begin(
    connection: &mut Connection,
    purpose: Purpose,
    version: u32,
    lock_timeout: Duration,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let mut sql = String::from(match purpose {
        Purpose::Catalog | Purpose::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        // under its locks nobody else writes the tables, and checks of foreign keys see what is committed elsewhere
        Purpose::Restore => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
    });
    for (name, value) in settings(purpose, version) {
        let _ = write!(sql, "; SET LOCAL {name} = '{value}'");
    }
    let _ = write!(sql, "; SET LOCAL lock_timeout = {}", lock_timeout.as_millis().max(1));
    connection.execute(&sql, monitor)?;
    if purpose == Purpose::Restore {
        watch_client(connection, version, monitor)?;
    }
    Ok(())
}

fn settings(purpose: Purpose, version: u32) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = match purpose {
        // never the best for a catalog, and to plan for it takes a quarter of the time
        Purpose::Catalog => Some(("enable_mergejoin", "off")),
        Purpose::Snapshot => None,
        Purpose::Restore => Some(("synchronous_commit", "on")),
    };
    SETTINGS.iter().filter(move |setting| version >= setting.2).map(|&(name, value, _)| (name, value)).chain(own)
}

/// Lets the server notice within half a second that this process is gone, and within a minute that the network is, and
/// free its locks. Some platforms cannot.
fn watch_client(connection: &mut Connection, version: u32, monitor: &dyn Monitor) -> Result<(), Failure> {
    let process: &[(&str, u32)] = if version >= 14 { &[("client_connection_check_interval", 500)] } else { &[] };
    let network = [("tcp_keepalives_idle", 20), ("tcp_keepalives_interval", 10), ("tcp_keepalives_count", 4)];
    for settings in [process, &network] {
        let list: String = settings.iter().map(|(name, value)| format!("SET LOCAL {name} = {value}; ")).collect();
        let sql = format!("SAVEPOINT dbsnap_watch; {list}RELEASE SAVEPOINT dbsnap_watch");
        match connection.execute(&sql, monitor) {
            Err(Failure::Server(error)) if !error.is_fatal() => {
                connection.execute("ROLLBACK TO SAVEPOINT dbsnap_watch", monitor)?;
            }
            other => drop(other?),
        }
    }
    Ok(())
}

/// Reads every pinned setting back. `Ok(Some(name))` names one that did not take.
pub(super) fn check(
    connection: &mut Connection,
    purpose: Purpose,
    version: u32,
    monitor: &dyn Monitor,
) -> Result<Option<&'static str>, Failure> {
    let wanted: Vec<_> = settings(purpose, version).collect();
    let shown: Vec<String> = wanted.iter().map(|(name, _)| format!("pg_catalog.current_setting('{name}')")).collect();
    let mut wrong = None;
    connection.query(&format!("SELECT {}", shown.join(", ")), monitor, &mut |row| {
        for (index, (name, value)) in wanted.iter().enumerate() {
            let found = row.required(index)?;
            // an empty search path is shown as it was typed
            let same = found.eq_ignore_ascii_case(value) || (*name == "search_path" && found == "\"\"");
            if !same {
                wrong = Some(*name);
            }
        }
        Ok(())
    })?;
    Ok(wrong)
}

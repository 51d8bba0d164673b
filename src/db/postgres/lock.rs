//! Table locks: all tables at once, in order of name, for a bounded time.

use super::client::{Connection, Failure};
use super::quote;
use super::session_settings::{self, Purpose};
use crate::codec::TableName;
use crate::db::DbError;
use crate::monitor::{Monitor, Silent};
use std::time::Duration;

/// How strongly tables are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Against changes of their structure, for reading.
    Share,
    /// Against every writer; readers go on.
    Exclusive,
}

impl Mode {
    fn sql(self) -> &'static str {
        match self {
            Mode::Share => "ACCESS SHARE",
            Mode::Exclusive => "EXCLUSIVE",
        }
    }

    /// The modes that conflict with this one, as `pg_locks` names them.
    fn conflicts(self) -> &'static str {
        match self {
            Mode::Share => "'AccessExclusiveLock'",
            Mode::Exclusive => {
                "'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', \
                 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'"
            }
        }
    }
}

/// Locks `tables` within the open transaction. Takes no snapshot, so what is read afterwards is at least as new as the
/// locks.
pub(super) fn tables(
    connection: &mut Connection,
    tables: &[TableName],
    mode: Mode,
    wait: Duration,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let mut names: Vec<&TableName> = tables.iter().collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = names.iter().map(|name| format!("ONLY {}", quote::table(name))).collect();
    // lock_timeout bounds the wait for one table, this the wait for all of them
    let sql = format!(
        "SET LOCAL statement_timeout = {}; LOCK TABLE {} IN {} MODE; SET LOCAL statement_timeout = 0",
        wait.as_millis().max(1),
        list.join(", "),
        mode.sql()
    );
    connection.execute(&sql, monitor).map(drop)
}

/// Whether a failure says that a lock was not had in time.
pub(super) fn timed_out(failure: &Failure) -> bool {
    matches!(failure.code(), Some("55P03" | "57014"))
}

/// Puts into words that tables could not be locked, be it for want of a privilege.
pub(super) fn refused(failure: Failure, doing: &str) -> DbError {
    match failure {
        Failure::Server(error) if error.code == "42501" => {
            DbError::Denied { what: format!("{}; locking a table needs a privilege on it", error.message) }
        }
        other => other.during(doing),
    }
}

/// Puts into words that a lock on one of `tables` was not had, naming who holds it. Ends the failed transaction.
pub(super) fn explain(
    connection: &mut Connection,
    tables: &[TableName],
    mode: Mode,
    wait: Duration,
    version: u32,
) -> DbError {
    connection.rollback();
    let holder = holder(connection, tables, mode.conflicts(), None, version).ok().flatten();
    connection.rollback();
    let waited = format!("waited {} s", wait.as_secs_f32());
    let what = match holder {
        Some(holder) => format!("{holder}; {waited}. Try again when it is done, or end it with pg_terminate_backend"),
        None => match tables {
            [table] => format!("table {table} is locked by another session; {waited}"),
            _ => format!("one of {} tables is locked by another session; {waited}", tables.len()),
        },
    };
    DbError::Busy { what }
}

/// A transaction of others that has written to one of `tables`, or is about to: `table mods is locked by process 42`.
pub(super) fn writer(
    connection: &mut Connection,
    tables: &[TableName],
    within: Duration,
    version: u32,
) -> Result<Option<String>, Failure> {
    const WRITES: &str = "'RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'";
    if tables.is_empty() {
        return Ok(None);
    }
    let found = holder(connection, tables, WRITES, Some(within), version);
    connection.rollback();
    found
}

/// `table mods is locked by process 42 (psql)`, of a lock in one of `modes`; of a transaction that is younger than
/// `within`, if that is given. How old a prepared one is is not known.
fn holder(
    connection: &mut Connection,
    tables: &[TableName],
    modes: &str,
    within: Option<Duration>,
    version: u32,
) -> Result<Option<String>, Failure> {
    let names: Vec<String> = tables
        .iter()
        .map(|table| {
            let schema = quote::literal(table.schema.as_deref().unwrap_or("public"));
            format!("({schema}, {})", quote::literal(&table.name))
        })
        .collect();
    session_settings::begin(connection, Purpose::Catalog, version, Duration::from_secs(1), &Silent)?;
    let young = within.map_or(String::new(), |within| {
        format!(
            "AND (a.xact_start IS NULL OR a.xact_start >= pg_catalog.clock_timestamp() - interval '{} milliseconds') ",
            within.as_millis()
        )
    });
    let sql = format!(
        "SELECT n.nspname, c.relname, coalesce('process ' || l.pid, 'a prepared transaction'), a.application_name, l.granted \
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database() \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND (n.nspname, c.relname) IN ({}) AND l.mode IN ({}) \
         AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() {young}ORDER BY l.granted DESC, l.pid LIMIT 1",
        names.join(", "),
        modes
    );
    let mut found = None;
    connection.query(&sql, &Silent, &mut |row| {
        let table = TableName::qualified(row.required(0)?, row.required(1)?);
        let owner = row.required(2)?;
        let program = row.text(3)?.filter(|name| !name.is_empty()).map_or(String::new(), |name| format!(" ({name})"));
        let does = if row.flag(4)? { "is locked by" } else { "is about to be locked by" };
        found = Some(format!("table {table} {does} {owner}{program}"));
        Ok(())
    })?;
    Ok(found)
}

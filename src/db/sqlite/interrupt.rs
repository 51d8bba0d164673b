//! Long statements that give no rows to count (a count, a check of foreign keys, a query of somebody's own) and must still
//! hear an interruption, or end in time.

use crate::db::DbError;
use crate::monitor::Monitor;
use rusqlite::Connection;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the monitor is asked while a statement runs.
const POLL: Duration = Duration::from_millis(50);

/// Runs `work` on `conn`; when the monitor wants to stop, the running statement ends with `SQLITE_INTERRUPT`.
///
/// Interrupting a statement that writes, be it to a temporary table, rolls the whole transaction back: what comes after must find
/// that out (`SqliteRestore::before_write` does).
///
/// # Errors
/// What `work` returns; [`DbError::Unsupported`] if there is no thread to be had.
pub(super) fn interruptible<T, E: From<DbError>>(
    conn: &Connection,
    monitor: &dyn Monitor,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    watched(conn, &|| monitor.interrupted(), work)
}

/// As [`interruptible`], and ends after `limit`.
///
/// # Errors
/// As [`interruptible`]; [`DbError::TooSlow`] if it did not end in time.
pub(super) fn limited<T, E: From<DbError>>(
    conn: &Connection,
    monitor: &dyn Monitor,
    limit: Option<Duration>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let started = Instant::now();
    let late = || limit.is_some_and(|limit| started.elapsed() >= limit);
    let result = watched(conn, &|| monitor.interrupted() || late(), work);
    match limit {
        // An error that comes after the end of the time is the end of the time, unless somebody asked to stop.
        Some(limit) if result.is_err() && late() && !monitor.interrupted() => {
            Err(DbError::TooSlow { seconds: limit.as_secs() }.into())
        }
        _ => result,
    }
}

fn watched<T, E: From<DbError>>(
    conn: &Connection,
    stop: &(dyn Fn() -> bool + Sync),
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let handle = conn.get_interrupt_handle();
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        let watching = std::thread::Builder::new().name("dbsnap-watch".to_owned()).spawn_scoped(scope, move || {
            while waiting.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if stop() {
                    handle.interrupt();
                }
            }
        });
        if let Err(error) = watching {
            return Err(DbError::Unsupported(format!("cannot start a thread: {error}")).into());
        }
        let result = work();
        drop(done);
        result
    })
}

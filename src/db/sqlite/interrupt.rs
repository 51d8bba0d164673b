//! Long statements that give no rows to count (a count, a check of foreign keys, a query of somebody's own) and must
//! still hear an interruption, or end in time.

use crate::db::DbError;
use crate::monitor::Monitor;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the monitor is asked while a statement runs.
const POLL: Duration = Duration::from_millis(50);

/// Bytes of temporary files that a query may have.
const MOST_TEMPORARY: u64 = 16 << 30;

/// Runs `work` on `conn`; when the monitor wants to stop, the running statement ends with `SQLITE_INTERRUPT`.
///
/// Interrupting a statement that writes, be it to a temporary table, rolls the whole transaction back: what comes after
/// must find that out (`SqliteRestore::before_write` does).
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

/// As [`interruptible`], and ends after `limit`, or when SQLite's temporary files have taken [`MOST_TEMPORARY`] more or
/// half of what was free on their disk.
///
/// # Errors
/// As [`interruptible`]; [`DbError::TooSlow`] if it did not end in time, [`DbError::TooMuchDisk`].
pub(super) fn limited<T, E: From<DbError>>(
    conn: &Connection,
    monitor: &dyn Monitor,
    limit: Option<Duration>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let started = Instant::now();
    let late = || limit.is_some_and(|limit| started.elapsed() >= limit);
    let (before, _) = temporary_files();
    let too_much = AtomicU64::new(0);
    let fills_the_disk = || {
        let (bytes, free) = temporary_files();
        let taken = bytes.saturating_sub(before);
        let is_too_much = taken > MOST_TEMPORARY.min(free);
        if is_too_much {
            too_much.store(taken, Ordering::Relaxed);
        }
        is_too_much
    };
    let result = watched(conn, &|| monitor.interrupted() || late() || fills_the_disk(), work);
    if result.is_ok() || monitor.interrupted() {
        return result;
    }
    // An error that comes after the end of the time is the end of the time.
    match (too_much.into_inner(), limit) {
        (0, Some(limit)) if late() => Err(DbError::TooSlow { seconds: limit.as_secs() }.into()),
        (0, _) => result,
        (bytes, _) => Err(DbError::TooMuchDisk { bytes }.into()),
    }
}

/// Bytes on disk of the files without a name that this process has open, as SQLite's temporary ones are, and the bytes
/// that are free beside them.
#[cfg(target_os = "linux")]
fn temporary_files() -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let (mut bytes, mut free) = (0, u64::MAX);
    for open in std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
        let path = open.path();
        if !std::fs::read_link(&path).is_ok_and(|file| file.to_string_lossy().ends_with(" (deleted)")) {
            continue;
        }
        if let (Ok(file), Ok(disk)) = (std::fs::metadata(&path), rustix::fs::statvfs(&path)) {
            bytes += file.blocks() * 512;
            free = free.min(disk.f_bavail * disk.f_frsize);
        }
    }
    (bytes, free)
}

/// Other systems do not list a process's open files, so nothing is known of them: there, time is the only limit.
#[cfg(not(target_os = "linux"))]
fn temporary_files() -> (u64, u64) {
    (0, u64::MAX)
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

//! Long statements that give no rows to count (a count, a check of foreign keys) and must still hear an interruption.

use crate::monitor::Monitor;
use rusqlite::Connection;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often the monitor is asked while a statement runs.
const POLL: Duration = Duration::from_millis(50);

/// Runs `work` on `conn`; when the monitor wants to stop, the running statement ends with `SQLITE_INTERRUPT`.
///
/// Interrupting a statement that writes, be it to a temporary table, rolls the whole transaction back: what comes after must find
/// that out (`SqliteRestore::before_write` does).
pub(super) fn interruptible<T>(conn: &Connection, monitor: &dyn Monitor, work: impl FnOnce() -> T) -> T {
    let handle = conn.get_interrupt_handle();
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while waiting.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if monitor.interrupted() {
                    handle.interrupt();
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}

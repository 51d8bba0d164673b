//! Who reads the database for long holds others up, and says so.

use super::wording::counted;
use crate::db::Engine;
use crate::monitor::{Monitor, Step};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Tells `monitor` once, after so much time, what a transaction that began with this holds up. Otherwise it only passes
/// on.
pub(super) struct Held<'m> {
    monitor: &'m dyn Monitor,
    engine: Engine,
    since: Instant,
    after: Duration,
    is_told: AtomicBool,
}

impl<'m> Held<'m> {
    /// Of a transaction that begins now; 0 `seconds` for never.
    pub fn new(monitor: &'m dyn Monitor, engine: Engine, seconds: u32) -> Held<'m> {
        let after = Duration::from_secs(seconds.into());
        Held { monitor, engine, since: Instant::now(), after, is_told: AtomicBool::new(seconds == 0) }
    }

    fn look(&self) {
        if self.is_told.load(Ordering::Relaxed) || self.since.elapsed() < self.after {
            return;
        }
        if !self.is_told.swap(true, Ordering::Relaxed) {
            let seconds = self.since.elapsed().as_secs();
            let time = if seconds < 120 { counted(seconds, "second") } else { counted(seconds / 60, "minute") };
            let holds_up = self.engine.info().long_read;
            self.monitor.warn(&format!(
                "this command has kept a transaction open for {time}; until it ends, {holds_up}. Ctrl-C ends it and leaves nothing behind"
            ));
        }
    }
}

impl Monitor for Held<'_> {
    fn begin(&self, step: &Step<'_>) {
        self.monitor.begin(step);
    }

    fn advance(&self, rows: u64, bytes: u64) {
        self.look();
        self.monitor.advance(rows, bytes);
    }

    fn end(&self) {
        self.monitor.end();
    }

    fn warn(&self, message: &str) {
        self.monitor.warn(message);
    }

    fn interrupted(&self) -> bool {
        self.look();
        self.monitor.interrupted()
    }
}

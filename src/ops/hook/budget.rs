//! The time that a hook may take.

use crate::db::DbError;
use crate::monitor::{Monitor, Step};
use crate::ops::OpError;
use std::time::{Duration, Instant};

/// Between two looks at tables that somebody is changing.
const PAUSE: Duration = Duration::from_millis(20);

/// Stops work when its time is over, or when `monitor` does.
pub(super) struct Budget<'m> {
    monitor: &'m dyn Monitor,
    until: Instant,
    pub seconds: u32,
}

impl<'m> Budget<'m> {
    /// So many seconds from now.
    pub fn new(seconds: u32, monitor: &'m dyn Monitor) -> Budget<'m> {
        Budget { monitor, until: Instant::now() + Duration::from_secs(seconds.into()), seconds }
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Does it again, as long as there is time, where a table was dropped or altered between two looks at it: others
    /// work on the same tables.
    pub fn persist<T, E>(&self, work: impl Fn() -> Result<T, E>) -> Result<T, E>
    where
        for<'e> &'e E: Into<Option<&'e OpError>>,
    {
        loop {
            match work() {
                Err(error) if has_changed((&error).into()) && !self.interrupted() => std::thread::sleep(PAUSE),
                done => return done,
            }
        }
    }

    /// Whether it was the time that stopped the work.
    pub fn is_over(&self) -> bool {
        self.left().is_zero() && !self.monitor.interrupted()
    }
}

fn has_changed(error: Option<&OpError>) -> bool {
    matches!(error, Some(OpError::Db(DbError::Changed { .. })))
}

impl Monitor for Budget<'_> {
    fn begin(&self, step: &Step<'_>) {
        self.monitor.begin(step);
    }

    fn advance(&self, rows: u64, bytes: u64) {
        self.monitor.advance(rows, bytes);
    }

    fn end(&self) {
        self.monitor.end();
    }

    fn warn(&self, message: &str) {
        self.monitor.warn(message);
    }

    fn interrupted(&self) -> bool {
        self.left().is_zero() || self.monitor.interrupted()
    }
}

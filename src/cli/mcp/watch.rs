//! How a call tells of its progress.

use crate::monitor::{Interrupt, Monitor, Step};
use crate::ops::wording::grouped;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// A client is not told more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// What is told.
pub(super) struct Event {
    /// Rows and steps that are done: it grows with each event, as the protocol asks.
    pub done: f64,
    /// The same at the end of the step, if that is known.
    pub total: Option<f64>,
    /// What is being done.
    pub message: String,
}

/// Watches one call.
pub(super) struct Watch {
    interrupt: Interrupt,
    client: Option<UnboundedSender<Event>>,
    progress: Mutex<Progress>,
    warnings: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Progress {
    doing: String,
    done: u64,
    total: Option<u64>,
    rows: u64,
    told: Option<Instant>,
    /// Whether something has been done since then.
    is_behind: bool,
}

impl Watch {
    /// Tells `client`, if it wants to know; what runs stops with `interrupt`.
    pub fn new(interrupt: Interrupt, client: Option<UnboundedSender<Event>>) -> Watch {
        Watch { interrupt, client, progress: Mutex::default(), warnings: Mutex::default() }
    }

    /// What a person should know, said so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        let Some(client) = &self.client else { return };
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        progress.is_behind = progress.told.is_some_and(|told| told.elapsed() < PAUSE);
        if !progress.is_behind {
            progress.send(client);
        }
    }

    /// Tells what has not been told yet: the call is at its end.
    pub fn end(&self) {
        let Some(client) = &self.client else { return };
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut progress.is_behind) {
            progress.send(client);
        }
    }
}

impl Progress {
    fn send(&mut self, client: &UnboundedSender<Event>) {
        self.told = Some(Instant::now());
        let message = match self.rows {
            0 => self.doing.clone(),
            rows => format!("{}: {} rows", self.doing, grouped(rows)),
        };
        // an estimate that was too low: the total grows with what is there
        let total = self.total.map(|total| total.max(self.done));
        #[expect(clippy::cast_precision_loss, reason = "the protocol counts in floating point")]
        let event = Event { done: self.done as f64, total: total.map(|total| total as f64), message };
        // it is gone when the server ends
        let _ = client.send(event);
    }
}

impl Monitor for Watch {
    fn begin(&self, step: &Step<'_>) {
        self.tell(|progress| {
            progress.doing = format!("{} {}", step.verb, step.subject).trim_end().to_owned();
            progress.rows = 0;
            progress.done += 1;
            progress.total = step.rows.map(|rows| progress.done + rows);
        });
    }

    fn advance(&self, rows: u64, _: u64) {
        if rows > 0 {
            self.tell(|progress| {
                progress.rows += rows;
                progress.done += rows;
            });
        }
    }

    fn warn(&self, message: &str) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_owned());
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_stopped()
    }
}

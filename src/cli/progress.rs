//! Progress bars on a terminal: rows, bytes and the time left.

use super::signals::Signals;
use super::text::{printable, size, stderr_width, warning, wrapped};
use crate::monitor::{Monitor, Step};
use crate::ops::wording::grouped;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is shown of work whose end is not known.
const COUNTED: &str = "{spinner} {prefix:.48} {human_pos} rows {msg} {elapsed}";

/// One bar at a time, on stderr; nothing if it is not a terminal.
pub(super) struct Bars {
    shown: bool,
    bar: Mutex<Option<ProgressBar>>,
    bytes: AtomicU64,
    /// What asks to stop.
    pub signals: Signals,
}

impl Bars {
    /// Bars that are drawn only if `shown`.
    pub fn new(shown: bool) -> Bars {
        Bars { shown, bar: Mutex::new(None), bytes: AtomicU64::new(0), signals: Signals::default() }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        if let Some(bar) = self.take() {
            bar.finish_and_clear();
        }
    }

    fn take(&self) -> Option<ProgressBar> {
        self.bar.lock().ok().and_then(|mut bar| bar.take())
    }
}

impl Monitor for Bars {
    fn begin(&self, step: &Step<'_>) {
        self.clear();
        if !self.shown {
            return;
        }
        self.bytes.store(0, Ordering::Relaxed);
        let bar = ProgressBar::with_draw_target(step.rows, ProgressDrawTarget::stderr_with_hz(10));
        let template = match step.rows {
            Some(_) => "{spinner} {prefix:.24} {wide_bar} {human_pos}/{human_len} rows {msg} {elapsed}",
            None => "{spinner} {prefix:.48} {elapsed}",
        };
        bar.set_style(style(template));
        bar.set_prefix(format!("{} {}", step.verb, printable(step.subject)));
        bar.set_message(size(0));
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut slot) = self.bar.lock() {
            *slot = Some(bar);
        }
    }

    fn advance(&self, rows: u64, bytes: u64) {
        if !self.shown {
            return;
        }
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Ok(slot) = self.bar.lock()
            && let Some(bar) = slot.as_ref()
        {
            bar.inc(rows);
            if bar.length().is_none() && bytes > 0 {
                bar.set_style(style(COUNTED));
            }
            // An estimate that was too low: the total grows with what is there.
            if bar.length().is_some_and(|length| length < bar.position()) {
                bar.set_length(bar.position());
            }
            bar.set_message(size(bytes));
        }
    }

    fn end(&self) {
        self.clear();
    }

    fn warn(&self, message: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{}", wrapped(&warning(&printable(message)), stderr_width()));
    }

    fn interrupted(&self) -> bool {
        self.signals.interrupt.is_stopped()
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━━─")
}

/// A count with thousands separated: `10,000`.
pub(super) fn count(number: u64) -> String {
    grouped(number)
}

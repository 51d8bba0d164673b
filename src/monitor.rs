//! How long work tells of itself and learns that it should stop.
//!
//! The library never prints. It calls a [`Monitor`]; the command line turns that into progress bars and messages, tests
//! into assertions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One step of long work, announced before it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step<'a> {
    /// What is being done, in the present participle: `Reading`, `Verifying`, `Exporting`.
    pub verb: &'a str,
    /// The table, snapshot or file it is done to; empty if there is none.
    pub subject: &'a str,
    /// Rows expected, if known; an estimate is fine.
    pub rows: Option<u64>,
    /// Bytes expected, if known; an estimate is fine.
    pub bytes: Option<u64>,
}

/// Receives the progress of one operation. Called from several threads.
pub trait Monitor: Sync {
    /// A step begins; the step before it, if any, has ended.
    fn begin(&self, step: &Step<'_>) {
        let _ = step;
    }

    /// `rows` more rows and `bytes` more bytes are done.
    fn advance(&self, rows: u64, bytes: u64) {
        let _ = (rows, bytes);
    }

    /// The current step has ended.
    fn end(&self) {}

    /// Something a person should know that does not stop the work.
    fn warn(&self, message: &str) {
        let _ = message;
    }

    /// Whether the work should stop as soon as it can without leaving anything half done.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Asks work to stop. Clones are the same token; whoever starts the work owns it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A token that asks nothing yet.
    pub fn new() -> Interrupt {
        Interrupt::default()
    }

    /// Asks whatever runs with this token to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What a signal handler sets to stop.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// A monitor that hears nothing, and stops when it is asked to.
impl Monitor for Interrupt {
    fn interrupted(&self) -> bool {
        self.is_stopped()
    }
}

/// A monitor that hears nothing and never interrupts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {}

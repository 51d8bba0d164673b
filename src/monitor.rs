//! How long work tells of itself and learns that it should stop.
//!
//! The library never prints. It calls a [`Monitor`]; the command line turns that into progress bars and messages, tests
//! into assertions.

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

/// A monitor that hears nothing and never interrupts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {}

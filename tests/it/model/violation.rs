//! What must not happen.

use std::fmt;

/// How a violation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A snapshot that was acknowledged, or is listed, is not there or not whole.
    Lost,
    /// The store does not do what it is asked for, on a disk that has no fault.
    Refused,
    /// An object that the index gives has a source that the store has not.
    Open,
    /// What nothing needs is still there.
    Unneeded,
    /// What must not be deleted was.
    Deleted,
    /// The store's own check finds damage.
    Damaged,
    Panicked,
}

#[derive(Debug, Clone)]
pub struct Violation {
    pub kind: Kind,
    pub what: String,
    /// After which step.
    pub step: String,
}

impl Violation {
    pub fn new(kind: Kind, what: impl Into<String>) -> Violation {
        Violation { kind, what: what.into(), step: String::new() }
    }

    /// Where it was found, if that was not told yet.
    pub fn at(mut self, number: usize, step: &dyn fmt::Display) -> Violation {
        self.step = format!("step {number}, `{step}`");
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}: {}", self.kind, self.step, self.what)
    }
}

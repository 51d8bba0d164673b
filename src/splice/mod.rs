//! Puts a part of ours into a text file that is somebody else's, and takes exactly that out again.
//!
//! All other bytes stay as they are: comments, order, indentation, line ends. Nothing is recorded anywhere. Where a
//! part goes, and how it is written, depends on the text alone, and no two texts become the same by it. So what a text
//! was before is found by trying: it is the one that, with the part put in again, is the text at hand.

mod block;
mod json;
mod json_removal;
mod json_text;
mod whole;

pub use block::{Block, Comment};
pub use json::{Handlers, JsonFile, JsonPart, Slot, json_value};
pub use whole::Whole;

use thiserror::Error;

/// A text that a part cannot be put into, or taken out of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct SpliceError {
    /// The line, from 1, if it is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl SpliceError {
    fn new(reason: impl Into<String>) -> SpliceError {
        SpliceError { line: None, reason: reason.into() }
    }

    /// With the line of a byte.
    pub fn at(text: &str, offset: usize, reason: impl Into<String>) -> SpliceError {
        let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        SpliceError { line: Some(line), reason: reason.into() }
    }
}

/// What a text has of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing.
    Absent,
    /// The part as it would be put in.
    Same,
    /// The part as another version put it in, or as somebody changed it.
    Changed,
    /// Something of that name which is not ours.
    Foreign,
}

/// A text without the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The text; none if there was no file before.
    pub text: Option<String>,
    /// Whether it is proved to be what was there before. Otherwise somebody has changed the parts since, and what is
    /// recognized as ours is gone.
    pub is_exact: bool,
    /// Whether something of the parts was changed by somebody, and stays for that.
    pub keeps_edits: bool,
}

impl Removed {
    fn exact(text: Option<String>) -> Removed {
        Removed { text, is_exact: true, keeps_edits: false }
    }
}

/// A file with parts of ours.
pub trait Splice {
    /// What the text has of each part.
    ///
    /// # Errors
    /// If it cannot be read as what the file is.
    fn states(&self, text: &str) -> Result<Vec<State>, SpliceError>;

    /// Whether a part says of itself that it is ours. Otherwise it is known by what it holds, and somebody may have
    /// written the same by hand.
    fn is_marked(&self) -> bool {
        false
    }

    /// The text with all parts, as this version writes them; the same text if it has them. None stands for no file.
    ///
    /// # Errors
    /// If the text cannot be read as what the file is, or has no place for a part.
    fn insert(&self, text: Option<&str>) -> Result<String, SpliceError>;

    /// The text without the parts.
    ///
    /// # Errors
    /// If it cannot be read as what the file is.
    fn remove(&self, text: &str) -> Result<Removed, SpliceError>;
}

/// How lines of a text end: as its first one does.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Digits that tell whether lines are as we wrote them, however they end.
fn checksum(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    crate::hash::Hash::of(lines.join("\n").as_bytes()).short()
}

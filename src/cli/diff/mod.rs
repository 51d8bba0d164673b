//! How a diff reads: as text, as JSON, as a page.

mod cell;
mod html;
mod html_page;
mod json;
mod text;
mod words;

pub(super) use cell::{Shown, one as one_cell};
pub(super) use html::HtmlReceiver;
pub(super) use json::{JsonReceiver, LinesReceiver};
#[cfg(feature = "schema")]
pub(super) use json::{Line, Whole};
pub(super) use text::{TextReceiver, changed_cell, compare_with_full, part};

use super::command_error::CliError;
use crate::ops::diff::{DiffReport, Receiver};

/// A receiver that has something to say at the end.
pub(super) trait Ending: Receiver<Error = CliError> {
    /// Writes the end.
    fn end(self, report: &DiffReport) -> Result<(), CliError>;
}

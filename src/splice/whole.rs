//! A file that is ours as a whole. Its last line says so, and whether somebody has changed it since.

use super::{Removed, Splice, SpliceError, State, checksum};

/// A Markdown file.
#[derive(Debug, Clone)]
pub struct Whole {
    /// All but its last line.
    pub body: &'static str,
}

const MARK: [&str; 2] = ["<!-- dbsnap agent: this file ", " -->"];

impl Whole {
    fn render(&self) -> String {
        format!("{}{}{}{}\n", self.body, MARK[0], checksum(self.body), MARK[1])
    }

    /// What somebody made of it, if it is ours: whether it is as it was written.
    fn is_as_written(text: &str) -> Option<bool> {
        let marked = text.lines().rev().find_map(|line| line.trim().strip_prefix(MARK[0])?.strip_suffix(MARK[1]))?;
        let body = text.split(MARK[0]).next().unwrap_or_default();
        let is_last = text.trim_end().ends_with(MARK[1]);
        Some(is_last && checksum(body) == marked)
    }
}

impl Splice for Whole {
    fn states(&self, text: &str) -> Result<Vec<State>, SpliceError> {
        Ok(vec![match Whole::is_as_written(text) {
            None => State::Foreign,
            Some(_) if checksum(text) == checksum(&self.render()) => State::Same,
            Some(_) => State::Changed,
        }])
    }

    fn is_marked(&self) -> bool {
        true
    }

    fn insert(&self, text: Option<&str>) -> Result<String, SpliceError> {
        match text {
            // somebody else's, or what somebody changed, stays
            Some(text) if Whole::is_as_written(text) != Some(true) => Ok(text.to_owned()),
            Some(text) if checksum(text) == checksum(&self.render()) => Ok(text.to_owned()),
            _ => Ok(self.render()),
        }
    }

    fn remove(&self, text: &str) -> Result<Removed, SpliceError> {
        Ok(match Whole::is_as_written(text) {
            Some(true) => Removed::exact(None),
            Some(false) => Removed { text: Some(text.to_owned()), is_exact: false, keeps_edits: true },
            None => Removed::exact(Some(text.to_owned())),
        })
    }
}

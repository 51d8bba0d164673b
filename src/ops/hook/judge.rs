//! What a call would do to the tables, as far as its text tells.

use super::{Call, Work};
use crate::check::{self, Language};
use crate::ops::Repository;
use crate::ops::check::{CheckOptions, Script, Verdict, check};

/// A longer text is not looked at: what it does counts as not known.
const LONGEST: usize = 1 << 20;

/// What is known of a call.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// It changes or removes what is there.
    pub is_destructive: bool,
    /// The tables that it names.
    pub tables: Vec<String>,
}

/// Whether it is known to change nothing.
pub(super) fn only_reads(call: &Call) -> bool {
    match &call.work {
        Work::Shell(command) => command.len() <= LONGEST && check::only_reads(command),
        Work::Tool { .. } => false,
    }
}

/// What it would do. What cannot be read is not known to be destructive.
pub(super) fn judge(call: &Call, repository: &Repository) -> Judged {
    let (texts, language) = match &call.work {
        Work::Shell(command) => (std::slice::from_ref(command), Language::Shell),
        Work::Tool { texts, .. } => (&texts[..], Language::Sql),
    };
    let mut judged = Judged::default();
    for text in texts.iter().filter(|text| text.len() <= LONGEST) {
        if language == Language::Sql && Language::guess(text) != Language::Sql {
            continue;
        }
        let options = CheckOptions { script: Script::Text(text.clone()), language: Some(language) };
        if let Ok(report) = check(repository, &options) {
            judged.is_destructive |= report.verdict == Verdict::Destructive;
            judged.tables.extend(report.tables);
        }
    }
    judged
}

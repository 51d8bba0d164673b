//! What statements of SQL do.
//!
//! A text is split into statements and commands of psql and sqlite3, so that one that cannot be read leaves the others
//! ([`split`]). What defines things is read by its words ([`definition`]), what reads and writes rows with a parser
//! ([`rows`]), and what the parser does not take by its words again ([`words`]). What a statement before it makes
//! harmless (a transaction rolled back, a temporary table) is known to the [`session`].

mod command;
mod definition;
mod functions;
mod rows;
mod session;
mod split;
mod statement;
mod words;

use super::{Files, Finding};
use session::Session;

/// Stands in SQL that is put together at run time for what is not known before: in place of a table it makes the
/// tables unknown, in place of a statement its effect.
pub(super) const UNKNOWN: &str = "__dbsnap_unknown__";

/// What the statements of `text` do; a file that it reads in is not followed.
pub(super) fn findings(text: &str) -> Vec<Finding> {
    read(text, None)
}

/// What the statements of `text` do, and the files that it reads in.
pub(super) fn findings_following(text: &str, files: &Files) -> Vec<Finding> {
    read(text, Some(files))
}

fn read(text: &str, files: Option<&Files>) -> Vec<Finding> {
    let mut session = Session::default();
    for part in split::parts(text) {
        let acts = if part.is_command { command::acts(part.text, files) } else { statement::acts(part.text) };
        session.take(&part, acts);
    }
    session.finish()
}

/// Whether a text begins as a statement does.
pub(super) fn is_statement(text: &str) -> bool {
    split::parts(text).first().is_some_and(|part| !part.is_command && statement::begins_one(part.text))
}

/// Whether a text is statements and commands of a client alone.
pub(super) fn is_text(text: &str) -> bool {
    let parts = split::parts(text);
    !parts.is_empty() && parts.iter().all(|part| part.is_command || statement::is_one(part.text))
}

#[cfg(test)]
mod tests;

//! A text that is too long for a statement, in a setting of the transaction.

use super::client::Failure;
use super::session::Session;
use crate::db::DbError;
use std::borrow::Cow;

/// How much is sent in one statement, at most: more than a row has as a rule, less than the server's parser can take.
pub(super) const CHUNK: usize = 8 << 20;
/// How much of a long text is sent in one statement: the client keeps room for several copies of it.
pub(super) const PIECE: usize = 1 << 20;
/// How many pieces the server puts behind what there is at once: it copies all of that each time.
const PIECES: usize = 32;

/// A long text on its way into a setting.
pub(super) struct LongText {
    setting: String,
    pieces: usize,
    is_begun: bool,
}

impl LongText {
    /// Nothing of it is sent yet.
    pub(super) fn new(setting: String) -> LongText {
        LongText { setting, pieces: 0, is_begun: false }
    }

    /// Sends the next piece, of UTF-8 and of about [`PIECE`] bytes.
    pub(super) fn push(&mut self, session: &mut Session<'_>, piece: &[u8]) -> Result<(), Failure> {
        self.pieces += 1;
        session.append(&piece_of(self.pieces), piece, true)?;
        if self.pieces == PIECES { self.join(session) } else { Ok(()) }
    }

    /// Ends it: all of it is in the setting.
    pub(super) fn finish(mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.join(session)?;
        session.empty((1..=PIECES).map(piece_of))
    }

    fn join(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        let before = std::mem::replace(&mut self.is_begun, true).then(|| self.setting.clone());
        let parts: Vec<String> = before
            .into_iter()
            .chain((1..=std::mem::take(&mut self.pieces)).map(piece_of))
            .map(|setting| format!("pg_catalog.current_setting('{setting}')"))
            .collect();
        let joined = if parts.is_empty() { "''".into() } else { format!("pg_catalog.concat({})", parts.join(", ")) };
        let sql = format!("SELECT pg_catalog.set_config('{}', {joined}, true) IS NULL", self.setting);
        session.connection.execute(&sql, session.monitor).map(drop)
    }
}

/// The setting of the nth piece.
fn piece_of(nth: usize) -> String {
    format!("dbsnap.piece_{nth}")
}

impl Session<'_> {
    /// Puts a part of a text, of UTF-8 and not much longer than [`CHUNK`], behind what is in a setting.
    pub(super) fn append(&mut self, setting: &str, part: &[u8], is_first: bool) -> Result<(), Failure> {
        let text = std::str::from_utf8(part)
            .map_err(|_| Failure::Caller(DbError::Unsupported("a text to be written is not UTF-8".into())))?;
        let before = match is_first {
            true => Cow::Borrowed(""),
            false => format!("pg_catalog.current_setting('{setting}') OPERATOR(pg_catalog.||) ").into(),
        };
        // made in one piece: each copy is one of megabytes
        let quotes = text.matches('\'').count();
        let mut sql = String::with_capacity(text.len() + quotes + 2 * setting.len() + 200);
        sql.extend(["SELECT pg_catalog.set_config('", setting, "', ", &before, "'"]);
        for (nth, piece) in text.split('\'').enumerate() {
            sql.extend([if nth == 0 { "" } else { "''" }, piece]);
        }
        sql.push_str("', true) IS NULL");
        self.connection.execute(&sql, self.monitor).map(drop)
    }

    /// Lets the server forget what is in settings.
    pub(super) fn empty(&mut self, settings: impl Iterator<Item = String>) -> Result<(), Failure> {
        let emptied: Vec<String> =
            settings.map(|setting| format!("pg_catalog.set_config('{setting}', '', true)")).collect();
        for some in emptied.chunks(1000) {
            self.connection.execute(&format!("SELECT {}", some.join(", ")), self.monitor)?;
        }
        Ok(())
    }
}

/// The end of the first part of a text that is at most `length` bytes long, and not within a letter.
pub(super) fn end_of_part(text: &[u8], length: usize) -> usize {
    let mut end = text.len().min(length);
    while end > 1 && text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    end
}

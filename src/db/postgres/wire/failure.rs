//! What can go wrong on a connection, before it is put into words for people.

use crate::db::{DbError, Rule};
use std::fmt;
use std::io;

/// An error that the server reported: SQLSTATE, primary message, and the constraint that was not met.
///
/// DETAIL, CONTEXT and the query text are dropped when the message is parsed: they hold row values. So is HINT, but for what it says when
/// the server is short of something (class 53): which setting to raise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The five characters of the SQLSTATE.
    pub code: String,
    /// The primary message, without the values that messages of some classes quote.
    pub message: String,
    /// The constraint or unique index that was not met, where the server names one.
    pub constraint: Option<Constraint>,
}

/// A constraint or unique index, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraint {
    /// Its schema.
    pub schema: String,
    /// The table or domain that it belongs to.
    pub relation: String,
    /// Its own name.
    pub name: String,
}

impl ServerError {
    /// Reads the fields of an ErrorResponse.
    pub(super) fn parse(body: &[u8]) -> ServerError {
        let mut error = ServerError { code: String::new(), message: String::new(), constraint: None };
        let mut named = Constraint::default();
        let mut hint = None;
        for field in body.split(|&byte| byte == 0) {
            let Some((&kind, text)) = field.split_first() else { break };
            let text = String::from_utf8_lossy(text);
            match kind {
                b'C' => error.code = text.into_owned(),
                b'M' => error.message = text.into_owned(),
                b's' => named.schema = text.into_owned(),
                b't' | b'd' => named.relation = text.into_owned(),
                b'n' => named.name = text.into_owned(),
                b'H' => hint = Some(text.into_owned()),
                _ => {}
            }
        }
        error.constraint = Some(named).filter(|named| !named.name.is_empty());
        error.message = without_values(&error.code, &error.message);
        if let Some(hint) = hint.filter(|_| error.code.starts_with("53")) {
            error.message = format!("{}; {}", error.message, hint.trim_end_matches('.'));
        }
        error
    }

    /// Whether the connection ends with this error.
    pub fn is_fatal(&self) -> bool {
        matches!(self.code.as_str(), "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04")
            || self.code.starts_with("08")
    }
}

/// Data exceptions (class 22) and internal errors of types quote the value after a colon; exceptions raised by functions
/// (class P0) say whatever their author put in.
fn without_values(code: &str, message: &str) -> String {
    match code.get(..2) {
        Some("22") => match message.find([':', '"']) {
            Some(end) => message[..end].trim_end().to_string(),
            None => message.to_string(),
        },
        Some("P0") => "a function or trigger of the database raised an error".to_string(),
        _ => message.to_string(),
    }
}

/// Why a request did not complete.
#[derive(Debug)]
pub enum Failure {
    /// The server reported an error; the connection is ready for more unless the error is fatal.
    Server(ServerError),
    /// The connection is gone.
    Io(io::Error),
    /// The server sent what the protocol does not allow; the connection is not used again.
    Protocol(String),
    /// The monitor asked to stop; the statement was cancelled.
    Interrupted,
    /// The caller's own code failed while rows were given to it; the statement was cancelled.
    Caller(DbError),
}

impl Failure {
    /// The SQLSTATE, if the server reported an error.
    pub fn code(&self) -> Option<&str> {
        match self {
            Failure::Server(error) => Some(&error.code),
            _ => None,
        }
    }

    /// In words, `doing` being what was tried: `reading table mods`.
    pub fn during(self, doing: impl fmt::Display) -> DbError {
        match self {
            Failure::Server(error) if error.is_fatal() => DbError::Lost(format!("{doing}: {}", error.message)),
            Failure::Server(error) => {
                let (message, code) = (format!("{doing}: {}", error.message), Some(error.code));
                match code.as_deref().and_then(Rule::of_sqlstate) {
                    Some(rule) => DbError::Constraint { rule, code, message },
                    None => DbError::Query { code, message },
                }
            }
            Failure::Io(error) => DbError::Lost(format!("{doing}: {error}")),
            Failure::Protocol(what) => {
                DbError::Lost(format!("{doing}: the server does not follow the protocol: {what}"))
            }
            Failure::Interrupted => DbError::Stopped,
            Failure::Caller(error) => error,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_primary_message_is_kept_and_values_are_cut() {
        let body = b"SERROR\0C23505\0Mduplicate key value violates unique constraint \"u\"\0DKey (token)=(s3cr3t)\0WCOPY x\0spublic\0tt\0nu\0\0";
        let error = ServerError::parse(body);
        let named = Constraint { schema: "public".into(), relation: "t".into(), name: "u".into() };
        assert_eq!(error.constraint, Some(named));
        assert_eq!(error.code, "23505");
        assert_eq!(error.message, "duplicate key value violates unique constraint \"u\"");
        let error = ServerError::parse(b"C22P02\0Minvalid input syntax for type integer: \"s3cr3t\"\0\0");
        assert_eq!(error.message, "invalid input syntax for type integer");
        let short = b"C53200\0Mout of shared memory\0HYou might need to increase \"max_locks_per_transaction\".\0\0";
        assert_eq!(
            ServerError::parse(short).message,
            "out of shared memory; You might need to increase \"max_locks_per_transaction\""
        );
        assert_eq!(ServerError::parse(b"C23505\0Mduplicate\0HTry s3cr3t.\0\0").message, "duplicate");
        let error = ServerError::parse(b"CP0001\0Mrow s3cr3t is bad\0\0");
        assert!(!error.message.contains("s3cr3t"));
    }
}

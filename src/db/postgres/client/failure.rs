//! What can go wrong on a connection, before it is put into words for people.

use crate::db::{DbError, Rule};
use std::error::Error as _;
use std::fmt;
use std::io;

/// That no more comes.
const CLOSED: &str = "the server closed the connection";

/// An error that the server reported: SQLSTATE, primary message, and the constraint that was not met.
///
/// DETAIL, CONTEXT and the query text are dropped: they hold row values. So is HINT, but for what it says when
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
    /// What the server said, without what may hold values.
    pub(super) fn new(error: &tokio_postgres::error::DbError) -> ServerError {
        let code = error.code().code().to_owned();
        let mut message = match raised_by(&code, error.where_().unwrap_or_default()) {
            Some(function) => {
                format!("the function {function}, called by a trigger, event trigger or rule, raised an error")
            }
            None => without_values(&code, error.message()),
        };
        if let Some(hint) = error.hint().filter(|_| code.starts_with("53")) {
            message = format!("{message}; {}", hint.trim_end_matches('.'));
        }
        let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
        let constraint = error.constraint().map(|name| Constraint {
            schema: text(error.schema()),
            relation: text(error.table().or(error.datatype())),
            name: name.to_owned(),
        });
        ServerError { code, message, constraint }
    }

    /// Whether the connection ends with this error.
    pub fn is_fatal(&self) -> bool {
        matches!(self.code.as_str(), "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04")
            || self.code.starts_with("08")
    }
}

/// Data exceptions (class 22) and internal errors of types quote the value after a colon; exceptions raised by
/// functions (class P0) say whatever their author put in.
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

/// The function that raised an exception, by the name and the types of its arguments, if `context` says it.
fn raised_by<'c>(code: &str, context: &'c str) -> Option<&'c str> {
    let first = context.lines().next().filter(|_| code.starts_with("P0"))?;
    let (_, function) = first.split_once("function ")?;
    function.find(')').map(|end| &function[..=end])
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

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        if let Some(said) = error.as_db_error() {
            return Failure::Server(ServerError::new(said));
        }
        match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(source) if source.kind() == io::ErrorKind::InvalidData => Failure::Protocol(source.to_string()),
            // a message that tokio-postgres cannot read
            Some(source) if matches!(source.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Other) => {
                Failure::Protocol(source.to_string())
            }
            Some(source) => Failure::Io(io::Error::new(source.kind(), source.to_string())),
            None if error.is_closed() => Failure::Io(io::Error::new(io::ErrorKind::UnexpectedEof, CLOSED)),
            None => Failure::Protocol(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut() {
        let duplicate = "duplicate key value violates unique constraint \"u\"";
        assert_eq!(without_values("23505", duplicate), duplicate);
        let invalid = "invalid input syntax for type integer: \"s3cr3t\"";
        assert_eq!(without_values("22P02", invalid), "invalid input syntax for type integer");
        assert!(!without_values("P0001", "row s3cr3t is bad").contains("s3cr3t"));
    }
}

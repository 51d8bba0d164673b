//! SQLite's errors in our words. Its messages name columns and constraints, never values; the SQL text, which may hold
//! a filter's literals, stays out.

use crate::db::{DbError, Rule};
use rusqlite::{Error, ErrorCode, ffi};

/// `error` while `doing` (present participle with its object: `reading mods`).
pub(super) fn failed(doing: &str, error: Error) -> DbError {
    let (code, message) = match error {
        Error::SqliteFailure(code, message) => (Some(code), message.unwrap_or_else(|| code.to_string())),
        Error::SqlInputError { error, msg, .. } => (Some(error), msg),
        other => (None, other.to_string()),
    };
    match code.map(|code| code.code) {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbError::Busy {
            what: format!("{doing}: another connection keeps the database locked; end its transaction and try again"),
        },
        Some(ErrorCode::OperationInterrupted) => DbError::Stopped,
        Some(ErrorCode::NotADatabase) => {
            DbError::Unsupported(format!("{doing}: the file is not a SQLite database, or it is encrypted"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            DbError::Denied { what: format!("{doing}: {message}; the file and its directory must be writable") }
        }
        Some(ErrorCode::DatabaseCorrupt) => DbError::Query {
            code: None,
            message: format!("{doing}: the database file is damaged ({message}); `PRAGMA integrity_check` tells more"),
        },
        other => {
            let message = format!("{doing}: {message}");
            let rule = match (other, code.map(|code| code.extended_code)) {
                (Some(ErrorCode::ConstraintViolation), Some(ffi::SQLITE_CONSTRAINT_CHECK)) => Some(Rule::Check),
                (Some(ErrorCode::ConstraintViolation), Some(ffi::SQLITE_CONSTRAINT_NOTNULL)) => Some(Rule::NotNull),
                (Some(ErrorCode::ConstraintViolation), Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)) => {
                    Some(Rule::Reference)
                }
                (Some(ErrorCode::ConstraintViolation), Some(code)) if is_of_unique(code) => Some(Rule::Unique),
                _ => None,
            };
            match rule {
                Some(rule) => DbError::Constraint { rule, code: None, message },
                None => DbError::Query { code: None, message },
            }
        }
    }
}

/// The extended result code, if the error came from SQLite.
pub(super) fn extended_code(error: &Error) -> Option<i32> {
    match error {
        Error::SqliteFailure(code, _) | Error::SqlInputError { error: code, .. } => Some(code.extended_code),
        _ => None,
    }
}

/// Whether a row was refused because another row has its key or a unique value of it.
pub(super) fn is_taken(error: &Error) -> bool {
    extended_code(error).is_some_and(is_of_unique)
}

fn is_of_unique(code: i32) -> bool {
    matches!(code, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID)
}

//! What can go wrong between dbsnap and a database. Messages hold no row values and no passwords.

use crate::codec::TableName;
use thiserror::Error;

/// An error of a database adapter.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DbError {
    /// The URL is not one of a supported database.
    #[error("the database URL cannot be used: {0}")]
    BadUrl(String),
    /// No connection: server not there, name not found, file missing.
    #[error("cannot connect to {target}: {reason}")]
    Connect {
        /// Host, port and database, or the file; no password.
        target: String,
        /// The reason.
        reason: String,
        /// Whether nothing is wrong but that there is no such database, where one could be made.
        absent: bool,
    },
    /// The server refused the user or password.
    #[error("{target} refused the login: {reason}")]
    Login {
        /// Host, port, database and user; no password.
        target: String,
        /// The server's reason.
        reason: String,
    },
    /// The encrypted connection that was asked for cannot be had.
    #[error("no secure connection to {target}: {reason}")]
    Tls {
        /// Host and port.
        target: String,
        /// The reason.
        reason: String,
    },
    /// The table is gone, or is no longer what was planned.
    #[error("table {table} {what}")]
    Changed {
        /// The table.
        table: TableName,
        /// `was dropped`, `changed while it was read`.
        what: String,
    },
    /// A privilege is missing, or row-level security would hide rows.
    #[error("{what}")]
    Denied {
        /// What is denied, with the object's name, and what would allow it.
        what: String,
    },
    /// A lock could not be had in time.
    #[error("{what}")]
    Busy {
        /// Which table, and which process holds it, if known.
        what: String,
    },
    /// A `--where` expression is refused.
    #[error("invalid filter: {reason}")]
    Filter {
        /// What is wrong with it, and near names if a column is unknown.
        reason: String,
    },
    /// The server or library reported an error.
    #[error("{message}{}", code.as_ref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
    Query {
        /// SQLSTATE, PostgreSQL only.
        code: Option<String>,
        /// What was being done and the server's primary message; never DETAIL or CONTEXT, which hold row values.
        message: String,
    },
    /// A rule of the database's does not take a row.
    #[error("{message}{}", code.as_ref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
    Constraint {
        /// What kind of rule.
        rule: Rule,
        /// SQLSTATE, PostgreSQL only.
        code: Option<String>,
        /// As of [`DbError::Query`]; names the rule.
        message: String,
    },
    /// The connection died, the stream ended early or row counts do not match.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// Rows would be left without what they refer to: referring table, referenced table, number of rows.
    #[error("{}", dangling(.0))]
    Dangling(Vec<(TableName, TableName, u64)>),
    /// Something in the table cannot be captured or written without loss.
    #[error("{0}")]
    Unsupported(String),
    /// It is not known whether COMMIT took effect; the text says how to find out.
    #[error("{0}")]
    Unknown(String),
    /// A query of somebody's own took longer than it may.
    #[error("the query did not end within {seconds} s")]
    TooSlow {
        /// How long it ran.
        seconds: u64,
    },
    /// A query of somebody's own filled the disk of temporary files.
    #[error("the query took {} MB of temporary disk space and was stopped (limit: 16 GiB, or half of the free space)", bytes / 1_000_000)]
    TooMuchDisk {
        /// How much it took.
        bytes: u64,
    },
    /// The receiver of rows stopped; the reason is with the receiver.
    #[error("stopped")]
    Stopped,
}

/// A rule that a database holds rows to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// CHECK, of a table or a domain.
    Check,
    /// NOT NULL.
    NotNull,
    /// PRIMARY KEY, UNIQUE or EXCLUDE.
    Unique,
    /// FOREIGN KEY.
    Reference,
}

impl Rule {
    /// The rule that a SQLSTATE is about.
    pub(super) fn of_sqlstate(code: &str) -> Option<Rule> {
        match code {
            "23502" => Some(Rule::NotNull),
            "23503" | "23001" => Some(Rule::Reference),
            "23505" | "23P01" => Some(Rule::Unique),
            "23514" => Some(Rule::Check),
            _ => None,
        }
    }
}

fn dangling(references: &[(TableName, TableName, u64)]) -> String {
    let list: Vec<String> = references
        .iter()
        .map(|(child, parent, rows)| {
            let noun = if *rows == 1 { "row" } else { "rows" };
            format!("{rows} {noun} of {child} referring to missing rows of {parent}")
        })
        .collect();
    format!("this would leave {}", list.join(", "))
}

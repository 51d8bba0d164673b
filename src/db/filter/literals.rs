//! Literals and type names, written anew.

use super::refused;
use crate::db::{DbError, Dialect};
use sqlparser::ast::{DataType, Value};

/// A string literal. PostgreSQL gets one in which a backslash is one under any setting.
pub(super) fn string(dialect: Dialect, text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match dialect {
        Dialect::Postgres if text.contains('\\') => format!("E'{}'", quoted.replace('\\', "\\\\")),
        Dialect::Postgres | Dialect::Sqlite => format!("'{quoted}'"),
    }
}

/// Any other literal.
pub(super) fn value(dialect: Dialect, value: &Value) -> Result<String, DbError> {
    match value {
        Value::SingleQuotedString(text) => Ok(string(dialect, text)),
        Value::DollarQuotedString(text) if dialect == Dialect::Postgres => Ok(string(dialect, &text.value)),
        Value::Number(digits, false) if is_number(digits) => Ok(digits.clone()),
        Value::Boolean(true) => Ok("TRUE".to_owned()),
        Value::Boolean(false) => Ok("FALSE".to_owned()),
        Value::Null => Ok("NULL".to_owned()),
        Value::HexStringLiteral(digits)
            if dialect == Dialect::Sqlite
                && digits.len().is_multiple_of(2)
                && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
        {
            Ok(format!("x'{digits}'"))
        }
        Value::Placeholder(_) => Err(refused("it contains a placeholder: write the value itself")),
        _ => Err(refused(
            "it holds a literal of a form that is not allowed: write strings as 'text' and numbers as digits",
        )),
    }
}

fn is_number(digits: &str) -> bool {
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
}

/// The types that can be cast to, without their parameters.
const TYPES: [&str; 37] = [
    "BIGINT",
    "BLOB",
    "BOOL",
    "BOOLEAN",
    "BYTEA",
    "CHAR",
    "CHARACTER",
    "CHARACTER VARYING",
    "DATE",
    "DECIMAL",
    "DOUBLE PRECISION",
    "FLOAT",
    "FLOAT4",
    "FLOAT8",
    "INT",
    "INT2",
    "INT4",
    "INT8",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "JSONB",
    "NUMERIC",
    "REAL",
    "SMALLINT",
    "TEXT",
    "TIME",
    "TIME WITH TIME ZONE",
    "TIME WITHOUT TIME ZONE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMPTZ",
    "TIMETZ",
    "UUID",
    "VARCHAR",
    "DOUBLE",
];

/// Those that SQLite knows what to do with: a cast to any other (`DATE`) makes a number of whatever the text starts
/// with.
const SQLITE_TYPES: [&str; 11] =
    ["BIGINT", "BLOB", "CHAR", "DECIMAL", "DOUBLE PRECISION", "INT", "INTEGER", "NUMERIC", "REAL", "TEXT", "VARCHAR"];

/// A type name, if values may be cast to it.
pub(super) fn type_name(dialect: Dialect, data_type: &DataType) -> Result<String, DbError> {
    let written = data_type.to_string();
    let upper = written.to_ascii_uppercase();
    let element = upper.strip_suffix("[]").filter(|_| dialect == Dialect::Postgres).unwrap_or(&upper);
    let (base, parameters) = match element.split_once('(') {
        Some((head, rest)) => {
            let (parameters, tail) = rest.split_once(')').unwrap_or((rest, ""));
            (format!("{head}{tail}"), parameters)
        }
        None => (element.to_owned(), ""),
    };
    let is_plain = parameters.bytes().all(|byte| byte.is_ascii_digit() || b", ".contains(&byte));
    let known = match dialect {
        Dialect::Postgres => TYPES.as_slice(),
        Dialect::Sqlite => SQLITE_TYPES.as_slice(),
    };
    if is_plain && known.contains(&base.trim()) {
        Ok(upper)
    } else {
        Err(refused("it casts to a type that is not one of the plain built-in types"))
    }
}

/// Whether values of the type are read off a clock's dial: dates and times.
pub(super) fn is_time(type_name: &str) -> bool {
    type_name.starts_with("DATE") || type_name.starts_with("TIME")
}

/// Whether PostgreSQL would read the present moment out of this text: `now`, `today`, `yesterday at 10:00`.
pub(super) fn names_the_present(text: &str) -> bool {
    text.split(|char: char| !char.is_ascii_alphabetic())
        .any(|word| ["now", "today", "tomorrow", "yesterday"].iter().any(|name| word.eq_ignore_ascii_case(name)))
}

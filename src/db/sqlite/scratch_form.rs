//! The form that tables, keys and values of any engine have in a database of our own.

use super::sql::quote;
use super::text::Bound;
use crate::codec::{Column, Key, KeyOrder, Kind, TableSchema, ValueRef};
use crate::db::Dialect;
use rusqlite::Statement;

/// A column as it is declared.
pub(super) fn definition(column: &Column, dialect: Dialect) -> String {
    let declared = match (dialect, column.kind) {
        (Dialect::Sqlite, _) => column.sql_type.as_str(),
        (Dialect::Postgres, _) if column.array => "TEXT",
        (Dialect::Postgres, Kind::Bool) => "BOOLEAN",
        (Dialect::Postgres, Kind::Int | Kind::BigInt) => "INTEGER",
        (Dialect::Postgres, Kind::Float4 | Kind::Float8) => "REAL",
        (Dialect::Postgres, Kind::Numeric) => "NUMERIC",
        (Dialect::Postgres, Kind::Bytes) => "BLOB",
        (Dialect::Postgres, _) => "TEXT",
    };
    // quoted, a type is a name like any other and cannot end the definition
    let declared = if declared.is_empty() { String::new() } else { format!(" {}", quote(declared)) };
    let collation = column.collation.as_deref().map(str::to_ascii_uppercase);
    let collation = match collation.as_deref() {
        Some("NOCASE") if dialect == Dialect::Sqlite => " COLLATE NOCASE",
        Some("RTRIM") if dialect == Dialect::Sqlite => " COLLATE RTRIM",
        _ => "",
    };
    format!("{}{declared}{collation}", quote(&column.name))
}

/// The key as a constraint, if values that differ in the source differ here too.
pub(super) fn key(schema: &TableSchema, dialect: Dialect) -> Option<String> {
    let Key::Columns { columns, .. } = &schema.key else { return None };
    let mut parts = Vec::new();
    for key in columns {
        let column = schema.columns.get(key.column as usize)?;
        if dialect != Dialect::Sqlite && column.kind == Kind::Numeric {
            // two long decimals can be one number here
            return None;
        }
        let collation = match key.order {
            KeyOrder::NoCase => " COLLATE NOCASE",
            KeyOrder::Rtrim => " COLLATE RTRIM",
            _ => "",
        };
        parts.push(format!("{}{collation}", quote(&column.name)));
    }
    Some(format!("PRIMARY KEY ({})", parts.join(", ")))
}

/// Binds a value as what it becomes here.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    nth: usize,
    value: ValueRef<'_>,
    column: &Column,
    dialect: Dialect,
) -> rusqlite::Result<()> {
    let value = match (dialect, column.kind, value) {
        (Dialect::Postgres, Kind::Bool, ValueRef::Text(b"t")) if !column.array => ValueRef::Int(1),
        (Dialect::Postgres, Kind::Bool, ValueRef::Text(b"f")) if !column.array => ValueRef::Int(0),
        #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
        (Dialect::Postgres, Kind::Float4, ValueRef::Real(real)) if real.is_finite() && !column.array => {
            // 0.1 as a `real` is 0.1 and not what is left of it in more digits
            ValueRef::Real((real as f32).to_string().parse().unwrap_or(real))
        }
        // SQLite has no NaN
        (_, _, ValueRef::Real(real)) if real.is_nan() => ValueRef::Text(b"NaN"),
        (_, _, value) => value,
    };
    statement.raw_bind_parameter(nth, Bound(value))
}

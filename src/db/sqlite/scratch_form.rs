//! The form that tables, keys and values of either engine have in a database of our own.

use super::sql::quote;
use super::text::Bound;
use crate::codec::{Column, Key, KeyOrder, Kind, TableSchema, ValueRef};
use crate::db::Engine;
use rusqlite::Statement;

/// A column as it is declared.
pub(super) fn definition(column: &Column, engine: Engine) -> String {
    let declared = match (engine, column.kind) {
        (Engine::Sqlite, _) => column.sql_type.as_str(),
        (Engine::Postgres, _) if column.array => "TEXT",
        (Engine::Postgres, Kind::Bool) => "BOOLEAN",
        (Engine::Postgres, Kind::Int | Kind::BigInt) => "INTEGER",
        (Engine::Postgres, Kind::Float4 | Kind::Float8) => "REAL",
        (Engine::Postgres, Kind::Numeric) => "NUMERIC",
        (Engine::Postgres, Kind::Bytes) => "BLOB",
        (Engine::Postgres, _) => "TEXT",
    };
    // quoted, a type is a name like any other and cannot end the definition
    let declared = if declared.is_empty() { String::new() } else { format!(" {}", quote(declared)) };
    let collation = column.collation.as_deref().map(str::to_ascii_uppercase);
    let collation = match collation.as_deref() {
        Some("NOCASE") if engine == Engine::Sqlite => " COLLATE NOCASE",
        Some("RTRIM") if engine == Engine::Sqlite => " COLLATE RTRIM",
        _ => "",
    };
    format!("{}{declared}{collation}", quote(&column.name))
}

/// The key as a constraint, if values that differ in the source differ here too.
pub(super) fn key(schema: &TableSchema, engine: Engine) -> Option<String> {
    let Key::Columns { columns, .. } = &schema.key else { return None };
    let mut parts = Vec::new();
    for key in columns {
        let column = schema.columns.get(key.column as usize)?;
        if engine == Engine::Postgres && column.kind == Kind::Numeric {
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
    engine: Engine,
) -> rusqlite::Result<()> {
    let value = match (engine, column.kind, value) {
        (Engine::Postgres, Kind::Bool, ValueRef::Text(b"t")) if !column.array => ValueRef::Int(1),
        (Engine::Postgres, Kind::Bool, ValueRef::Text(b"f")) if !column.array => ValueRef::Int(0),
        #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
        (Engine::Postgres, Kind::Float4, ValueRef::Real(real)) if real.is_finite() && !column.array => {
            // 0.1 as a `real` is 0.1 and not what is left of it in more digits
            ValueRef::Real((real as f32).to_string().parse().unwrap_or(real))
        }
        // SQLite has no NaN
        (_, _, ValueRef::Real(real)) if real.is_nan() => ValueRef::Text(b"NaN"),
        (_, _, value) => value,
    };
    statement.raw_bind_parameter(nth, Bound(value))
}

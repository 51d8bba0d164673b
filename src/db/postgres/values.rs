//! Values as literals, where `standard_conforming_strings` is on.

use crate::codec::{Column, Kind, ValueRef};
use crate::db::patch::hex;

/// `text` between quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as a literal without a type: the column's own input function reads it.
pub(super) fn value_of(value: ValueRef<'_>, column: &Column) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Int(int) if i32::try_from(int).is_ok() => int.to_string(),
        ValueRef::Int(int) => format!("'{int}'"),
        ValueRef::Real(real) => format!("'{}'", real_text(real, column.kind)),
        ValueRef::Text(bytes) => literal(&String::from_utf8_lossy(bytes)),
        ValueRef::Blob(bytes) => format!("'\\x{}'", hex(bytes)),
    }
}

/// A number as text that is read back as the same number.
pub(super) fn real_text(real: f64, kind: Kind) -> String {
    match real {
        real if real.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
        real if kind == Kind::Float4 => format!("{:?}", real as f32),
        real => format!("{real:?}"),
    }
}

/// Whether values of this type are written as the search path says.
pub(super) fn is_reg(column: &Column) -> bool {
    column.kind == Kind::Other && column.sql_type.starts_with("reg") && !column.sql_type.contains('.')
}

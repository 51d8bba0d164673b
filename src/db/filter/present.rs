//! Literals that name the present moment. Beside a date or time PostgreSQL reads `'today'` as this day.

use super::printer::Printer;
use super::{literals, refused};
use crate::codec::Kind;
use crate::db::{DbError, Dialect};
use sqlparser::ast::{Expr, Value};

impl Printer<'_> {
    /// Beside a date or time PostgreSQL reads `'today'` as this day: such a filter would not pass the same rows
    /// tomorrow.
    pub(super) fn refuse_the_present(&self, operands: &[&Expr]) -> Result<(), DbError> {
        if self.dialect == Dialect::Sqlite || !operands.iter().any(|operand| names_the_present(operand)) {
            return Ok(());
        }
        for operand in operands {
            if self.is_time(operand)? {
                return Err(refused("it compares with a text that depends on the current time; write the date"));
            }
        }
        Ok(())
    }

    /// Whether the expression is, or may be, a date or time.
    pub(super) fn is_time(&self, expression: &Expr) -> Result<bool, DbError> {
        Ok(match strip(expression) {
            Expr::Cast { data_type, .. } => literals::is_time(&literals::type_name(self.dialect, data_type)?),
            Expr::TypedString(_) | Expr::AtTimeZone { .. } => true,
            Expr::Function(function) => function.name.to_string().to_ascii_lowercase().ends_with("date_trunc"),
            Expr::BinaryOp { left, right, .. } => self.is_time(left)? || self.is_time(right)?,
            other => self.column(other)?.is_some_and(|column| {
                // A range of times is `Other`.
                let times = [Kind::Date, Kind::Time, Kind::TimeTz, Kind::Timestamp, Kind::TimestampTz, Kind::Other];
                times.contains(&column.kind)
            }),
        })
    }
}

/// Whether it is a literal, or an array with a literal, that names the present moment.
fn names_the_present(expression: &Expr) -> bool {
    match strip(expression) {
        Expr::Array(array) => array.elem.iter().any(names_the_present),
        literal => text_of(literal).is_some_and(literals::names_the_present),
    }
}

/// The expression within parentheses.
pub(super) fn strip(mut expression: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expression {
        expression = inner;
    }
    expression
}

/// The text of a string literal.
pub(super) fn text_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            Value::DollarQuotedString(text) => Some(&text.value),
            _ => None,
        },
        _ => None,
    }
}

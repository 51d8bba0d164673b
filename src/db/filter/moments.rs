//! Dates and times of SQLite. Prisma and its adapters store them as milliseconds or as text, some databases as both in
//! one column; SQLite itself takes every number for less than every text. So they are compared as moments, in
//! milliseconds since 1970.

use super::present::{strip, text_of};
use super::printer::Printer;
use super::refused;
use crate::codec::{Column, Kind};
use crate::db::{DbError, Dialect};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sqlparser::ast::{BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator};

/// Functions that give one of their arguments back.
const CHOOSING: [&str; 4] = ["coalesce", "ifnull", "nullif", "iif"];
/// Functions of texts.
const TEXTUAL: [&str; 11] =
    ["instr", "length", "lower", "ltrim", "octet_length", "replace", "rtrim", "substr", "substring", "trim", "upper"];
/// Functions that look at a value as it is stored.
const STORED: [&str; 2] = ["typeof", "hex"];

impl Printer<'_> {
    /// The column that an expression is, if that holds moments: `DATETIME`, `TIMESTAMP` or `DATE` of SQLite.
    pub(super) fn moment_column(&self, expression: &Expr) -> Result<Option<&Column>, DbError> {
        if self.dialect != Dialect::Sqlite || self.rows_of != Dialect::Sqlite {
            return Ok(None);
        }
        Ok(self
            .column(expression)?
            .filter(|column| matches!(column.kind, Kind::Timestamp | Kind::TimestampTz | Kind::Date)))
    }

    /// Whether an expression is such a column, or made of one.
    pub(super) fn is_moment(&self, expression: &Expr) -> Result<bool, DbError> {
        match strip(expression) {
            Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus, expr } => self.is_moment(expr),
            Expr::BinaryOp { left, op, right } => {
                Ok(is_arithmetic(op) && (self.is_moment(left)? || self.is_moment(right)?))
            }
            Expr::Function(function) if is_one_of(function, &CHOOSING) => {
                arguments(function).into_iter().try_fold(false, |any, argument| Ok(any || self.is_moment(argument)?))
            }
            other => Ok(self.moment_column(other)?.is_some()),
        }
    }

    /// Whether any of them is.
    pub(super) fn are_moments(&self, expressions: &[&Expr]) -> Result<bool, DbError> {
        expressions.iter().try_fold(false, |any, expression| Ok(any || self.is_moment(expression)?))
    }

    /// A date can be a number or a text here, so what `what` makes of it is not the same in every row.
    pub(super) fn refuse_moments(&self, what: &str, operands: &[&Expr]) -> Result<(), DbError> {
        match self.are_moments(operands)? {
            true => Err(refused(format!(
                "{what} is applied to a date, which can be stored as a number or as text: compare the date itself, as in at >= '2026-01-24'"
            ))),
            false => Ok(()),
        }
    }

    /// One side of a comparison of moments, in milliseconds.
    pub(super) fn moment(&mut self, side: &Expr) -> Result<(), DbError> {
        if let Some(text) = text_of(strip(side)) {
            let moment = milliseconds(text).ok_or_else(|| {
                refused(format!(
                    "'{text}' is compared with a date and is none: write 2026-01-24, 2026-01-24 10:30:00 or 2026-01-24T10:30:00.000Z"
                ))
            })?;
            self.put(&moment.to_string());
            return Ok(());
        }
        if self.is_moment(side)? || matches!(strip(side), Expr::Value(_) | Expr::UnaryOp { .. }) {
            return self.expression(side);
        }
        let mut inner = self.inner();
        inner.expression(side)?;
        let inner = self.adopt(inner);
        self.put(&in_milliseconds(&inner));
        Ok(())
    }

    /// A column of moments, in milliseconds.
    pub(super) fn put_moment(&mut self, quoted: &str) {
        self.put(&in_milliseconds(quoted));
    }

    /// An operand that is looked at as text: a moment in the form that Prisma's adapters store.
    pub(super) fn as_text(&mut self, operand: &Expr) -> Result<(), DbError> {
        match self.moment_column(operand)?.map(|column| quoted(self.dialect, &column.name)) {
            Some(name) => {
                self.put(&format!(
                    "CASE typeof({name}) WHEN 'integer' THEN strftime('%Y-%m-%dT%H:%M:%f+00:00', {name} / 1000.0, 'unixepoch') ELSE {name} END"
                ));
                Ok(())
            }
            None => self.expression(operand),
        }
    }

    /// An operand as it is stored.
    pub(super) fn as_stored(&mut self, operand: &Expr) -> Result<(), DbError> {
        match self.moment_column(operand)?.map(|column| quoted(self.dialect, &column.name)) {
            Some(name) => {
                self.put(&name);
                Ok(())
            }
            None => self.expression(operand),
        }
    }

    /// The arguments of a call of `name`, with commas between them.
    pub(super) fn arguments(&mut self, name: &str, arguments: &[&Expr]) -> Result<(), DbError> {
        let compares = CHOOSING.contains(&name) && self.are_moments(arguments)?;
        for (nth, argument) in arguments.iter().enumerate() {
            if nth > 0 {
                self.put(", ");
            }
            let is_condition = name == "iif" && nth == 0;
            match name {
                _ if compares && !is_condition => self.moment(argument)?,
                _ if STORED.contains(&name) => self.as_stored(argument)?,
                _ if CHOOSING.contains(&name) => self.expression(argument)?,
                _ if TEXTUAL.contains(&name) => self.as_text(argument)?,
                _ => {
                    self.refuse_moments(&format!("{name}()"), &[argument])?;
                    self.expression(argument)?;
                }
            }
        }
        Ok(())
    }
}

/// A name as the dialect quotes it.
pub(super) fn quoted(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn in_milliseconds(value: &str) -> String {
    format!(
        "CASE WHEN typeof({value}) <> 'text' THEN {value} WHEN {value} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' \
         THEN CAST(round((julianday({value}) - 2440587.5) * 86400000.0) AS INTEGER) END"
    )
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
    )
}

fn is_one_of(function: &Function, names: &[&str]) -> bool {
    let name = function.name.to_string();
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

fn arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    let expression = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expression)) => Some(expression),
        _ => None,
    };
    list.args.iter().filter_map(expression).collect()
}

/// The moment that a text names, in UTC unless it says otherwise.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim().replacen(['t', ' '], "T", 1);
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let there: DateTime = match text.parse::<Date>() {
        Ok(date) if !text.contains('T') => date.to_datetime(jiff::civil::Time::midnight()),
        _ => text.parse().ok()?,
    };
    Some(there.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_moments() {
        for text in [
            "2026-01-01",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01 00:00:00",
            "2026-01-01T02:00:00+02:00",
            " 2026-01-01 ",
        ] {
            assert_eq!(milliseconds(text), Some(1_767_225_600_000), "{text}");
        }
        assert_eq!(milliseconds("1969-12-31T23:59:59.999Z"), Some(-1));
        for odd in ["", "now", "2026", "2026-02-30", "10:30", "1767225600000"] {
            assert_eq!(milliseconds(odd), None, "{odd}");
        }
    }
}

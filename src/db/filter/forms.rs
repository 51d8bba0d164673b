//! How each form of expression is written: in parentheses, so that no reader groups it otherwise.

use super::labels::Comparison;
use super::operators::operator;
use super::present::{strip, text_of};
use super::printer::Printer;
use super::{literals, refused};
use crate::db::{DbError, Dialect};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

impl Printer<'_> {
    pub(super) fn postfix(&mut self, inner: &Expr, words: &str) -> Result<(), DbError> {
        self.put("(");
        self.expression(inner)?;
        self.put(&format!(" {words})"));
        Ok(())
    }

    /// Whether a value is there, as it is stored.
    pub(super) fn is_null(&mut self, inner: &Expr, words: &str) -> Result<(), DbError> {
        self.put("(");
        self.as_stored(inner)?;
        self.put(&format!(" {words})"));
        Ok(())
    }

    pub(super) fn prefix(&mut self, op: UnaryOperator, inner: &Expr) -> Result<(), DbError> {
        let operator = match op {
            UnaryOperator::Not => "NOT ",
            UnaryOperator::Minus => "- ",
            UnaryOperator::Plus => "+ ",
            UnaryOperator::BitwiseNot => "~ ",
            _ => return Err(refused(format!("the operator {op} is not allowed in a filter"))),
        };
        if op == UnaryOperator::BitwiseNot {
            self.refuse_moments("~", &[inner])?;
        }
        self.care.converts();
        self.put("(");
        self.put(operator);
        self.expression(inner)?;
        self.put(")");
        Ok(())
    }

    pub(super) fn infix(&mut self, left: &Expr, operator: &str, right: &Expr) -> Result<(), DbError> {
        self.refuse_the_present(&[left, right])?;
        let by_number = ["<", "<=", ">", ">="].contains(&operator) && self.is_beside_a_number(left, right);
        if !by_number {
            self.care.operator(operator, [left, right]);
        }
        let compares = ["=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"].contains(&operator);
        let orders = compares || ["<", "<=", ">", ">="].contains(&operator);
        if orders && self.are_moments(&[left, right])? {
            self.put("(");
            self.moment(left)?;
            self.put(&format!(" {operator} "));
            self.moment(right)?;
            self.put(")");
            return Ok(());
        }
        self.put("(");
        if operator == "GLOB" {
            self.as_text(left)?;
            self.put(" GLOB ");
            self.as_text(right)?;
            self.put(")");
            return Ok(());
        }
        if !["AND", "OR", "+", "-", "*", "/", "%"].contains(&operator) {
            self.refuse_moments(operator, &[left, right])?;
        }
        let place = match operator {
            _ if compares => Some(Comparison::Equal),
            _ if orders => Some(Comparison::Value),
            "@>" | "<@" | "&&" => Some(Comparison::Value),
            _ => None,
        };
        self.operand(left, right, place)?;
        self.put(&format!(" {operator} "));
        self.operand(right, left, place)?;
        self.put(")");
        Ok(())
    }

    /// Whether one is a number and the other none that becomes text for it: then no two texts are compared.
    fn is_beside_a_number(&self, left: &Expr, right: &Expr) -> bool {
        let is_number = |side| match strip(side) {
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => is_number(expr),
            side => is_number(side),
        };
        let becomes_text = |side| {
            let declared = self.column(side).ok().flatten().map(|column| column.sql_type.to_ascii_uppercase());
            declared.is_some_and(|declared| ["CHAR", "CLOB", "TEXT"].iter().any(|text| declared.contains(text)))
        };
        let cast = |side| matches!(strip(side), Expr::Cast { .. });
        let apart = |number, other| is_number(number) && !becomes_text(other) && !cast(other);
        apart(left, right) || apart(right, left)
    }

    /// One side of an operator; at a `place`, both are values of one kind.
    fn operand(&mut self, side: &Expr, beside: &Expr, place: Option<Comparison>) -> Result<(), DbError> {
        if place == Some(Comparison::Equal)
            && let Expr::Identifier(name) = strip(side)
            && let Err(DbError::Filter { reason }) = self.column(side)
            && matches!(self.column(beside), Ok(Some(_)))
        {
            let hint = format!("; to compare with a text, quote it: '{}'", name.value);
            return Err(refused(format!("{}{hint}", reason.trim_end_matches(&hint))));
        }
        match place {
            Some(place) => self.beside(side, &[beside], place),
            None => self.expression(side),
        }
    }

    pub(super) fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Result<(), DbError> {
        if list.is_empty() {
            return Err(refused("the list after IN is empty"));
        }
        self.refuse_the_present(&std::iter::once(expr).chain(list).collect::<Vec<_>>())?;
        let moments = self.is_moment(expr)?;
        self.put("(");
        self.beside(expr, &list.iter().collect::<Vec<_>>(), Comparison::Value)?;
        self.put(if negated { " NOT IN (" } else { " IN (" });
        for (nth, item) in list.iter().enumerate() {
            if nth > 0 {
                self.put(", ");
            }
            match moments {
                true => self.moment(item)?,
                false => self.operand(item, expr, Some(Comparison::Equal))?,
            }
        }
        self.put("))");
        Ok(())
    }

    pub(super) fn between(&mut self, expr: &Expr, negated: bool, low: &Expr, high: &Expr) -> Result<(), DbError> {
        self.refuse_the_present(&[expr, low, high])?;
        if ![low, high].iter().all(|bound| self.is_beside_a_number(expr, bound)) {
            self.care.operator("<=", [low, high]);
        }
        let moments = self.are_moments(&[expr, low, high])?;
        let side = |printer: &mut Self, side: &Expr, beside: &[&Expr]| match moments {
            true => printer.moment(side),
            false => printer.beside(side, beside, Comparison::Value),
        };
        self.put("(");
        side(self, expr, &[low, high])?;
        self.put(if negated { " NOT BETWEEN " } else { " BETWEEN " });
        side(self, low, &[expr])?;
        self.put(" AND ");
        side(self, high, &[expr])?;
        self.put(")");
        Ok(())
    }

    pub(super) fn like(
        &mut self,
        expr: &Expr,
        negated: bool,
        words: &str,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<(), DbError> {
        self.care.converts();
        self.put("(");
        self.as_text(expr)?;
        self.put(if negated { " NOT " } else { " " });
        self.put(words);
        self.put(" ");
        self.expression(pattern)?;
        if let Some(escape) = escape {
            self.put(" ESCAPE ");
            self.expression(escape)?;
        }
        self.put(")");
        Ok(())
    }

    /// A cast. One to a date or time takes only a column, or a literal that does not name the present moment.
    pub(super) fn cast(&mut self, inner: &Expr, to: &str) -> Result<(), DbError> {
        if self.dialect != Dialect::Sqlite && literals::is_time(to) {
            let is_fixed = match strip(inner) {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Cast { .. } => true,
                literal => text_of(literal).is_some_and(|text| !literals::names_the_present(text)),
            };
            if !is_fixed && !self.is_time(inner)? {
                return Err(refused("it casts to a date or time a text that depends on the current time"));
            }
        }
        self.care.casts(to);
        self.put("CAST(");
        match ["TEXT", "CHAR", "VARCHAR"].iter().any(|text| to.starts_with(text)) {
            true => self.as_text(inner)?,
            false => self.expression(inner)?,
        }
        self.put(&format!(" AS {to})"));
        Ok(())
    }

    pub(super) fn quantified(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        word: &str,
        right: &Expr,
    ) -> Result<(), DbError> {
        let (operator, is_condition) = operator(self.dialect, op)?;
        if !is_condition || matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return Err(refused(format!("{word} needs a comparison before it")));
        }
        self.refuse_the_present(&[left, right])?;
        let is_pattern = operator.contains('~');
        let side = |printer: &mut Self, side: &Expr, beside: &Expr, place| match is_pattern {
            true => printer.expression(side),
            false => printer.beside(side, &[beside], place),
        };
        self.put("(");
        side(self, left, right, Comparison::Element)?;
        self.put(&format!(" {operator} {word} ("));
        side(self, right, left, Comparison::List)?;
        self.put("))");
        Ok(())
    }
}

/// Whether it is a number without a sign.
fn is_number(expression: &Expr) -> bool {
    matches!(strip(expression), Expr::Value(value) if matches!(value.value, Value::Number(..)))
}

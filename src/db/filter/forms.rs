//! How each form of expression is written: in parentheses, so that no reader groups it otherwise.

use super::operators::operator;
use super::present::{strip, text_of};
use super::printer::Printer;
use super::{literals, refused};
use crate::db::{DbError, Engine};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

impl Printer<'_> {
    pub(super) fn postfix(&mut self, inner: &Expr, words: &str) -> Result<(), DbError> {
        self.put("(");
        self.expression(inner)?;
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
        self.put("(");
        self.put(operator);
        self.expression(inner)?;
        self.put(")");
        Ok(())
    }

    pub(super) fn infix(&mut self, left: &Expr, operator: &str, right: &Expr) -> Result<(), DbError> {
        self.refuse_the_present(&[left, right])?;
        let compares = ["=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"].contains(&operator);
        self.put("(");
        self.operand(left, right, compares)?;
        self.put(&format!(" {operator} "));
        self.operand(right, left, compares)?;
        self.put(")");
        Ok(())
    }

    /// One side of a comparison. A text beside an enum column may be the other name of one of its values.
    fn operand(&mut self, side: &Expr, beside: &Expr, compares: bool) -> Result<(), DbError> {
        if compares
            && let Some(text) = text_of(strip(side))
            && let Some(column) = self.column(beside)?
            && let Some(label) = self.names.label(&column.name, text)
        {
            self.put(&literals::string(self.engine, &label));
            return Ok(());
        }
        self.expression(side)
    }

    pub(super) fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Result<(), DbError> {
        if list.is_empty() {
            return Err(refused("the list after IN is empty"));
        }
        self.refuse_the_present(&std::iter::once(expr).chain(list).collect::<Vec<_>>())?;
        self.put("(");
        self.expression(expr)?;
        self.put(if negated { " NOT IN (" } else { " IN (" });
        for (nth, item) in list.iter().enumerate() {
            if nth > 0 {
                self.put(", ");
            }
            self.operand(item, expr, true)?;
        }
        self.put("))");
        Ok(())
    }

    pub(super) fn between(&mut self, expr: &Expr, negated: bool, low: &Expr, high: &Expr) -> Result<(), DbError> {
        self.refuse_the_present(&[expr, low, high])?;
        self.put("(");
        self.expression(expr)?;
        self.put(if negated { " NOT BETWEEN " } else { " BETWEEN " });
        self.expression(low)?;
        self.put(" AND ");
        self.expression(high)?;
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
        self.put("(");
        self.expression(expr)?;
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
        if self.engine == Engine::Postgres && literals::is_time(to) {
            let is_fixed = match strip(inner) {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Cast { .. } => true,
                literal => text_of(literal).is_some_and(|text| !literals::names_the_present(text)),
            };
            if !is_fixed && !self.is_time(inner)? {
                return Err(refused("it casts to a date or time what may mean another moment tomorrow"));
            }
        }
        self.put("CAST(");
        self.expression(inner)?;
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
        let (operator, is_condition) = operator(self.engine, op)?;
        if !is_condition || matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return Err(refused(format!("{word} needs a comparison before it")));
        }
        self.refuse_the_present(&[left, right])?;
        self.put("(");
        self.expression(left)?;
        self.put(&format!(" {operator} {word} ("));
        self.expression(right)?;
        self.put("))");
        Ok(())
    }
}

//! Texts that are Prisma's names of an enum's values: where one is compared with the enum's column itself, the
//! database's label takes its place. Elsewhere the database would see the name, so it is refused.

use super::present::{strip, text_of};
use super::printer::Printer;
use super::{literals, refused};
use crate::codec::Column;
use crate::db::DbError;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};
use sqlparser::tokenizer::{Location, Span};

/// How a text stands beside a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Both are the same or not. Here names have always been taken.
    Equal,
    /// Both are values of one type.
    Value,
    /// It is an element of the column: `'A' = ANY (column)`.
    Element,
    /// The column is an element of it: `column = ANY ('{A,B}')`.
    List,
}

/// What stands in the term that is written, and the labels that took the place of names so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    in_term: bool,
    columns: Vec<String>,
    texts: Vec<String>,
    labels: Vec<(Span, String)>,
}

impl Seen {
    /// What another printer starts with that writes a part of this term.
    pub(super) fn inner(&self) -> Seen {
        Seen { in_term: self.in_term, ..Seen::default() }
    }

    /// Notes all that the other printer has seen.
    pub(super) fn adopt(&mut self, inner: Seen) {
        self.columns.extend(inner.columns);
        self.texts.extend(inner.texts);
        self.labels.extend(inner.labels);
    }

    pub(super) fn column(&mut self, name: &str) {
        self.columns.push(name.to_owned());
    }

    /// Notes a text that is written as it is, and what it may be made of: it can be a pattern or an array.
    pub(super) fn text(&mut self, text: &str) {
        self.texts.push(text.to_owned());
        self.texts.extend(text.split(['{', '}', ',', '"', '%', '*', '^', '$']).map(|part| part.trim().to_owned()));
    }

    /// `typed` with the labels.
    pub(super) fn with_labels(mut self, typed: &str) -> String {
        self.labels.sort_by_key(|(span, _)| span.start);
        let (mut out, mut at) = (String::new(), Location::new(1, 1));
        let mut labels = self.labels.into_iter().peekable();
        for char in typed.chars() {
            while labels.peek().is_some_and(|(span, _)| span.end <= at) {
                labels.next();
            }
            match labels.peek() {
                Some((span, label)) if span.start == at => out.push_str(&format!("'{}'", label.replace('\'', "''"))),
                Some((span, _)) if span.start < at => {}
                _ => out.push(char),
            }
            at = match char {
                '\n' => Location::new(at.line + 1, 1),
                _ => Location::new(at.line, at.column + 1),
            };
        }
        out
    }
}

impl Printer<'_> {
    /// Writes an expression. If it is a term of its own, a condition without AND, OR and NOT, no text in it may be a
    /// name of a value of a column in it.
    pub(super) fn term(&mut self, expression: &Expr) -> Result<(), DbError> {
        if connects(expression) || (self.seen.get_mut().in_term && !compares(expression)) {
            return self.node(expression);
        }
        let labels = std::mem::take(&mut self.seen.get_mut().labels);
        let outer = self.seen.replace(Seen { in_term: true, labels, ..Seen::default() });
        self.node(expression)?;
        let term = self.seen.replace(outer);
        for column in &term.columns {
            for text in &term.texts {
                if let Some(label) = self.names.label(column, text) {
                    return Err(self.unsure(text, column, &label, expression));
                }
            }
        }
        self.seen.get_mut().labels = term.labels;
        Ok(())
    }

    /// Writes `side` of a comparison with `beside`; if it is a name of a value, the label.
    pub(super) fn beside(&mut self, side: &Expr, beside: &[&Expr], place: Comparison) -> Result<(), DbError> {
        let (Expr::Value(value), Some(text)) = (strip(side), text_of(strip(side))) else {
            return self.expression(side);
        };
        let Some(columns) = self.only_columns(beside)? else { return self.expression(side) };
        let mut labels: Vec<Option<String>> = columns.iter().map(|column| self.label(text, column, place)).collect();
        labels.dedup();
        match labels.as_slice() {
            [Some(label)] => {
                self.put(&literals::string(self.dialect, label));
                self.seen.get_mut().labels.push((value.span, label.clone()));
            }
            _ => {
                self.put(&literals::string(self.dialect, text));
                self.seen.get_mut().texts.push(text.to_owned());
            }
        }
        Ok(())
    }

    /// The columns that these are, beside literals; `None` if one is something else.
    fn only_columns(&self, beside: &[&Expr]) -> Result<Option<Vec<&Column>>, DbError> {
        let mut columns = Vec::new();
        for other in beside.iter().map(|other| strip(other)) {
            match self.column(other)? {
                Some(column) => columns.push(column),
                None if matches!(other, Expr::Value(_)) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(columns))
    }

    /// The label, or the array of labels, that `text` is beside `column`; `None` if it is no name there.
    fn label(&self, text: &str, column: &Column, place: Comparison) -> Option<String> {
        let is_array = match place {
            Comparison::Equal | Comparison::Value => column.array,
            Comparison::Element => false,
            Comparison::List => true,
        };
        match is_array {
            _ if self.kept && (is_array || place != Comparison::Equal) => None,
            true => self.array(text, &column.name),
            false => self.names.label(&column.name, text),
        }
    }

    /// An array of texts in PostgreSQL's text form with labels in place of names; `None` if it has no name.
    fn array(&self, text: &str, column: &str) -> Option<String> {
        let mut is_named = false;
        let mut element = |element: &str| {
            let quoted = element.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if quoted.is_none() && element.eq_ignore_ascii_case("NULL") {
                return Some("NULL".to_owned());
            }
            let text = quoted.unwrap_or(element);
            let label = self.names.label(column, text);
            is_named |= label.is_some();
            let plain = !text.contains(['{', '}', '"', '\\']);
            let written = label.as_deref().unwrap_or(text).replace('\\', "\\\\").replace('"', "\\\"");
            plain.then(|| format!("\"{written}\""))
        };
        let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
        let elements: Option<Vec<String>> = inner.split(',').map(|text| element(text.trim())).collect();
        elements.filter(|_| is_named).map(|elements| format!("{{{}}}", elements.join(",")))
    }

    fn unsure(&self, text: &str, column: &str, label: &str, term: &Expr) -> DbError {
        let rest = match self.kept {
            false => {
                format!("and counts only where it is compared with the column itself: write '{label}' in `{term}`")
            }
            true => format!(
                "and the snapshot does not tell whether `{term}` was meant so: its filter may choose other rows today; take a \
                 new snapshot with '{label}' there, or restore without --mode exact"
            ),
        };
        refused(format!("'{text}' is Prisma's name of a value of {column}, {rest}"))
    }
}

/// Whether it joins conditions to one, or is one in parentheses.
fn connects(expression: &Expr) -> bool {
    match expression {
        Expr::BinaryOp { op, .. } => matches!(op, BinaryOperator::And | BinaryOperator::Or),
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
        Expr::Nested(_) => true,
        _ => false,
    }
}

/// Whether it is true or false by the values in it, and gives none of them back.
fn compares(expression: &Expr) -> bool {
    match expression {
        Expr::BinaryOp { op, .. } => {
            use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
            matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
        }
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) | Expr::IsNull(_) | Expr::IsNotNull(_) => true,
        Expr::InList { .. } | Expr::Between { .. } | Expr::Like { .. } | Expr::ILike { .. } => true,
        Expr::AnyOp { .. } | Expr::AllOp { .. } => true,
        _ => false,
    }
}

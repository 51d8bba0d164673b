//! Texts that are Prisma's names of an enum's values: where one stands beside the enum's column, the database's label
//! takes its place. Where it may be meant so and cannot be told, it is refused.

use super::moments::{CHOOSING, arguments, is_one_of};
use super::present::{strip, text_of};
use super::printer::Printer;
use super::{literals, refused};
use crate::codec::Column;
use crate::db::DbError;
use sqlparser::ast::Expr;

impl Printer<'_> {
    /// Writes `side` of `construct`, which also has `beside`; texts in it are labels if they can be names of values.
    pub(super) fn beside(&mut self, side: &Expr, beside: &[&Expr], construct: &str) -> Result<(), DbError> {
        match strip(side) {
            Expr::Array(array) if beside.iter().any(|other| !matches!(strip(other), Expr::Array(_))) => {
                self.put("ARRAY[");
                for (nth, element) in array.elem.iter().enumerate() {
                    if nth > 0 {
                        self.put(", ");
                    }
                    self.beside(element, beside, construct)?;
                }
                self.put("]");
                Ok(())
            }
            other => match text_of(other).map(|text| self.label(text, beside, construct)).transpose()?.flatten() {
                Some(label) => {
                    self.put(&literals::string(self.dialect, &label));
                    Ok(())
                }
                None => self.expression(side),
            },
        }
    }

    /// Refuses a text that is held against `beside` as something else than a value, and is the name of one.
    pub(super) fn refuse_names(&self, side: &Expr, beside: &Expr, construct: &str) -> Result<(), DbError> {
        let Some(text) = text_of(strip(side)).filter(|text| self.is_name(text)) else { return Ok(()) };
        let named = self.named_in(beside)?.into_iter().find_map(|column| {
            let label = self.names.label(&column, text)?;
            Some((column, label))
        });
        named.map_or(Ok(()), |(column, label)| Err(unsure(text, &column, &label, construct)))
    }

    /// The label, or the array of labels, that `text` is beside these expressions.
    fn label(&self, text: &str, beside: &[&Expr], construct: &str) -> Result<Option<String>, DbError> {
        let plain = elements(text);
        if !plain.as_deref().unwrap_or(&[text]).iter().any(|text| self.is_name(text)) {
            return Ok(None);
        }
        let mut found: Option<String> = None;
        let mut direct = Vec::new();
        for other in beside {
            self.values_of(other, &mut direct)?;
        }
        for column in &direct {
            let label = match &plain {
                Some(elements) => self.array(elements, &column.name),
                None => self.names.label(&column.name, text),
            };
            match (&found, label) {
                (Some(before), Some(label)) if *before != label => {
                    return Err(unsure(text, &column.name, &label, construct));
                }
                (_, Some(label)) => found = Some(label),
                (_, None) => {}
            }
        }
        if found.is_none() {
            for other in beside {
                for column in self.named_in(other)? {
                    let is_direct = direct.iter().any(|direct| direct.name == column);
                    if let Some(label) = self.names.label(&column, text).filter(|_| !is_direct) {
                        return Err(unsure(text, &column, &label, construct));
                    }
                }
            }
        }
        Ok(found)
    }

    /// An array of texts with labels in place of names; `None` if it has no name.
    fn array(&self, elements: &[&str], column: &str) -> Option<String> {
        let labels: Vec<Option<String>> = elements.iter().map(|name| self.names.label(column, name)).collect();
        labels.iter().any(Option::is_some).then(|| {
            let texts = elements.iter().zip(&labels).map(|(text, label)| label.as_deref().unwrap_or(text));
            let quoted = texts.map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
            format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
        })
    }

    /// The columns whose values an expression gives.
    fn values_of<'s>(&'s self, expression: &Expr, found: &mut Vec<&'s Column>) -> Result<(), DbError> {
        match strip(expression) {
            Expr::Cast { expr, .. } => self.values_of(expr, found),
            Expr::Array(array) => array.elem.iter().try_for_each(|element| self.values_of(element, found)),
            Expr::Function(function) if is_one_of(function, &CHOOSING) => {
                let condition = usize::from(is_one_of(function, &["iif"]));
                let values = arguments(function).into_iter().skip(condition);
                values.into_iter().try_for_each(|argument| self.values_of(argument, found))
            }
            other => {
                found.extend(self.column(other)?);
                Ok(())
            }
        }
    }

    /// Names of the columns that stand anywhere in an expression.
    fn named_in(&self, expression: &Expr) -> Result<Vec<String>, DbError> {
        let mut inner = self.inner();
        inner.expression(expression)?;
        Ok(inner.into_columns())
    }
}

/// The elements of an array in PostgreSQL's text form, if it is one of plain words.
fn elements(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let elements = inner.split(',').map(str::trim);
    let unquoted =
        elements.map(|element| element.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(element));
    let elements: Vec<&str> = unquoted.collect();
    elements.iter().all(|element| !element.contains(['{', '}', '"', '\\'])).then_some(elements)
}

fn unsure(text: &str, column: &str, label: &str, construct: &str) -> DbError {
    refused(format!(
        "'{text}' is Prisma's name of a value of {column}, and {construct} sees what the database has: write '{label}' there, \
         or compare the column itself"
    ))
}

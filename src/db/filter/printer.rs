//! Checks an expression node by node and writes it anew.

use super::functions::{self, Call, call};
use super::labels::Seen;
use super::moments::quoted;
use super::operators::operator;
use super::present::{strip, text_of};
use super::stored::Care;
use super::{FilterNames, columns, literals, refused};
use crate::codec::{Column, Kind, TableSchema};
use crate::db::{DbError, Dialect, Filter};
use sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    TrimWhereField, UnaryOperator, Value,
};
use std::cell::RefCell;

/// How deep an expression may nest: `a OR b OR c` nests once for each OR.
const MAX_DEPTH: usize = 250;

/// Writes one filter.
pub(super) struct Printer<'p> {
    pub(super) dialect: Dialect,
    /// Of the rows that SQLite is asked about, some are of PostgreSQL.
    pub(super) rows_of: Dialect,
    schema: &'p TableSchema,
    pub(super) names: &'p dyn FilterNames,
    sql: String,
    columns: RefCell<Vec<String>>,
    pub(super) care: Care,
    pub(super) seen: RefCell<Seen>,
    /// It reads a filter of a snapshot anew.
    pub(super) kept: bool,
    depth: usize,
}

impl<'p> Printer<'p> {
    /// A printer for `dialect`, which is asked about rows of `rows_of`; it has written nothing.
    pub(super) fn new(
        dialect: Dialect,
        rows_of: Dialect,
        schema: &'p TableSchema,
        names: &'p dyn FilterNames,
    ) -> Printer<'p> {
        Printer {
            dialect,
            rows_of,
            schema,
            names,
            sql: String::new(),
            columns: RefCell::default(),
            care: Care::default(),
            seen: RefCell::default(),
            kept: false,
            depth: 0,
        }
    }

    /// What was written, and what it takes to apply it elsewhere.
    pub(super) fn into_filter(self, typed: &str) -> (Filter, Care) {
        let typed = self.seen.into_inner().with_labels(typed);
        (Filter { typed, sql: self.sql, columns: self.columns.into_inner() }, self.care)
    }

    /// Writes an expression that must be true or false.
    pub(super) fn condition(&mut self, expression: &Expr) -> Result<(), DbError> {
        let is_condition = match strip(expression) {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                self.column(expression)?.is_some_and(|column| column.kind == Kind::Bool && !column.array)
            }
            Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
            Expr::BinaryOp { op, .. } => operator(self.dialect, op)?.1,
            Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
            Expr::Cast { data_type, .. } => {
                matches!(literals::type_name(self.dialect, data_type)?.as_str(), "BOOL" | "BOOLEAN")
            }
            Expr::Function(function) => functions::is_condition(&function.name.to_string()),
            Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Extract { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Array(_)
            | Expr::TypedString(_)
            | Expr::Interval(_) => false,
            _ => true,
        };
        if !is_condition {
            return Err(refused("it is a value, not a condition: compare it with something"));
        }
        self.expression(expression)
    }

    /// Writes any allowed expression.
    pub(super) fn expression(&mut self, expression: &Expr) -> Result<(), DbError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refused(format!(
                "it nests deeper than {MAX_DEPTH} operations; use IN (...) for a list of values"
            )));
        }
        self.term(expression)?;
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn node(&mut self, expression: &Expr) -> Result<(), DbError> {
        match expression {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                let name =
                    self.column(expression)?.map(|column| quoted(self.dialect, &column.name)).unwrap_or_default();
                match self.moment_column(expression)?.is_some() {
                    true => self.put_moment(&name),
                    false => self.put(&name),
                }
                Ok(())
            }
            Expr::Value(value) => {
                let written = literals::value(self.dialect, &value.value)?;
                self.put(&written);
                if let Some(text) = text_of(expression) {
                    self.seen.get_mut().text(text);
                }
                Ok(())
            }
            Expr::Nested(inner) => self.expression(inner),
            Expr::IsNull(inner) => self.is_null(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.is_null(inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => self.postfix(inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.postfix(inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.postfix(inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.postfix(inner, "IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.postfix(inner, "IS NULL"),
            Expr::IsNotUnknown(inner) => self.postfix(inner, "IS NOT NULL"),
            Expr::IsDistinctFrom(left, right) => self.infix(left, "IS DISTINCT FROM", right),
            Expr::IsNotDistinctFrom(left, right) => self.infix(left, "IS NOT DISTINCT FROM", right),
            Expr::BinaryOp { left, op, right } => {
                let (operator, _) = operator(self.dialect, op)?;
                self.infix(left, operator, right)
            }
            Expr::UnaryOp { op, expr } => self.prefix(*op, expr),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, *negated, "LIKE", pattern, escape_char.as_deref())
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } if self.dialect == Dialect::Postgres => {
                self.like(expr, *negated, "ILIKE", pattern, escape_char.as_deref())
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } if self.dialect == Dialect::Postgres => {
                self.like(expr, *negated, "SIMILAR TO", pattern, escape_char.as_deref())
            }
            _ => self.value_node(expression),
        }
    }

    /// The rest: what makes values of other values.
    fn value_node(&mut self, expression: &Expr) -> Result<(), DbError> {
        let postgres = self.dialect == Dialect::Postgres;
        match expression {
            Expr::Cast { expr, data_type, format: None, .. } => {
                self.cast(expr, &literals::type_name(self.dialect, data_type)?)
            }
            Expr::TypedString(typed) if postgres => {
                let to = literals::type_name(self.dialect, &typed.data_type)?;
                self.cast(&Expr::Value(typed.value.clone()), &to)
            }
            Expr::Function(function) => self.function(function),
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let arguments: Vec<&Expr> = [expr, from].into_iter().chain(substring_for).map(Box::as_ref).collect();
                self.call("substr", &arguments)
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) | None if postgres => "btrim",
                    Some(TrimWhereField::Both) | None => "trim",
                };
                let what = trim_what.as_deref().into_iter().chain(trim_characters.iter().flatten());
                let arguments: Vec<&Expr> = std::iter::once(expr.as_ref()).chain(what).collect();
                self.call(name, &arguments)
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call("ceil", &[expr])
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call("floor", &[expr])
            }
            Expr::Position { expr, r#in } => self.call(if postgres { "strpos" } else { "instr" }, &[r#in, expr]),
            Expr::Extract { field, expr, .. } if postgres => {
                let field = field.to_string();
                if !field.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
                    return Err(refused("it extracts a field that is not a plain word"));
                }
                let field = Expr::Value(Value::SingleQuotedString(field.to_ascii_lowercase()).into());
                self.call("date_part", &[&field, expr])
            }
            Expr::AtTimeZone { timestamp, time_zone } if postgres => self.infix(timestamp, "AT TIME ZONE", time_zone),
            Expr::Interval(interval) if postgres && interval.leading_field.is_none() => {
                self.cast(&interval.value, "INTERVAL")
            }
            Expr::Array(array) if postgres => {
                self.put("ARRAY[");
                self.list(&array.elem.iter().collect::<Vec<_>>())?;
                self.put("]");
                Ok(())
            }
            Expr::AnyOp { left, compare_op, right, .. } if postgres => self.quantified(left, compare_op, "ANY", right),
            Expr::AllOp { left, compare_op, right } if postgres => self.quantified(left, compare_op, "ALL", right),
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
                Err(refused("it contains a subquery; a filter looks at one row of one table"))
            }
            other => Err(refused(format!("{} is not allowed in a filter", construct(other)))),
        }
    }

    /// Another printer for the same table.
    pub(super) fn inner(&self) -> Printer<'p> {
        Printer {
            depth: self.depth,
            kept: self.kept,
            seen: RefCell::new(self.seen.borrow().inner()),
            ..Printer::new(self.dialect, self.rows_of, self.schema, self.names)
        }
    }

    /// What another printer has written, taken for part of this one's.
    pub(super) fn adopt(&mut self, inner: Printer<'p>) -> String {
        for name in inner.columns.into_inner() {
            let named = self.columns.get_mut();
            if !named.contains(&name) {
                named.push(name);
            }
        }
        self.care.require(inner.care);
        self.seen.get_mut().adopt(inner.seen.into_inner());
        inner.sql
    }

    /// Writes text as it is.
    pub(super) fn put(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// The column that an identifier means, the table's own name before it or not; `None` if it is no identifier.
    pub(super) fn column(&self, expression: &Expr) -> Result<Option<&'p Column>, DbError> {
        let (qualifiers, name): (&[Ident], &Ident) = match strip(expression) {
            Expr::Identifier(name) => (&[], name),
            Expr::CompoundIdentifier(parts) => match parts.split_last() {
                Some((name, qualifiers)) => (qualifiers, name),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let table = &self.schema.table;
        let is_table = |ident: &Ident, name: &str| ident.value.eq_ignore_ascii_case(name);
        let known = match qualifiers {
            [] => true,
            [last] => is_table(last, &table.name),
            [first, last] => {
                is_table(last, &table.name) && table.schema.as_deref().is_some_and(|schema| is_table(first, schema))
            }
            _ => false,
        };
        if !known {
            return Err(refused(format!("`{}` is not a column of table {table}", strip(expression))));
        }
        let column = columns::resolve(self.schema, self.names, &name.value)?;
        let mut named = self.columns.borrow_mut();
        if !named.contains(&column.name) {
            named.push(column.name.clone());
        }
        self.seen.borrow_mut().column(&column.name);
        Ok(Some(column))
    }

    fn function(&mut self, function: &Function) -> Result<(), DbError> {
        let name = match function.name.0.as_slice() {
            [name] => name.as_ident(),
            [schema, name] if schema.as_ident().is_some_and(|schema| schema.value == "pg_catalog") => name.as_ident(),
            _ => None,
        };
        let name = name.ok_or_else(|| refused(format!("{}() is not a built-in function", function.name)))?;
        call(self.dialect, &name.value)?;
        let plain = function.filter.is_none()
            && function.over.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty()
            && matches!(function.parameters, FunctionArguments::None);
        let arguments = match &function.args {
            FunctionArguments::List(list) if plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() => {
                &list.args
            }
            _ => return Err(refused(format!("{name}() is called in a way that is not allowed in a filter"))),
        };
        let arguments: Option<Vec<&Expr>> = arguments
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
                _ => None,
            })
            .collect();
        let arguments = arguments.ok_or_else(|| refused(format!("{name}() takes plain arguments only")))?;
        self.call(&name.value, &arguments)
    }

    fn call(&mut self, name: &str, arguments: &[&Expr]) -> Result<(), DbError> {
        let (Call::Function(name) | Call::Syntax(name)) = call(self.dialect, name)?;
        self.refuse_the_present(arguments)?;
        self.care.calls(&name);
        self.put(&format!("{name}("));
        self.arguments(&name, arguments)?;
        self.put(")");
        Ok(())
    }

    /// Writes expressions with commas between them.
    pub(super) fn list(&mut self, expressions: &[&Expr]) -> Result<(), DbError> {
        for (nth, expression) in expressions.iter().enumerate() {
            if nth > 0 {
                self.put(", ");
            }
            self.expression(expression)?;
        }
        Ok(())
    }
}

/// What an expression is, for people.
fn construct(expression: &Expr) -> String {
    const MOST: usize = 40;
    let known = match expression {
        Expr::Case { .. } => "CASE",
        Expr::Collate { .. } => "COLLATE",
        Expr::Tuple(_) => "a row of several values",
        Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. } => "a subscript",
        Expr::IsNormalized { .. } => "IS NORMALIZED",
        _ => "",
    };
    let text = expression.to_string();
    let short: String = text.chars().take(MOST).collect();
    let short = if short.len() < text.len() { format!("{short}...") } else { short };
    if known.is_empty() { format!("`{short}`") } else { format!("{known} (`{short}`)") }
}

//! Filters on rows that are only in a store: which of them mean the same without the database that the rows are of.
//!
//! Of PostgreSQL that is what compares values bit for bit or as whole numbers. SQLite is the same everywhere, but for
//! two things that a snapshot does not tell: the encoding of the database's text, by which texts are ordered and become
//! bytes, and whether a table is STRICT, where a column of type ANY converts nothing.

use super::present::{strip, text_of};
use super::printer::Printer;
use super::refused;
use crate::codec::{Column, Kind, TableSchema, ValueRef};
use crate::db::{DbError, Filter};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

/// What makes a filter of SQLite's depend on the encoding of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Care {
    /// It orders values.
    orders: bool,
    /// It makes text or numbers of values, perhaps of bytes.
    converts: bool,
    /// It makes bytes of text, by this construct.
    bytes: Option<String>,
}

impl Care {
    /// Notes all that another one has noted.
    pub(super) fn require(&mut self, other: Care) {
        self.orders |= other.orders;
        self.converts |= other.converts;
        self.bytes = self.bytes.take().or(other.bytes);
    }

    /// Notes an operator.
    pub(super) fn operator(&mut self, operator: &str, sides: [&Expr; 2]) {
        match operator {
            "<" | "<=" | ">" | ">=" => self.orders = true,
            "=" | "<>" | "IS DISTINCT FROM" | "IS NOT DISTINCT FROM" => {}
            "AND" | "OR" if !sides.iter().any(|side| matches!(strip(side), Expr::Identifier(_))) => {}
            _ => self.converts = true,
        }
    }

    /// Notes something that makes text or a number of a value.
    pub(super) fn converts(&mut self) {
        self.converts = true;
    }

    /// Notes a call.
    pub(super) fn calls(&mut self, name: &str) {
        // it looks at no byte of the value
        self.converts |= name != "typeof";
        if ["hex", "octet_length"].contains(&name) {
            self.bytes = Some(format!("{name}()"));
        }
    }

    /// Notes a cast.
    pub(super) fn casts(&mut self, to: &str) {
        self.converts = true;
        if to == "BLOB" {
            self.bytes = Some("CAST AS BLOB".to_owned());
        }
    }

    /// Itself, if any row can be held against the filter.
    pub(super) fn checked(self, filter: &Filter, schema: &TableSchema) -> Result<Care, DbError> {
        if let Some(construct) = &self.bytes {
            return Err(alone("SQLite", construct, "the encoding of the database's text"));
        }
        let mut columns = schema.columns.iter().filter(|column| filter.columns.contains(&column.name));
        if let Some(column) = columns.find(|column| column.sql_type.eq_ignore_ascii_case("ANY")) {
            return Err(alone("SQLite", &format!("column {} of type ANY", column.name), "whether the table is STRICT"));
        }
        if self.orders && !filter.sql.is_ascii() {
            return Err(alone(
                "SQLite",
                "the order of texts that are not ASCII",
                "the encoding of the database's text",
            ));
        }
        Ok(self)
    }

    /// Refuses a value of which only the database itself could tell.
    pub(in crate::db) fn allows(&self, column: &Column, value: ValueRef<'_>) -> Result<(), DbError> {
        let what = match value {
            ValueRef::Text(bytes) if self.orders && !bytes.is_ascii() => "the order of texts that are not ASCII",
            ValueRef::Blob(_) if self.converts => "a blob taken for text",
            _ => return Ok(()),
        };
        Err(alone("SQLite", &format!("{what}, in column {},", column.name), "the encoding of the database's text"))
    }
}

fn alone(engine: &str, construct: &str, on: &str) -> DbError {
    refused(format!(
        "{construct} depends on {on}, which only {engine} itself can tell; two stored snapshots are compared without it: \
         compare with live, or use dbsnap sql"
    ))
}

/// Refuses what PostgreSQL alone can tell. Names and forms of `expression` are those that `printer` has let through.
pub(super) fn same_without_postgres(printer: &Printer<'_>, expression: &Expr) -> Result<(), DbError> {
    let both = |left, right| {
        same_without_postgres(printer, left)?;
        same_without_postgres(printer, right)
    };
    match strip(expression) {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match printer.column(expression)? {
            Some(column) if column.kind == Kind::Bool && !column.array => Ok(()),
            _ => Err(only_postgres(expression)),
        },
        Expr::Value(value) if matches!(value.value, Value::Boolean(_)) => Ok(()),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => same_without_postgres(printer, expr),
        Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner) => same_without_postgres(printer, inner),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) if printer.column(inner)?.is_some() => Ok(()),
        Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => both(left, right),
        Expr::BinaryOp { left, op, right } => {
            let orders = match op {
                BinaryOperator::Eq | BinaryOperator::NotEq => false,
                BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq => true,
                _ => return Err(only_postgres(expression)),
            };
            compared(printer, left, right, orders).ok_or_else(|| only_postgres(expression))
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            compared(printer, left, right, false).ok_or_else(|| only_postgres(expression))
        }
        Expr::InList { expr, list, .. } => {
            let all = list.iter().try_for_each(|item| compared(printer, expr, item, false));
            all.ok_or_else(|| only_postgres(expression))
        }
        Expr::Between { expr, low, high, .. } => {
            let all = [low, high].into_iter().try_for_each(|bound| compared(printer, expr, bound, true));
            all.ok_or_else(|| only_postgres(expression))
        }
        _ => Err(only_postgres(expression)),
    }
}

fn only_postgres(expression: &Expr) -> DbError {
    refused(format!(
        "`{expression}` is for PostgreSQL itself to decide, and two stored snapshots are compared without it: compare with live, \
         use dbsnap sql, or filter by =, <> and IN on texts, enums, uuids, booleans and whole numbers, by ranges of whole numbers, \
         and by IS NULL"
    ))
}

/// How values of a column compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Number,
    Bool,
    Text,
    /// Text in the order of its bytes.
    Bytes,
    Enum,
    Uuid,
}

fn class(column: &Column) -> Option<Class> {
    if column.array {
        return None;
    }
    // domains have other names for their types, and perhaps operators of their own
    let type_is = |names: &[&str]| names.iter().any(|name| column.sql_type == *name);
    match column.kind {
        Kind::Int | Kind::BigInt if type_is(&["smallint", "integer", "bigint"]) => Some(Class::Number),
        Kind::Bool if type_is(&["boolean"]) => Some(Class::Bool),
        Kind::Uuid if type_is(&["uuid"]) => Some(Class::Uuid),
        Kind::Enum => Some(Class::Enum),
        Kind::Text if type_is(&["text"]) || column.sql_type.starts_with("character varying") => {
            match column.collation.as_deref() {
                // the default of a database tells any two texts apart
                None => Some(Class::Text),
                Some("pg_catalog.\"C\"" | "pg_catalog.\"POSIX\"" | "pg_catalog.ucs_basic") => Some(Class::Bytes),
                // another one may not
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// `Some` if a column beside a literal, or beside another column like it, compares alike everywhere.
fn compared(printer: &Printer<'_>, left: &Expr, right: &Expr, orders: bool) -> Option<()> {
    let column = |side| printer.column(side).ok().flatten().map(class);
    let (class, literal) = match (column(left), column(right)) {
        (Some(left), Some(right)) => {
            let alike = left.is_some() && left == right && (!orders || left == Some(Class::Number));
            return alike.then_some(());
        }
        (Some(class), None) => (class?, strip(right)),
        (None, Some(class)) => (class?, strip(left)),
        (None, None) => return None,
    };
    if orders && !matches!(class, Class::Number | Class::Bytes) {
        return None;
    }
    let is_null = matches!(literal, Expr::Value(value) if value.value == Value::Null);
    let fits = match class {
        _ if is_null => true,
        Class::Number => is_whole(literal),
        Class::Bool => matches!(literal, Expr::Value(value) if matches!(value.value, Value::Boolean(_))),
        Class::Text | Class::Bytes | Class::Enum => text_of(literal).is_some(),
        Class::Uuid => text_of(literal).is_some_and(is_canonical_uuid),
    };
    fits.then_some(())
}

/// Whether it is a whole number that fits 64 bits, its sign before it.
fn is_whole(literal: &Expr) -> bool {
    match literal {
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
            matches!(strip(expr), Expr::Value(_)) && is_whole(strip(expr))
        }
        Expr::Value(value) => match &value.value {
            Value::Number(digits, false) => {
                digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<i64>().is_ok()
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether it is a uuid in the form in which PostgreSQL gives it.
fn is_canonical_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

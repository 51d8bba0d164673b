//! `--where`: one boolean expression over a table's columns.
//!
//! What the user types is parsed, checked node by node against what is allowed, and written anew with every name quoted
//! and every operation in parentheses; their text itself never reaches the database. Everything allowed is immutable:
//! the same row passes today and tomorrow, which a filtered snapshot needs to be compared with.

mod columns;
mod forms;
mod functions;
mod labels;
mod literals;
mod moments;
mod operators;
mod present;
mod printer;
mod stored;

use super::{DbError, Dialect, Engine, Filter};
use crate::codec::TableSchema;
use printer::Printer;
use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect as Parsed, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};
pub use stored::Care;

/// Most bytes of a filter.
const MAX_BYTES: usize = 64 * 1024;
/// Most tokens of a filter; bounds how deep a chain of operators can nest.
const MAX_TOKENS: usize = 4000;
/// How deep the parser may recurse.
const MAX_NESTING: usize = 50;

/// Names beside those of the database: what a Prisma schema calls columns and the values of enums.
pub trait FilterNames {
    /// The column that goes by that other name.
    fn column(&self, name: &str) -> Option<String>;

    /// The label that the database has for what is called `value` in an enum column.
    fn label(&self, column: &str, value: &str) -> Option<String>;
}

/// Other names of columns only.
struct Aliases<'a>(&'a dyn Fn(&str) -> Option<String>);

impl FilterNames for Aliases<'_> {
    fn column(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    fn label(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

impl Filter {
    /// Reads `typed` as a filter on the table of `schema`.
    ///
    /// A name is found among the table's columns as it is written, else through `names` (a Prisma field), else in any
    /// case, else as camelCase for snake_case or the reverse. A text that is compared with an enum column may be a
    /// value's other name; [`Filter::typed`] has the label in its place.
    ///
    /// # Errors
    /// [`DbError::Filter`] if it is not one boolean expression, names an unknown column, or uses what could hide a
    /// second statement, read another table or change its mind: subqueries, aggregates, placeholders, comments,
    /// functions other than those known to be immutable.
    pub fn parse_named(
        typed: &str,
        engine: Engine,
        schema: &TableSchema,
        names: &dyn FilterNames,
    ) -> Result<Filter, DbError> {
        let dialect = engine.info().dialect;
        let mut printer = Printer::new(dialect, dialect, schema, names);
        printer.condition(&expression(typed, dialect)?)?;
        Ok(printer.into_filter(typed).0)
    }

    /// As [`Filter::parse_named`], for the filter that a snapshot was taken with. It has labels in it; an older one may
    /// have other names of values, which are taken as they were then.
    ///
    /// # Errors
    /// As [`Filter::parse_named`], and if another name stands where it was not always taken for one.
    pub fn kept(typed: &str, engine: Engine, schema: &TableSchema, names: &dyn FilterNames) -> Result<Filter, DbError> {
        let dialect = engine.info().dialect;
        let mut printer = Printer::new(dialect, dialect, schema, names);
        printer.kept = true;
        printer.condition(&expression(typed, dialect)?)?;
        Ok(printer.into_filter(typed).0)
    }

    /// As [`Filter::parse_named`], for rows that are only in a store: SQLite, any, applies the filter that is returned.
    /// Only what means the same without the database that the rows are of is let through; of SQLite's rows the care
    /// says which ones.
    ///
    /// # Errors
    /// As [`Filter::parse_named`], and if the database alone could tell which rows are meant.
    pub fn stored(
        typed: &str,
        engine: Engine,
        schema: &TableSchema,
        names: &dyn FilterNames,
    ) -> Result<(Filter, Care), DbError> {
        let dialect = engine.info().dialect;
        let expression = expression(typed, dialect)?;
        match dialect {
            Dialect::Postgres => {
                let mut asked = Printer::new(dialect, dialect, schema, names);
                asked.condition(&expression)?;
                stored::same_without_postgres(&asked, &expression)?;
            }
            Dialect::Sqlite => {}
        }
        let mut printer = Printer::new(Dialect::Sqlite, dialect, schema, names);
        printer.condition(&expression)?;
        let (filter, care) = printer.into_filter(typed);
        match dialect {
            Dialect::Postgres => Ok((filter, Care::default())),
            Dialect::Sqlite => care.checked(&filter, schema).map(|care| (filter, care)),
        }
    }

    /// As [`Filter::parse_named`], where `aliases` gives the column for another name of it.
    ///
    /// # Errors
    /// As [`Filter::parse_named`].
    pub fn parse(
        typed: &str,
        engine: Engine,
        schema: &TableSchema,
        aliases: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Filter, DbError> {
        Filter::parse_named(typed, engine, schema, &Aliases(aliases))
    }
}

/// The one expression that `typed` is.
fn expression(typed: &str, dialect: Dialect) -> Result<Expr, DbError> {
    let dialect: &dyn Parsed = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let tokens = tokens(typed, dialect)?;
    let mut parser = Parser::new(dialect).with_recursion_limit(MAX_NESTING).with_tokens_with_locations(tokens);
    let expression = parser.parse_expr().map_err(|error| unreadable(&error.to_string()))?;
    if parser.peek_token_ref().token != Token::EOF {
        let next = &parser.peek_token_ref().token;
        return Err(refused(format!("`{next}` is not expected there; texts stand in single quotes: 'Post 10'")));
    }
    Ok(expression)
}

/// A refusal.
fn refused(reason: impl Into<String>) -> DbError {
    DbError::Filter { reason: reason.into() }
}

fn unreadable(error: &str) -> DbError {
    let error = error.trim_start_matches("sql parser error: ");
    refused(format!("not an SQL expression: {error}"))
}

/// The tokens of `typed`, if all of them may stand in a filter.
fn tokens(typed: &str, dialect: &dyn Parsed) -> Result<Vec<TokenWithSpan>, DbError> {
    if typed.len() > MAX_BYTES {
        return Err(refused(format!("it is longer than {MAX_BYTES} bytes")));
    }
    if typed.contains('\0') {
        return Err(refused("it contains a NUL character"));
    }
    let tokens =
        Tokenizer::new(dialect, typed).tokenize_with_location().map_err(|error| unreadable(&error.to_string()))?;
    let mut significant = 0;
    for token in &tokens {
        match &token.token {
            Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                return Err(refused("it contains a comment"));
            }
            Token::Whitespace(_) => {}
            Token::SemiColon => return Err(refused("it contains a `;`: a filter is one expression, not a statement")),
            Token::Placeholder(_) => return Err(refused("it contains a placeholder: write the value itself")),
            _ => significant += 1,
        }
    }
    match significant {
        0 => Err(refused("it is empty")),
        count if count > MAX_TOKENS => Err(refused(format!("it has more than {MAX_TOKENS} words and signs"))),
        _ => Ok(tokens),
    }
}

//! Statements that read and write rows, read with a parser.

use super::functions;
use super::statement::{Act, Change, NotRead, qualified};
use crate::check::Effect;
use sqlparser::ast::{
    BinaryOperator, CopySource, CopyTarget, CreateTable, Delete, Expr, FromTable, Ident, Insert, ObjectName,
    ObjectNamePart, OnCommit, OnConflictAction, OnInsert, Select, SqliteOnConflict, Statement, TableFactor,
    TableObject, UnaryOperator, Value, Visit, Visitor,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use std::ops::ControlFlow;

/// How many operators a statement may have: the parser makes of them a tree that deep, and looking through it takes
/// stack.
pub(super) const MOST_OPERATORS: usize = 300;

pub(super) fn acts(dialect: &dyn Dialect, tokens: &[Token]) -> Result<Vec<Act>, NotRead> {
    if tokens.iter().filter(|token| deepens(token)).count() > MOST_OPERATORS {
        return Err(NotRead);
    }
    let mut parser = Parser::new(dialect).with_tokens(tokens.to_vec());
    let statement = parser.parse_statement().map_err(|_| NotRead)?;
    if parser.peek_token_ref().token != Token::EOF {
        return Err(NotRead);
    }
    let mut reader = Reader { acts: Vec::new(), called: Vec::new() };
    let _ = match &statement {
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(Delete { from: FromTable::WithFromKeyword(_), .. })
        | Statement::Merge(_)
        | Statement::Copy { .. }
        | Statement::Declare { .. } => statement.visit(&mut reader),
        Statement::CreateTable(table) => {
            reader.created(table);
            table.query.visit(&mut reader)
        }
        _ => return Err(NotRead),
    };
    let Reader { mut acts, called } = reader;
    let is_certain = |act: &Act| matches!(act, Act::Change(change) if change.effect != Effect::Insert);
    if !acts.iter().any(is_certain) {
        acts.extend(functions::suspect(called));
    }
    Ok(acts)
}

fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::SIMILAR
                | Keyword::BETWEEN
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::COLLATE
                | Keyword::AT
                | Keyword::OPERATOR
                | Keyword::NOTNULL
                | Keyword::REGEXP
                | Keyword::RLIKE
                | Keyword::GLOB
                | Keyword::MATCH
                | Keyword::XOR
                | Keyword::DIV
                | Keyword::OVERLAPS
                | Keyword::MEMBER
        ),
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen => false,
        _ => true,
    }
}

/// Gathers what a statement and those inside it do.
struct Reader {
    acts: Vec<Act>,
    called: Vec<String>,
}

impl Visitor for Reader {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Delete(delete) => self.deleted(delete),
            Statement::Update(update) => {
                let tables = tables([&update.table.relation]);
                self.change_where(Effect::Update, tables, update.selection.as_ref(), update.limit.is_some());
            }
            Statement::Insert(insert) => self.inserted(insert),
            Statement::Merge(merge) => self.change(Effect::Upsert, tables([&merge.table]), false),
            Statement::Copy { source, to, target, .. } => {
                if let CopyTarget::Program { command } = target {
                    self.acts.push(Change::unknown(format!("the server runs {command}")));
                }
                if let (CopySource::Table { table_name, .. }, false) = (source, to) {
                    self.change(Effect::Insert, name(table_name).into_iter().collect(), false);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if let Some(into) = select.into.as_ref().filter(|into| into.temporary) {
            let tables = into.targets.iter().filter_map(|target| match target {
                Expr::Identifier(name) => Some(identifier(name)),
                _ => None,
            });
            self.acts.extend(tables.map(|table| Act::Temporary { table, until_commit: false }));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.called.extend(name(&function.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name: called, args: Some(_), .. } | TableFactor::Function { name: called, .. } =
            factor
        {
            self.called.extend(name(called));
        }
        ControlFlow::Continue(())
    }
}

impl Reader {
    /// A change, unless its condition keeps it from every row.
    fn change_where(&mut self, effect: Effect, tables: Vec<String>, condition: Option<&Expr>, has_limit: bool) {
        if !condition.is_some_and(is_nothing) {
            self.change(effect, tables, !has_limit && is_everything(condition));
        }
    }

    fn change(&mut self, effect: Effect, tables: Vec<String>, all_rows: bool) {
        self.acts.push(Change::act(effect, tables, all_rows));
    }

    fn deleted(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let tables = if delete.tables.is_empty() {
            tables(from.iter().map(|table| &table.relation))
        } else {
            delete.tables.iter().filter_map(name).collect()
        };
        self.change_where(Effect::Delete, tables, delete.selection.as_ref(), delete.limit.is_some());
    }

    fn inserted(&mut self, insert: &Insert) {
        let changes = insert.replace_into
            || insert.overwrite
            || insert.or == Some(SqliteOnConflict::Replace)
            || match &insert.on {
                Some(OnInsert::OnConflict(conflict)) => matches!(conflict.action, OnConflictAction::DoUpdate(_)),
                on => on.is_some(),
            };
        let table = match &insert.table {
            TableObject::TableName(table) => name(table),
            _ => None,
        };
        self.change(if changes { Effect::Upsert } else { Effect::Insert }, table.into_iter().collect(), false);
    }

    fn created(&mut self, table: &CreateTable) {
        let Some(created) = name(&table.name) else { return };
        if table.temporary {
            let until_commit = table.on_commit == Some(OnCommit::Drop);
            self.acts.push(Act::Temporary { table: created, until_commit });
        } else if table.or_replace {
            self.change(Effect::Drop, vec![created], true);
        }
    }
}

fn tables<'a>(factors: impl IntoIterator<Item = &'a TableFactor>) -> Vec<String> {
    let named = |factor: &TableFactor| match factor {
        TableFactor::Table { name: table, .. } => name(table),
        _ => None,
    };
    factors.into_iter().filter_map(named).collect()
}

/// As the database reads it; `None` if it is put together.
fn name(name: &ObjectName) -> Option<String> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(name) => Some(identifier(name)),
        ObjectNamePart::Function(_) => None,
    };
    let parts: Option<Vec<String>> = name.0.iter().map(part).collect();
    parts.map(|parts| qualified(&parts))
}

fn identifier(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// Whether a condition leaves out no row.
fn is_everything(condition: Option<&Expr>) -> bool {
    let Some(condition) = condition else { return true };
    match condition {
        Expr::Nested(inner) => is_everything(Some(inner)),
        Expr::Value(value) => is_true(&value.value),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            left == right && matches!(**left, Expr::Value(_)) && !is_placeholder(left)
        }
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            is_everything(Some(left)) && is_everything(Some(right))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            is_everything(Some(left)) || is_everything(Some(right))
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
            matches!(&**expr, Expr::Value(value) if value.value == Value::Boolean(false))
        }
        _ => false,
    }
}

/// Whether a condition leaves out every row: `false`, `1 = 0`.
fn is_nothing(condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => is_nothing(inner),
        Expr::Value(value) => value.value == Value::Boolean(false),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => match (&**left, &**right) {
            (Expr::Value(left), Expr::Value(right)) => match (&left.value, &right.value) {
                (Value::Number(left, _), Value::Number(right, _)) => {
                    left.parse::<f64>().ok().zip(right.parse::<f64>().ok()).is_some_and(|(left, right)| left != right)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Boolean(is_true) => *is_true,
        Value::Number(digits, _) => digits.parse::<f64>().is_ok_and(|number| number != 0.0),
        _ => false,
    }
}

fn is_placeholder(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

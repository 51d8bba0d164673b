//! The operators that may be used.

use super::refused;
use crate::db::{DbError, Dialect};
use sqlparser::ast::BinaryOperator::{self, self as Op};

/// How an operator is written, and whether it gives true or false.
pub(super) fn operator(dialect: Dialect, op: &BinaryOperator) -> Result<(&'static str, bool), DbError> {
    // these mean the same everywhere
    let found = match op {
        Op::And => Some(("AND", true)),
        Op::Or => Some(("OR", true)),
        Op::Eq => Some(("=", true)),
        Op::NotEq => Some(("<>", true)),
        Op::Lt => Some(("<", true)),
        Op::LtEq => Some(("<=", true)),
        Op::Gt => Some((">", true)),
        Op::GtEq => Some((">=", true)),
        Op::Plus => Some(("+", false)),
        Op::Minus => Some(("-", false)),
        Op::Multiply => Some(("*", false)),
        _ => match dialect {
            Dialect::Postgres => shared(op).or_else(|| postgres(op)),
            Dialect::Sqlite => shared(op).or_else(|| (*op == Op::Glob).then_some(("GLOB", true))),
        },
    };
    found.ok_or_else(|| refused(format!("the operator {op} is not allowed in a filter")))
}

/// Operators of PostgreSQL and of SQLite. Elsewhere they may be something else: `||` is OR in MySQL.
fn shared(op: &BinaryOperator) -> Option<(&'static str, bool)> {
    Some(match op {
        Op::Divide => ("/", false),
        Op::Modulo => ("%", false),
        Op::StringConcat => ("||", false),
        Op::BitwiseAnd => ("&", false),
        Op::BitwiseOr => ("|", false),
        Op::Arrow => ("->", false),
        Op::LongArrow => ("->>", false),
        _ => return None,
    })
}

fn postgres(op: &BinaryOperator) -> Option<(&'static str, bool)> {
    Some(match op {
        Op::HashArrow => ("#>", false),
        Op::HashLongArrow => ("#>>", false),
        Op::AtArrow => ("@>", true),
        Op::ArrowAt => ("<@", true),
        Op::Question => ("?", true),
        Op::QuestionAnd => ("?&", true),
        Op::QuestionPipe => ("?|", true),
        Op::PGOverlap => ("&&", true),
        Op::PGRegexMatch => ("~", true),
        Op::PGRegexIMatch => ("~*", true),
        Op::PGRegexNotMatch => ("!~", true),
        Op::PGRegexNotIMatch => ("!~*", true),
        Op::PGLikeMatch => ("~~", true),
        Op::PGILikeMatch => ("~~*", true),
        Op::PGNotLikeMatch => ("!~~", true),
        Op::PGNotILikeMatch => ("!~~*", true),
        _ => return None,
    })
}

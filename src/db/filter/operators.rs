//! The operators that may be used.

use super::refused;
use crate::db::{DbError, Dialect};
use sqlparser::ast::BinaryOperator;

/// How an operator is written, and whether it gives true or false.
pub(super) fn operator(dialect: Dialect, op: &BinaryOperator) -> Result<(&'static str, bool), DbError> {
    use BinaryOperator as Op;
    let postgres = dialect == Dialect::Postgres;
    Ok(match op {
        Op::And => ("AND", true),
        Op::Or => ("OR", true),
        Op::Eq => ("=", true),
        Op::NotEq => ("<>", true),
        Op::Lt => ("<", true),
        Op::LtEq => ("<=", true),
        Op::Gt => (">", true),
        Op::GtEq => (">=", true),
        Op::Plus => ("+", false),
        Op::Minus => ("-", false),
        Op::Multiply => ("*", false),
        Op::Divide => ("/", false),
        Op::Modulo => ("%", false),
        Op::StringConcat => ("||", false),
        Op::BitwiseAnd => ("&", false),
        Op::BitwiseOr => ("|", false),
        Op::Arrow => ("->", false),
        Op::LongArrow => ("->>", false),
        Op::Glob if dialect == Dialect::Sqlite => ("GLOB", true),
        Op::HashArrow if postgres => ("#>", false),
        Op::HashLongArrow if postgres => ("#>>", false),
        Op::AtArrow if postgres => ("@>", true),
        Op::ArrowAt if postgres => ("<@", true),
        Op::Question if postgres => ("?", true),
        Op::QuestionAnd if postgres => ("?&", true),
        Op::QuestionPipe if postgres => ("?|", true),
        Op::PGOverlap if postgres => ("&&", true),
        Op::PGRegexMatch if postgres => ("~", true),
        Op::PGRegexIMatch if postgres => ("~*", true),
        Op::PGRegexNotMatch if postgres => ("!~", true),
        Op::PGRegexNotIMatch if postgres => ("!~*", true),
        Op::PGLikeMatch if postgres => ("~~", true),
        Op::PGILikeMatch if postgres => ("~~*", true),
        Op::PGNotLikeMatch if postgres => ("!~~", true),
        Op::PGNotILikeMatch if postgres => ("!~~*", true),
        _ => return Err(refused(format!("the operator {op} is not allowed in a filter"))),
    })
}

//! What the columns of an answer are called where a query names columns by other names than they have: as it wrote
//! them.

use super::aliases::{is_keyword, is_word, name_of};
use sqlparser::tokenizer::Token;
use std::ops::Range;

/// Words that end a list of result columns.
const ENDS: [&str; 11] =
    ["FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "VALUES"];

/// The result columns of the outermost SELECT (of the first, where several are joined) to which the query gives no
/// name, each as the range of its words.
pub(super) fn unnamed(words: &[&Token]) -> Vec<Range<usize>> {
    let mut depth = 0_usize;
    let mut begun = None;
    let mut found = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        match word {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            word if begun.is_none() && is_word(word, "SELECT") => begun = Some(nth + 1),
            word if begun == Some(nth) && (is_word(word, "DISTINCT") || is_word(word, "ALL")) => begun = Some(nth + 1),
            Token::Comma => {
                found.extend(begun.map(|from| from..nth));
                begun = begun.map(|_| nth + 1);
            }
            word if begun.is_some() && (ENDS.iter().any(|end| is_word(word, end)) || **word == Token::SemiColon) => {
                found.extend(begun.map(|from| from..nth));
                return named_by_nobody(found, words);
            }
            _ => {}
        }
    }
    found.extend(begun.map(|from| from..words.len()));
    named_by_nobody(found, words)
}

fn named_by_nobody(columns: Vec<Range<usize>>, words: &[&Token]) -> Vec<Range<usize>> {
    let is_named = |column: &Range<usize>| match &words[column.clone()] {
        [.., before, last] if name_of(last).is_some() || matches!(last, Token::SingleQuotedString(_)) => {
            is_word(before, "AS")
                || is_word(before, "END")
                || is_word(before, "NULL")
                || !is_keyword(before)
                    && matches!(
                        before,
                        Token::Word(_) | Token::RParen | Token::Number(..) | Token::SingleQuotedString(_)
                    )
        }
        _ => false,
    };
    columns.into_iter().filter(|column| !column.is_empty() && !is_named(column)).collect()
}

/// The name of a result column that is written as these words, with `text` as the query has it: of a column, its name.
pub(super) fn heading(words: &[&Token], text: String) -> String {
    match words {
        [column] | [_, Token::Period, column] => name_of(column).map_or(text, str::to_owned),
        _ => text,
    }
}

//! Statements that the parser does not take, read by their words.

use super::functions;
use super::statement::{Act, Change, Words};
use crate::check::Effect;
use sqlparser::tokenizer::Token;

/// What the statement does; `None` if its words do not tell.
pub(super) fn acts(tokens: &[Token]) -> Option<Vec<Act>> {
    let words = Words(tokens);
    let reads = ["select", "with", "values", "explain", "declare"].iter().any(|first| words.is(0, first));
    let has_list = words.is(0, "with") || words.is(0, "explain");
    let begins = |at: usize| {
        at == 0
            || tokens[at - 1] == Token::LParen
            || (has_list && matches!(tokens[at - 1], Token::RParen | Token::Word(_)))
    };
    let changes: Vec<Act> = (0..tokens.len()).filter(|at| begins(*at)).filter_map(|at| change(&words, at)).collect();
    if !changes.is_empty() {
        return Some(changes);
    }
    if words.is(0, "create") || words.is(0, "copy") && words.after("to").is_some() {
        return Some(Vec::new());
    }
    reads.then(|| {
        let called = (1..tokens.len()).filter(|at| tokens[*at] == Token::LParen).map(|at| words.lower(at - 1));
        let called = called.filter(|name| !name.is_empty());
        functions::suspect(called).into_iter().collect()
    })
}

/// The change that begins at `at`.
fn change(words: &Words<'_>, at: usize) -> Option<Act> {
    let (effect, from) = if words.has(at, "delete from") {
        (Effect::Delete, at + 2)
    } else if words.is(at, "update") {
        (Effect::Update, at + 1 + if words.is(at + 1, "or") { 2 } else { 0 })
    } else if words.has(at, "insert into") {
        (Effect::Insert, at + 2)
    } else if words.has(at, "insert or") && words.is(at + 3, "into") {
        (if words.is(at + 2, "replace") { Effect::Upsert } else { Effect::Insert }, at + 4)
    } else if words.has(at, "replace into") || words.has(at, "merge into") {
        (Effect::Upsert, at + 2)
    } else if words.is(at, "merge") && at == 0 {
        (Effect::Upsert, at + 1)
    } else if words.is(at, "copy") && at == 0 && words.after("from").is_some() {
        (Effect::Insert, at + 1)
    } else if at == 0 && (words.is(0, "alter") || words.is(0, "drop") || words.is(0, "truncate")) {
        return defined(words);
    } else {
        return None;
    };
    let table = words.name(from + usize::from(words.is(from, "only"))).ok().map(|(name, _)| name);
    let inside = end(words, at);
    let has = |word: &str| (at..inside).any(|at| words.is(at, word));
    if effect == Effect::Update && !has("set") {
        return None;
    }
    let upserts = effect == Effect::Insert && has("conflict") && (at..inside).any(|at| words.has(at, "do update"));
    let effect = if upserts { Effect::Upsert } else { effect };
    let all_rows = matches!(effect, Effect::Delete | Effect::Update) && !has("where");
    Some(Change::act(effect, table.into_iter().collect(), all_rows))
}

/// A definition whose names cannot be read.
fn defined(words: &Words<'_>) -> Option<Act> {
    let effect = match words.lower(0).as_str() {
        // Of a text that is no SQL.
        "truncate" if !words.is(1, "table") && matches!(words.0.get(1), Some(Token::Word(_)) | None) => return None,
        "truncate" => Effect::Truncate,
        "drop" => Effect::Drop,
        _ => Effect::Alter,
    };
    Some(Change::act(effect, Vec::new(), true))
}

/// Where the brackets around `at` end.
fn end(words: &Words<'_>, at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in words.0.iter().enumerate().skip(at) {
        match token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return index,
            Token::RParen => depth -= 1,
            _ => {}
        }
    }
    words.0.len()
}

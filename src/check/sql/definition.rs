//! Statements that define, change and remove tables, read by their words.

use super::statement::{Act, Change, NotRead, Words};
use crate::check::Effect;
use sqlparser::tokenizer::Token;

pub(super) fn acts(words: &Words<'_>) -> Result<Vec<Act>, NotRead> {
    let act = match (words.lower(0).as_str(), words.lower(1).as_str()) {
        ("truncate", _) => {
            let from = 1 + usize::from(words.is(1, "table"));
            Some(Change::act(Effect::Truncate, names(words, from)?, true))
        }
        ("drop", _) => dropped(words)?,
        ("alter", "table") => altered(words, 2)?,
        ("alter", "foreign") if words.is(2, "table") => altered(words, 3)?,
        ("alter", "schema" | "database") if words.after("rename").is_some() => {
            Some(Change::act(Effect::Alter, Vec::new(), true))
        }
        ("rename", "table") => Some(Change::act(Effect::Alter, vec![words.name(2)?.0], true)),
        _ => None,
    };
    Ok(act.into_iter().collect())
}

fn dropped(words: &Words<'_>) -> Result<Option<Act>, NotRead> {
    let cascades = words.after("cascade").is_some();
    Ok(match words.lower(1).as_str() {
        "table" => Some(Change::act(Effect::Drop, names(words, 2)?, true)),
        "foreign" if words.is(2, "table") => None,
        "schema" | "owned" => Some(Change::act(Effect::Drop, Vec::new(), true)),
        "database" => Some(Change::act(Effect::Reset, Vec::new(), true)),
        // The columns of that type go with it.
        "type" | "domain" | "extension" if cascades => Some(Change::act(Effect::Alter, Vec::new(), true)),
        super::UNKNOWN => Some(Change::unknown("what is dropped is put together when it runs")),
        _ => None,
    })
}

/// `[IF EXISTS] [ONLY] name [*], ...`
fn names(words: &Words<'_>, mut at: usize) -> Result<Vec<String>, NotRead> {
    let mut names = Vec::new();
    if words.has(at, "if exists") {
        at += 2;
    }
    loop {
        at += usize::from(words.is(at, "only"));
        let (name, after) = words.name(at)?;
        names.push(name);
        at = after + usize::from(words.0.get(after) == Some(&Token::Mul));
        if words.0.get(at) != Some(&Token::Comma) {
            let ends = ["cascade", "restrict", "restart", "continue", "purge"].contains(&words.lower(at).as_str());
            return if ends || at >= words.0.len() { Ok(names) } else { Err(NotRead) };
        }
        at += 1;
    }
}

/// An `ALTER TABLE` whose name stands from `at` on, unless it only adds or sets something.
fn altered(words: &Words<'_>, mut at: usize) -> Result<Option<Act>, NotRead> {
    if words.has(at, "if exists") {
        at += 2;
    }
    at += usize::from(words.is(at, "only"));
    let (name, mut from) = words.name(at)?;
    from += usize::from(words.0.get(from) == Some(&Token::Mul));
    let mut depth = 0_usize;
    let mut starts = vec![from];
    for (at, token) in words.0.iter().enumerate().skip(from) {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    let changes = starts.into_iter().any(|at| loses(words, at));
    Ok(changes.then(|| Change::act(Effect::Alter, vec![name], true)))
}

/// Whether an action of `ALTER TABLE` takes away or rewrites what is there.
fn loses(words: &Words<'_>, at: usize) -> bool {
    let next = words.lower(at + 1);
    match words.lower(at).as_str() {
        "drop" => !["constraint", "primary", "foreign", "index", "key", "check"].contains(&next.as_str()),
        "alter" => {
            let column = at + 1 + usize::from(next == "column");
            let action = words.lower(column + 1);
            action == "type" || words.has(column + 1, "set data") || words.has(column + 1, "drop expression")
        }
        "set" => next == "schema",
        "rename" => next != "constraint",
        "add" | "enable" | "disable" | "force" | "no" | "validate" | "owner" | "attach" | "cluster" | "replica"
        | "of" | "not" | "inherit" | "reset" | "options" => false,
        // DETACH PARTITION, MODIFY and CHANGE of MySQL, and what is not known.
        _ => true,
    }
}

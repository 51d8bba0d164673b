//! One statement.

use super::{UNKNOWN, definition, rows, words};
use crate::check::{Effect, Finding};
use sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::tokenizer::{Token, Tokenizer, Word};

/// What a statement does, as far as others may depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Change(Change),
    /// A temporary table is there from now on, or until the transaction ends.
    Temporary {
        table: String,
        until_commit: bool,
    },
    /// Temporary tables are gone.
    Forget,
    Prepare {
        name: String,
        acts: Vec<Act>,
    },
    Execute {
        name: String,
    },
    Begin,
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint {
        name: String,
    },
    RollbackTo {
        name: String,
    },
    /// What follows may be left out when it runs; with `Some(false)` it is.
    If(Option<bool>),
    Else,
    EndIf,
    /// Findings of what it leads to.
    Led(Vec<Finding>),
}

/// A change of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub effect: Effect,
    /// As the database reads the names, with the schema if one is written.
    pub tables: Vec<String>,
    pub all_rows: bool,
    pub reason: Option<String>,
}

impl Change {
    pub(super) fn act(effect: Effect, tables: Vec<String>, all_rows: bool) -> Act {
        Act::Change(Change { effect, tables, all_rows, reason: None })
    }

    pub(super) fn unknown(reason: impl Into<String>) -> Act {
        let reason = Some(reason.into());
        Act::Change(Change { effect: Effect::Unknown, tables: Vec::new(), all_rows: false, reason })
    }
}

/// A statement, or a part of it, that a reader does not take.
pub(super) struct NotRead;

/// Statements that change neither rows nor tables, by their first word.
const HARMLESS: [&str; 28] = [
    "set",
    "reset",
    "show",
    "grant",
    "revoke",
    "comment",
    "analyze",
    "analyse",
    "vacuum",
    "reindex",
    "cluster",
    "listen",
    "unlisten",
    "notify",
    "lock",
    "checkpoint",
    "refresh",
    "fetch",
    "move",
    "close",
    "deallocate",
    "attach",
    "detach",
    "release",
    "table",
    "use",
    "security",
    "import",
];

/// Words that other statements begin with.
const FIRST: [&str; 30] = [
    "select",
    "with",
    "values",
    "insert",
    "replace",
    "update",
    "delete",
    "merge",
    "copy",
    "truncate",
    "drop",
    "alter",
    "create",
    "call",
    "do",
    "execute",
    "prepare",
    "explain",
    "pragma",
    "declare",
    "discard",
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
    "savepoint",
    "rename",
    "reassign",
];

/// Whether the text has the first word of a statement.
pub(super) fn begins_one(text: &str) -> bool {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    let first = text[..end].to_ascii_lowercase();
    // `create-app` is a program.
    let ends = !text[end..].starts_with(['-', '/', '.', ':', '=']);
    ends && (HARMLESS.contains(&first.as_str()) || FIRST.contains(&first.as_str()) || first == UNKNOWN)
}

/// Whether the text is a statement that can be read.
pub(super) fn is_one(text: &str) -> bool {
    begins_one(text) && acts_read(text).is_some()
}

/// What the statement does.
pub(super) fn acts(text: &str) -> Vec<Act> {
    acts_read(text).unwrap_or_else(|| vec![not_read(text)])
}

fn acts_read(text: &str) -> Option<Vec<Act>> {
    let dialects: [&dyn Dialect; 3] = [&PostgreSqlDialect {}, &SQLiteDialect {}, &GenericDialect {}];
    let mut kept = None;
    for dialect in dialects {
        let Ok(mut tokens) = Tokenizer::new(dialect, text).tokenize() else { continue };
        tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
        match read(dialect, &tokens) {
            Ok(acts) => return Some(acts),
            Err(NotRead) => kept = kept.or(Some(tokens)),
        }
    }
    kept.and_then(|tokens| words::acts(&tokens))
}

fn not_read(text: &str) -> Act {
    let first = text.split_whitespace().next().unwrap_or_default();
    Change::unknown(format!("the statement that begins with {first} cannot be read"))
}

/// Reads a statement of at least one token.
pub(super) fn read(dialect: &dyn Dialect, tokens: &[Token]) -> Result<Vec<Act>, NotRead> {
    let words = Words(tokens);
    let first = words.lower(0);
    let act = match first.as_str() {
        UNKNOWN => Change::unknown("the statement is put together when it runs"),
        // `set -e` is the shell's, and so is what `&&` joins.
        "set" if matches!(tokens.get(1), Some(Token::Minus | Token::Plus)) => return Err(NotRead),
        _ if HARMLESS.contains(&first.as_str()) => {
            return if tokens.contains(&Token::Overlap) { Err(NotRead) } else { Ok(Vec::new()) };
        }
        "start" if !words.is(1, "transaction") => return Err(NotRead),
        "begin" | "start" => Act::Begin,
        "commit" | "end" => Act::Commit { chain: words.chains() },
        "rollback" if words.lower(1) == "prepared" => return Ok(Vec::new()),
        "rollback" | "abort" => match words.after("to") {
            Some(at) => Act::RollbackTo { name: words.lower(at + usize::from(words.lower(at) == "savepoint")) },
            None => Act::Rollback { chain: words.chains() },
        },
        "savepoint" => Act::Savepoint { name: words.lower(1) },
        "discard" if ["all", "temp", "temporary"].contains(&words.lower(1).as_str()) => Act::Forget,
        "discard" => return Ok(Vec::new()),
        "do" => Change::unknown("a DO block runs code"),
        "call" => Change::unknown(format!("it calls the procedure {}", words.name(1)?.0)),
        "pragma" => return Ok(pragma(&words)),
        "execute" => Act::Execute { name: words.lower(1) },
        "prepare" => {
            let from = words.after("as").ok_or(NotRead)?;
            Act::Prepare { name: words.lower(1), acts: read(dialect, &tokens[from..])? }
        }
        "copy" if tokens.get(1) == Some(&Token::LParen) => return copied(dialect, &words),
        "explain" => return explained(dialect, &words),
        "truncate" | "drop" | "alter" | "rename" | "reassign" => return definition::acts(&words),
        "create" if words.creates_no_table() => return Ok(Vec::new()),
        _ => return rows::acts(dialect, tokens),
    };
    Ok(vec![act])
}

fn pragma(words: &Words<'_>) -> Vec<Act> {
    let sets = words.0.len() > 2 && !["0", "off", "false", "no"].contains(&words.lower(3).as_str());
    if words.lower(1) == "writable_schema" && sets {
        return vec![Change::unknown("PRAGMA writable_schema lets statements change the schema's text")];
    }
    Vec::new()
}

/// `COPY (query) TO ...`
fn copied(dialect: &dyn Dialect, words: &Words<'_>) -> Result<Vec<Act>, NotRead> {
    let to = words.after("to").ok_or(NotRead)?;
    let mut acts = read(dialect, words.0.get(2..to - 2).ok_or(NotRead)?)?;
    if words.is(to, "program") {
        acts.push(Change::unknown("the server runs a program"));
    }
    Ok(acts)
}

/// `EXPLAIN` runs the statement with `ANALYZE` alone.
fn explained(dialect: &dyn Dialect, words: &Words<'_>) -> Result<Vec<Act>, NotRead> {
    let mut at = 1;
    let mut runs = false;
    if words.0.get(1) == Some(&Token::LParen) {
        let end = words.0.iter().position(|token| *token == Token::RParen).ok_or(NotRead)?;
        let options = words.0[2..end].split(|token| *token == Token::Comma).map(Words);
        runs = options.into_iter().any(|option| {
            ["analyze", "analyse"].contains(&option.lower(0).as_str())
                && !["0", "off", "false"].contains(&option.lower(1).as_str())
        });
        at = end + 1;
    } else {
        while ["analyze", "analyse", "verbose", "query", "plan"].contains(&words.lower(at).as_str()) {
            runs |= words.lower(at).starts_with("analy");
            at += 1;
        }
    }
    if runs { read(dialect, words.0.get(at..).ok_or(NotRead)?) } else { Ok(Vec::new()) }
}

/// The tokens of a statement, blanks and comments left out.
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(pub(super) &'a [Token]);

impl Words<'_> {
    /// The word at `at`, in lower case unless it is quoted; empty if there is none.
    pub(super) fn lower(&self, at: usize) -> String {
        match self.0.get(at) {
            Some(Token::Word(Word { value, quote_style: None, .. })) => value.to_lowercase(),
            Some(
                Token::Word(Word { value, .. }) | Token::SingleQuotedString(value) | Token::DoubleQuotedString(value),
            ) => value.clone(),
            Some(Token::Number(digits, _)) => digits.clone(),
            _ => String::new(),
        }
    }

    /// Whether these unquoted words stand from `at` on.
    pub(super) fn has(&self, at: usize, words: &str) -> bool {
        words.split(' ').enumerate().all(|(index, word)| self.is(at + index, word))
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        matches!(self.0.get(at), Some(Token::Word(Word { value, quote_style: None, .. })) if value.eq_ignore_ascii_case(word))
    }

    /// The place after the first such word outside brackets.
    pub(super) fn after(&self, word: &str) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, token) in self.0.iter().enumerate() {
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ if depth == 0 && self.is(at, word) => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    fn chains(&self) -> bool {
        self.after("chain").is_some_and(|at| !self.is(at.saturating_sub(2), "no"))
    }

    /// The name at `at`, with its schema, and the place after it.
    pub(super) fn name(&self, at: usize) -> Result<(String, usize), NotRead> {
        let mut parts = vec![self.part(at)?];
        let mut next = at + 1;
        while self.0.get(next) == Some(&Token::Period) {
            parts.push(self.part(next + 1)?);
            next += 2;
        }
        Ok((qualified(&parts), next))
    }

    fn part(&self, at: usize) -> Result<String, NotRead> {
        let part = match self.0.get(at) {
            Some(Token::Number(..)) => String::new(),
            _ => self.lower(at),
        };
        if part.is_empty() { Err(NotRead) } else { Ok(part) }
    }

    /// `CREATE` of anything but a table.
    fn creates_no_table(&self) -> bool {
        let kind = (1..).find(|at| {
            let before = ["or", "replace", "temp", "temporary", "global", "local", "unlogged"];
            !before.contains(&self.lower(*at).as_str())
        });
        kind.is_none_or(|at| !self.is(at, "table"))
    }
}

/// A name of the database: its last two parts.
pub(super) fn qualified(parts: &[String]) -> String {
    parts[parts.len().saturating_sub(2)..].join(".")
}

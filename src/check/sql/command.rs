//! Commands of psql (`\copy`) and sqlite3 (`.import`).

use super::statement::{self, Act, Change};
use crate::check::{self, Effect, Files, shell};

pub(super) fn acts(text: &str, files: Option<&Files>) -> Vec<Act> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let arguments: Vec<&str> = words.map(|word| word.trim_matches(['\'', '"'])).collect();
    let rest = text[name.len()..].trim();
    let first = arguments.first().copied();
    match (name, first) {
        ("\\i" | "\\ir" | "\\include" | "\\include_relative" | ".read", Some(first)) => match first.strip_prefix('|') {
            Some(_) => vec![Change::unknown("it runs what a program writes")],
            None => file(first, files),
        },
        ("\\!", _) => run(rest, files),
        (".shell" | ".system", _) => run(rest, files),
        (_, _) if name.starts_with("\\!") => run(&text[2..], files),
        ("\\copy", _) => statement::acts(&text[1..]),
        ("\\gexec", _) => vec![Change::unknown("\\gexec runs what the query returns")],
        ("\\if", _) => vec![Act::If(first.and_then(truth))],
        ("\\elif" | "\\else", _) => vec![Act::Else],
        ("\\endif", _) => vec![Act::EndIf],
        ("\\c" | "\\connect" | ".open", _) => vec![Act::Forget],
        ("\\lo_unlink", _) => vec![Change::unknown("it removes a large object")],
        (".import", _) => {
            let tables = arguments.iter().filter(|word| !word.starts_with('-')).nth(1).map(|table| (*table).to_owned());
            vec![Change::act(Effect::Insert, tables.into_iter().collect(), false)]
        }
        (".restore", _) => vec![Change::act(Effect::Reset, Vec::new(), true)],
        _ if name.starts_with('\\') && text.contains('`') => {
            text.split('`').skip(1).step_by(2).flat_map(|command| run(command, files)).collect()
        }
        _ => Vec::new(),
    }
}

/// What psql takes a word for.
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Some(true),
        "false" | "off" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn file(path: &str, files: Option<&Files>) -> Vec<Act> {
    match files.map(|files| check::file(path, files)) {
        Some(Ok(found)) => vec![Act::Led(found)],
        Some(Err(reason)) => vec![Change::unknown(reason)],
        None => vec![Change::unknown(format!("it runs {path}"))],
    }
}

fn run(command: &str, files: Option<&Files>) -> Vec<Act> {
    match files {
        Some(files) => vec![Act::Led(shell::findings(command, files))],
        None => vec![Change::unknown(format!("it runs {command}"))],
    }
}

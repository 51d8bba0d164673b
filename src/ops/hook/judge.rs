//! What a call would do to the tables, as far as its text tells.

use super::{Call, Work};
use crate::check::{self, Files, Language};
use crate::ops::Repository;
use crate::ops::check::{CheckOptions, Script, Verdict, check};
use crate::ops::run::masked;

/// A longer text is not looked at: what it does counts as not known.
const LONGEST: usize = 64 << 10;

/// What is known of a call.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// It changes or removes what is there.
    pub is_destructive: bool,
    /// The tables that it names.
    pub tables: Vec<String>,
}

/// Whether it is known to change nothing.
pub fn only_reads(work: &Work) -> bool {
    match work {
        Work::Shell(command) => command.len() <= LONGEST && check::only_reads(command),
        Work::Tool { .. } => false,
    }
}

/// Whether it would remove the store, and all snapshots with it.
pub(super) fn removes_store(call: &Call, repository: &Repository) -> bool {
    let Work::Shell(command) = &call.work else { return false };
    let files = Files::new(&repository.root, repository.dir());
    command.len() <= LONGEST && check::removes(command, &repository.store_dir, &files)
}

/// What it does, in one text that may be kept: without passwords, and of what a tool is given nothing but SQL.
pub(super) fn recordable(work: &Work) -> String {
    match work {
        Work::Shell(command) if command.len() <= LONGEST => hidden(command),
        Work::Shell(command) => command.split_whitespace().next().unwrap_or_default().to_owned(),
        Work::Tool { name, texts } => {
            let is_sql = |text: &&String| text.len() <= LONGEST && Language::guess(text) == Language::Sql;
            let words = std::iter::once(name).chain(texts.iter().filter(is_sql));
            words.map(String::as_str).collect::<Vec<_>>().join(" ")
        }
    }
}

/// A shell command without what looks like a password by the words before it.
fn hidden(command: &str) -> String {
    let mut text = command.to_owned();
    for words in check::words(command) {
        let plain: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
        for (word, masked) in words.iter().zip(masked(&plain)) {
            if masked != word.text && !masked.ends_with('…') {
                text = replace_word(&text, &word.raw, &masked);
            }
        }
    }
    text
}

/// Replaces a word wherever it stands between others.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || ";|&()<>`\"'".contains(c));
    let (mut out, mut at) = (String::new(), 0);
    while let Some(found) = text[at..].find(word) {
        let (from, to) = (at + found, at + found + word.len());
        out.push_str(&text[at..from]);
        let stands_alone = is_edge(text[..from].chars().next_back()) && is_edge(text[to..].chars().next());
        out.push_str(if stands_alone { by } else { word });
        at = to;
    }
    out + &text[at..]
}

/// What it would do. What cannot be read is not known to be destructive.
pub(super) fn judge(call: &Call, repository: &Repository) -> Judged {
    let (texts, language) = match &call.work {
        Work::Shell(command) => (std::slice::from_ref(command), Language::Shell),
        Work::Tool { texts, .. } => (&texts[..], Language::Sql),
    };
    let mut judged = Judged::default();
    for text in texts.iter().filter(|text| text.len() <= LONGEST) {
        if language == Language::Sql && Language::guess(text) != Language::Sql {
            continue;
        }
        let options = CheckOptions { script: Script::Text(text.clone()), language: Some(language) };
        if let Ok(report) = check(repository, &options) {
            judged.is_destructive |= report.verdict == Verdict::Destructive;
            judged.tables.extend(report.tables);
        }
    }
    judged
}

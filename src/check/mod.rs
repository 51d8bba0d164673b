//! What a script or a shell command does to the tables of a database, as far as its text tells.
//!
//! A finding is one statement or call that changes or removes what is in the database, or one whose effect the text
//! does not tell. No program is run and no database is asked.
//!
//! `script` reads TypeScript and JavaScript, `sql` SQL, `shell` commands, `strings` the SQL texts in other
//! languages. What one leads to is read by the others: a script that runs a command, a command that runs a script.

mod files;
mod finding;
mod script;
mod shell;
mod sql;
mod strings;

pub use files::{Files, SourceFile};
pub use finding::{Effect, Finding, Verdict};
pub use shell::WrittenWord;

use std::path::Path;

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// TypeScript or JavaScript.
    Script,
    /// SQL.
    Sql,
    /// Shell commands.
    Shell,
    /// Python or Ruby: only its SQL texts are looked at.
    Strings,
}

impl Language {
    /// By the extension of the file, else by the program that its first line names (`#!`).
    pub fn of(file: &SourceFile) -> Option<Language> {
        let extension = file.path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs") => return Some(Language::Script),
            Some("sql" | "psql") => return Some(Language::Sql),
            Some("sh" | "bash" | "zsh" | "ksh") => return Some(Language::Shell),
            Some("py" | "rb") => return Some(Language::Strings),
            _ => {}
        }
        let line = file.text.lines().next()?.strip_prefix("#!")?;
        let has = |names: &[&str]| {
            line.split(['/', ' ']).any(|word| names.contains(&word.trim_end_matches(|c: char| !c.is_alphabetic())))
        };
        if has(&["node", "tsx", "ts-node", "deno", "bun", "zx"]) {
            Some(Language::Script)
        } else if has(&["sh", "bash", "zsh", "dash", "ksh"]) {
            Some(Language::Shell)
        } else if has(&["python", "ruby"]) {
            Some(Language::Strings)
        } else if has(&["psql", "sqlite"]) {
            Some(Language::Sql)
        } else {
            None
        }
    }

    /// What a text from nowhere most likely is: SQL if all of it can be read as such, otherwise shell commands.
    pub fn guess(text: &str) -> Language {
        if sql::is_text(text) { Language::Sql } else { Language::Shell }
    }
}

/// What a file does, and the files that it leads to. Each file is read once: of one that was read before, nothing.
///
/// # Errors
/// Why it cannot be read, as [`Files::read`], or that its language is not known.
pub fn file(path: impl AsRef<Path>, files: &Files) -> Result<Vec<Finding>, String> {
    file_in(path, None, files)
}

/// As [`file`], of a file whose language need not be guessed.
///
/// # Errors
/// As [`file`].
pub fn file_in(path: impl AsRef<Path>, language: Option<Language>, files: &Files) -> Result<Vec<Finding>, String> {
    let file = files.read(path)?;
    if !files.enter(format!("file {}", file.path.display())) {
        return Ok(Vec::new());
    }
    let Some(language) = language.or_else(|| Language::of(&file)) else {
        return Err(format!("it cannot be told what language {} is in", file.name));
    };
    let near = files.or_within(file.dir());
    let mut found = match language {
        Language::Script => script::findings(&file, &near),
        language => text(&file.text, language, &near),
    };
    for finding in &mut found {
        finding.file.get_or_insert_with(|| file.name.clone());
    }
    Ok(found)
}

/// What a text does that has no file.
pub fn text(text: &str, language: Language, files: &Files) -> Vec<Finding> {
    match language {
        Language::Script => {
            let path = files.dir().join("stdin.ts");
            let nameless = SourceFile { name: String::new(), path, text: text.into() };
            let mut found = script::findings(&nameless, files);
            found.iter_mut().for_each(|finding| finding.file = finding.file.take().filter(|name| !name.is_empty()));
            found
        }
        Language::Sql => sql::findings_following(text, files),
        Language::Shell => shell::findings(text, files),
        Language::Strings => strings::findings(text, files),
    }
}

/// Whether shell commands are known to change nothing, because every program in them only reads. Unlike [`Verdict`],
/// which says what the text tells, it says no wherever it is not sure. What dbsnap changes by itself it saves before, and
/// does not count.
pub fn only_reads(commands: &str) -> bool {
    shell::only_reads(commands)
}

/// Whether shell commands remove `path`, or something below it, as far as their text tells: by itself, with a directory
/// that it is in, or as a file that git does not know. Relative paths start at [`Files::dir`].
pub fn removes(commands: &str, path: &Path, files: &Files) -> bool {
    shell::removes(commands, path, files)
}

/// The words of every command in a text of shell commands.
pub fn words(commands: &str) -> Vec<Vec<WrittenWord>> {
    shell::words(commands)
}

#[cfg(test)]
mod tests {
    /// Holds what is `shown` of each text against what is expected.
    pub(super) fn hold(table: &[(&str, &[&str])], shown: impl Fn(&str) -> Vec<String>) {
        let wrong: Vec<String> = table
            .iter()
            .filter(|(text, expected)| shown(text) != *expected)
            .map(|(text, expected)| format!("{text}\n    is       {:?}\n    expected {expected:?}", shown(text)))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

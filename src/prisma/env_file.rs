//! Env files, read as Node's `dotenv` reads them, with references to other variables as `dotenv-expand` and Prisma
//! resolve them.
//!
//! A database URL means what the application makes of it, so the application's own loader is the measure; tests hold
//! this against both packages. In short: a key is letters, digits, `_`, `.` and `-`; `=` or `: ` follows; a value in
//! quotes of any of three kinds may hold line breaks and `#`; any other ends at `#` or at the end of its line; the last
//! assignment wins; in double quotes `\n` and `\r` are line breaks, and no other escapes are known. A line that is none
//! of this is passed over.

mod expand;

use expand::Expansion;
use std::collections::HashMap;

/// The variables of an env file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFile {
    values: HashMap<String, Variable>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    raw: String,
    /// Where JavaScript lists it among the others: by number if its name is one, else after those by its first
    /// assignment.
    place: (bool, usize),
}

/// A value that refers to others, which refer to others, without end in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl EnvFile {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> EnvFile {
        let text: Vec<char> = text.replace("\r\n", "\n").replace('\r', "\n").chars().collect();
        let mut values: HashMap<String, Variable> = HashMap::new();
        let mut at = 0;
        while at < text.len() {
            let key_at = skip_spaces(&text, at);
            at = match assignment(&text, key_at) {
                Some((key, value, end)) => {
                    let raw = unquoted(value);
                    let place = index(&key).map_or((true, values.len()), |index| (false, index));
                    values.entry(key).or_insert(Variable { raw: String::new(), place }).raw = raw;
                    next_line(&text, end)
                }
                None => next_line(&text, key_at),
            };
        }
        EnvFile { values }
    }

    /// The variable as it stands there, without quotes.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|variable| variable.raw.as_str())
    }

    /// The variable with what it refers to in place: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+alternative}`.
    /// What `environment` has comes before what the file has. `\$` is a dollar sign, and so is one before a name that
    /// nothing defines, as in many a password; `${NAME}` of such a name is empty.
    ///
    /// # Errors
    /// [`TooLong`] if it grows beyond reason.
    pub fn value(&self, name: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, TooLong> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        Expansion::new(self, environment).value(name, raw).map(Some)
    }
}

/// The number that a name is, as JavaScript writes an index.
fn index(name: &str) -> Option<usize> {
    name.parse::<u32>().ok().filter(|index| *index < u32::MAX && index.to_string() == name).map(|index| index as usize)
}

/// What JavaScript takes for white space.
fn is_space(char: char) -> bool {
    char == '\u{feff}' || (char.is_whitespace() && char != '\u{85}')
}

fn skip_spaces(text: &[char], from: usize) -> usize {
    text[from..].iter().position(|&char| !is_space(char)).map_or(text.len(), |found| from + found)
}

fn next_line(text: &[char], from: usize) -> usize {
    text[from..].iter().position(|&char| char == '\n').map_or(text.len(), |found| from + found + 1)
}

fn is_key(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_.-".contains(char)
}

/// The assignment whose key (or `export`) starts at `at`: key, value as written, and where it ends.
fn assignment(text: &[char], at: usize) -> Option<(String, &[char], usize)> {
    let exported: Vec<char> = "export".chars().collect();
    let after = at + exported.len();
    if text[at..].starts_with(&exported) && text.get(after).copied().is_some_and(is_space) {
        let found = plain_assignment(text, skip_spaces(text, after));
        if found.is_some() {
            return found;
        }
    }
    plain_assignment(text, at)
}

fn plain_assignment(text: &[char], at: usize) -> Option<(String, &[char], usize)> {
    let key: String = text[at..].iter().take_while(|&&char| is_key(char)).collect();
    if key.is_empty() {
        return None;
    }
    let end = at + key.len();
    let equals = skip_spaces(text, end);
    let from = match text.get(end) {
        _ if text.get(equals) == Some(&'=') => equals + 1,
        Some(':') if text.get(end + 1).copied().is_some_and(is_space) => end + 2,
        _ => return None,
    };
    let opened = skip_spaces(text, from);
    let closed = text.get(opened).filter(|&&char| is_quote(char)).and_then(|&quote| closing(text, opened, quote));
    let value = match closed {
        Some(closed) => &text[opened..=closed],
        None => {
            let rest = &text[from..];
            &rest[..rest.iter().position(|&char| char == '#' || char == '\n').unwrap_or(rest.len())]
        }
    };
    let end = closed.map_or(from + value.len(), |closed| closed + 1);
    Some((key, value, end))
}

fn is_quote(char: char) -> bool {
    matches!(char, '\'' | '"' | '`')
}

/// Where the quote that opens at `opened` is closed: by the first that has no backslash before it, else by the last
/// that has one, if only a comment follows.
fn closing(text: &[char], opened: usize, quote: char) -> Option<usize> {
    let mut escaped = Vec::new();
    let mut at = opened + 1;
    let first = loop {
        match text.get(at) {
            None => break None,
            Some('\\') if text.get(at + 1) == Some(&quote) => {
                escaped.push(at + 1);
                at += 2;
            }
            Some(&char) if char == quote => break Some(at),
            Some(_) => at += 1,
        }
    };
    first.into_iter().chain(escaped.into_iter().rev()).find(|&closed| ends_line(text, closed + 1))
}

/// Whether nothing but blanks and a comment stand between `at` and the end of the line.
fn ends_line(text: &[char], at: usize) -> bool {
    let rest = text[at..].iter().find(|&&char| char == '\n' || !is_space(char));
    matches!(rest, None | Some('\n' | '#'))
}

/// A value without the quotes around it.
fn unquoted(written: &[char]) -> String {
    let start = written.iter().position(|&char| !is_space(char)).unwrap_or(written.len());
    let end = written.iter().rposition(|&char| !is_space(char)).map_or(start, |last| last + 1);
    let written = &written[start..end];
    let inner = match written {
        [first, inner @ .., last] if first == last && is_quote(*first) => inner,
        _ => written,
    };
    let value: String = inner.iter().collect();
    if written.first() == Some(&'"') { value.replace("\\n", "\n").replace("\\r", "\r") } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_take_no_time() {
        let started = std::time::Instant::now();
        for piece in ["\n", "A=\"x\n", "A='\\'x\n", "x", "A=` ", "= ", "export ", "\\'", "A='\\' "] {
            let text = piece.repeat(50_000 / piece.len());
            let _ = EnvFile::parse(&text);
            let _ = EnvFile::parse(&format!("A='{text}"));
        }
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}

//! Words with the values of variables and the output of commands put in, as far as they are known.

use super::parse::{List, Piece, Word};
use super::{Input, Shell};
use crate::check::sql::UNKNOWN;

impl Shell {
    /// The words that the words come to.
    pub(super) fn expand_all(&mut self, words: &[Word]) -> Vec<String> {
        let mut expanded = Vec::new();
        for word in words {
            let is_some = |piece: &&Piece| !matches!(piece, Piece::Text(text) if text.is_empty());
            let mut pieces = word.pieces.iter().filter(is_some);
            let only = pieces.next().filter(|_| pieces.next().is_none());
            let mut splits = false;
            match only {
                Some(Piece::Variable { name, .. }) if name == "@" || name == "*" => {
                    if let Some(arguments) = &self.arguments {
                        expanded.extend(arguments.iter().cloned());
                        continue;
                    }
                }
                Some(Piece::Variable { name, .. })
                    if self.arrays.contains_key(name) && ["[@]", "[*]"].iter().any(|all| word.text.contains(all)) =>
                {
                    expanded.extend(self.arrays[name].iter().cloned());
                    continue;
                }
                Some(Piece::Variable { is_quoted, .. } | Piece::Output { is_quoted, .. }) => splits = !is_quoted,
                _ => {}
            }
            let value = self.expand(word);
            let is_pattern = word.text.contains(['*', '?']) && !word.text.contains(['\'', '"', '\\']);
            let matches = if is_pattern { self.matches(&value) } else { Vec::new() };
            if !matches.is_empty() {
                expanded.extend(matches);
            } else if splits {
                expanded.extend(value.split_whitespace().map(str::to_owned));
            } else {
                expanded.push(value);
            }
        }
        expanded
    }

    /// The files that a pattern fits, relative to the directory. As in a shell, a name that begins with a dot is only fit
    /// by a pattern that does.
    pub(super) fn matches(&self, pattern: &str) -> Vec<String> {
        let dir = self.files.dir();
        let whole = format!("{}/{pattern}", glob::Pattern::escape(&dir.to_string_lossy()));
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        let found = glob::glob_with(&whole, options).into_iter().flatten().flatten().take(super::MOST_TURNS);
        found.map(|path| path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned()).collect()
    }

    /// The text that a word comes to; [`UNKNOWN`] stands for what is not known.
    pub(super) fn expand(&mut self, word: &Word) -> String {
        let mut text = String::new();
        for piece in &word.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Variable { name, default, is_changed, .. } => {
                    let value = self.value(name, *is_changed);
                    match (value, default) {
                        (Some(value), _) => text.push_str(&value),
                        (None, Some(default)) => text.push_str(&self.expand(default)),
                        (None, None) => text.push_str(UNKNOWN),
                    }
                }
                Piece::Output { list, .. } => {
                    let output = self.output_of(list);
                    text.push_str(output.as_deref().unwrap_or(UNKNOWN));
                }
                Piece::Process(list) => {
                    let name = format!("/dev/fd/{}", self.written.len());
                    let (line, outer) = (self.line, self.text.clone());
                    let output = self.list(list, &Input::Nothing);
                    (self.line, self.text) = (line, outer);
                    if let Some(content) = self.content(&output) {
                        self.written.insert(name.clone(), (content.into(), line));
                        text.push_str(&name);
                    } else {
                        text.push_str(UNKNOWN);
                    }
                }
            }
        }
        text
    }

    fn value(&self, name: &str, is_changed: bool) -> Option<String> {
        match name {
            "0" | "BASH_SOURCE" => Some(if is_changed { "." } else { "./script" }.to_owned()),
            _ if is_changed => None,
            "PWD" => Some(".".to_owned()),
            _ => match (name.parse::<usize>(), &self.arguments) {
                (Ok(at), Some(arguments)) => {
                    Some(at.checked_sub(1).and_then(|at| arguments.get(at)).cloned().unwrap_or_default())
                }
                _ => self.variables.get(name).cloned(),
            },
        }
    }

    /// What commands write, without the new line at its end.
    fn output_of(&mut self, list: &List) -> Option<String> {
        let (line, outer) = (self.line, self.text.clone());
        let files = self.files.clone();
        let output = self.list(list, &Input::Nothing);
        (self.line, self.text, self.files) = (line, outer, files);
        let pwd = list.last().and_then(|pipeline| match pipeline.as_slice() {
            [super::Node::Simple(simple)] => simple.words.first().filter(|word| word.text == "pwd"),
            _ => None,
        });
        if pwd.is_some() {
            return Some(self.last_dir(list).unwrap_or_else(|| ".".to_owned()));
        }
        self.content(&output).map(|content| content.trim_end_matches('\n').to_owned())
    }

    /// Where the last `cd` of commands that end with `pwd` goes.
    fn last_dir(&mut self, list: &List) -> Option<String> {
        let cd = list.iter().rev().find_map(|pipeline| match pipeline.as_slice() {
            [super::Node::Simple(simple)] if simple.words.first()?.text == "cd" => simple.words.last(),
            _ => None,
        })?;
        Some(self.expand(cd))
    }

    /// The text of an input.
    fn content(&self, input: &Input) -> Option<String> {
        match input {
            Input::Text { text, .. } => Some(text.to_string()),
            Input::Files(paths) => {
                let read = |path: &String| match self.written.get(path) {
                    Some((text, _)) => Some(text.to_string()),
                    None => self.files.read(path).ok().map(|file| file.text.to_string()),
                };
                paths.iter().map(read).collect()
            }
            _ => None,
        }
    }
}

/// What a command in that line writes, if it only passes text on.
pub(super) fn output(words: &[String], input: &Input, line: usize) -> Option<Input> {
    let arguments = || words[1..].iter().filter(|word| !word.starts_with('-'));
    let text = |text: String| Input::Text { text: text.into(), line };
    Some(match words.first()?.as_str() {
        "echo" => {
            let said: Vec<&str> =
                words[1..].iter().skip_while(|word| is_echo_option(word)).map(String::as_str).collect();
            text(format!("{}\n", said.join(" ")))
        }
        "printf" => text(printed(words)),
        "cat" if arguments().next().is_none() => input.clone(),
        "cat" => Input::Files(arguments().cloned().collect()),
        "tee" | "sed" | "envsubst" | "tr" | "pv" | "grep" | "egrep" | "awk" | "sponge" | "iconv" | "dos2unix"
            if matches!(input, Input::Text { .. } | Input::Files(_)) =>
        {
            input.clone()
        }
        "sed" | "envsubst" | "grep" | "egrep" | "awk" | "head" | "tail" | "gunzip" | "zcat" | "xz" | "base64"
        | "openssl" => Input::Output { of: words.to_vec() },
        "dirname" => text(match arguments().next()?.rsplit_once('/') {
            Some((dir, _)) => dir.to_owned(),
            None => ".".to_owned(),
        }),
        "basename" => text(arguments().next()?.rsplit('/').next()?.to_owned()),
        "realpath" | "readlink" | "which" => text(arguments().next()?.clone()),
        "command" if words.get(1).is_some_and(|word| word == "-v") => text(words.get(2)?.clone()),
        "git" if words[1..] == ["rev-parse", "--show-toplevel"] => text(".".to_owned()),
        "npm" if words[1..] == ["bin"] => text("node_modules/.bin".to_owned()),
        "mktemp" => text(format!("/tmp/{UNKNOWN}")),
        _ => return None,
    })
}

fn is_echo_option(word: &str) -> bool {
    ["-e", "-n", "-E", "-ne", "-en"].contains(&word)
}

fn printed(words: &[String]) -> String {
    let Some((format, values)) = words[1..].split_first() else { return String::new() };
    let mut values = values.iter();
    let mut said = String::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find("%s") {
        said.push_str(&rest[..at]);
        said.push_str(values.next().map_or("", String::as_str));
        rest = &rest[at + 2..];
    }
    said.push_str(rest);
    for value in values {
        said.push('\n');
        said.push_str(value);
    }
    said.replace("\\n", "\n")
}

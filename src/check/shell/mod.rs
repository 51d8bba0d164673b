//! What shell commands do: which programs they run, with which words and input, as far as the text tells.
//!
//! A text is parsed ([`parse`]) and walked once, all branches in order, with the values of variables that are plain.
//! What a command runs is found behind what it is wrapped in ([`wrappers`]): `sudo`, `npx`, `docker exec`. Programs
//! that change a database are known by name ([`tools`]), those that run SQL ([`clients`]) or scripts ([`runners`],
//! [`packages`], [`recipes`]) are followed, those that write files ([`disk`]) are asked whether it is a database's file.

mod clients;
mod disk;
mod expand;
mod packages;
mod parse;
mod readers;
mod recipes;
mod runners;
mod tools;
mod wrappers;
mod written;

pub(super) use disk::removes;
pub(super) use readers::only_reads;
pub use written::WrittenWord;
pub(super) use written::words;

use super::{Effect, Files, Finding, sql};
use parse::{List, Node, Redirect, Simple};
use std::collections::HashMap;
use std::rc::Rc;

/// How deep functions and commands in texts may call each other.
const MOST_CALLS: usize = 24;

/// How many values of a loop are looked at.
const MOST_TURNS: usize = 32;

/// What the commands in `text` do, and what they run.
pub(super) fn findings(text: &str, files: &Files) -> Vec<Finding> {
    let mut shell = Shell::new(files);
    shell.whole(text, 1);
    shell.found
}

/// What a command reads, or what it writes for the next one.
#[derive(Debug, Clone)]
enum Input {
    Nothing,
    Text {
        text: Rc<str>,
        line: usize,
    },
    Files(Vec<String>),
    /// What a command writes that is not known.
    Output {
        of: Vec<String>,
    },
}

/// Walks through commands.
struct Shell {
    files: Files,
    /// The file that the commands stand in, if it is not the one asked about.
    file: Option<String>,
    found: Vec<Finding>,
    /// Paths that are removed, with all that is below them, by their absolute paths.
    removed: Vec<String>,
    variables: HashMap<String, String>,
    arrays: HashMap<String, Vec<String>>,
    /// The functions, and the file that each stands in.
    functions: HashMap<String, (Option<String>, Rc<List>)>,
    /// The words that `$1` and `$@` stand for, within a function.
    arguments: Option<Vec<String>>,
    /// The last line of each file that is read: a text that is put together may have more than stand there.
    ends: HashMap<Option<String>, usize>,
    /// Files that the commands wrote before, and their text.
    written: HashMap<String, (Rc<str>, usize)>,
    /// The line and the text of the command at hand.
    line: usize,
    text: String,
    calls: usize,
}

impl Shell {
    fn new(files: &Files) -> Shell {
        Shell {
            files: files.clone(),
            file: None,
            found: Vec::new(),
            removed: Vec::new(),
            variables: HashMap::new(),
            arrays: HashMap::new(),
            functions: HashMap::new(),
            arguments: None,
            ends: HashMap::new(),
            written: HashMap::new(),
            line: 1,
            text: String::new(),
            calls: 0,
        }
    }

    /// Runs the commands of a text that stands in the file at hand from `line` on.
    fn whole(&mut self, text: &str, line: usize) {
        let end = self.ends.entry(self.file.clone()).or_default();
        *end = (*end).max(line + text.trim_end().matches('\n').count());
        self.script(text, line, &Input::Nothing);
    }

    /// Runs the commands of a text whose first line is `line`.
    fn script(&mut self, text: &str, line: usize, input: &Input) {
        self.calls += 1;
        match parse::parse(text, line) {
            Some(list) if self.calls <= MOST_CALLS => drop(self.list(&list, input)),
            _ => {
                self.line = line;
                self.text = text.lines().next().unwrap_or_default().to_owned();
                self.unknown("commands are nested too deep to be read");
            }
        }
        self.calls -= 1;
    }

    /// Runs a text that a command has as its argument, in its line.
    fn inner(&mut self, text: &str, input: &Input) {
        if text.trim() == sql::UNKNOWN {
            return self.unknown("the command is put together when it runs");
        }
        let (line, outer) = (self.line, std::mem::take(&mut self.text));
        self.script(text, line, input);
        (self.line, self.text) = (line, outer);
    }

    fn list(&mut self, list: &List, input: &Input) -> Input {
        let mut output = Input::Nothing;
        for pipeline in list {
            let mut passed = input.clone();
            for node in pipeline {
                passed = self.node(node, &passed);
            }
            output = joined(output, passed);
        }
        output
    }

    fn node(&mut self, node: &Node, input: &Input) -> Input {
        match node {
            Node::Simple(simple) => self.simple(simple, input),
            Node::Group { list, redirects, is_subshell } => {
                let (input, targets) = self.redirected(redirects, input);
                let outer = is_subshell.then(|| (self.files.clone(), self.variables.clone()));
                let output = self.list(list, &input);
                if let Some((files, variables)) = outer {
                    (self.files, self.variables) = (files, variables);
                }
                self.written_to(&targets, output)
            }
            Node::For { variable, words, list, redirects } => {
                let (input, targets) = self.redirected(redirects, input);
                let mut values = self.expand_all(words);
                if values.is_empty() {
                    values.push(sql::UNKNOWN.to_owned());
                }
                let mut output = Input::Nothing;
                for value in values.into_iter().take(MOST_TURNS) {
                    self.variables.insert(variable.clone(), value);
                    let written = self.list(list, &input);
                    output = joined(output, written);
                }
                self.written_to(&targets, output)
            }
            Node::Function { name, list } => {
                self.functions.insert(name.clone(), (self.file.clone(), list.clone()));
                Input::Nothing
            }
        }
    }

    fn simple(&mut self, simple: &Simple, input: &Input) -> Input {
        self.line = simple.line;
        self.text.clone_from(&simple.text);
        let set: Vec<(String, String)> =
            simple.assignments.iter().map(|(name, value)| (name.clone(), self.expand(value))).collect();
        for parse::Array { name, words, is_added } in &simple.arrays {
            let words = self.expand_all(words);
            let array = self.arrays.entry(name.clone()).or_default();
            if !is_added {
                array.clear();
            }
            array.extend(words);
        }
        let words = self.expand_all(&simple.words);
        let (input, targets) = self.redirected(&simple.redirects, input);
        (self.line, self.text) = (simple.line, simple.text.clone());
        if words.is_empty() {
            self.variables.extend(set);
        }
        for target in &targets {
            self.overwritten(target);
        }
        let output = self.command(&words, &input);
        (self.line, self.text) = (simple.line, simple.text.clone());
        self.written_to(&targets, output)
    }

    /// The input after redirections, and the files written to.
    fn redirected(&mut self, redirects: &[Redirect], input: &Input) -> (Input, Vec<String>) {
        let mut input = input.clone();
        let mut targets = Vec::new();
        for redirect in redirects {
            match redirect {
                Redirect::From(word) => input = Input::Files(vec![self.expand(word)]),
                Redirect::To(word) => targets.push(self.expand(word)),
                Redirect::Text(word) => input = Input::Text { text: self.expand(word).into(), line: self.line },
                Redirect::Here(cell) => {
                    if let Some(here) = cell.get() {
                        input = Input::Text { text: self.expand(&here.text).into(), line: here.line };
                    }
                }
            }
        }
        (input, targets)
    }

    /// Remembers what was written to files; what is left for the next command.
    fn written_to(&mut self, targets: &[String], output: Input) -> Input {
        if targets.is_empty() {
            return output;
        }
        if let Input::Text { text, line } = &output {
            for target in targets {
                self.written.insert(target.clone(), (text.clone(), *line));
            }
        }
        Input::Nothing
    }

    /// Runs a command and gives what it writes.
    fn command(&mut self, words: &[String], input: &Input) -> Input {
        let Some(first) = words.first() else { return input.clone() };
        if let Some((file, list)) = self.functions.get(first).cloned() {
            return self.call(file, &list, &words[1..], input);
        }
        if first == sql::UNKNOWN {
            let before = self.found.len();
            self.sql_words(words);
            if self.found.len() == before {
                self.unknown("which command it runs is not known");
            }
            return Input::Output { of: words.to_vec() };
        }
        if let Some(wrapped) = wrappers::unwrap(words) {
            return self.unwrapped(wrapped, words, input);
        }
        if self.builtin(first, &words[1..], input) {
            return Input::Nothing;
        }
        if let Some(output) = expand::output(words, input, self.line) {
            return output;
        }
        self.program(words, input);
        Input::Output { of: words.to_vec() }
    }

    fn unwrapped(&mut self, wrapped: wrappers::Wrapped, words: &[String], input: &Input) -> Input {
        self.calls += 1;
        let mut output = Input::Output { of: words.to_vec() };
        if self.calls > MOST_CALLS {
            self.unknown("commands are nested too deep to be read");
        } else {
            match wrapped {
                wrappers::Wrapped::Command(inner) => output = self.command(&inner, input),
                wrappers::Wrapped::Texts(texts) => texts.iter().for_each(|text| self.inner(text, input)),
                wrappers::Wrapped::Each(mut inner) => {
                    // The names that the command before it was given stand for those it writes.
                    if let Input::Output { of } = input {
                        inner.extend(of.iter().skip(1).cloned());
                    }
                    output = self.command(&inner, &Input::Nothing);
                }
            }
        }
        self.calls -= 1;
        output
    }

    fn call(&mut self, file: Option<String>, list: &List, arguments: &[String], input: &Input) -> Input {
        if self.calls >= MOST_CALLS {
            return Input::Nothing;
        }
        self.calls += 1;
        let outer = (self.arguments.replace(arguments.to_vec()), std::mem::replace(&mut self.file, file));
        let output = self.list(list, input);
        (self.arguments, self.file) = outer;
        self.calls -= 1;
        output
    }

    /// Commands of the shell itself.
    fn builtin(&mut self, name: &str, arguments: &[String], input: &Input) -> bool {
        match name {
            "cd" | "pushd" => {
                let dir = arguments.iter().find(|word| !word.starts_with('-'));
                if let Some(dir) = dir.filter(|dir| !dir.contains(sql::UNKNOWN)) {
                    self.files = self.files.within(dir);
                }
            }
            "export" | "local" | "readonly" | "declare" | "typeset" => {
                let set = arguments.iter().filter_map(|word| word.split_once('='));
                self.variables.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            "read" => {
                let value = read(input);
                self.variables.extend(arguments.iter().map(|name| (name.clone(), value.clone())));
            }
            "shift" => {
                if let Some(left) = &mut self.arguments {
                    let count = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(1);
                    left.drain(..left.len().min(count));
                }
            }
            "eval" => self.inner(&arguments.join(" "), input),
            "trap" if arguments.len() > 1 => self.inner(&arguments[0], &Input::Nothing),
            "source" | "." => {
                if let Some(path) = arguments.first() {
                    self.source(path);
                }
            }
            "mapfile" | "readarray" | "set" | "unset" | "return" | "exit" | "wait" | "trap" | "popd" | "alias" => {}
            _ => return self.filed(name, arguments, input),
        }
        true
    }

    /// Runs a file of commands in this shell, so that its functions and variables are known afterwards.
    fn source(&mut self, path: &str) {
        if let Some((text, line)) = self.written.get(path).cloned() {
            return self.script(&text, line, &Input::Nothing);
        }
        // Variables.
        if is_environment(path) {
            return;
        }
        match self.files.read(known_end(path)) {
            Ok(file) if self.files.enter(format!("file {}", file.path.display())) => {
                let outer = self.file.replace(file.name.clone());
                self.whole(&file.text, 1);
                self.file = outer;
            }
            Ok(_) => {}
            Err(reason) => self.unknown(reason),
        }
    }

    fn change(&mut self, effect: Effect) {
        self.find(effect, None);
    }

    fn unknown(&mut self, reason: impl Into<String>) {
        self.find(Effect::Unknown, Some(reason.into()));
    }

    fn find(&mut self, effect: Effect, reason: Option<String>) {
        let file = self.file.clone();
        let text = super::finding::one_line(&self.text);
        let all_rows = effect != Effect::Unknown && effect != Effect::Insert;
        self.push(Finding { file, line: self.line, text, effect, tables: Vec::new(), all_rows, reason });
    }

    /// Keeps what was found in a text that begins in `line` here.
    fn extend(&mut self, found: Vec<Finding>, line: usize) {
        for mut finding in found {
            if finding.file.is_none() {
                finding.line += line - 1;
                finding.file.clone_from(&self.file);
            }
            self.push(finding);
        }
    }

    fn push(&mut self, mut finding: Finding) {
        if let Some(end) = self.ends.get(&finding.file) {
            finding.line = finding.line.min(*end);
        }
        if !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }
}

/// What two commands write one after the other.
fn joined(first: Input, second: Input) -> Input {
    match (first, second) {
        (first, Input::Nothing) => first,
        (Input::Text { text: first, line }, Input::Text { text: second, .. }) => {
            Input::Text { text: format!("{first}{second}").into(), line }
        }
        (Input::Files(first), Input::Files(second)) => Input::Files([first, second].concat()),
        (_, second) => second,
    }
}

/// What a variable is set to that is read from there: of a list of files a database, if it names one.
fn read(input: &Input) -> String {
    let value = match input {
        Input::Text { text, .. } => Some(text.trim().to_owned()),
        Input::Output { of } => of.iter().skip(1).find(|word| disk::is_database(word)).cloned(),
        _ => None,
    };
    value.unwrap_or_else(|| sql::UNKNOWN.to_owned())
}

/// A path without a directory at its beginning that is not known: the project's, most often.
fn known_end(path: &str) -> &str {
    path.strip_prefix(sql::UNKNOWN).and_then(|path| path.strip_prefix('/')).unwrap_or(path)
}

/// Whether a sourced file sets variables alone: `.env`, a virtual environment, the shell's own.
fn is_environment(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with(".env")
        || name.ends_with(".env")
        || name.starts_with('.') && path != name
        || name == "activate"
        || path.starts_with("/etc/")
        || name == "nvm.sh"
}

#[cfg(test)]
mod tests;

//! Makefiles and justfiles.

use super::Shell;
use crate::check::{Files, SourceFile, sql};
use std::collections::HashMap;

impl Shell {
    /// `make target`: the recipes of the targets and of what they depend on.
    pub(super) fn made(&mut self, words: &[String], names: &[&str], indent: char) {
        if words.iter().any(|word| ["--version", "--help", "-n"].contains(&word.as_str())) {
            return;
        }
        let valued =
            |option: &str| words.iter().position(|word| word == option).and_then(|at| words.get(at + 1)).cloned();
        let files = match valued("-C").or_else(|| valued("--working-directory")) {
            Some(dir) => self.files.within(dir),
            None => self.files.clone(),
        };
        let file = match valued("-f") {
            Some(name) => files.read(name),
            None => {
                names.iter().map(|name| files.read(name)).find(Result::is_ok).unwrap_or_else(|| files.read(names[0]))
            }
        };
        let file = match file {
            Ok(file) => file,
            Err(reason) => return self.unknown(reason),
        };
        let rules = Rules::read(&file.text, indent);
        let mut targets: Vec<String> = Vec::new();
        let mut at = 1;
        while let Some(word) = words.get(at) {
            match word.as_str() {
                "-C" | "-f" | "-j" | "--working-directory" => at += 1,
                word if word.starts_with('-') => {}
                word if word.contains('=') => {}
                word => targets.push(word.to_owned()),
            }
            at += 1;
        }
        if targets.is_empty() {
            targets.extend(rules.first.clone());
        }
        for target in targets {
            if !rules.rules.contains_key(&target) && !files.is_file(&target) {
                self.unknown(format!("{} has no rule for {target}", file.name));
            }
            self.target(&target, &rules, &file, &files);
        }
    }

    fn target(&mut self, target: &str, rules: &Rules, file: &SourceFile, files: &Files) {
        let Some(rule) = rules.rules.get(target) else { return };
        if !self.files.enter(format!("target {} {target}", file.path.display())) {
            return;
        }
        for needed in &rule.needs {
            self.target(needed, rules, file, files);
        }
        for (line, recipe) in &rule.recipe {
            self.within_file(file, files, *line, recipe);
        }
    }
}

/// The rules of a Makefile or justfile.
#[derive(Debug, Default)]
struct Rules {
    rules: HashMap<String, Rule>,
    first: Option<String>,
}

#[derive(Debug, Default)]
struct Rule {
    needs: Vec<String>,
    /// The commands and their lines.
    recipe: Vec<(usize, String)>,
}

impl Rules {
    fn read(text: &str, indent: char) -> Rules {
        let mut read = Rules::default();
        let mut variables: HashMap<String, String> = HashMap::new();
        let mut targets: Vec<String> = Vec::new();
        let mut lines = (1..).zip(text.lines());
        while let Some((number, line)) = lines.next() {
            let mut line = line.to_owned();
            while line.ends_with('\\') {
                line.pop();
                line.push_str(lines.next().map_or("", |(_, next)| next.trim_start()));
            }
            if line.starts_with(indent) || line.starts_with('\t') {
                let command = substituted(line.trim().trim_start_matches(['@', '-', '+']), &variables);
                for target in &targets {
                    read.rules.entry(target.clone()).or_default().recipe.push((number, command.clone()));
                }
            } else if let Some((name, value)) = variable(&line) {
                let value = substituted(value, &variables);
                variables.insert(name.to_owned(), value);
            } else if let Some((names, needs)) = line.split_once(':').filter(|_| !line.starts_with(['#', '['])) {
                let needs = needs.trim_start_matches(':').split('#').next().unwrap_or_default();
                // A recipe of just may have parameters.
                let names: Vec<&str> = names.trim_start_matches('@').split_whitespace().collect();
                let count = if indent == '\t' { names.len() } else { 1 };
                targets = names.into_iter().take(count).map(str::to_owned).collect();
                let (needs, inline) =
                    needs.split_once(';').map_or((needs, None), |(needs, inline)| (needs, Some(inline)));
                for target in &targets {
                    let rule = read.rules.entry(target.clone()).or_default();
                    rule.needs.extend(needs.split_whitespace().map(str::to_owned));
                    rule.recipe.extend(inline.map(|inline| (number, substituted(inline.trim(), &variables))));
                    if read.first.is_none() && !target.starts_with('.') {
                        read.first = Some(target.clone());
                    }
                }
            } else if !line.trim().is_empty() && !line.starts_with('#') {
                targets.clear();
            }
        }
        read
    }
}

/// `NAME = value`, `NAME := value`, `export NAME = value`.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+']).trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '-');
    is_name.then(|| (name, value.trim()))
}

/// A recipe with the values of `$(NAME)` and `{{NAME}}`, and `$$` as the shell gets it.
fn substituted(recipe: &str, variables: &HashMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = recipe;
    while let Some(at) = rest.find(['$', '{']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let brackets = [("$(", ")"), ("${", "}"), ("{{", "}}")];
        if let Some(after) = rest.strip_prefix("$$") {
            text.push('$');
            rest = after;
        } else if let Some((open, close)) = brackets.iter().find(|(open, _)| rest.starts_with(open)) {
            let end = rest.find(close).unwrap_or(rest.len());
            let name = rest.get(open.len()..end).unwrap_or_default().trim();
            match (name, variables.get(name)) {
                (_, Some(value)) => text.push_str(value),
                ("MAKE", None) => text.push_str("make"),
                // Of the environment, or a function of make.
                (name, None)
                    if name.chars().all(|char| char.is_alphanumeric() || char == '_') && open.starts_with('$') =>
                {
                    text.push_str(&format!("${{{name}}}"));
                }
                _ => text.push_str(sql::UNKNOWN),
            }
            rest = rest.get(end + close.len()..).unwrap_or_default();
        } else {
            text.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

//! Scripts that `package.json` names.

use super::wrappers::words_of;
use super::{Input, Shell};
use crate::check::{Files, SourceFile, sql};
use serde_json::Value;

/// How many directories above are looked in.
const MOST_ABOVE: usize = 6;

/// What `npm`, `pnpm`, `yarn` and `bun` are asked for.
#[derive(Debug, Default)]
struct Request {
    /// `run`, or a name itself.
    words: Vec<String>,
    /// The package that a workspace's name stands for.
    workspace: Option<String>,
    dir: Option<String>,
    /// Whether the packages of all workspaces are meant.
    is_all: bool,
    /// Whether the package at the root is meant, wherever it is asked from.
    is_root: bool,
}

impl Shell {
    /// Whether the program runs scripts of a project; what they do is looked at.
    pub(super) fn package(&mut self, words: &[String]) -> bool {
        let words = words_of(words);
        match words[0].as_str() {
            "npm" | "pnpm" | "yarn" | "bun" => self.manager(&words),
            "turbo" | "lerna" | "nx" => {
                let all = Request { is_all: true, ..Request::default() };
                let names = words[1..].iter().filter(|word| !word.starts_with('-') && *word != "run");
                for name in names {
                    self.named_if_there(&all, name, &[], "npm");
                }
                true
            }
            "make" | "gmake" => {
                self.made(&words, &["Makefile", "makefile", "GNUmakefile"], '\t');
                true
            }
            "just" => {
                self.made(&words, &["justfile", "Justfile", ".justfile"], ' ');
                true
            }
            "prisma" if words.get(1..3) == Some(&["db".to_owned(), "seed".to_owned()]) => {
                self.seed();
                true
            }
            "prisma" | "drizzle-kit" => true,
            _ => false,
        }
    }

    fn manager(&mut self, words: &[String]) -> bool {
        let manager = words[0].as_str();
        let request = request(manager, &words[1..]);
        let Some(first) = request.words.first() else {
            if manager == "yarn" {
                self.named_scripts(&request, &["preinstall", "install", "postinstall", "prepare"]);
            }
            return true;
        };
        let rest = &request.words[1..];
        match first.as_str() {
            "run" | "run-script" | "rum" => {
                let Some(name) = rest.first() else { return true };
                if manager == "bun" && self.files.is_file(name) {
                    return false;
                }
                let is_there = self.named(&request, name, &rest[1..], manager);
                // yarn and bun run programs of packages as well.
                if !is_there && (manager == "yarn" || manager == "bun") {
                    drop(self.command(rest, &Input::Nothing));
                }
            }
            "test" | "t" | "tst" if manager != "bun" => drop(self.named(&request, "test", rest, manager)),
            "start" | "stop" | "restart" => drop(self.named(&request, first, rest, manager)),
            "install" | "i" | "ci" | "add" | "install-test" => {
                self.named_scripts(&request, &["preinstall", "install", "postinstall", "prepare"]);
            }
            "exec" | "dlx" | "x" => drop(self.command(rest, &Input::Nothing)),
            name if manager == "bun" && self.files.is_file(name) => return false,
            name if manager != "npm" => {
                let name = name.to_owned();
                if !self.named_if_there(&request, &name, rest, manager) {
                    // A program that a package brings.
                    drop(self.command(&request.words, &Input::Nothing));
                }
            }
            _ => {}
        }
        true
    }

    fn named(&mut self, request: &Request, name: &str, arguments: &[String], manager: &str) -> bool {
        if name.contains(sql::UNKNOWN) {
            self.unknown("which script it runs is not known");
            return true;
        }
        self.named_if_there(request, name, arguments, manager)
    }

    fn named_scripts(&mut self, request: &Request, names: &[&str]) {
        for name in names {
            self.named_if_there(request, name, &[], "npm");
        }
    }

    /// Runs a script of `package.json` with those around it; `false` if there is none of that name.
    fn named_if_there(&mut self, request: &Request, name: &str, arguments: &[String], manager: &str) -> bool {
        if request.is_all {
            let dirs =
                ["packages", "apps", "libs", "services"].map(|dir| self.matches(&format!("{dir}/*/package.json")));
            let mut is_there = false;
            for manifest in dirs.concat() {
                let dir = manifest.strip_suffix("/package.json").map(str::to_owned);
                let one = Request { dir, ..Request::default() };
                is_there |= self.named_if_there(&one, name, arguments, manager);
            }
            return is_there;
        }
        let Some((file, files)) = self.manifest(request) else {
            if request.workspace.is_some() {
                self.unknown("which package it runs a script of is not known");
            }
            return false;
        };
        let Ok(manifest) = serde_json::from_str::<Value>(&file.text) else {
            self.unknown(format!("{} is not JSON", file.name));
            return true;
        };
        let script = |name: &str| Some(manifest.get("scripts")?.get(name)?.as_str()?.to_owned());
        if script(name).is_none() {
            return false;
        }
        let arguments = arguments.iter().filter(|word| manager == "yarn" || *word != "--");
        let arguments: String = arguments.map(|word| format!(" {}", quoted(word))).collect();
        for (name, arguments) in
            [(format!("pre{name}"), ""), (name.to_owned(), &arguments), (format!("post{name}"), "")]
        {
            let Some(text) = script(&name) else { continue };
            if self.files.enter(format!("script {} {name}{arguments}", file.path.display())) {
                self.within_file(&file, &files, line_of(&file.text, &name), &format!("{text}{arguments}"));
            }
        }
        true
    }

    /// Runs a text that stands in one line of a file.
    pub(super) fn within_file(&mut self, file: &SourceFile, files: &Files, line: usize, text: &str) {
        let outer = (self.files.clone(), self.file.replace(file.name.clone()), self.line, self.text.clone());
        let variables = self.variables.clone();
        self.files = files.clone();
        self.whole(text, line);
        self.variables = variables;
        (self.files, self.file, self.line, self.text) = outer;
    }

    /// The `package.json` that counts, and the files as seen from it.
    fn manifest(&self, request: &Request) -> Option<(SourceFile, Files)> {
        let here = match &request.dir {
            Some(dir) => self.files.within(dir),
            None => self.files.clone(),
        };
        if let Some(workspace) = &request.workspace {
            let name = workspace.trim_matches(['.', '^', '{', '}', '*']).trim_start_matches('/');
            let last = name.rsplit('/').next().unwrap_or(name);
            let places = ["", "packages/", "apps/", "libs/", "services/", "tools/"];
            return places.iter().flat_map(|place| [format!("{place}{name}"), format!("{place}{last}")]).find_map(
                |dir| {
                    let file = here.read(format!("{dir}/package.json")).ok()?;
                    let is_meant = own_name(&file)
                        .is_none_or(|own| own == name || own.ends_with(&format!("/{name}")) || dir.ends_with(name));
                    is_meant.then(|| (file, here.within(&dir)))
                },
            );
        }
        let mut above: Vec<usize> = (0..MOST_ABOVE).collect();
        if request.is_root {
            above.reverse();
        }
        above.into_iter().find_map(|above| {
            let dir = "../".repeat(above);
            let file = here.read(format!("{dir}package.json")).ok()?;
            Some((file, if above == 0 { here.clone() } else { here.within(&dir) }))
        })
    }

    /// `prisma db seed`: the command stands in `package.json`, or in Prisma's config file.
    fn seed(&mut self) {
        if let Some((file, files)) = self.manifest(&Request::default()) {
            let manifest: Value = serde_json::from_str(&file.text).unwrap_or_default();
            let seed = manifest.get("prisma").and_then(|prisma| prisma.get("seed")).and_then(Value::as_str);
            if let Some(seed) = seed {
                return self.within_file(&file, &files, line_of(&file.text, "seed"), seed);
            }
        }
        let configs = ["prisma.config.ts", "prisma.config.js", "prisma.config.mjs", ".config/prisma.ts"];
        for file in configs.iter().filter_map(|name| self.files.read(name).ok()) {
            let line =
                file.text.lines().position(|line| line.trim_start().starts_with("seed:") || line.contains("{ seed:"));
            let Some(at) = line else { continue };
            let text =
                file.text.lines().nth(at).and_then(|line| line.split_once("seed:")).map_or("", |(_, rest)| rest.trim());
            let seed = text.get(1..).and_then(|rest| rest.split(text.chars().next().unwrap_or('"')).next());
            if let Some(seed) = seed.filter(|_| text.starts_with(['"', '\'', '`'])) {
                let (seed, files) = (seed.to_owned(), self.files.clone());
                return self.within_file(&file, &files, at + 1, &seed);
            }
        }
        self.unknown("it runs the project's seed, and which command that is was not found");
    }
}

/// What a package manager is asked for, its options taken off.
fn request(manager: &str, words: &[String]) -> Request {
    let mut request = Request::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let (option, inline) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let takes = inline.is_none();
        let value = || inline.clone().or_else(|| words.get(at + 1).cloned());
        let is_run =
            matches!(request.words.first().map(String::as_str), Some("run" | "run-script" | "exec" | "dlx" | "x"));
        // npm takes its options anywhere before `--`.
        let has_name = request.words.len() > usize::from(is_run)
            && (manager != "npm" || request.words.first().is_some_and(|word| word == "exec" || word == "x"));
        if word == "--" && manager == "npm" {
            request.words.extend(words[at..].iter().cloned());
            break;
        }
        match option {
            "-r" | "--recursive" | "--workspaces" | "-ws" if !has_name => request.is_all = true,
            "-w" | "--workspace-root" if manager == "pnpm" && !has_name => request.is_root = true,
            "-w" | "--workspace" | "--filter" | "-F" if !has_name => {
                request.workspace = value();
                at += usize::from(takes);
            }
            "--prefix" | "-C" | "--cwd" | "--dir" if !has_name => {
                request.dir = value();
                at += usize::from(takes);
            }
            "workspace" if request.words.is_empty() => {
                request.workspace = value();
                at += 1;
            }
            option if option.starts_with('-') && !has_name => {}
            _ => request.words.push(word.clone()),
        }
        at += 1;
    }
    request
}

/// The line of a script in `package.json`.
fn line_of(text: &str, name: &str) -> usize {
    let key = format!("\"{name}\"");
    let mut lines = (1..).zip(text.lines());
    lines
        .find(|(_, line)| line.split_once(&key).is_some_and(|(_, rest)| rest.trim_start().starts_with(':')))
        .map_or(1, |(line, _)| line)
}

/// The name of a package.
fn own_name(file: &SourceFile) -> Option<String> {
    let manifest: Value = serde_json::from_str(&file.text).ok()?;
    Some(manifest.get("name")?.as_str()?.to_owned())
}

/// A word as the shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = word.chars().all(|char| char.is_alphanumeric() || "-_./:=@,".contains(char));
    if is_plain && !word.is_empty() { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

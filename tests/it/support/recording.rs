//! Documents with sessions: their commands are run, and what they print is held against what stands there.
//! `docs/record-session` writes it anew.
//!
//! A command is a line of an indented block that begins with `$ `. What it prints follows, unless the next line is a
//! command or a comment (` # `) stands behind it. A block between fences is a file of the project if the line before
//! names it: `scripts/cleanup.ts`:

use super::files::{project, text};
use super::process::Project;
use super::redact::redact;
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Set by `docs/record-session`.
const RECORD: &str = "DBSNAP_RECORD_SESSION";
/// Columns at which lines of output end.
const WIDTH: usize = 150;
/// How a command begins.
const PROMPT: &str = "    $ ";

/// Somebody who follows a document: in the folder `/home/me/shop`, with `dbsnap` on the path.
pub struct Reader {
    root: Project,
    dir: RefCell<PathBuf>,
    env: RefCell<Vec<(String, String)>>,
    shown: Vec<(String, String)>,
}

impl Reader {
    pub fn new() -> Reader {
        let root = Project::new();
        let shop = root.path().join("home/me/shop");
        fs::create_dir_all(&shop).unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        let dbsnap = std::env::var_os("DBSNAP_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_dbsnap").into());
        std::os::unix::fs::symlink(dbsnap, root.path().join("bin/dbsnap")).unwrap();
        Reader { root, dir: RefCell::new(shop), env: RefCell::default(), shown: Vec::new() }
    }

    /// Sets a variable of the environment.
    pub fn env(self, name: &str, value: impl Into<String>) -> Reader {
        self.env.borrow_mut().push((name.to_owned(), value.into()));
        self
    }

    /// What is called `real` here is called `shown` in the document.
    pub fn shows(mut self, real: impl Into<String>, shown: &str) -> Reader {
        self.shown.push((real.into(), shown.to_owned()));
        self
    }

    /// Where the commands run.
    pub fn path(&self) -> PathBuf {
        self.dir.borrow().clone()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What a command prints. `cd` and `export` hold for the commands after them.
    pub fn prints(&self, command: &str) -> String {
        let command = &self.shown.iter().fold(command.to_owned(), |text, (real, shown)| text.replace(shown, real));
        if let Some((name, value)) = command.strip_prefix("export ").and_then(|set| set.split_once('=')) {
            self.env.borrow_mut().push((name.to_owned(), value.to_owned()));
            return String::new();
        }
        if let Some(dir) = command.strip_prefix("cd ") {
            let dir = fs::canonicalize(self.path().join(dir)).unwrap();
            *self.dir.borrow_mut() = dir;
            return String::new();
        }
        let root = self.root.path();
        let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap());
        let shell = self.root.program("sh", ["-c", &format!("{{ {command}\n}} 2>&1")]).dir(self.path());
        let shell = shell.env("PATH", path).env("HOME", root.join("home/me"));
        let run = self.env.borrow().iter().fold(shell, |shell, (name, value)| shell.env(name, value)).run();
        assert!(matches!(run.code(), Some(0 | 4)), "{command}: {run}");
        let printed = run.stdout().replace(&*root.to_string_lossy(), "");
        self.shown.iter().fold(printed, |text, (real, shown)| text.replace(real, shown))
    }

    /// The same in lines, as the document has them. Each command that takes snapshots has a second of its own, as a
    /// person's commands do: what is exported of two snapshots of one second has other names.
    pub fn says(&self, command: &str) -> Vec<String> {
        if ["snap", "run", "restore", "undo"].iter().any(|word| command.starts_with(&format!("dbsnap {word}"))) {
            let into_second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
            std::thread::sleep(Duration::from_secs(1) - Duration::from_nanos(into_second.into()));
        }
        self.prints(command).lines().map(shortened).collect()
    }
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// The file that the block after these lines is.
fn named_file(before: &[String]) -> Option<&str> {
    let line = before.iter().rev().find(|line| !line.is_empty())?;
    line.strip_suffix("`:")?.rsplit_once('`').map(|(_, name)| name)
}

/// The session as the program prints it now: its commands and the prose around them stay.
fn recorded(says: impl Fn(&str) -> Vec<String>, file: impl Fn(&str, &str), lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        at += 1;
        if line.starts_with("```") {
            let length = lines[at..].iter().position(|line| line == "```").unwrap();
            if let Some(name) = named_file(&out) {
                file(name, &format!("{}\n", lines[at..at + length].join("\n")));
            }
            out.extend_from_slice(&lines[at - 1..=at + length]);
            at += length + 1;
            continue;
        }
        out.push(line.clone());
        let Some(command) = line.strip_prefix(PROMPT) else { continue };
        let is_shown = !lines.get(at).is_some_and(|next| next.starts_with(PROMPT)) && !command.contains(" # ");
        let printed = says(command.split(" # ").next().unwrap().trim());
        if is_shown {
            // to the end of the block: the next line that is not indented, or a command after an empty line
            while lines.get(at).is_some_and(|next| {
                next.starts_with("    ") && !(lines[at - 1].is_empty() && next.starts_with(PROMPT))
                    || next.is_empty() && lines.get(at + 1).is_some_and(|next| next.starts_with("    "))
            }) {
                at += 1;
            }
            let indented = printed.iter().map(|line| format!("    {line}").trim_end().to_owned());
            out.extend(indented);
            if lines[at - 1].is_empty() {
                out.push(String::new());
            }
        }
    }
    out
}

/// Without what differs from run to run.
fn normal(text: &str) -> String {
    let redacted = redact(text, Path::new("/home/me/shop"));
    let sums = |line: &str| {
        ["blake3:", "sha256:"].iter().fold(line.to_owned(), |mut line, name| {
            if let Some(at) = line.find(name).filter(|at| line.len() >= at + name.len() + 12) {
                line.replace_range(at + name.len()..at + name.len() + 12, "[SUM]");
            }
            line
        })
    };
    redacted.lines().map(sums).collect::<Vec<_>>().join("\n")
}

/// Holds a file against what it is now, or writes it anew if asked to.
pub fn check_file(file: &str, now: &str) {
    let path = project(file);
    if std::env::var_os(RECORD).is_some() {
        return fs::write(path, now).unwrap();
    }
    let (written, now) = (normal(&text(&path)), normal(now));
    for (written, now) in written.lines().zip(now.lines()) {
        assert_eq!(written, now, "{file}: docs/record-session writes it anew");
    }
    assert_eq!(written.lines().count(), now.lines().count(), "{file}: docs/record-session writes it anew");
}

/// Holds the session in a file's section against what its commands print; at least so many commands are there.
pub fn check_section(file: &str, heading: &str, commands: usize, says: impl Fn(&str) -> Vec<String>) {
    let text = text(&project(file));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let begin = lines.iter().position(|line| line == heading).unwrap();
    let end = begin + 1 + lines[begin + 1..].iter().position(|line| line.starts_with("## ")).unwrap();
    let session = recorded(says, |name, _| panic!("{name}: only a page has files"), &lines[begin..end]);
    check(file, &[&lines[..begin], &session, &lines[end..]].concat(), &session, commands);
}

/// Holds a whole document, with the files that it names, against what its commands print.
pub fn check_page(file: &str, commands: usize, reader: &Reader) {
    let text = text(&project(file));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let page = recorded(|command| reader.says(command), |name, text| reader.write(name, text), &lines);
    check(file, &page, &page, commands);
}

fn check(file: &str, whole: &[String], session: &[String], commands: usize) {
    let count = session.iter().filter(|line| line.starts_with(PROMPT)).count();
    assert!(count >= commands, "{session:#?}");
    check_file(file, &format!("{}\n", whole.join("\n")));
}

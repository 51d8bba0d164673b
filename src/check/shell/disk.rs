//! Programs that remove and overwrite files: whether one of them is a database.

use super::wrappers::program;
use super::{Input, Shell};
use crate::check::{Effect, Files, sql};
use std::path::{Component, Path, PathBuf};

/// What the store of a project is called: who leaves it out by name removes nothing of it.
const STORE: &str = ".dbsnap";

/// How many entries of directories are looked at.
const MOST_ENTRIES: usize = 2000;

/// Whether the commands of `text` remove `path` or something below it.
pub(in crate::check) fn removes(text: &str, path: &Path, files: &Files) -> bool {
    let mut shell = Shell::new(files);
    let home = std::env::var("HOME").unwrap_or_default();
    shell.variables.insert("HOME".to_owned(), home);
    shell.variables.insert("PWD".to_owned(), files.dir().display().to_string());
    shell.whole(text, 1);
    let real = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    shell.removed.iter().any(|removed| meets(removed, &real))
}

/// Whether a path, maybe with wildcards, is one on the way to `path`, or leads below it.
fn meets(removed: &str, path: &Path) -> bool {
    let matches = |(pattern, name): (Component<'_>, Component<'_>)| {
        let (pattern, name) = (pattern.as_os_str().to_string_lossy(), name.as_os_str().to_string_lossy());
        match pattern.find(['*', '?', '[', '{']) {
            // a name that begins with a dot is only met by a pattern that does
            Some(at) => {
                name.starts_with(&pattern[..at]) && (at > 0 || pattern.starts_with('{') && pattern.contains(&*name))
            }
            None => pattern == name,
        }
    };
    crate::check::files::plain(Path::new(removed)).components().zip(path.components()).all(matches)
}

impl Shell {
    /// Remembers that a path is removed.
    fn removing(&mut self, path: &str) {
        if path.contains(sql::UNKNOWN) {
            return;
        }
        let path = match path.strip_prefix('~').zip(self.variables.get("HOME")) {
            Some((rest, home)) if rest.is_empty() || rest.starts_with('/') => PathBuf::from(format!("{home}{rest}")),
            _ => self.files.dir().join(path),
        };
        self.removed.push(path.display().to_string());
    }

    /// Whether the program only works on files; the databases among them are looked at.
    pub(super) fn filed(&mut self, name: &str, arguments: &[String], input: &Input) -> bool {
        let plain: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
        match program(name) {
            "rm" | "unlink" | "shred" | "rimraf" | "trash" | "del-cli" | "del" | "srm" => {
                self.removed(arguments, &plain)
            }
            "truncate" => self.any_of(&plain),
            "mv" => {
                let (target, sources) = plain.split_last().unwrap_or((&"", &[]));
                sources.iter().for_each(|source| self.removing(source));
                if sources.iter().any(|source| is_database(source)) {
                    self.change(Effect::Reset);
                } else {
                    self.overwritten(target);
                }
            }
            "cp" | "ln" | "rsync" | "install" => {
                let (target, sources) = plain.split_last().unwrap_or((&"", &[]));
                let into = format!(
                    "{}/{}",
                    target.trim_end_matches('/'),
                    sources.first().map_or("", |source| program(source))
                );
                if is_database(target) {
                    self.overwritten(target);
                } else if sources.iter().any(|source| is_database(source)) && self.files.is_file(&into) {
                    self.change(Effect::Reset);
                }
            }
            "tee" => {
                plain.iter().for_each(|target| self.overwritten(target));
                if let Input::Text { text, line } = input {
                    self.written.extend(plain.iter().map(|target| ((*target).to_owned(), (text.clone(), *line))));
                }
                // It passes its input on as well.
                return !matches!(input, Input::Text { .. } | Input::Files(_));
            }
            "dd" => {
                let target = arguments.iter().find_map(|word| word.strip_prefix("of="));
                self.overwritten(target.unwrap_or_default());
            }
            "curl" | "wget" | "aria2c" => {
                let at = arguments
                    .iter()
                    .position(|word| ["-o", "-O", "--output", "--output-document"].contains(&word.as_str()));
                if let Some(target) = at.and_then(|at| arguments.get(at + 1)) {
                    self.overwritten(target);
                }
                return false;
            }
            "find" if arguments.iter().any(|word| word == "-delete") => {
                let tests = ["-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex"];
                if !arguments.iter().any(|word| tests.contains(&word.as_str())) {
                    let below = arguments.iter().take_while(|word| !word.starts_with('-'));
                    below.for_each(|path| self.removing(path));
                }
                self.any_of(&plain);
            }
            "git" => self.git(arguments, &plain),
            _ => return false,
        }
        true
    }

    fn any_of(&mut self, paths: &[&str]) {
        if paths.iter().any(|path| is_database(path)) {
            self.change(Effect::Reset);
        }
    }

    fn removed(&mut self, arguments: &[String], paths: &[&str]) {
        let is_recursive = arguments.iter().any(|word| {
            word == "--recursive" || word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R'])
        });
        for path in paths {
            // by itself `rm` takes no directory away
            if is_recursive || Path::new(path).components().count() > 1 {
                self.removing(path);
            }
        }
        if paths.iter().any(|path| is_database(path) || is_recursive && self.holds_database(path)) {
            self.change(Effect::Reset);
        } else if paths.iter().any(|path| path.contains(sql::UNKNOWN)) && names_database(&self.text) {
            self.unknown("which file it removes is not known");
        }
    }

    /// A file that a command writes to.
    pub(super) fn overwritten(&mut self, path: &str) {
        if is_database(path) && (!is_copy(path) || self.files.is_file(path)) {
            self.change(Effect::Reset);
        }
    }

    fn git(&mut self, arguments: &[String], plain: &[&str]) {
        let has = |letters: &[char]| {
            arguments.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letters))
        };
        if plain.first() == Some(&"clean") && has(&['x', 'X']) && !has(&['n']) {
            self.cleaned(arguments);
        }
        match plain.first().copied() {
            Some("clean") if has(&['x', 'X']) && !has(&['n', 'e']) => {
                if self.holds_database(".") {
                    self.change(Effect::Reset);
                } else {
                    self.unknown("it removes ignored files, which a database often is");
                }
            }
            Some("stash") if has(&['a']) || arguments.iter().any(|word| word == "--all") => self.removing("."),
            Some("rm") if arguments.iter().any(|word| word == "--cached") => {}
            Some("checkout" | "restore" | "rm") => self.any_of(&plain[1..]),
            _ => {}
        }
    }

    /// `git clean -x`: the paths that it is given, or all, but not those that it is told to leave.
    fn cleaned(&mut self, arguments: &[String]) {
        let (mut paths, mut left) = (Vec::new(), Vec::new());
        let mut words = arguments.iter().skip_while(|word| *word != "clean").skip(1);
        while let Some(word) = words.next() {
            match word.strip_prefix("--exclude=") {
                Some(pattern) => left.push(pattern.to_owned()),
                None if word == "--exclude" || word.ends_with('e') && is_short(word) => {
                    left.extend(words.next().cloned())
                }
                None if word.starts_with('-') => {}
                None => paths.push(word.clone()),
            }
        }
        if paths.is_empty() {
            paths.push(".".to_owned());
        }
        if !left.iter().any(|pattern| pattern.trim_matches('/') == STORE) {
            paths.iter().for_each(|path| self.removing(path));
        }
    }

    /// Whether a database lies in that directory now.
    fn holds_database(&self, path: &str) -> bool {
        let path = path.strip_suffix("/*").unwrap_or(path);
        let path = if path == "*" { "." } else { path };
        if path.contains(sql::UNKNOWN) || path.split('/').any(|part| part == "node_modules") {
            return false;
        }
        let mut waiting = vec![self.files.dir().join(path)];
        let mut left = MOST_ENTRIES;
        while let Some(dir) = waiting.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                left = left.saturating_sub(1);
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if left == 0 || !is_dir && is_database(&name) {
                    return left > 0;
                }
                if is_dir && name != "node_modules" && name != ".git" {
                    waiting.push(entry.path());
                }
            }
        }
        false
    }
}

/// Whether a word is options of one letter.
fn is_short(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}

/// Whether a path, maybe with wildcards, is that of a database.
pub(super) fn is_database(path: &str) -> bool {
    if let Some((before, rest)) = path.split_once('{') {
        let (among, after) = rest.split_once('}').unwrap_or((rest, ""));
        return among.split(',').any(|one| is_database(&format!("{before}{one}{after}")));
    }
    let lower = path.to_ascii_lowercase();
    let places =
        ["pgdata", "pg_data", "pg-data", "postgres-data", "postgres_data", "postgresql/data", "lib/postgresql"];
    if places.iter().any(|place| lower.contains(place)) {
        return true;
    }
    let name = Path::new(lower.trim_end_matches(['*', '?', '/']));
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = ["-wal", "-journal"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["db", "sqlite", "sqlite3", "db3", "sqlitedb", "s3db", "sl3"].contains(&ending) && name != "thumbs.db"
}

/// Whether a name is that of a copy put aside.
fn is_copy(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["bak", "backup", "copy", "snap", "old", "save", "archive", "before", "dump", "export", "20"]
        .iter()
        .any(|part| lower.contains(part))
        || path.contains(sql::UNKNOWN)
}

/// Whether a variable in the command is named like one that holds a database's file.
fn names_database(command: &str) -> bool {
    command.split('$').skip(1).any(|after| {
        let name: String =
            after.trim_start_matches('{').chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
        let name = name.to_ascii_uppercase();
        ["DB", "SQLITE", "DATABASE", "PGDATA"].iter().any(|part| name.contains(part))
    })
}

//! Commands that a program starts, and database files that it removes.

use super::super::value::Value;
use super::super::{Interpreter, Place};
use super::known_part;
use crate::check::finding::Effect;
use crate::check::shell;

/// Functions that take a command line.
const COMMAND_LINES: [&str; 8] =
    ["exec", "execSync", "execaCommand", "execaCommandSync", "execAsync", "$", "execPromise", "shell"];

/// Functions that take a program and its arguments.
const PROGRAMS: [&str; 10] =
    ["spawn", "spawnSync", "execFile", "execFileSync", "execa", "execaSync", "sync", "x", "execaNode", "fork"];

/// Endings of database files.
const DATABASE_FILES: [&str; 6] = [".db", ".sqlite", ".sqlite3", ".db3", ".db-wal", ".sqlite-wal"];

impl<'a> Interpreter<'a, '_> {
    /// A call into a package that starts programs.
    pub fn process_call(&mut self, name: &str, arguments: &[Value<'a>], place: Place) -> Option<Value<'a>> {
        let first = arguments.first()?;
        let input = arguments.iter().find_map(|options| options.entry("input"));
        if PROGRAMS.contains(&name) {
            let (program, rest) = match first {
                Value::List(words) => {
                    (words.borrow().first()?.clone(), words.borrow().iter().skip(1).cloned().collect())
                }
                first => {
                    let rest = arguments.get(1).filter(|rest| matches!(rest, Value::List(_)));
                    (first.clone(), rest.map(|rest| self.elements(rest)).unwrap_or_default())
                }
            };
            let mut line = program.texts().into_iter().next()?;
            for word in rest {
                let word = word.texts().into_iter().next()?;
                let is_plain = |part: &String| part.chars().all(|c| c.is_alphanumeric() || "-_./=:@%+,".contains(c));
                line.push(&super::Text::constant(" "));
                if word.parts.iter().flatten().all(is_plain) {
                    line.push(&word);
                } else {
                    line.push(&super::Text::constant("'"));
                    line.push(&word.map(|part| part.replace('\'', r"'\''")));
                    line.push(&super::Text::constant("'"));
                }
            }
            self.shell(&Value::Text(line), input.as_ref(), place);
            return Some(Value::plain());
        }
        if !COMMAND_LINES.contains(&name) {
            return None;
        }
        self.shell(first, input.as_ref(), place);
        self.escape_all(arguments);
        Some(Value::plain())
    }

    /// A method of `$`: `` $.sync`...` ``, `$({ cwd })`.
    pub fn process_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        self.process_call(name, arguments, place).or_else(|| Some(object.clone()))
    }

    /// A command line that is run, with what it reads.
    pub fn shell(&mut self, command: &Value<'a>, input: Option<&Value<'a>>, place: Place) {
        for text in command.texts() {
            if text.parts.iter().flatten().all(|part| part.trim().is_empty()) {
                if text.has_holes() {
                    self.unknown(place, "the command is not constant");
                }
                continue;
            }
            let mut line = text.with("$not_known");
            if let Some(input) = input.and_then(|input| input.texts().into_iter().next()) {
                line = format!("{line} <<'DBSNAP_INPUT'\n{}\nDBSNAP_INPUT\n", known_part(&input));
            }
            for mut finding in shell::findings(&line, self.files) {
                if finding.file.is_none() {
                    finding.file = Some(self.module.name.to_string());
                    finding.line = self.module.line(place.line_of);
                }
                self.found.push(finding);
            }
        }
    }

    /// A call that removes or overwrites a database file.
    pub fn removes_file(&mut self, name: &str, package: &str, arguments: &[Value<'a>], place: Place) -> bool {
        let is_of_files = ["fs", "node:fs", "fs/promises", "node:fs/promises", "fs-extra", "rimraf", "del", "shelljs"]
            .contains(&package);
        let target = match name {
            "unlink" | "unlinkSync" | "rm" | "rmSync" | "remove" | "removeSync" | "truncate" | "truncateSync"
            | "rename" | "renameSync" | "writeFile" | "writeFileSync" | "rimraf" | "rimrafSync" | "del"
            | "deleteAsync" => 0,
            "copyFile" | "copyFileSync" | "cp" | "cpSync" | "copy" | "copySync" => 1,
            _ => return false,
        };
        if !is_of_files {
            return false;
        }
        let Some(path) = arguments.get(target) else { return false };
        let paths: Vec<Value<'a>> = match path {
            _ if package == "shelljs" => arguments.to_vec(),
            Value::List(paths) => paths.borrow().clone(),
            path => vec![path.clone()],
        };
        let is_database = |text: super::Text| DATABASE_FILES.iter().any(|end| known_part(&text).ends_with(end));
        let found = paths.iter().flat_map(Value::texts).any(is_database);
        if found {
            self.find(place, Effect::Reset, Vec::new(), true);
        }
        found
    }
}

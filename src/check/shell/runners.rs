//! Programs that run a script.

use super::wrappers::program;
use super::{Input, Shell, known_end};
use crate::check::{self, Effect, Language, SourceFile, shell, sql};

/// A program that runs a script.
struct Runner {
    name: &'static str,
    language: Language,
    /// Options whose value is code.
    code: &'static str,
    /// Other options with a value.
    valued: &'static str,
    /// Words before the script.
    own: &'static str,
}

const fn runner(
    name: &'static str,
    language: Language,
    code: &'static str,
    valued: &'static str,
    own: &'static str,
) -> Runner {
    Runner { name, language, code, valued, own }
}

const NODE: &str = "-r --require --import --loader --experimental-loader --env-file --tsconfig --conditions -C --project -P -O --compiler-options";

const RUNNERS: [Runner; 29] = [
    runner("node", Language::Script, "-e --eval -p --print -pe", NODE, ""),
    runner("tsx", Language::Script, "-e --eval", NODE, "watch"),
    runner("ts-node", Language::Script, "-e --eval -p", NODE, ""),
    runner("ts-node-dev", Language::Script, "", NODE, ""),
    runner("ts-node-esm", Language::Script, "", NODE, ""),
    runner("bun", Language::Script, "-e --eval", "--env-file --preload -r --cwd", "run"),
    runner("deno", Language::Script, "", "--config -c --import-map --env-file", "run"),
    runner("vite-node", Language::Script, "", NODE, ""),
    runner("babel-node", Language::Script, "-e", NODE, ""),
    runner("esno", Language::Script, "", NODE, ""),
    runner("jiti", Language::Script, "", NODE, ""),
    runner("zx", Language::Script, "--eval", "", ""),
    runner("nodemon", Language::Script, "", "--watch -w --ext -e --ignore -i --exec -x", ""),
    runner("python", Language::Strings, "-c", "-W -X", ""),
    runner("python3", Language::Strings, "-c", "-W -X", ""),
    runner("ruby", Language::Strings, "-e", "-r -I", ""),
    runner("perl", Language::Strings, "-e -E -ne -pe", "-I", ""),
    runner("php", Language::Strings, "-r", "-d -c -S -t", ""),
    runner("sh", Language::Shell, "", "-o", ""),
    runner("bash", Language::Shell, "", "-o -O --rcfile", ""),
    runner("zsh", Language::Shell, "", "-o", ""),
    runner("dash", Language::Shell, "", "-o", ""),
    runner("ash", Language::Shell, "", "-o", ""),
    runner("ksh", Language::Shell, "", "-o", ""),
    runner("rails runner", Language::Strings, "", "-e", ""),
    runner("rails r", Language::Strings, "", "-e", ""),
    runner("rails console", Language::Strings, "", "-e", ""),
    runner("rails c", Language::Strings, "", "-e", ""),
    runner("manage.py shell", Language::Strings, "-c --command", "", ""),
];

/// Commands of Django that change no row by themselves.
const DJANGO: [&str; 22] = [
    "runserver",
    "makemigrations",
    "check",
    "test",
    "collectstatic",
    "createsuperuser",
    "showmigrations",
    "shell",
    "shell_plus",
    "dumpdata",
    "sqlmigrate",
    "sqlflush",
    "sqlsequencereset",
    "inspectdb",
    "startapp",
    "startproject",
    "compilemessages",
    "makemessages",
    "diffsettings",
    "changepassword",
    "createcachetable",
    "help",
];

/// Programs that take any text and run none.
const SPEAKS: [&str; 26] = [
    "test",
    "[",
    "true",
    "false",
    ":",
    "gh",
    "glab",
    "git",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "ag",
    "ack",
    "sed",
    "awk",
    "jq",
    "expr",
    "logger",
    "notify-send",
    "say",
    "cowsay",
    "figlet",
    "man",
    "diff",
    "claude",
];

impl Shell {
    /// Whether the program runs a script; what it runs is looked at.
    pub(super) fn runner(&mut self, words: &[String], input: &Input) -> bool {
        let name = program(&words[0]);
        let subcommand = words.get(1).map_or("", String::as_str);
        let fits = |runner: &&Runner| runner.name == name || runner.name == format!("{name} {subcommand}");
        let Some(runner) = RUNNERS.iter().find(fits) else { return self.other(words) };
        let mut at = runner.name.split(' ').count();
        while let Some(word) = words.get(at) {
            let is_in = |list: &str| list.split(' ').any(|option| option == word);
            let next = words.get(at + 1).cloned().unwrap_or_default();
            if is_in(runner.code) {
                self.code(&next, runner.language, self.line);
                return true;
            } else if word == "-m" && name.starts_with("python") {
                self.command(&words[at + 1..], input);
                return true;
            } else if is_in(runner.valued) {
                at += 1;
            } else if word == "-" || (name == "bash" || name == "sh") && word == "-s" {
                break;
            } else if name == "rails" && !word.starts_with('-') && !self.files.is_file(word) {
                self.code(word, runner.language, self.line);
                return true;
            } else if !word.starts_with('-') && (runner.own.is_empty() || !is_in(runner.own)) {
                self.ran(&words[at..], runner.language);
                return true;
            }
            at += 1;
        }
        self.ran_input(runner.language, input);
        true
    }

    /// Django's commands, which are known by their names.
    fn other(&mut self, words: &[String]) -> bool {
        match program(&words[0]) {
            "manage.py" => {
                let command = words.get(1).map_or("", String::as_str);
                if !command.is_empty() && !command.starts_with('-') && !DJANGO.contains(&command) {
                    self.unknown(format!("it runs the management command {command}"));
                }
            }
            _ => return false,
        }
        true
    }

    /// A script and its arguments.
    fn ran(&mut self, words: &[String], language: Language) {
        let path = &words[0];
        // A tool that is installed in the project.
        if let Some((_, package)) = path.rsplit_once("node_modules/") {
            let name = package.strip_prefix(".bin/").unwrap_or(package).split('/').next().unwrap_or_default();
            let words = [&[name.to_owned()], &words[1..]].concat();
            drop(self.command(&words, &Input::Nothing));
        } else if ["manage.py", "rails", "rake", "ace", "ace.js", "artisan", "console"].contains(&program(path)) {
            drop(self.command(words, &Input::Nothing));
        } else {
            self.script_file(path, language);
        }
    }

    /// A script in a file; `language` is what it is in where its name does not tell.
    pub(super) fn script_file(&mut self, path: &str, language: Language) {
        if let Some((text, line)) = self.written.get(path).cloned() {
            return self.code(&text, language, line);
        }
        let path = known_end(path);
        if path.contains(sql::UNKNOWN) {
            return self.unknown("which script it runs is not known");
        }
        let name = ["", ".ts", ".js", "/index.ts", "/index.js"]
            .iter()
            .map(|ending| format!("{path}{ending}"))
            .find(|name| language == Language::Script && self.files.is_file(name))
            .unwrap_or_else(|| path.to_owned());
        let known = self.files.read(&name).ok().and_then(|file| Language::of(&file));
        match check::file_in(&name, known.or(Some(language)), &self.files) {
            Ok(found) => self.extend(found, 1),
            Err(reason) => self.unknown(reason),
        }
    }

    /// Code in a text that begins in `line`.
    fn code(&mut self, text: &str, language: Language, line: usize) {
        if text.trim() == sql::UNKNOWN {
            return self.unknown("the code it runs is put together when it runs");
        }
        let found = match language {
            Language::Shell => shell::findings(text, &self.files),
            language => check::text(text, language, &self.files),
        };
        self.extend(found, line);
    }

    fn ran_input(&mut self, language: Language, input: &Input) {
        match input {
            Input::Nothing => {}
            Input::Text { text, line } => self.code(text, language, *line),
            Input::Files(paths) => paths.iter().for_each(|path| self.script_file(path, language)),
            Input::Output { of } => {
                self.unknown(format!("it runs what {} writes", of.first().map_or("", String::as_str)))
            }
        }
    }

    /// A program that is none of those that are known.
    pub(super) fn program(&mut self, words: &[String], input: &Input) {
        let path = &words[0];
        if path.contains('/') && !path.contains("node_modules/") {
            let has_ending =
                [".sh", ".bash", ".py", ".rb", ".ts", ".js", ".mjs"].iter().any(|ending| path.ends_with(ending));
            let is_script = |file: SourceFile| Language::of(&file).is_some();
            let is_own = self.written.contains_key(path) || self.files.read(path).is_ok_and(is_script);
            if (is_own || has_ending) && program(path) != "manage.py" {
                return self.script_file(path, Language::Shell);
            }
        }
        if self.tool(words) || self.client(words, input) || self.package(words) || self.runner(words, input) {
            return;
        }
        self.sql_words(words);
    }

    /// SQL among the words of a program that is not known.
    pub(super) fn sql_words(&mut self, words: &[String]) {
        if SPEAKS.contains(&program(&words[0])) {
            return;
        }
        for word in words[1..].iter().filter(|word| word.contains(' ') && sql::is_statement(word)) {
            let found = sql::findings_following(word, &self.files);
            if found.iter().all(|finding| finding.effect != Effect::Unknown) {
                self.extend(found, self.line);
            }
        }
    }
}

//! Programs that run SQL.

use super::wrappers::words_of;
use super::{Input, Shell, known_end};
use crate::check::sql;

/// A program that runs SQL, and where it stands.
struct Client {
    /// The program and its subcommand.
    words: &'static str,
    /// Options whose value is SQL.
    sql: &'static str,
    /// Options whose value is a file of SQL.
    file: &'static str,
    /// Other options with a value.
    valued: &'static str,
    /// How many plain words stand before those that are SQL, if any are.
    before: Option<usize>,
    /// Whether it reads SQL from its input.
    reads: bool,
}

const fn client(
    words: &'static str,
    sql: &'static str,
    file: &'static str,
    before: Option<usize>,
    reads: bool,
) -> Client {
    Client { words, sql, file, valued: "", before, reads }
}

const PSQL: &str = "-d -h -p -U -v -P -F -R -T -L -o --dbname --host --port --username --set --variable --output";
const SQLITE: &str = "-separator -newline -nullvalue -vfs -maxsize -mmap -lookaside -pagecache -heap -pcachetrace";
const MYSQL: &str = "-h -P -u -D --host --port --user --database --password";

/// Longer names first.
const CLIENTS: [Client; 20] = [
    Client { valued: PSQL, ..client("psql", "-c --command", "-f --file", None, true) },
    Client { valued: SQLITE, ..client("sqlite3", "-cmd --cmd", "-init --init", Some(1), true) },
    Client { valued: MYSQL, ..client("mysql", "-e --execute", "", None, true) },
    Client { valued: MYSQL, ..client("mariadb", "-e --execute", "", None, true) },
    client("usql", "-c --command", "-f --file", None, true),
    client("pgcli", "", "", None, true),
    client("litecli", "-e --execute", "", None, true),
    client("duckdb", "-c -s -cmd", "-f -init", Some(1), true),
    client("turso db shell", "", "", Some(1), true),
    client("wrangler d1 execute", "--command", "--file", None, false),
    client("prisma db execute", "", "--file", None, true),
    client("heroku pg:psql", "-c --command", "-f --file", None, true),
    client("typeorm query", "", "", Some(0), false),
    client("sequelize query", "", "", Some(0), false),
    client("rails dbconsole", "", "", None, true),
    client("rails db", "", "", None, true),
    client("manage.py dbshell", "-c --command", "-f --file", None, true),
    client("sqlite-utils query", "", "", Some(1), false),
    client("sqlite-utils", "", "", Some(1), false),
    client("aws rds-data execute-statement", "--sql", "", None, false),
];

impl Shell {
    /// Whether the program runs SQL; what it runs is looked at.
    pub(super) fn client(&mut self, words: &[String], input: &Input) -> bool {
        let words = words_of(words);
        let fits = |client: &&Client| {
            client.words.split(' ').zip(&words).filter(|(name, word)| name == word).count()
                == client.words.split(' ').count()
        };
        let Some(client) = CLIENTS.iter().find(fits) else { return false };
        let rest = &words[client.words.split(' ').count()..];
        if rest.iter().any(|word| word == ":memory:" || word == "-readonly") {
            return true;
        }
        let mut has_own = false;
        let mut plain = 0;
        let mut at = 0;
        while let Some(word) = rest.get(at) {
            at += 1;
            let next = rest.get(at);
            match option(word, client) {
                Some((option, inline)) => {
                    let value = inline.or_else(|| next.cloned());
                    let is_in = |list: &str| list.split(' ').any(|name| name == option);
                    let takes = is_in(client.sql) || is_in(client.file) || is_in(client.valued);
                    at += usize::from(takes && !ends_with_value(word, &option));
                    let Some(value) = value.filter(|_| takes) else { continue };
                    if is_in(client.sql) {
                        self.sql(&value, self.line);
                        has_own = true;
                    } else if is_in(client.file) && value != "-" && value != "/dev/stdin" {
                        self.sql_file(&value);
                        has_own = true;
                    }
                }
                None => {
                    if client.before.is_some_and(|before| plain >= before) {
                        self.sql(word, self.line);
                        has_own = true;
                    }
                    plain += 1;
                }
            }
        }
        if client.reads && !has_own {
            self.sql_input(input);
        }
        true
    }

    /// SQL that begins in `line`.
    pub(super) fn sql(&mut self, text: &str, line: usize) {
        let found = sql::findings_following(text, &self.files);
        self.extend(found, line);
    }

    pub(super) fn sql_file(&mut self, path: &str) {
        if let Some((text, line)) = self.written.get(path).cloned() {
            return self.sql(&text, line);
        }
        let path = known_end(path);
        if path.contains(sql::UNKNOWN) {
            return self.unknown("which file of SQL it runs is not known");
        }
        match self.files.read(path) {
            Ok(file) if self.files.enter(format!("file {}", file.path.display())) => {
                let outer = self.file.replace(file.name.clone());
                let near = self.files.or_within(file.dir());
                let found = sql::findings_following(&file.text, &near);
                self.extend(found, 1);
                self.file = outer;
            }
            Ok(_) => {}
            Err(reason) => self.unknown(reason),
        }
    }

    fn sql_input(&mut self, input: &Input) {
        match input {
            Input::Nothing => {}
            Input::Text { text, line } => self.sql(text, *line),
            Input::Files(paths) => paths.iter().for_each(|path| self.sql_file(path)),
            Input::Output { of } => {
                self.unknown(format!("it runs what {} writes", of.first().map_or("", String::as_str)))
            }
        }
    }
}

/// The option of a word that takes a value, and the value if it is in the same word: `--file=x`, `-fx`, `-qAtc`.
fn option(word: &str, client: &Client) -> Option<(String, Option<String>)> {
    if !word.starts_with('-') || word == "-" {
        return None;
    }
    let is_known = |name: &str| {
        [client.sql, client.file, client.valued].iter().any(|list| list.split(' ').any(|option| option == name))
    };
    if is_known(word) {
        return Some((word.to_owned(), None));
    }
    if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
        return Some((name.to_owned(), Some(value.to_owned())));
    }
    // SQLite's options have one dash and are long.
    if word.starts_with("--") || client.words == "sqlite3" {
        return Some((word.to_owned(), None));
    }
    for (at, letter) in word.char_indices().skip(1) {
        let name = format!("-{letter}");
        if is_known(&name) {
            let rest = &word[at + letter.len_utf8()..];
            return Some((name, (!rest.is_empty()).then(|| rest.to_owned())));
        }
    }
    Some((word.to_owned(), None))
}

/// Whether the value stands in the same word as the option.
fn ends_with_value(word: &str, option: &str) -> bool {
    if word.starts_with("--") {
        word.contains('=')
    } else {
        word != option && !word.ends_with(option.trim_start_matches('-'))
    }
}

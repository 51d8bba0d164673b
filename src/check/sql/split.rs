//! A text of SQL in statements and client commands, as psql and sqlite3 take it apart.

/// One statement, or one command of psql or sqlite3.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Where it begins, from 1.
    pub line: usize,
    /// Without the semicolon.
    pub text: &'a str,
    /// Whether it is a command (`\i file`, `.read file`).
    pub is_command: bool,
}

/// The parts of `text`, comments between them left out, rows of `COPY FROM stdin` too.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut splitter = Splitter { text, at: 0, from: None, line: 1, lines_to: 0, parts: Vec::new() };
    while let Some(char) = splitter.rest().chars().next() {
        splitter.step(char);
    }
    splitter.end_statement();
    splitter.parts
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// Where the statement at hand begins.
    from: Option<Start>,
    /// The line of the byte `lines_to`.
    line: usize,
    lines_to: usize,
    parts: Vec<Part<'a>>,
}

/// The statement at hand.
struct Start {
    at: usize,
    words: usize,
    is_create: bool,
    /// A trigger or function: its body may have semicolons.
    is_routine: bool,
    /// Open `BEGIN` and `CASE` of a routine, open brackets of another `CREATE`.
    depth: usize,
}

impl<'a> Splitter<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn step(&mut self, char: char) {
        let rest = self.rest();
        let length = match char {
            _ if rest.starts_with("--") => until(rest, 2, "\n"),
            _ if rest.starts_with("/*") => comment(rest),
            '\\' => return self.command(),
            '.' if self.from.is_none() && rest[1..].starts_with(|next: char| next.is_ascii_alphabetic()) => {
                return self.command();
            }
            ';' => return self.semicolon(),
            _ if char.is_whitespace() => char.len_utf8(),
            _ => {
                let start = self.from.get_or_insert(Start {
                    at: self.at,
                    words: 0,
                    is_create: false,
                    is_routine: false,
                    depth: 0,
                });
                token(rest, char, start)
            }
        };
        self.at += length;
    }

    fn semicolon(&mut self) {
        if self.from.as_ref().is_some_and(|start| start.depth > 0) {
            self.at += 1;
            return;
        }
        self.end_statement();
        self.at += 1;
        let copies = self.parts.last().is_some_and(|part| !part.is_command && reads_rows(part.text));
        if copies {
            self.skip_rows();
        }
    }

    fn end_statement(&mut self) {
        if let Some(start) = self.from.take() {
            self.push(start.at, self.at, false);
        }
    }

    /// To the end of the line; it ends the statement before it, as `\g` does.
    fn command(&mut self) {
        let line = self.rest().split('\n').next().unwrap_or_default();
        // \\ ends a command of psql; after it SQL goes on.
        let rest = line.strip_prefix('\\').and_then(|rest| rest.find("\\\\"));
        let length = rest.map_or(line.len(), |at| at + 1);
        if line.starts_with("\\r") && !line.starts_with("\\restrict") {
            self.from = None;
        }
        self.end_statement();
        let from = self.at;
        self.push(from, from + length, true);
        self.at += length + if line[length..].starts_with("\\\\") { 2 } else { 0 };
        let copies = self.parts.last().is_some_and(|part| part.text.strip_prefix('\\').is_some_and(reads_rows));
        if copies {
            self.skip_rows();
        }
    }

    /// The rows that follow a COPY, up to the line `\.`; without such a line they come from elsewhere.
    fn skip_rows(&mut self) {
        let mut length = 0;
        for line in self.rest().split_inclusive('\n') {
            length += line.len();
            if line.trim_end() == "\\." {
                self.at += length;
                return;
            }
        }
    }

    fn push(&mut self, from: usize, to: usize, is_command: bool) {
        self.line += self.text[self.lines_to..from].matches('\n').count();
        self.lines_to = from;
        let text = self.text[from..to].trim_end();
        self.parts.push(Part { line: self.line, text, is_command });
    }
}

/// The length of one token, which is no blank, comment or semicolon.
fn token(rest: &str, char: char, start: &mut Start) -> usize {
    match char {
        '\'' => quoted(rest, '\'', false),
        '"' | '`' => quoted(rest, char, false),
        '$' => dollar_quoted(rest).unwrap_or(1),
        '(' | ')' if start.is_create && !start.is_routine => {
            start.depth = if char == '(' { start.depth + 1 } else { start.depth.saturating_sub(1) };
            1
        }
        _ if is_of_word(char) => {
            let length = rest.find(|char| !is_of_word(char) && char != '$').unwrap_or(rest.len());
            let word = &rest[..length];
            if word.eq_ignore_ascii_case("e") && rest[1..].starts_with('\'') {
                return 1 + quoted(&rest[1..], '\'', true);
            }
            start.word(word, &rest[length..]);
            length
        }
        _ => char.len_utf8(),
    }
}

impl Start {
    fn word(&mut self, word: &str, after: &str) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        self.is_create |= self.words == 0 && is("create");
        self.words += 1;
        if self.is_create && self.words < 7 {
            self.is_routine |= ["trigger", "function", "procedure"].iter().any(|name| is(name));
        }
        if self.is_routine {
            // In PostgreSQL a body stands in quotes or after BEGIN ATOMIC.
            let is_case = is("case") || is("begin");
            if is_case && !after.trim_start().starts_with('(') {
                self.depth += 1;
            } else if is("end") {
                self.depth = self.depth.saturating_sub(1);
            }
        }
    }
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The length up to and with `end`, looked for from `skip` on.
fn until(rest: &str, skip: usize, end: &str) -> usize {
    rest[skip..].find(end).map_or(rest.len(), |at| skip + at + end.len())
}

/// The length of a comment; comments nest in PostgreSQL.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    // They do not nest in SQLite: where the outer one never ends, the first end counts.
    until(rest, 2, "*/")
}

/// The length of what stands in quotes; a doubled quote reads as the end and a new beginning, which comes to the same.
fn quoted(rest: &str, quote: char, has_escapes: bool) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' if has_escapes => escaped = true,
            _ if char == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `$tag$ ... $tag$`.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag = 1 + rest[1..].find('$')? + 1;
    let name = &rest[1..tag - 1];
    if !name.chars().all(is_of_word) || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Some(until(rest, tag, &rest[..tag]))
}

/// Whether it is `COPY ... FROM stdin`.
fn reads_rows(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
    words.next().as_deref() == Some("copy")
        && words.any(|word| word == "from")
        && words.next().is_some_and(|word| ["stdin", "pstdin", "stdin;"].contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_statements_and_commands() {
        for (text, expected) in [
            ("select 1; select 2", &["1 select 1", "1 select 2"][..]),
            ("-- a; b\n/* c; /* d; */ e; */\nselect 1;\n\n;\nselect\n2;", &["3 select 1", "6 select\n2"]),
            ("/* /* */ select 1", &["1 select 1"]),
            ("select ';', \";\", `;`, 'it''s;'; select 2", &["1 select ';', \";\", `;`, 'it''s;'", "1 select 2"]),
            (r"select E'\';' ; select 2", &[r"1 select E'\';'", "1 select 2"]),
            (r"select '\'; select 2", &[r"1 select '\'", "1 select 2"]),
            (
                "do $$ begin; end $$; select $1; select $a$ ; $$ $a$",
                &["1 do $$ begin; end $$", "1 select $1", "1 select $a$ ; $$ $a$"],
            ),
            ("\\i a.sql\nselect 1 \\g\nselect 2;", &["1 \\\\i a.sql", "2 select 1", "2 \\\\g", "3 select 2"]),
            ("\\pset x \\\\ select 2;", &["1 \\\\pset x", "1 select 2"]),
            ("delete from t\n\\r\nselect 1;", &["2 \\\\r", "3 select 1"]),
            (".mode csv\n.read a.sql\nselect .5;", &["1 \\.mode csv", "2 \\.read a.sql", "3 select .5"]),
            ("copy t (a) from stdin;\ndrop table x;\n\\.\nselect 1;", &["1 copy t (a) from stdin", "4 select 1"]),
            ("\\copy t from stdin\ndrop table x;\n\\.\nselect 1;", &["1 \\\\copy t from stdin", "4 select 1"]),
            ("copy t from stdin;\nselect 1;", &["1 copy t from stdin", "2 select 1"]),
            (
                "create trigger a after insert on t begin delete from b; select case when 1 then 2 end; end; select 1;",
                &[
                    "1 create trigger a after insert on t begin delete from b; select case when 1 then 2 end; end",
                    "1 select 1",
                ],
            ),
            (
                "create function f() returns void begin atomic delete from t; end; select 1",
                &["1 create function f() returns void begin atomic delete from t; end", "1 select 1"],
            ),
            (
                "create rule r as on insert to t do (delete from a; delete from b); select 1",
                &["1 create rule r as on insert to t do (delete from a; delete from b)", "1 select 1"],
            ),
            ("select (; drop table t", &["1 select (", "1 drop table t"]),
            ("select 'never ends; select 2", &["1 select 'never ends; select 2"]),
        ] {
            let show =
                |part: Part<'_>| format!("{} {}{}", part.line, if part.is_command { "\\" } else { "" }, part.text);
            let found: Vec<String> = parts(text).into_iter().map(show).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}

//! The names, texts and signs of a program in Python or Ruby.

use crate::check::sql::UNKNOWN;

/// One piece of a program; comments and texts that stand by themselves (docstrings) are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Name {
        name: String,
        line: usize,
    },
    /// A text, joined with those added to it; [`UNKNOWN`] stands for what is put in when it runs.
    Text {
        content: String,
        line: usize,
    },
    /// A command of Ruby in backquotes.
    Command {
        content: String,
        line: usize,
    },
    /// A sign, or the end of a line.
    Sign(char),
}

/// The pieces of `text`. Never fails: what is not closed ends with the text.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut waiting = vec![(text.to_owned(), 1)];
    while let Some((text, line)) = waiting.pop() {
        let (found, inner) = cut(&text, line);
        pieces.extend(joined(found));
        pieces.push(Piece::Sign('\n'));
        waiting.extend(inner);
    }
    pieces
}

/// The pieces of a text whose first line is `line`, and the code within its texts (`#{}`) with the lines of these.
fn cut(text: &str, line: usize) -> (Vec<Piece>, Vec<(String, usize)>) {
    let mut lexer = Lexer { text, at: 0, line, depth: 0, heredocs: Vec::new(), pieces: Vec::new(), inner: Vec::new() };
    while let Some(char) = lexer.rest().chars().next() {
        lexer.step(char);
    }
    (lexer.pieces, lexer.inner)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// Open brackets.
    depth: usize,
    /// Heredocs that begin after this line: the end word, and where their text goes.
    heredocs: Vec<(String, usize)>,
    pieces: Vec<Piece>,
    /// Code within texts.
    inner: Vec<(String, usize)>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, length: usize) {
        self.line += self.rest()[..length].matches('\n').count();
        self.at += length;
    }

    fn step(&mut self, char: char) {
        let rest = self.rest();
        match char {
            '#' => self.skip(rest.find('\n').unwrap_or(rest.len())),
            '\n' => self.newline(),
            '\\' if rest.starts_with("\\\n") => self.skip(2),
            _ if char.is_whitespace() => self.skip(char.len_utf8()),
            '"' | '\'' => self.quoted(char, false, false),
            '`' => {
                let (content, length) = self.text_until(&rest[1..], "`", true, false);
                self.pieces.push(Piece::Command { content, line: self.line });
                self.skip(1 + length);
            }
            '<' if rest.starts_with("<<") && self.heredoc() => {}
            '%' if self.percent() => {}
            _ if char.is_alphanumeric() || char == '_' => self.name(),
            _ => {
                match char {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.pieces.push(Piece::Sign(char));
                self.skip(char.len_utf8());
            }
        }
    }

    fn name(&mut self) {
        let rest = self.rest();
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        let prefix = name.to_ascii_lowercase();
        if let Some(quote @ ('"' | '\'')) = rest[end..].chars().next()
            && prefix.len() <= 2
            && prefix.chars().all(|char| "rbfut".contains(char))
        {
            self.skip(end);
            return self.quoted(quote, prefix.contains('r'), prefix.contains('f'));
        }
        // Ruby's `delete!`
        let after = &rest[end..];
        let has_sign = after.starts_with('!') && !after.starts_with("!=");
        let name = &rest[..end + usize::from(has_sign)];
        self.pieces.push(Piece::Name { name: name.to_owned(), line: self.line });
        self.skip(name.len());
    }

    fn quoted(&mut self, quote: char, is_raw: bool, is_formatted: bool) {
        let rest = self.rest();
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let is_triple = rest.starts_with(&triple);
        let end = if is_triple { triple } else { quote.to_string() };
        let (content, length) = self.text_until(&rest[end.len()..], &end, !is_raw, is_formatted);
        let line = self.line;
        self.skip(end.len() + length);
        let is_first = match self.pieces.last() {
            None => true,
            Some(Piece::Sign('\n')) => {
                let before = self.pieces.iter().rev().find(|piece| **piece != Piece::Sign('\n'));
                is_triple || before == Some(&Piece::Sign(':'))
            }
            _ => false,
        };
        // A docstring.
        if is_first && self.depth == 0 && self.rest().trim_start_matches(' ').starts_with(['\n', '\r']) {
            return;
        }
        self.pieces.push(Piece::Text { content, line });
    }

    /// Ruby's `<<~SQL`.
    fn heredoc(&mut self) -> bool {
        let word = self.rest()[2..].trim_start_matches(['~', '-']);
        let word = word.trim_start_matches(['"', '\'']);
        let end = word.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(word.len());
        let name = &word[..end];
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return false;
        }
        self.heredocs.push((name.to_owned(), self.pieces.len()));
        self.pieces.push(Piece::Text { content: String::new(), line: self.line + 1 });
        let length = self.rest().len() - word.len() + end;
        self.skip(length + usize::from(word[end..].starts_with(['"', '\''])));
        true
    }

    fn newline(&mut self) {
        self.skip(1);
        for (end, piece) in std::mem::take(&mut self.heredocs) {
            let begin = self.line;
            let mut body = String::new();
            while !self.rest().is_empty() {
                let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
                self.skip(line.len());
                if line.trim() == end {
                    break;
                }
                body.push_str(line);
            }
            let (content, _) = self.text_until(&body, "\0", true, false);
            self.pieces[piece] = Piece::Text { content, line: begin };
        }
        // Within brackets a statement goes on.
        if self.depth == 0 {
            self.pieces.push(Piece::Sign('\n'));
        }
        if let Some(after) = self.rest().strip_prefix("=begin") {
            let length = after.find("\n=end").map_or(after.len(), |at| at + "\n=end".len());
            self.skip("=begin".len() + length);
        }
    }

    /// The text up to `end`, and the length with it. `{}` of a formatted text and `#{}` are not known.
    fn text_until(&mut self, rest: &str, end: &str, has_escapes: bool, is_formatted: bool) -> (String, usize) {
        let mut text = String::new();
        let mut at = 0;
        while at < rest.len() {
            let here = &rest[at..];
            if here.starts_with(end) {
                return (text, at + end.len());
            }
            let char = here.chars().next().unwrap_or_default();
            let mut length = char.len_utf8();
            if char == '\\' && has_escapes {
                let next = here[1..].chars().next().unwrap_or_default();
                match next {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    // The line goes on.
                    '\n' => {}
                    next => text.push(next),
                }
                length += next.len_utf8();
            } else if is_formatted && (here.starts_with("{{") || here.starts_with("}}")) {
                text.push(char);
                length = 2;
            } else if is_formatted && char == '{' || here.starts_with("#{") {
                text.push_str(UNKNOWN);
                length = closed(here);
                let code = here[..length].trim_start_matches(['#', '{']).trim_end_matches('}');
                self.inner.push((code.to_owned(), self.line));
            } else {
                text.push(char);
            }
            at += length.min(here.len());
        }
        (text, rest.len())
    }

    /// Ruby's `%q(...)`, `%Q[...]`, `%x{...}`.
    fn percent(&mut self) -> bool {
        let mut chars = self.rest()[1..].chars();
        let (Some(kind @ ('q' | 'Q' | 'x')), Some(open)) = (chars.next(), chars.next()) else { return false };
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '|' | '!' => open,
            _ => return false,
        };
        let (content, length) = self.text_until(&self.rest()[3..], &close.to_string(), true, false);
        let line = self.line;
        self.skip(3 + length);
        self.pieces.push(if kind == 'x' { Piece::Command { content, line } } else { Piece::Text { content, line } });
        true
    }
}

/// The length up to and with the bracket that closes the first one.
fn closed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The pieces with texts that are added, follow each other or are formatted made one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    let mut rest = pieces.into_iter().peekable();
    while let Some(piece) = rest.next() {
        let Piece::Text { mut content, line } = piece else {
            joined.push(piece);
            continue;
        };
        loop {
            match rest.peek() {
                Some(Piece::Text { content: next, .. }) => {
                    content.push_str(next);
                    rest.next();
                }
                Some(Piece::Sign('+')) => {
                    rest.next();
                    if !matches!(rest.peek(), Some(Piece::Text { .. })) {
                        content.push_str(UNKNOWN);
                        while matches!(rest.peek(), Some(Piece::Name { .. } | Piece::Sign('.'))) {
                            rest.next();
                        }
                    }
                }
                Some(Piece::Sign('%')) => {
                    rest.next();
                    content = formatted(&content);
                }
                _ => break,
            }
        }
        if let (Some(Piece::Sign('.')), true) = (rest.peek(), content.contains('{')) {
            content = braces(&content);
        }
        joined.push(Piece::Text { content, line });
    }
    joined
}

/// `%s` and `%(name)s` of a text that is formatted before it is run.
fn formatted(text: &str) -> String {
    let mut parts = text.split('%');
    let mut formatted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.strip_prefix('(').and_then(|part| part.split_once(')')).map_or(part, |(_, after)| after);
        match after.strip_prefix(['s', 'd', 'r', 'i']) {
            Some(after) => formatted.push_str(&format!("{UNKNOWN}{after}")),
            None => formatted.push_str(&format!("%{part}")),
        }
    }
    formatted
}

/// `{}` and `{name}` of `format`.
fn braces(text: &str) -> String {
    let mut formatted = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        formatted.push_str(&rest[..at]);
        formatted.push_str(UNKNOWN);
        rest = &rest[at + closed(&rest[at..])..];
    }
    formatted.push_str(rest);
    formatted
}

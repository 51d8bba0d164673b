//! Source text as tokens, without comments and without the contents of literals.

/// One token and the line it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// The line it starts on.
    pub line: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword; a raw identifier without its `r#`.
    Ident(String),
    /// One character of punctuation; `::` is two of them.
    Punct(char),
    /// One line of an outer doc comment (`///`), trimmed.
    Doc(String),
    /// A number, string or character, whatever it holds.
    Literal,
}

impl Token {
    /// Whether this is the identifier or keyword `name`.
    pub fn is_ident(&self, name: &str) -> bool {
        matches!(&self.kind, Kind::Ident(ident) if ident == name)
    }

    /// Whether this is the character `punct`.
    pub fn is_punct(&self, punct: char) -> bool {
        self.kind == Kind::Punct(punct)
    }

    /// The identifier, if this is one.
    pub fn ident(&self) -> Option<&str> {
        match &self.kind {
            Kind::Ident(ident) => Some(ident),
            _ => None,
        }
    }
}

/// The tokens of `source`. Lifetimes are left out: no rule asks for them.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1, found: Vec::new() };
    while lexer.peek(0).is_some() {
        lexer.step();
    }
    lexer.found
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    found: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.bump();
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(next) = self.peek(0).filter(|&next| keep(next)) {
            text.push(next);
            self.bump();
        }
        text
    }

    fn push(&mut self, kind: Kind, line: usize) {
        self.found.push(Token { kind, line });
    }

    fn step(&mut self) {
        let line = self.line;
        let Some(next) = self.peek(0) else { return };
        match (next, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(line),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => {
                self.quoted('"');
                self.push(Kind::Literal, line);
            }
            ('\'', _) => self.quote_mark(line),
            (c, _) if c.is_ascii_digit() => {
                self.take_while(is_word);
                self.push(Kind::Literal, line);
            }
            (c, _) if is_word(c) => self.word(line),
            (c, _) if c.is_whitespace() => self.skip(1),
            (c, _) => {
                self.skip(1);
                self.push(Kind::Punct(c), line);
            }
        }
    }

    fn line_comment(&mut self, line: usize) {
        let text = self.take_while(|c| c != '\n');
        if let Some(doc) = text.strip_prefix("///").filter(|doc| !doc.starts_with('/')) {
            self.push(Kind::Doc(doc.trim().to_owned()), line);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    /// From an opening quote to past the closing one, minding backslashes.
    fn quoted(&mut self, quote: char) {
        self.skip(1);
        while let Some(next) = self.bump() {
            match next {
                '\\' => self.skip(1),
                c if c == quote => return,
                _ => {}
            }
        }
    }

    /// A quote mark begins a character or a lifetime: `'a'` against `'a`.
    fn quote_mark(&mut self, line: usize) {
        if self.peek(1) == Some('\\') || self.peek(2) == Some('\'') {
            self.quoted('\'');
            self.push(Kind::Literal, line);
        } else {
            self.skip(1);
            self.take_while(is_word);
        }
    }

    /// An identifier, or the prefix of a literal such as `br##"..."##`.
    fn word(&mut self, line: usize) {
        let word = self.take_while(is_word);
        let hashes = (0..).take_while(|&ahead| self.peek(ahead) == Some('#')).count();
        let quoted = self.peek(hashes) == Some('"');
        match word.as_str() {
            "r" | "br" | "cr" if quoted => self.raw_string(hashes, line),
            "r" if hashes == 1 && self.peek(1).is_some_and(is_word) => {
                self.skip(1);
                let ident = self.take_while(is_word);
                self.push(Kind::Ident(ident), line);
            }
            "b" | "c" if quoted && hashes == 0 => self.step(),
            "b" if self.peek(0) == Some('\'') => {
                self.quoted('\'');
                self.push(Kind::Literal, line);
            }
            _ => self.push(Kind::Ident(word), line),
        }
    }

    fn raw_string(&mut self, hashes: usize, line: usize) {
        self.skip(hashes + 1);
        while let Some(next) = self.bump() {
            if next == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.skip(hashes);
                break;
            }
        }
        self.push(Kind::Literal, line);
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idents(source: &str) -> Vec<String> {
        tokens(source).iter().filter_map(|token| token.ident().map(str::to_owned)).collect()
    }

    #[test]
    fn comments_and_literals_hide_what_they_hold() {
        let source = "a /* b /* c */ d */ \"e \\\" f\" g // h\n r#\"i \" j\"# k b\"l\" 'm' '\\'' b'n' o";
        assert_eq!(idents(source), ["a", "g", "k", "o"]);
    }

    #[test]
    fn lifetimes_and_characters_are_told_apart() {
        assert_eq!(idents("fn f<'a>(x: &'a str) -> char { 'y' }"), ["fn", "f", "x", "str", "char"]);
    }

    #[test]
    fn a_raw_identifier_loses_its_prefix() {
        assert_eq!(idents("r#type br#\"x\"# y"), ["type", "y"]);
    }

    #[test]
    fn doc_lines_are_kept_and_ordinary_comments_are_not() {
        let docs: Vec<Token> = tokens("//! no\n/// yes\n//// no\n// no\nfn f() {}")
            .into_iter()
            .filter(|token| matches!(token.kind, Kind::Doc(_)))
            .collect();
        assert_eq!(docs, [Token { kind: Kind::Doc("yes".to_owned()), line: 2 }]);
    }

    #[test]
    fn lines_are_counted_through_literals_and_comments() {
        let found = tokens("\"a\nb\" /*\n*/ x");
        assert_eq!(found.last().map(|token| token.line), Some(3));
    }
}

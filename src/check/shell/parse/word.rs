//! Words: their quotes, variables and commands within.

use super::{MOST_NESTED, Parser, Piece, Word};

impl Parser<'_> {
    pub(super) fn word(&mut self) -> Option<Word> {
        let from = self.at;
        let mut pieces = Vec::new();
        while let Some(char) = self.peek() {
            match char {
                '<' | '>' if self.rest()[1..].starts_with('(') => {
                    self.skip(2);
                    let list = self.list(&[]);
                    self.eat(")");
                    pieces.push(Piece::Process(list));
                }
                _ if char.is_whitespace() || ";&|()<>".contains(char) => break,
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') | None => {}
                        Some(char) => push(&mut pieces, char),
                    }
                }
                '\'' => {
                    self.bump();
                    let length = self.rest().find('\'').unwrap_or(self.rest().len());
                    pieces.push(Piece::Text(self.rest()[..length].to_owned()));
                    self.skip(length);
                    self.bump();
                }
                '"' => {
                    self.bump();
                    pieces.push(Piece::Text(String::new()));
                    self.within_quotes(Some('"'), &mut pieces);
                }
                '$' => self.dollar(false, &mut pieces),
                '`' => self.backquoted(false, &mut pieces),
                _ => {
                    self.bump();
                    push(&mut pieces, char);
                }
            }
        }
        let text = self.text[from..self.at].to_owned();
        (self.at > from).then_some(Word { pieces, text })
    }

    /// Up to the closing quote, or to the end.
    pub(super) fn within_quotes(&mut self, quote: Option<char>, pieces: &mut Vec<Piece>) {
        while let Some(char) = self.peek() {
            match char {
                _ if Some(char) == quote => {
                    self.bump();
                    return;
                }
                '\\' => {
                    self.bump();
                    match self.peek() {
                        Some('\n') => drop(self.bump()),
                        Some(next @ ('$' | '`' | '"' | '\\')) if quote.is_some() || next != '"' => {
                            self.bump();
                            push(pieces, next);
                        }
                        _ => push(pieces, '\\'),
                    }
                }
                '$' => self.dollar(true, pieces),
                '`' => self.backquoted(true, pieces),
                _ => {
                    self.bump();
                    push(pieces, char);
                }
            }
        }
    }

    fn backquoted(&mut self, is_quoted: bool, pieces: &mut Vec<Piece>) {
        self.bump();
        let line = self.line;
        let mut command = String::new();
        while let Some(char) = self.bump() {
            match char {
                '`' => break,
                '\\' => command.extend(self.bump()),
                _ => command.push(char),
            }
        }
        let depth = self.depth;
        let mut inner = Parser { text: &command, at: 0, line, here: Vec::new(), depth, too_deep: false };
        let list = inner.list(&[]);
        self.too_deep |= inner.too_deep;
        pieces.push(Piece::Output { list, is_quoted });
    }

    /// What a dollar sign begins.
    fn dollar(&mut self, is_quoted: bool, pieces: &mut Vec<Piece>) {
        self.bump();
        let variable =
            |name: &str| Piece::Variable { name: name.to_owned(), default: None, is_changed: false, is_quoted };
        match self.peek() {
            Some('(') if self.is_arithmetic() => {
                self.arithmetic();
                pieces.push(variable(""));
            }
            Some('(') => {
                self.bump();
                let list = self.list(&[]);
                self.eat(")");
                pieces.push(Piece::Output { list, is_quoted });
            }
            Some('{') => {
                self.bump();
                pieces.push(self.braced(is_quoted));
            }
            Some('\'') if !is_quoted => {
                self.bump();
                self.ansi(pieces);
            }
            Some('"') if !is_quoted => {}
            Some(char) if char.is_alphabetic() || char == '_' => {
                let rest = self.rest();
                let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
                self.skip(end);
                pieces.push(variable(&rest[..end]));
            }
            Some(char) if char.is_ascii_digit() || "@*#?$!-".contains(char) => {
                self.bump();
                pieces.push(variable(&char.to_string()));
            }
            _ => push(pieces, '$'),
        }
    }

    /// `${name...}`, after its bracket.
    fn braced(&mut self, is_quoted: bool) -> Piece {
        let rest = self.rest();
        let mut depth = 1_usize;
        let end = rest.char_indices().find(|(_, char)| {
            depth = match char {
                '{' => depth + 1,
                '}' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let content = &rest[..end.map_or(rest.len(), |(at, _)| at)];
        self.skip(content.len());
        self.bump();
        let name_end = content.find(|char: char| !char.is_alphanumeric() && !"_@*".contains(char));
        let (name, rest) = content.split_at(name_end.unwrap_or(content.len()));
        let rest = rest.find(']').filter(|_| rest.starts_with('[')).map_or(rest, |at| &rest[at + 1..]);
        let default = [":-", "-", ":=", "="].iter().find_map(|sign| rest.strip_prefix(sign));
        let default = default.filter(|_| self.depth < MOST_NESTED).map(|default| {
            let (line, depth) = (self.line, self.depth + 1);
            let mut inner = Parser { text: default, at: 0, line, here: Vec::new(), depth, too_deep: false };
            let mut pieces = Vec::new();
            inner.within_quotes(None, &mut pieces);
            self.too_deep |= inner.too_deep;
            Box::new(Word { pieces, text: default.to_owned() })
        });
        let is_changed = default.is_none() && !rest.is_empty() && !rest.starts_with(":?") && !rest.starts_with('?');
        Piece::Variable { name: name.to_owned(), default, is_changed, is_quoted }
    }

    /// `$'...'`, after its quote.
    fn ansi(&mut self, pieces: &mut Vec<Piece>) {
        let mut text = String::new();
        while let Some(char) = self.bump() {
            match char {
                '\'' => break,
                '\\' => text.extend(self.bump().map(|char| match char {
                    'n' => '\n',
                    't' => '\t',
                    char => char,
                })),
                _ => text.push(char),
            }
        }
        pieces.push(Piece::Text(text));
    }
}

fn push(pieces: &mut Vec<Piece>, char: char) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.push(char);
    } else {
        pieces.push(Piece::Text(char.to_string()));
    }
}

/// The name of `NAME=value`.
pub(super) fn assignment(word: &Word) -> Option<&str> {
    let (name, _) = word.text.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_name = name.chars().all(|char| char.is_alphanumeric() || char == '_');
    (is_name && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit())).then_some(name)
}

/// A word without its first bytes, which are plain text.
pub(super) fn value(mut word: Word, length: usize) -> Word {
    if let Some(Piece::Text(text)) = word.pieces.first_mut() {
        text.drain(..length.min(text.len()));
    }
    word.text.drain(..length.min(word.text.len()));
    word
}

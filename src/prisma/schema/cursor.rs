//! Going through tokens: expressions and attributes, and passing over what is not known.

use super::syntax::{Argument, Attribute, Expression};
use super::tokens::{Placed, Token};

/// How deep brackets may nest.
const MAX_DEPTH: usize = 64;

/// What stands in the way, and in which line.
pub(super) type Fault = (u32, String);

/// A place between tokens.
pub(super) struct Cursor<'t> {
    tokens: &'t [Placed],
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(tokens: &'t [Placed]) -> Cursor<'t> {
        Cursor { tokens, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    /// The line of what comes next, or of what came last.
    pub(super) fn line(&self) -> u32 {
        let here = self.tokens.get(self.at).or(self.tokens.last());
        here.map_or(1, |placed| placed.line)
    }

    pub(super) fn next(&mut self) -> Option<&'t Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Goes past `sign` if it comes next.
    pub(super) fn eat(&mut self, sign: char) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        matches!(self.peek(), Some(Token::Sign(char)) if *char == sign)
    }

    pub(super) fn word(&mut self) -> Option<&'t str> {
        match self.peek() {
            // A name may be made of digits only.
            Some(Token::Word(word) | Token::Number(word)) => {
                self.at += 1;
                Some(word)
            }
            _ => None,
        }
    }

    fn pass_comments_and_line_ends(&mut self) {
        while matches!(self.peek(), Some(Token::LineEnd | Token::Comment | Token::Doc(_))) {
            self.at += 1;
        }
    }

    /// Goes to the end of the line, past brackets that are closed in a later one. Says whether anything but a comment
    /// was passed over.
    pub(super) fn pass_line(&mut self) -> bool {
        let (mut depth, mut something) = (0_usize, false);
        while let Some(token) = self.peek() {
            match token {
                Token::LineEnd if depth == 0 => break,
                Token::Sign('{' | '(' | '[') => depth += 1,
                Token::Sign('}') if depth == 0 => break,
                Token::Sign('}' | ')' | ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            something |= !matches!(token, Token::LineEnd | Token::Comment | Token::Doc(_));
            self.at += 1;
        }
        something
    }

    /// A name with its dots.
    pub(super) fn path(&mut self) -> Option<String> {
        let mut path = self.word()?.to_owned();
        while self.is_sign('.') {
            self.at += 1;
            path.push('.');
            path.push_str(self.word().unwrap_or_default());
        }
        Some(path)
    }

    /// What follows `@` or `@@`.
    pub(super) fn attribute(&mut self) -> Result<Attribute, Fault> {
        let line = self.line();
        let name = self.path().ok_or_else(|| (line, "an attribute has no name after its @".to_owned()))?;
        let arguments = if self.eat('(') { self.arguments(line, 0)? } else { Vec::new() };
        Ok(Attribute { name, line, arguments })
    }

    /// Arguments up to the closing parenthesis.
    fn arguments(&mut self, line: u32, depth: usize) -> Result<Vec<Argument>, Fault> {
        let mut arguments = Vec::new();
        loop {
            self.pass_comments_and_line_ends();
            if self.eat(')') {
                return Ok(arguments);
            }
            if self.peek().is_none() {
                return Err((line, "a ( is not closed".to_owned()));
            }
            let start = self.at;
            let name = self.word().map(str::to_owned);
            let name = if name.is_some() && self.eat(':') {
                name
            } else {
                self.at = start;
                None
            };
            let value = self.item(')', line, depth)?;
            arguments.push(Argument { name, value });
        }
    }

    /// One expression of a list that `close` ends, and the comma after it.
    fn item(&mut self, close: char, line: u32, depth: usize) -> Result<Expression, Fault> {
        let mut value = self.expression(depth + 1)?;
        self.pass_comments_and_line_ends();
        // Something that no version known here writes: passed over up to the next comma.
        while !self.is_sign(',') && !self.is_sign(close) {
            value = Expression::Unknown;
            if self.peek().is_none() {
                return Err((line, format!("a {} is not closed", if close == ')' { '(' } else { '[' })));
            }
            self.expression(depth + 1)?;
            self.pass_comments_and_line_ends();
        }
        self.eat(',');
        Ok(value)
    }

    /// Any expression; a sign that begins none is one that is not known.
    pub(super) fn expression(&mut self, depth: usize) -> Result<Expression, Fault> {
        let line = self.line();
        if depth > MAX_DEPTH {
            return Err((line, format!("brackets nest deeper than {MAX_DEPTH}")));
        }
        if depth > 0 {
            self.pass_comments_and_line_ends();
        }
        match self.peek() {
            Some(Token::LineEnd | Token::Comment | Token::Doc(_)) => Err((line, "a value is missing".to_owned())),
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Expression::Text(text.clone()))
            }
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(Expression::Number(number.clone()))
            }
            Some(Token::Word(_)) => {
                let path = self.path().unwrap_or_default();
                if !self.eat('(') {
                    return Ok(Expression::Path(path));
                }
                let arguments = self.arguments(line, depth)?;
                Ok(Expression::Call(path, arguments.into_iter().map(|argument| argument.value).collect()))
            }
            Some(Token::Sign('[')) => {
                self.at += 1;
                self.list(line, depth)
            }
            Some(Token::Sign('{')) => self.braces(line),
            Some(_) => {
                self.at += 1;
                Ok(Expression::Unknown)
            }
            None => Err((line, "the file ends where a value should stand".to_owned())),
        }
    }

    fn list(&mut self, line: u32, depth: usize) -> Result<Expression, Fault> {
        let mut parts = Vec::new();
        loop {
            self.pass_comments_and_line_ends();
            if self.eat(']') {
                return Ok(Expression::List(parts));
            }
            if self.peek().is_none() {
                return Err((line, "a [ is not closed".to_owned()));
            }
            parts.push(self.item(']', line, depth)?);
        }
    }

    /// `{ ... }` in an argument: of a later version.
    fn braces(&mut self, line: u32) -> Result<Expression, Fault> {
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            match token {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Expression::Unknown);
            }
        }
        Err((line, "a { is not closed".to_owned()))
    }
}

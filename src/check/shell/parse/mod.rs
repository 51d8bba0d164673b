//! A text of shell commands, parsed: enough of the grammar of POSIX and bash to find every command, its words and what
//! it reads. Never fails: what is not understood is read as words.

mod word;

use std::cell::OnceCell;
use std::rc::Rc;
use word::{assignment, value};

/// Commands one after the other, whatever joins them (`;`, `&&`, `||`, `&`, a new line): each is a pipeline.
pub(super) type List = Vec<Vec<Node>>;

/// A command.
#[derive(Debug)]
pub(super) enum Node {
    Simple(Simple),
    /// `( )`, `{ }`, `if`, `while` and `case`: all branches in order.
    Group {
        list: List,
        redirects: Vec<Redirect>,
        is_subshell: bool,
    },
    For {
        variable: String,
        words: Vec<Word>,
        list: List,
        redirects: Vec<Redirect>,
    },
    Function {
        name: String,
        list: Rc<List>,
    },
}

/// A program and its arguments.
#[derive(Debug, Default)]
pub(super) struct Simple {
    pub line: usize,
    pub assignments: Vec<(String, Word)>,
    /// `NAME=(words)` and `NAME+=(words)`.
    pub arrays: Vec<Array>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
    /// As it is written.
    pub text: String,
}

/// Words that a variable is set to.
#[derive(Debug)]
pub(super) struct Array {
    pub name: String,
    pub words: Vec<Word>,
    /// Whether they are added to those that it has.
    pub is_added: bool,
}

/// What a command reads or writes instead of the terminal.
#[derive(Debug)]
pub(super) enum Redirect {
    From(Word),
    To(Word),
    /// `<<< word`
    Text(Word),
    /// `<<END`; filled when the line has ended.
    Here(Rc<OnceCell<Here>>),
}

/// The text of a heredoc.
#[derive(Debug)]
pub(super) struct Here {
    pub line: usize,
    pub text: Word,
}

/// A word, its quotes taken off.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub pieces: Vec<Piece>,
    /// As it is written.
    pub text: String,
}

/// A part of a word.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Variable {
        name: String,
        default: Option<Box<Word>>,
        is_changed: bool,
        is_quoted: bool,
    },
    /// `$(...)`
    Output {
        list: List,
        is_quoted: bool,
    },
    /// `<(...)`: the name of a file that holds the output.
    Process(List),
}

/// How deep commands may stand in each other.
const MOST_NESTED: usize = 40;

/// The commands of `text`, whose first line is `line`; `None` if they are nested too deep.
pub(super) fn parse(text: &str, line: usize) -> Option<List> {
    let mut parser = Parser { text, at: 0, line, here: Vec::new(), depth: 0, too_deep: false };
    let mut list = List::new();
    while parser.peek().is_some() {
        list.extend(parser.list(&[]));
        // A bracket too many.
        parser.bump();
    }
    (!parser.too_deep).then_some(list)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// Heredocs that begin after this line: the end word, whether it is quoted, whether tabs are taken off.
    here: Vec<(String, bool, bool, Rc<OnceCell<Here>>)>,
    depth: usize,
    too_deep: bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        self.line += usize::from(char == '\n');
        Some(char)
    }

    fn skip(&mut self, length: usize) {
        self.line += self.rest()[..length].matches('\n').count();
        self.at += length;
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.skip(text.len());
        }
        found
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => drop(self.bump()),
                Some('\\') if self.rest().starts_with("\\\n") || self.rest().starts_with("\\\r\n") => {
                    while self.bump().is_some_and(|char| char != '\n') {}
                }
                Some('#') => {
                    let length = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.skip(length);
                }
                _ => return,
            }
        }
    }

    fn newline(&mut self) {
        self.bump();
        for (end, is_quoted, strips_tabs, cell) in std::mem::take(&mut self.here) {
            self.heredoc(&end, is_quoted, strips_tabs, &cell);
        }
    }

    fn heredoc(&mut self, end: &str, is_quoted: bool, strips_tabs: bool, cell: &OnceCell<Here>) {
        let line = self.line;
        let mut body = String::new();
        while !self.rest().is_empty() {
            let raw = self.rest().split_inclusive('\n').next().unwrap_or_default();
            self.skip(raw.len());
            let content = if strips_tabs { raw.trim_start_matches('\t') } else { raw };
            if content.trim_end_matches(['\n', '\r']) == end {
                break;
            }
            body.push_str(content);
        }
        let text = if is_quoted {
            Word { pieces: vec![Piece::Text(body.clone())], text: body }
        } else {
            let mut inner = Parser { text: &body, at: 0, line, here: Vec::new(), depth: self.depth, too_deep: false };
            let mut pieces = Vec::new();
            inner.within_quotes(None, &mut pieces);
            self.too_deep |= inner.too_deep;
            Word { pieces, text: body.clone() }
        };
        let _ = cell.set(Here { line, text });
    }

    /// The commands up to one of the words `stops`, a closing bracket, `;;` or the end; none of them is taken.
    fn list(&mut self, stops: &[&str]) -> List {
        let mut list = List::new();
        self.depth += 1;
        if self.depth > MOST_NESTED {
            self.too_deep = true;
            self.at = self.text.len();
        }
        loop {
            self.blanks();
            match self.peek() {
                None | Some(')') => break,
                Some('\n') => self.newline(),
                Some(';') if self.rest().starts_with(";;") || self.rest().starts_with(";&") => break,
                Some(';' | '&') => drop(self.bump()),
                Some('|') => drop(self.bump()),
                _ if stops.contains(&self.ahead()) => break,
                _ => {
                    let before = self.at;
                    let pipeline = self.pipeline();
                    if !pipeline.is_empty() {
                        list.push(pipeline);
                    }
                    if self.at == before {
                        self.bump();
                    }
                }
            }
        }
        self.depth -= 1;
        list
    }

    /// The word that comes next, if it is a plain one.
    fn ahead(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|char: char| char.is_whitespace() || ";&|()<>".contains(char)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn pipeline(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        loop {
            nodes.extend(self.node());
            self.blanks();
            if self.rest().starts_with('|') && !self.rest().starts_with("||") {
                self.bump();
                self.eat("&");
                self.blanks();
                while self.peek() == Some('\n') {
                    self.newline();
                    self.blanks();
                }
            } else {
                return nodes;
            }
        }
    }

    fn node(&mut self) -> Option<Node> {
        self.blanks();
        if self.is_arithmetic() {
            self.arithmetic();
            return None;
        }
        if self.eat("(") {
            let list = self.list(&[]);
            self.eat(")");
            return Some(self.group(list, true));
        }
        let word = self.ahead();
        match word {
            "{" => {
                self.skip(1);
                let list = self.list(&["}"]);
                self.eat("}");
                Some(self.group(list, false))
            }
            "!" | "then" | "do" | "else" => {
                self.skip(word.len());
                self.node()
            }
            "if" => Some(self.compound(&["then", "elif", "else", "fi"], "fi")),
            "while" | "until" => Some(self.compound(&["do", "done"], "done")),
            "for" | "select" => Some(self.each()),
            "case" => Some(self.case()),
            "[[" => {
                let length = self.rest().find("]]").map_or(self.rest().len(), |at| at + 2);
                self.skip(length);
                None
            }
            "function" => {
                self.skip(word.len());
                self.blanks();
                let name = self.ahead().to_owned();
                self.skip(name.len());
                self.blanks();
                self.eat("()");
                Some(self.function(name))
            }
            _ if !word.is_empty()
                && !word.ends_with('=')
                && self.rest()[word.len()..].trim_start_matches(' ').starts_with("()") =>
            {
                let end = self.rest().find("()").unwrap_or_default() + 2;
                self.skip(end);
                Some(self.function(word.to_owned()))
            }
            _ => self.simple(),
        }
    }

    fn function(&mut self, name: String) -> Node {
        self.blanks();
        while self.peek() == Some('\n') {
            self.newline();
            self.blanks();
        }
        self.depth += 1;
        let body = if self.depth > MOST_NESTED { None } else { self.node() };
        self.depth -= 1;
        Node::Function { name, list: Rc::new(vec![body.into_iter().collect()]) }
    }

    /// A compound command whose parts are lists between words.
    fn compound(&mut self, words: &[&str], end: &str) -> Node {
        let first = self.ahead().len();
        self.skip(first);
        let mut list = List::new();
        loop {
            list.extend(self.list(words));
            let word = self.ahead();
            if !words.contains(&word) {
                break;
            }
            self.skip(word.len());
            if word == end {
                break;
            }
        }
        self.group(list, false)
    }

    fn each(&mut self) -> Node {
        let first = self.ahead().len();
        self.skip(first);
        self.blanks();
        if self.rest().starts_with("((") {
            self.arithmetic();
        }
        let variable = self.ahead().to_owned();
        self.skip(variable.len());
        let mut words = Vec::new();
        self.blanks();
        if self.ahead() == "in" {
            self.skip(2);
            self.blanks();
            while let Some(word) = self.word() {
                words.push(word);
                self.blanks();
            }
        }
        let Node::Group { list, redirects, .. } = self.loop_body() else { return Node::Simple(Simple::default()) };
        Node::For { variable, words, list, redirects }
    }

    /// From before `do` to after `done`.
    fn loop_body(&mut self) -> Node {
        let list = self.list(&["do", "{"]);
        debug_assert!(list.is_empty() || self.rest().is_empty() || !list.is_empty());
        self.compound(&["done", "}"], if self.ahead() == "{" { "}" } else { "done" })
    }

    fn case(&mut self) -> Node {
        self.skip("case".len());
        self.blanks();
        self.word();
        self.blanks();
        while self.peek() == Some('\n') {
            self.newline();
            self.blanks();
        }
        if self.ahead() == "in" {
            self.skip(2);
        }
        let mut list = List::new();
        loop {
            self.blanks();
            match self.peek() {
                None => break,
                Some('\n') => self.newline(),
                Some(';' | '&') => drop(self.bump()),
                _ if self.ahead() == "esac" => {
                    self.skip("esac".len());
                    break;
                }
                _ => {
                    let Some(end) = self.rest().find(')') else { break };
                    self.skip(end + 1);
                    list.extend(self.list(&["esac"]));
                    if self.peek() == Some(')') {
                        self.bump();
                    }
                }
            }
        }
        self.group(list, false)
    }

    fn group(&mut self, list: List, is_subshell: bool) -> Node {
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            let before = self.at;
            match self.redirect() {
                Some(redirect) => redirects.push(redirect),
                None if self.at == before => return Node::Group { list, redirects, is_subshell },
                None => {}
            }
        }
    }

    fn simple(&mut self) -> Option<Node> {
        let mut simple = Simple { line: self.line, ..Simple::default() };
        let from = self.at;
        let mut to = from;
        loop {
            self.blanks();
            let before = self.at;
            if let Some(redirect) = self.redirect() {
                simple.redirects.push(redirect);
            } else if self.at > before {
                // Another file's number, such as 2>&1.
            } else if let Some(word) = self.word() {
                match assignment(&word).map(str::to_owned) {
                    Some(name) if simple.words.is_empty() && self.peek() == Some('(') && word.text.ends_with('=') => {
                        let is_added = word.text.ends_with("+=");
                        let words = self.array();
                        simple.arrays.push(Array { name, words, is_added });
                    }
                    Some(name) if simple.words.is_empty() => {
                        let length = word.text.find('=').unwrap_or_default() + 1;
                        simple.assignments.push((name, value(word, length)));
                    }
                    _ => simple.words.push(word),
                }
            } else {
                break;
            }
            to = self.at;
        }
        simple.text = self.text[from..to].to_owned();
        let is_empty = simple.words.is_empty()
            && simple.arrays.is_empty()
            && simple.assignments.is_empty()
            && simple.redirects.is_empty();
        (!is_empty).then_some(Node::Simple(simple))
    }

    /// `(words)`, on as many lines as there are.
    fn array(&mut self) -> Vec<Word> {
        self.bump();
        let mut words = Vec::new();
        loop {
            self.blanks();
            match self.word() {
                Some(word) => words.push(word),
                None if self.peek() == Some('\n') => self.newline(),
                None => break,
            }
        }
        self.eat(")");
        words
    }

    /// A redirection; `None` and nothing taken if there is none, `None` and something taken if it does not matter.
    fn redirect(&mut self) -> Option<Redirect> {
        let digits = self.rest().len() - self.rest().trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let operator = &self.rest()[digits..];
        let descriptor = &self.rest()[..digits];
        if operator.starts_with("<(") || operator.starts_with(">(") {
            return None;
        }
        let found = ["<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">&", ">|", ">"];
        let sign = *found.iter().find(|sign| operator.starts_with(**sign))?;
        if sign.starts_with('&') && digits > 0 {
            return None;
        }
        self.skip(digits + sign.len());
        self.blanks();
        if sign == "<<" || sign == "<<-" {
            let from = self.at;
            self.word()?;
            let raw = &self.text[from..self.at];
            let end: String = raw.chars().filter(|char| !"'\"\\".contains(*char)).collect();
            let cell = Rc::new(OnceCell::new());
            self.here.push((end.clone(), raw != end, sign == "<<-", cell.clone()));
            return Some(Redirect::Here(cell));
        }
        let word = self.word()?;
        match sign {
            "<<<" => Some(Redirect::Text(word)),
            "<" | "<>" => Some(Redirect::From(word)),
            "<&" => None,
            // Messages of the command.
            _ if descriptor == "2" => None,
            ">&" if word.text == "-" || word.text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            _ => Some(Redirect::To(word)),
        }
    }

    /// Whether `((` begins a sum, and not two subshells: there, words stand beside each other.
    fn is_arithmetic(&self) -> bool {
        let Some(rest) = self.rest().strip_prefix("((") else { return false };
        let words: Vec<&str> = rest[..rest.find("))").unwrap_or(rest.len())].split_whitespace().collect();
        let is_name = |word: &str| word.chars().all(|char| char.is_alphanumeric() || "_./-".contains(char));
        !rest.starts_with('(') && !words.windows(2).any(|pair| is_name(pair[0]) && is_name(pair[1]) && pair[1] != "-")
    }

    fn arithmetic(&mut self) {
        let length = self.rest().find("))").map_or(self.rest().len(), |at| at + 2);
        self.skip(length);
    }
}

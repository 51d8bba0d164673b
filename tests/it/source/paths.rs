//! The paths that source text names, made absolute.

use super::tokens::{Kind, Token, tokens};

/// One path into this crate, as segments below the crate's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The line where it is named.
    pub line: usize,
    /// Segments below the root; `*` stands for a glob. Empty: the root itself.
    pub path: Vec<String>,
}

/// Every path into this crate that `source`, the text of `module`, names: in `use` trees and inline, written with
/// `crate`, `self`, `super` or the crate's own name.
pub fn references(source: &str, module: &[String]) -> Vec<Reference> {
    let mut reader = Reader {
        tokens: tokens(source),
        at: 0,
        module: module.to_vec(),
        opened: Vec::new(),
        depth: 0,
        found: Vec::new(),
    };
    while reader.at < reader.tokens.len() {
        reader.step();
    }
    reader.found
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    module: Vec<String>,
    /// Brace depths at which the inline modules around this place were opened.
    opened: Vec<usize>,
    depth: usize,
    found: Vec<Reference>,
}

impl Reader {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn is_punct(&self, ahead: usize, punct: char) -> bool {
        self.token(ahead).is_some_and(|token| token.is_punct(punct))
    }

    fn is_ident(&self, ahead: usize, name: &str) -> bool {
        self.token(ahead).is_some_and(|token| token.is_ident(name))
    }

    fn separator(&self, ahead: usize) -> bool {
        self.is_punct(ahead, ':') && self.is_punct(ahead + 1, ':')
    }

    fn step(&mut self) {
        let Some(token) = self.token(0) else { return };
        match &token.kind {
            Kind::Punct('{') => self.depth += 1,
            Kind::Punct('}') => self.close(),
            Kind::Ident(word) => match word.as_str() {
                "mod" if self.is_punct(2, '{') => return self.open(),
                // `use<'a>` of a return type is not an import.
                "use" if !self.is_punct(1, '<') => return self.import(),
                "crate" | "self" | "super" | "dbsnap" if self.separator(1) => return self.inline(),
                _ => {}
            },
            _ => {}
        }
        self.at += 1;
    }

    fn open(&mut self) {
        if let Some(name) = self.token(1).and_then(Token::ident) {
            self.module.push(name.to_owned());
            self.opened.push(self.depth);
        }
        self.depth += 1;
        self.at += 3;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.opened.last() == Some(&self.depth) {
            self.opened.pop();
            self.module.pop();
        }
    }

    fn import(&mut self) {
        self.at += 1;
        // `use ::name` always means another crate.
        if !self.separator(0) {
            self.tree(&[]);
        }
        while self.token(0).is_some_and(|token| !token.is_punct(';')) {
            self.at += 1;
        }
    }

    /// One tree of a `use`, up to the `,` `}` or `;` after it.
    fn tree(&mut self, prefix: &[String]) {
        let line = self.token(0).map_or(0, |token| token.line);
        let mut path = prefix.to_vec();
        loop {
            if self.is_punct(0, '{') {
                return self.group(&path);
            }
            if self.is_punct(0, '*') {
                path.push("*".to_owned());
                self.at += 1;
                break;
            }
            let Some(segment) = self.token(0).and_then(Token::ident).map(str::to_owned) else { break };
            path.push(segment);
            self.at += 1;
            if !self.separator(0) {
                break;
            }
            self.at += 2;
        }
        if self.is_ident(0, "as") {
            self.at += 2;
        }
        self.record(&path, line);
    }

    fn group(&mut self, prefix: &[String]) {
        self.at += 1;
        while self.token(0).is_some_and(|token| !token.is_punct('}') && !token.is_punct(';')) {
            self.tree(prefix);
            if self.is_punct(0, ',') {
                self.at += 1;
            }
        }
        self.at += usize::from(self.is_punct(0, '}'));
    }

    fn inline(&mut self) {
        let line = self.token(0).map_or(0, |token| token.line);
        let mut path = Vec::new();
        while let Some(segment) = self.token(0).and_then(Token::ident).map(str::to_owned) {
            path.push(segment);
            self.at += 1;
            if !self.separator(0) {
                break;
            }
            self.at += 2;
        }
        self.record(&path, line);
    }

    fn record(&mut self, path: &[String], line: usize) {
        if let Some(path) = absolute(path, &self.module) {
            self.found.push(Reference { line, path });
        }
    }
}

/// `path`, named in `module`, from the crate's root; `None` if it leads into another crate.
fn absolute(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let mut rest = path.iter();
    let mut whole = match rest.next()?.as_str() {
        "crate" | "dbsnap" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec()),
        _ => return None,
    };
    for segment in rest {
        match segment.as_str() {
            "super" => {
                whole.pop();
            }
            "self" => {}
            name => whole.push(name.to_owned()),
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let module = ["store".to_owned(), "pack".to_owned()];
        references(source, &module).iter().map(|reference| reference.path.join("::")).collect()
    }

    #[test]
    fn a_use_tree_is_spread_out() {
        assert_eq!(
            found("use crate::{hash::Hash, wire::{self, Reader as R}, codec::*};"),
            ["hash::Hash", "wire", "wire::Reader", "codec::*"]
        );
    }

    #[test]
    fn relative_paths_are_followed_from_where_they_stand() {
        assert_eq!(found("use super::Index; use super::super::tree::Tree;"), ["store::Index", "tree::Tree"]);
        assert_eq!(found("mod inner { use super::super::x; } use super::y;"), ["store::x", "store::y"]);
        assert_eq!(found("fn f() { super::super::db::connect() }"), ["db::connect"]);
    }

    #[test]
    fn inline_paths_count_and_other_crates_do_not() {
        assert_eq!(
            found("fn f(x: crate::ops::Snap) -> std::io::Result<()> { $crate::cli::main() }"),
            ["ops::Snap", "cli::main"]
        );
        assert_eq!(
            found("use std::fmt; use ::store::x; pub(crate) fn g() -> impl Sized + use<'a> {}"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        assert_eq!(
            found("// use crate::cli;\nlet text = \"crate::cli::main\"; /* crate::ops */"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_glob_of_the_root_and_the_root_itself_are_seen() {
        assert_eq!(found("use crate::*;"), ["*"]);
        assert_eq!(found("use crate as root;"), [""]);
    }
}

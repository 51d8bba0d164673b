//! The words of commands as they are written, for who wants to hide some of them.

use super::parse::{self, List, Node, Piece, Redirect, Word};

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenWord {
    /// As it is written.
    pub raw: String,
    /// Without its quotes; what a command or a variable stands for is left out.
    pub text: String,
}

/// The words of every command in `text`, those within other commands too. None if it is nested too deep.
pub(in crate::check) fn words(text: &str) -> Vec<Vec<WrittenWord>> {
    let mut found = Vec::new();
    if let Some(list) = parse::parse(text, 1) {
        of_list(&list, &mut found);
    }
    found
}

fn of_list(list: &List, found: &mut Vec<Vec<WrittenWord>>) {
    for node in list.iter().flatten() {
        match node {
            Node::Simple(simple) => {
                found.push(simple.words.iter().map(written).collect());
                let assigned = simple.assignments.iter().map(|(_, value)| value);
                let arrays = simple.arrays.iter().flat_map(|array| &array.words);
                simple.words.iter().chain(assigned).chain(arrays).for_each(|word| within(word, found));
                of_redirects(&simple.redirects, found);
            }
            Node::Group { list, redirects, .. } => {
                of_list(list, found);
                of_redirects(redirects, found);
            }
            Node::For { words, list, redirects, .. } => {
                words.iter().for_each(|word| within(word, found));
                of_list(list, found);
                of_redirects(redirects, found);
            }
            Node::Function { list, .. } => of_list(list, found),
        }
    }
}

fn of_redirects(redirects: &[Redirect], found: &mut Vec<Vec<WrittenWord>>) {
    for redirect in redirects {
        match redirect {
            Redirect::From(word) | Redirect::To(word) | Redirect::Text(word) => within(word, found),
            Redirect::Here(cell) => cell.get().into_iter().for_each(|here| within(&here.text, found)),
        }
    }
}

/// The commands within a word.
fn within(word: &Word, found: &mut Vec<Vec<WrittenWord>>) {
    for piece in &word.pieces {
        match piece {
            Piece::Output { list, .. } | Piece::Process(list) => of_list(list, found),
            Piece::Variable { default: Some(default), .. } => within(default, found),
            Piece::Variable { .. } | Piece::Text(_) => {}
        }
    }
}

fn written(word: &Word) -> WrittenWord {
    let text = word.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        _ => None,
    });
    WrittenWord { raw: word.text.clone(), text: text.collect() }
}

//! The words, texts and signs of a JavaScript or TypeScript file; enough to find literals in it, not to understand it.

/// One piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A name, keyword or number.
    Word(String),
    /// A text in any quotes.
    Text(String),
    /// A text with `${}` in it: its value is not known.
    Template,
    /// Any other character.
    Sign(char),
}

/// The pieces of `script`, comments left out. Never fails: what cannot be read is a sign or ends the script.
pub(super) fn pieces(script: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
        } else if matches!(first, '"' | '\'' | '`') {
            let (piece, after) = text(&rest[1..], first);
            found.push(piece);
            rest = after;
        } else if is_of_word(first) {
            let end = rest.find(|char| !is_of_word(char)).unwrap_or(rest.len());
            found.push(Piece::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                found.push(Piece::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

/// The text up to `quote`, and what comes after it.
fn text(rest: &str, quote: char) -> (Piece, &str) {
    let mut text = String::new();
    let mut is_plain = true;
    let mut chars = rest.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'u' | 'x')) => is_plain = false,
                Some((_, '\n')) | None => {}
                Some((_, char)) => text.push(char),
            },
            '$' if quote == '`' && rest[at + 1..].starts_with('{') => is_plain = false,
            '\n' if quote != '`' => return (Piece::Template, &rest[at..]),
            _ if char == quote => {
                let after = &rest[at + char.len_utf8()..];
                return (if is_plain { Piece::Text(text) } else { Piece::Template }, after);
            }
            _ => text.push(char),
        }
    }
    (Piece::Template, "")
}

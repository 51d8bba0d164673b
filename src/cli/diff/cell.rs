//! One cell as text: readable, on one line, and no longer than it has to be.

use crate::cli::text::{Printable, printable};
use crate::ops::diff::{Column, Kind, ValueRef};
use std::fmt::{self, Write};

/// Characters of a cell that are shown unless all are wanted.
pub(super) const SHORT: usize = 60;
/// Bytes of a blob that are shown unless all are wanted.
const SHORT_BLOB: usize = 16;
/// Characters that two long texts share and that are shown before and after what differs.
const CONTEXT: usize = 16;

/// A value as text, whole.
pub(super) fn whole(value: ValueRef<'_>, column: &Column) -> String {
    Whole(value, column).to_string()
}

/// A value as text, whole, written as it is made.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Whole<'v>(pub ValueRef<'v>, pub &'v Column);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Whole(value, column) = *self;
        match value {
            ValueRef::Null => f.write_str("NULL"),
            ValueRef::Int(0) | ValueRef::Text(b"f") if column.kind == Kind::Bool && !column.array => {
                f.write_str("false")
            }
            ValueRef::Int(1) | ValueRef::Text(b"t") if column.kind == Kind::Bool && !column.array => {
                f.write_str("true")
            }
            ValueRef::Int(int) => write!(f, "{int}"),
            #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
            ValueRef::Real(real) if column.kind == Kind::Float4 && !column.array => write!(f, "{:?}", real as f32),
            ValueRef::Real(real) => write!(f, "{real:?}"),
            ValueRef::Blob(bytes) => Hex(bytes, bytes.len()).fmt(f),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Framed(text, is_unclear(text)).fmt(f),
                Err(_) => write!(f, "text {}", Hex(bytes, bytes.len())),
            },
        }
    }
}

/// A value on its way to the terminal.
pub(in crate::cli) enum Shown<'v> {
    /// Shortened.
    Short(String),
    /// As a whole.
    Whole(Whole<'v>),
    /// A text as a whole.
    Text(&'v str),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Short(text) => f.write_str(text),
            Shown::Whole(value) => value.fmt(f),
            Shown::Text(text) => Framed(text, is_unclear(text)).fmt(f),
        }
    }
}

/// What `display` writes, if it has at most `most` characters, or as many of them and how many there are.
pub(super) fn cut(display: impl fmt::Display, most: usize) -> (String, Option<u64>) {
    struct Cut {
        text: String,
        left: usize,
        all: u64,
    }
    impl fmt::Write for Cut {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let taken = first_chars(text, self.left);
            let chars = taken.chars().count();
            self.text.push_str(taken);
            self.left -= chars;
            self.all += chars as u64 + text[taken.len()..].chars().count() as u64;
            Ok(())
        }
    }
    let mut cut = Cut { text: String::new(), left: most, all: 0 };
    // It does not fail.
    let _ = write!(cut, "{display}");
    let all = Some(cut.all).filter(|all| *all > most as u64);
    (cut.text, all)
}

/// A value as text, whole with `full`, otherwise shortened.
pub(in crate::cli) fn one<'v>(value: ValueRef<'v>, column: &'v Column, full: bool) -> Shown<'v> {
    if full { Shown::Whole(Whole(value, column)) } else { Shown::Short(short(value, column)) }
}

/// A value as text, shortened.
fn short(value: ValueRef<'_>, column: &Column) -> String {
    match value {
        ValueRef::Blob(bytes) => Hex(bytes, SHORT_BLOB).to_string(),
        ValueRef::Text(_) if column.kind == Kind::Bool && !column.array => whole(value, column),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            // No more of it than is shown is copied.
            Ok(text) => shortened(&Framed(first_chars(text, SHORT + 1), is_unclear(text)).to_string()),
            Err(_) => format!("text {}", Hex(bytes, SHORT_BLOB)),
        },
        value => whole(value, column),
    }
}

/// Both versions of a cell, shortened so that what differs is in sight.
pub(super) fn short_pair(old: ValueRef<'_>, new: ValueRef<'_>, column: &Column) -> (String, String) {
    let (ValueRef::Text(a), ValueRef::Text(b)) = (old, new) else { return (short(old, column), short(new, column)) };
    if column.kind == Kind::Bool && !column.array {
        return (short(old, column), short(new, column));
    }
    let (Ok(a), Ok(b)) = (std::str::from_utf8(a), std::str::from_utf8(b)) else {
        return (short(old, column), short(new, column));
    };
    if a.chars().nth(SHORT).is_none() && b.chars().nth(SHORT).is_none() {
        return (quoted(a), quoted(b));
    }
    windows(a, b)
}

/// Both texts, shortened so that what differs is in sight.
fn windows(a: &str, b: &str) -> (String, String) {
    let same = |(a, b): &(u8, u8)| a == b;
    let mut head = a.bytes().zip(b.bytes()).take_while(same).count();
    while !a.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = a[head..].bytes().rev().zip(b[head..].bytes().rev()).take_while(same).count();
    while !a.is_char_boundary(a.len() - tail) {
        tail -= 1;
    }
    (window(a, head, tail), window(b, head, tail))
}

/// The part of a text that differs, with some of what is around it; `head` and `tail` bytes are the same in the other.
fn window(text: &str, head: usize, tail: usize) -> String {
    let (before, after) = (&text[..head], &text[text.len() - tail..]);
    let is_long = |text: &str| text.chars().nth(2 * CONTEXT).is_some();
    let from = match is_long(before) {
        true => before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at),
        false => 0,
    };
    let until = text.len() - tail + if is_long(after) { first_chars(after, CONTEXT).len() } else { tail };
    let most = SHORT + 2 * CONTEXT;
    let mut shown = shortened_to(&printable(first_chars(&text[from..until], most + 1)), most);
    if from > 0 {
        shown.insert(0, '…');
    }
    if until < text.len() && !shown.ends_with('…') {
        shown.push('…');
    }
    shown
}

/// The first `most` characters.
fn first_chars(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// Text as it is, or between quotes where it would be taken for something else or its edges could not be seen.
pub(super) fn quoted(text: &str) -> String {
    Framed(text, is_unclear(text)).to_string()
}

fn is_unclear(text: &str) -> bool {
    text.is_empty()
        || text == "NULL"
        || text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace)
        || text.starts_with('"')
}

/// Text that is safe to show, between quotes or not.
struct Framed<'t>(&'t str, bool);

impl fmt::Display for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = Printable(self.0);
        if self.1 { write!(f, "\"{safe}\"") } else { safe.fmt(f) }
    }
}

/// A text of any origin, on one line and shortened.
pub(super) fn shortened(text: &str) -> String {
    shortened_to(text, SHORT)
}

/// As [`shortened`], of text that is not safe yet.
pub(super) fn short_text(text: &str) -> String {
    // No more of it than is shown is copied.
    shortened(&printable(first_chars(text, SHORT + 1)))
}

fn shortened_to(text: &str, most: usize) -> String {
    match first_chars(text, most) {
        all if all.len() == text.len() => text.to_owned(),
        some => format!("{some}…"),
    }
}

/// A blob: at most so many bytes of it.
struct Hex<'b>(&'b [u8], usize);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hex(bytes, most) = *self;
        f.write_str("x'")?;
        for piece in bytes[..bytes.len().min(most)].chunks(1024) {
            let mut digits = String::with_capacity(2 * piece.len());
            for byte in piece {
                write!(digits, "{byte:02x}")?;
            }
            f.write_str(&digits)?;
        }
        match bytes.len() > most {
            true => write!(f, "…' ({} bytes)", bytes.len()),
            false => f.write_str("'"),
        }
    }
}

/// The key of a row, as one is typed: its values with commas between them, or as JSON where a value has a comma.
pub(super) fn key(names: &[String], columns: &[Column], values: &[ValueRef<'_>], full: bool) -> String {
    let part = |name: &String| {
        let at = columns.iter().position(|column| column.name == *name)?;
        let (value, column) = (*values.get(at)?, columns.get(at)?);
        Some((value, one(value, column, full).to_string()))
    };
    let (values, mut parts): (Vec<_>, Vec<String>) = names.iter().filter_map(part).unzip();
    if parts.len() < 2 || !parts.iter().any(|part| part.contains(',')) {
        return parts.join(",");
    }
    for (value, part) in values.iter().zip(&mut parts) {
        if !matches!(value, ValueRef::Int(_) | ValueRef::Real(_)) {
            *part = serde_json::Value::from(part.as_str()).to_string();
        }
    }
    format!("[{}]", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind) -> Column {
        Column {
            name: "c".to_owned(),
            sql_type: String::new(),
            kind,
            array: false,
            nullable: true,
            default: None,
            identity: None,
            collation: None,
        }
    }

    #[test]
    fn what_could_be_mistaken_is_quoted() {
        let text = |text: &str| whole(ValueRef::Text(text.as_bytes()), &column(Kind::Text));
        assert_eq!(text("Oak table"), "Oak table");
        assert_eq!(text("NULL"), "\"NULL\"");
        assert_eq!(text(""), "\"\"");
        assert_eq!(text(" a"), "\" a\"");
        assert_eq!(text("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
        assert_eq!(whole(ValueRef::Text(b"a\xff"), &column(Kind::Text)), "text x'61ff'");
        assert_eq!(
            short(ValueRef::Blob(&[7; 20]), &column(Kind::Bytes)),
            format!("x'{}…' (20 bytes)", "07".repeat(16))
        );
        assert_eq!(whole(ValueRef::Real(f64::from(0.1f32)), &column(Kind::Float4)), "0.1");
        assert_eq!(whole(ValueRef::Real(-0.0), &column(Kind::Float8)), "-0.0");
    }

    #[test]
    fn what_differs_in_long_texts_is_in_sight() {
        let (long, column) = ("lorem ipsum ".repeat(50), column(Kind::Text));
        let (old, new) = (format!("{long}old{long}"), format!("{long}new{long}"));
        let pair = short_pair(ValueRef::Text(old.as_bytes()), ValueRef::Text(new.as_bytes()), &column);
        assert_eq!(pair.0, "…sum lorem ipsum oldlorem ipsum lore…");
        assert_eq!(pair.1, "…sum lorem ipsum newlorem ipsum lore…");
    }
}

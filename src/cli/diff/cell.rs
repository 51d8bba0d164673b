//! One cell as text: readable, on one line, and no longer than it has to be.

use crate::cli::text::printable;
use crate::ops::diff::{Column, Kind, ValueRef};

/// Characters of a cell that are shown unless all are wanted.
pub(super) const SHORT: usize = 60;
/// Bytes of a blob that are shown unless all are wanted.
const SHORT_BLOB: usize = 16;
/// Characters that two long texts share and that are shown before and after what differs.
const CONTEXT: usize = 16;

/// A value as text, whole.
pub(super) fn whole(value: ValueRef<'_>, column: &Column) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Int(0) | ValueRef::Text(b"f") if column.kind == Kind::Bool && !column.array => "false".to_owned(),
        ValueRef::Int(1) | ValueRef::Text(b"t") if column.kind == Kind::Bool && !column.array => "true".to_owned(),
        ValueRef::Int(int) => int.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
        ValueRef::Real(real) if column.kind == Kind::Float4 && !column.array => format!("{:?}", real as f32),
        ValueRef::Real(real) => format!("{real:?}"),
        ValueRef::Blob(bytes) => hex(bytes, bytes.len()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => quoted(text),
            Err(_) => format!("text {}", hex(bytes, bytes.len())),
        },
    }
}

/// A value as text, whole with `full`, otherwise shortened.
pub(in crate::cli) fn one(value: ValueRef<'_>, column: &Column, full: bool) -> String {
    if full { whole(value, column) } else { short(value, column) }
}

/// A value as text, shortened.
fn short(value: ValueRef<'_>, column: &Column) -> String {
    match value {
        ValueRef::Blob(bytes) => hex(bytes, SHORT_BLOB),
        ValueRef::Text(_) if column.kind == Kind::Bool && !column.array => whole(value, column),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            // No more of it than is shown is copied.
            Ok(text) => shortened(&framed(first_chars(text, SHORT + 1), is_unclear(text))),
            Err(_) => format!("text {}", hex(bytes, SHORT_BLOB)),
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
    framed(text, is_unclear(text))
}

fn is_unclear(text: &str) -> bool {
    text.is_empty()
        || text == "NULL"
        || text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace)
        || text.starts_with('"')
}

fn framed(text: &str, quotes: bool) -> String {
    let safe = printable(text);
    if quotes { format!("\"{safe}\"") } else { safe }
}

/// A text of any origin, on one line and shortened.
pub(super) fn shortened(text: &str) -> String {
    shortened_to(text, SHORT)
}

fn shortened_to(text: &str, most: usize) -> String {
    match first_chars(text, most) {
        all if all.len() == text.len() => text.to_owned(),
        some => format!("{some}…"),
    }
}

fn hex(bytes: &[u8], most: usize) -> String {
    let digits: String = bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect();
    match bytes.len() > most {
        true => format!("x'{digits}…' ({} bytes)", bytes.len()),
        false => format!("x'{digits}'"),
    }
}

/// The key of a row, as one is typed: its values with commas between them, or as JSON where a value has a comma.
pub(super) fn key(names: &[String], columns: &[Column], values: &[ValueRef<'_>], full: bool) -> String {
    let part = |name: &String| {
        let at = columns.iter().position(|column| column.name == *name)?;
        let (value, column) = (*values.get(at)?, columns.get(at)?);
        Some((value, one(value, column, full)))
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

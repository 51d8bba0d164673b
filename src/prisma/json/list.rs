//! PostgreSQL arrays: the server's text `{1,NULL,"a b"}` as a JSON list and back, letter for letter.
//!
//! Text is taken apart only if putting it together again by the server's own quoting rule gives the same letters.
//! Anything else (lower bounds such as `[2:3]={7,8}`, other separators, letters no server writes) stays text.

use super::decode::decode_element;
use super::encode::encode_element;
use super::fields::Field;
use super::notes::{ColumnNotes, Note};
use super::scan::Scanner;
use crate::codec::Kind;

/// PostgreSQL's own limit is 6.
const DEEPEST: usize = 16;

/// Appends the JSON list; `false` if the text must stay text (`out` then holds a part of it).
pub(super) fn encode(field: &Field, text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) -> bool {
    let mut own = *notes;
    let done = Parser { field, rest: text, element: String::new() }.lists(out, &mut own);
    if done {
        *notes = own;
    }
    done
}

struct Parser<'a> {
    field: &'a Field,
    rest: &'a str,
    element: String,
}

impl Parser<'_> {
    fn lists(&mut self, out: &mut Vec<u8>, notes: &mut ColumnNotes) -> bool {
        let mut depth = 0;
        loop {
            // A value begins here: a list or an element.
            if let Some(rest) = self.rest.strip_prefix('{') {
                self.rest = rest;
                depth += 1;
                out.push(b'[');
                if depth > DEEPEST {
                    return false;
                }
                if depth > 1 {
                    notes.add(Note::NestedLists);
                }
                if !rest.starts_with('}') {
                    continue;
                }
            } else if depth == 0 || !self.element(out, notes) {
                return false;
            }
            // A value has ended: close lists until a comma.
            loop {
                match self.rest.as_bytes().first() {
                    Some(b'}') => {
                        self.rest = &self.rest[1..];
                        out.push(b']');
                        depth -= 1;
                        if depth == 0 {
                            return self.rest.is_empty();
                        }
                    }
                    Some(b',') => {
                        self.rest = &self.rest[1..];
                        out.push(b',');
                        break;
                    }
                    _ => return false,
                }
            }
        }
    }

    fn element(&mut self, out: &mut Vec<u8>, notes: &mut ColumnNotes) -> bool {
        self.element.clear();
        if let Some(rest) = self.rest.strip_prefix('"') {
            let mut letters = rest.char_indices();
            loop {
                match letters.next() {
                    Some((at, '"')) => {
                        self.rest = &rest[at + 1..];
                        break;
                    }
                    Some((_, '\\')) => match letters.next() {
                        Some((_, letter @ ('"' | '\\'))) => self.element.push(letter),
                        _ => return false,
                    },
                    Some((_, letter)) => self.element.push(letter),
                    None => return false,
                }
            }
            if !needs_quotes(&self.element) {
                return false;
            }
        } else {
            let end = self.rest.bytes().position(is_special).unwrap_or(self.rest.len());
            let (element, rest) = self.rest.split_at(end);
            self.rest = rest;
            if element == "NULL" {
                notes.add(Note::NullElements);
                out.extend_from_slice(b"null");
                return true;
            }
            // It ended before the first special letter.
            if is_quoted_word(element) {
                return false;
            }
            encode_element(self.field, element, out, notes);
            return true;
        }
        encode_element(self.field, &self.element, out, notes);
        true
    }
}

/// The server's rule for quoting an element.
fn needs_quotes(element: &str) -> bool {
    is_quoted_word(element) || element.bytes().any(is_special)
}

/// Whether it is quoted although there is no special letter in it.
fn is_quoted_word(element: &str) -> bool {
    element.is_empty() || element.eq_ignore_ascii_case("null")
}

/// Letters that stand in an element only if it is quoted.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'{' | b'}' | b',' | b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn put_element(text: &str, out: &mut String) {
    if !needs_quotes(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

/// The server's text of a JSON list. `None` if it is not a list of this column.
pub(super) fn decode(field: &Field, json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut depth = 0;
    loop {
        if let Some(inside) = rest.strip_prefix('[') {
            out.push('{');
            depth += 1;
            rest = inside.trim_start();
            if depth > DEEPEST {
                return None;
            }
            if !rest.starts_with(']') {
                continue;
            }
        } else {
            let (end, _) = Scanner::new(rest.as_bytes(), 0, usize::MAX).value().ok()?;
            let (element, after) = rest.split_at_checked(end)?;
            match element {
                "null" => out.push_str("NULL"),
                _ => put_element(&decode_element(field, element)?, &mut out),
            }
            rest = after.trim_start();
        }
        loop {
            let (separator, after) = rest.split_at_checked(1)?;
            rest = after.trim_start();
            match separator {
                "]" => {
                    out.push('}');
                    depth -= 1;
                    if depth == 0 {
                        return rest.is_empty().then_some(out);
                    }
                }
                "," => {
                    out.push(',');
                    break;
                }
                _ => return None,
            }
        }
    }
}

/// The bytes of `\x00ff`, if that is how the server writes them.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if digits.len() % 2 != 0 {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some((value(pair[0])? << 4) | value(pair[1])?)).collect()
}

/// The inverse of [`bytes_of`].
pub(super) fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// Whether elements are JSON: then a list inside the list is an element only if it is wrapped.
pub(super) const fn holds_json(field: &Field) -> bool {
    matches!(field.kind, Kind::Json | Kind::Jsonb)
}

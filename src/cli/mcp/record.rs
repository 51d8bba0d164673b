//! Values as they are told: exactly, or shortened.

use crate::ops::{OpError, json};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Characters of the longest text that is told whole.
const LONGEST: usize = 1_000;
/// Characters that are told of a longer one: with what is said of it, it is not cut again.
const TOLD: usize = LONGEST - 40;
/// Bytes of a record's JSON, its texts cut, beyond which it is not looked at.
const LARGEST: usize = 4 << 20;

/// Rows of a table as JSON. Texts are cut while they are written: of a long one there is no copy. A number that a
/// double does not hold becomes a text.
///
/// # Errors
/// If it has no form in JSON, or documents in it are too long or nested too deeply.
pub(super) fn record(record: &impl Serialize) -> Result<Value, OpError> {
    let mut told = Told::default();
    json::write(&mut told, record).map_err(|error| OpError::io("tell", "a row", error))?;
    serde_json::from_slice(&told.end()).map_err(untellable)
}

/// What has no form in JSON.
pub(super) fn untellable(error: serde_json::Error) -> OpError {
    OpError::Usage(format!("this cannot be told as JSON: {error}"))
}

/// Cuts long texts, and says how long they are.
pub(super) fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length > LONGEST
                && let Some((end, _)) = text.char_indices().nth(TOLD)
            {
                text.truncate(end);
                let _ = write!(text, "... ({length} characters)");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// A cell: a document that is long becomes a text, shortened.
pub(super) fn shorten_cell(cell: &mut Value) {
    if matches!(cell, Value::Array(_) | Value::Object(_))
        && let Ok(text) = json::to_string(cell)
        && text.len() > LONGEST
    {
        *cell = Value::String(text);
    }
    shorten(cell);
}

/// Cells by the names of their columns.
pub(super) fn shorten_cells(cells: Option<&mut Value>) {
    if let Some(Value::Object(cells)) = cells {
        cells.values_mut().for_each(shorten_cell);
    }
}

/// JSON on its way: long texts are cut, and numbers that a double does not hold are put between quotes.
#[derive(Default)]
struct Told {
    json: Vec<u8>,
    place: Place,
    /// Characters of the text so far, and where the one begins that is left out if it is long.
    characters: usize,
    cut: usize,
    /// The last one was the first half of a character that is written in two.
    is_half: bool,
    /// The number so far.
    number: Vec<u8>,
}

/// Where the next byte stands.
#[derive(Default, Clone, Copy)]
enum Place {
    #[default]
    Outside,
    Text,
    /// Behind a backslash.
    Escape,
    /// In the hex digits of a character: how many are to come, and what they are so far.
    Hex(u8, u32),
}

impl Told {
    fn byte(&mut self, byte: u8) {
        match self.place {
            Place::Outside if byte == b'-' || byte.is_ascii_digit() => self.number.push(byte),
            Place::Outside if !self.number.is_empty() && matches!(byte, b'+' | b'.' | b'e' | b'E') => {
                self.number.push(byte)
            }
            Place::Outside => {
                self.end_number();
                self.json.push(byte);
                if byte == b'"' {
                    (self.place, self.characters, self.is_half) = (Place::Text, 0, false);
                }
            }
            Place::Text if byte == b'"' => {
                if self.characters > LONGEST {
                    self.json.truncate(self.cut);
                    self.json.extend(format!("... ({} characters)", self.characters).bytes());
                }
                self.json.push(byte);
                self.place = Place::Outside;
            }
            Place::Text => {
                let is_inside = byte & 0xc0 == 0x80;
                if !is_inside && !std::mem::take(&mut self.is_half) {
                    self.characters += 1;
                    if self.characters == TOLD + 1 {
                        self.cut = self.json.len();
                    }
                }
                self.put(byte);
                if byte == b'\\' {
                    self.place = Place::Escape;
                }
            }
            Place::Escape => {
                self.put(byte);
                self.place = if byte == b'u' { Place::Hex(4, 0) } else { Place::Text };
            }
            Place::Hex(left, before) => {
                self.put(byte);
                let unit = before << 4 | char::from(byte).to_digit(16).unwrap_or_default();
                self.place = if left > 1 { Place::Hex(left - 1, unit) } else { Place::Text };
                self.is_half = left == 1 && (0xd800..0xdc00).contains(&unit);
            }
        }
    }

    fn put(&mut self, byte: u8) {
        if self.characters <= LONGEST {
            self.json.push(byte);
        }
    }

    fn end_number(&mut self) {
        let number = std::mem::take(&mut self.number);
        match is_exact(&String::from_utf8_lossy(&number)) {
            true => self.json.extend(number),
            false => {
                self.json.push(b'"');
                self.json.extend(number);
                self.json.push(b'"');
            }
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.end_number();
        self.json
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bytes.iter().for_each(|byte| self.byte(*byte));
        match self.json.len() {
            length if length > LARGEST => Err(io::Error::other(format!(
                "its documents have more than {LARGEST} bytes; sql tells columns of your choice"
            ))),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether nothing of a number is lost in a double. No number at all is exact.
fn is_exact(number: &str) -> bool {
    if number.is_empty() {
        return true;
    }
    if let Ok(whole) = number.parse::<i64>() {
        return whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let double = number.parse::<f64>().unwrap_or(f64::NAN);
    double.is_finite() && (digits <= 15 && (digits == 0 || double.is_normal()) || double.to_string() == number)
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, LONGEST, TOLD, Told, record, shorten};
    use serde_json::{Value, json};
    use std::io::Write;

    /// What is told of this JSON, written in pieces of `piece` bytes.
    fn told(json: &str, piece: usize) -> String {
        let mut told = Told::default();
        json.as_bytes().chunks(piece).for_each(|bytes| told.write_all(bytes).unwrap());
        String::from_utf8(told.end()).unwrap()
    }

    #[test]
    fn a_long_text_is_cut_once_and_says_how_long_it_is() {
        let mut value = json!(["é".repeat(LONGEST + 1), "é".repeat(LONGEST)]);
        for _ in 0..2 {
            shorten(&mut value);
            assert_eq!(value, json!([format!("{}... (1001 characters)", "é".repeat(TOLD)), "é".repeat(LONGEST)]));
        }
    }

    #[test]
    fn what_is_cut_as_it_is_written_is_cut_as_at_last() {
        // one, two, three and four bytes, what is escaped by one letter and by two units, and what ends a text
        let characters = ["a", "é", "家", "🪑", "\n", "\u{e0041}", "\u{9b}", "\"", "\\", "\u{d}"];
        for (at, one) in characters.iter().enumerate() {
            for length in [0, 1, TOLD, TOLD + 1, LONGEST, LONGEST + 1, 3 * LONGEST] {
                let mixed = characters.iter().cycle().skip(at).take(length).copied().collect::<String>();
                for text in [one.repeat(length), mixed] {
                    let row = json!({ (*one): text, "after": [text, 1] });
                    let mut shortened = row.clone();
                    shorten(&mut shortened);
                    assert_eq!(record(&row).unwrap(), shortened, "{one:?} {length}");
                }
            }
        }
    }

    #[test]
    fn numbers_that_a_double_does_not_hold_become_texts() {
        for same in ["{\"a\":[1,-2.50,1e3,9007199254740992,-9007199254740992,0.1]}", "\"1e999 \\\" 7\"", "true", "-0.0"]
        {
            assert_eq!((told(same, 1), told(same, 1000)), (same.to_owned(), same.to_owned()));
        }
        assert_eq!(
            told("[9007199254740993,1e400,-0.12345678901234567890,1e-400,[],null]", 2),
            "[\"9007199254740993\",\"1e400\",\"-0.12345678901234567890\",\"1e-400\",[],null]"
        );
    }

    #[test]
    fn of_a_very_long_text_there_is_no_copy_and_very_long_documents_are_refused() {
        let mut told = Told::default();
        let piece = vec![b'x'; 1 << 20];
        told.write_all(b"\"").unwrap();
        (0..64).for_each(|_| told.write_all(&piece).unwrap());
        assert!(told.json.capacity() < 1 << 20, "{}", told.json.capacity());
        let document: Vec<Value> = (0..LARGEST / 2).map(|_| json!(10)).collect();
        let error = record(&document).unwrap_err();
        assert!(error.chain().join(": ").contains("its documents have more than 4194304 bytes"), "{error}");
    }
}

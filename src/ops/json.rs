//! The JSON that reports and errors are told in, on the command line and elsewhere.
//!
//! It is safe to print: what moves a cursor, changes the direction of text or cannot be seen is escaped. To a program
//! that reads it, it is the same.

use super::{ErrorKind, OpError};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// The version of the object that is printed; fields are only ever added.
pub const VERSION: u32 = 1;

/// A report with what tells what it is of.
#[derive(Debug, Serialize)]
pub struct Envelope<'e, T: Serialize> {
    version: u32,
    command: &'e str,
    #[serde(flatten)]
    result: T,
}

impl<'e, T: Serialize> Envelope<'e, T> {
    /// The report of a command.
    pub fn new(command: &'e str, result: T) -> Envelope<'e, T> {
        Envelope { version: VERSION, command, result }
    }
}

impl Envelope<'static, Failure> {
    /// An error; with an exit code that tells more than its kind, if there is one.
    pub fn error(error: &OpError, exit_code: Option<u8>) -> Envelope<'static, Failure> {
        let kind = error.kind();
        let exit_code = exit_code.unwrap_or(kind.exit_code());
        let message = error.chain().join(": ");
        Envelope::new("error", Failure { error: Described { kind, exit_code, message, hints: error.hints() } })
    }

    /// What failed outside of the use cases.
    pub fn failed(message: String, exit_code: u8) -> Envelope<'static, Failure> {
        let described = Described { kind: ErrorKind::Failed, exit_code, message, hints: Vec::new() };
        Envelope::new("error", Failure { error: described })
    }
}

/// An error of any command.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// What went wrong.
    error: Described,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ErrorDetails"))]
#[serde(rename_all = "camelCase")]
struct Described {
    /// The kind of error.
    kind: ErrorKind,
    /// The exit code of the command.
    exit_code: u8,
    /// The error message.
    message: String,
    /// What to do next, one line each.
    hints: Vec<String>,
}

/// Writes `value` as JSON on one line.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Escaping))?)
}

/// `value` as JSON on one line.
///
/// # Errors
/// If it has no form in JSON.
pub fn to_string(value: &impl Serialize) -> io::Result<String> {
    let mut bytes = Vec::new();
    write(&mut bytes, value)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Writes `value` as JSON with a field on each line, for people.
///
/// # Errors
/// If it cannot be written.
pub fn write_pretty(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Pretty(PrettyFormatter::new())))?)
}

/// Whether a character moves the cursor, changes the direction of text, ends a line or cannot be seen: what Unicode
/// calls control and format characters, line separators, and the letters that are blank.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Where in a text the first such character is, and which one it is.
pub fn next_hostile(text: &str) -> Option<(usize, char)> {
    let mut at = 0;
    loop {
        // printable ASCII is passed over eight bytes at a time
        let (words, _) = text.as_bytes()[at..].as_chunks::<8>();
        at += 8 * words.iter().take_while(|word| is_printable_ascii(u64::from_le_bytes(**word))).count();
        match text[at..].chars().next()? {
            found if is_hostile(found) => return Some((at, found)),
            other => at += other.len_utf8(),
        }
    }
}

/// Whether all bytes of a word are from 0x20 to 0x7e.
const fn is_printable_ascii(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    // 0x7f alone becomes 0x80
    let beyond = word.wrapping_add(ONES) | word;
    (below | beyond) & HIGH == 0
}

struct Escaping;

impl Escaping {
    fn write(writer: &mut (impl Write + ?Sized), text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, found)) = next_hostile(rest) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in found.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + found.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Escaping::write(writer, fragment)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // JSON that was made elsewhere, on one line: such characters stand in its strings only.
        Escaping::write(writer, fragment)
    }
}

struct Pretty(PrettyFormatter<'static>);

impl Formatter for Pretty {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Escaping.write_string_fragment(writer, fragment)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Escaping.write_raw_fragment(writer, fragment)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::{is_hostile, next_hostile, to_string};
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    proptest! {
        #[test]
        fn the_next_one_is_the_first_one(text in "([ -~]{0,9}|[\\x00-\\x7f]|\\PC|\u{200b}){0,12}") {
            prop_assert_eq!(next_hostile(&text), text.char_indices().find(|(_, c)| is_hostile(*c)));
        }
    }

    #[test]
    fn what_is_escaped_reads_as_it_was() {
        let text = "a\u{9b}2J\u{7f}\u{200b}\u{2028}\u{e0041}\u{1b}é家\n";
        let json = to_string(&text).unwrap();
        assert_eq!(json, "\"a\\u009b2J\\u007f\\u200b\\u2028\\udb40\\udc41\\u001bé家\\n\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        let raw = RawValue::from_string("[\"\u{9b}\"]".to_owned()).unwrap();
        assert_eq!(to_string(&raw).unwrap(), "[\"\\u009b\"]");
    }
}

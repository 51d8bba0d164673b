//! JSON that is safe to print: what moves a cursor, changes the direction of text or cannot be seen is escaped. To a program
//! that reads it, it is the same.

use super::command_error::CliError;
use super::text::is_hostile;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Writes `value` as JSON on one line.
pub(super) fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<(), CliError> {
    value.serialize(&mut Serializer::with_formatter(out, Escaping)).map_err(|error| CliError::Output(error.into()))
}

/// `value` as JSON on one line.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    write_json(&mut bytes, value)?;
    String::from_utf8(bytes).map_err(|error| CliError::Output(io::Error::other(error)))
}

/// Writes `value` as JSON with a field on each line, for people.
pub(super) fn write_pretty(out: &mut impl Write, value: &impl Serialize) -> Result<(), CliError> {
    let formatter = Pretty(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(out, formatter)).map_err(|error| CliError::Output(error.into()))
}

struct Escaping;

impl Escaping {
    fn write(writer: &mut (impl Write + ?Sized), text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, found)) = rest.char_indices().find(|(_, char)| is_hostile(*char)) {
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
    use super::to_json;
    use serde_json::value::RawValue;

    #[test]
    fn what_is_escaped_reads_as_it_was() {
        let text = "a\u{9b}2J\u{7f}\u{200b}\u{2028}\u{e0041}\u{1b}é家\n";
        let json = to_json(&text).unwrap();
        assert_eq!(json, "\"a\\u009b2J\\u007f\\u200b\\u2028\\udb40\\udc41\\u001bé家\\n\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        let raw = RawValue::from_string("[\"\u{9b}\"]".to_owned()).unwrap();
        assert_eq!(to_json(&raw).unwrap(), "[\"\\u009b\"]");
    }
}

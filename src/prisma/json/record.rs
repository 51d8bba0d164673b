//! The fields of one record: where each value stands, and whether every field stands there once.

use super::fields::Fields;
use super::scan::{Fault, Scanner};
use super::text::unescape;

/// What is wrong with a record as a whole.
pub(super) enum RecordFault {
    NotJson,
    Twice(String),
    Unknown(String),
}

impl RecordFault {
    /// What is wrong, without values.
    pub(super) fn describe(self) -> String {
        match self {
            RecordFault::NotJson => "the record is not JSON".to_owned(),
            RecordFault::Twice(name) => format!("the field {name:?} stands twice in the record"),
            RecordFault::Unknown(name) => format!("the field {name:?} is none of the table's"),
        }
    }
}

impl From<Fault> for RecordFault {
    fn from(_: Fault) -> RecordFault {
        RecordFault::NotJson
    }
}

/// Finds the value of each field in a record. Fields usually stand in column order, which is tried first.
pub(super) fn locate(fields: &Fields, text: &str, values: &mut [(usize, usize)]) -> Result<(), RecordFault> {
    let bytes = text.as_bytes();
    values.fill((0, 0));
    let mut at = skip_space(bytes, text.find('{').map_or(0, |brace| brace + 1));
    let mut expected = 0;
    if bytes.get(at) == Some(&b'}') {
        return if skip_space(bytes, at + 1) == bytes.len() { Ok(()) } else { Err(RecordFault::NotJson) };
    }
    loop {
        let position = match fields.list.get(expected) {
            Some(field) if bytes[at..].starts_with(&field.key) => {
                at += field.key.len();
                expected
            }
            _ => {
                let (name, after) = read_key(text, at)?;
                at = after;
                fields.position(&name).ok_or(RecordFault::Unknown(name))?
            }
        };
        at = skip_space(bytes, at);
        let (end, _) = Scanner::new(bytes, at, usize::MAX).value()?;
        match values.get_mut(position) {
            Some(value @ (0, 0)) => *value = (at, end),
            _ => return Err(RecordFault::Twice(fields.list[position].name.clone())),
        }
        expected = position + 1;
        at = skip_space(bytes, end);
        match bytes.get(at) {
            Some(b',') => at = skip_space(bytes, at + 1),
            Some(b'}') if skip_space(bytes, at + 1) == bytes.len() => return Ok(()),
            _ => return Err(RecordFault::NotJson),
        }
    }
}

/// A key and the position after its colon.
fn read_key(text: &str, at: usize) -> Result<(String, usize), RecordFault> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return Err(RecordFault::NotJson);
    }
    let (end, _) = Scanner::new(bytes, at, 0).value()?;
    let name = text.get(at + 1..end - 1).and_then(unescape).ok_or(RecordFault::NotJson)?.into_owned();
    let colon = skip_space(bytes, end);
    if bytes.get(colon) == Some(&b':') { Ok((name, colon + 1)) } else { Err(RecordFault::NotJson) }
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

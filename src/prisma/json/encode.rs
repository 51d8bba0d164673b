//! Values as JSON. `docs/EXPORT.md`, "Values", is the table that this follows.
//!
//! Every value has one form, and no two values of a column share one: where the form that Prisma's client takes would
//! not say everything, the value is written as an object whose only key begins with `$` and names what is in it.

use super::fields::{Field, FieldNames, Fields, Form};
use super::notes::{ColumnNotes, Note, Notes};
use super::scan::{Fault, Scanner, number_end};
use super::text::{has_nul, put_base64, put_if_plain, put_string};
use super::{forms, list, numbers};
use crate::codec::{CodecError, Columns, Engine, Kind, RowReader, TableSchema, ValueRef};
use crate::prisma::ExportError;
use std::sync::Arc;

/// JSON nested deeper is written as text: readers of the file may recurse.
const DEEPEST_INLINE: usize = 256;
/// What stands before every record; the first one's comma is left out.
pub(super) const BEFORE_RECORD: &[u8] = b",\n    ";

/// Turns canonical rows into records. Cheap to clone, so that several threads can encode parts of a table.
#[derive(Debug, Clone)]
pub struct RecordEncoder {
    fields: Arc<Fields>,
    notes: Notes,
}

impl RecordEncoder {
    pub(super) fn new(fields: Arc<Fields>) -> RecordEncoder {
        let notes = Notes::none(fields.list.len());
        RecordEncoder { fields, notes }
    }

    /// An encoder of rows of one table of `engine`, for those who show single records.
    ///
    /// # Errors
    /// [`ExportError::FieldTwice`] if two columns have one field name.
    pub fn of_table(
        engine: Engine,
        schema: &TableSchema,
        names: &dyn FieldNames,
    ) -> Result<RecordEncoder, ExportError> {
        Ok(RecordEncoder::new(Arc::new(Fields::named(engine, schema, names)?)))
    }

    /// Appends one row to `out` as a record, with the comma and the line break that stand before it.
    ///
    /// # Errors
    /// If `row` is not a canonical row with the table's number of columns; `out` then holds half a record.
    pub fn encode(&mut self, row: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let fields = &self.fields.list;
        let mut values = RowReader::new(row);
        let mut found = 0;
        for (field, notes) in fields.iter().zip(self.notes.columns_mut()) {
            let Some(value) = values.next_value()? else { break };
            found += 1;
            if let ValueRef::Text(bytes) = value {
                let start = row.len() - values.rest().len() - bytes.len();
                encode_usual_text(field, bytes, &row[start..], out, notes);
            } else {
                field.lead.put(out);
                encode_value(field, value, out, notes);
            }
        }
        while values.next_value()?.is_some() {
            found += 1;
        }
        if fields.is_empty() {
            out.extend_from_slice(BEFORE_RECORD);
            out.push(b'{');
        }
        out.push(b'}');
        if found == fields.len() { Ok(()) } else { Err(CodecError::ColumnCount { expected: fields.len(), found }) }
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(super) fn forget_notes(&mut self) {
        self.notes = Notes::none(self.fields.list.len());
    }

    /// What the rows encoded so far needed.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
}

/// Where a text stands: the same text has another form as an element of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPosition {
    Value,
    Element,
}

/// A text of most columns and most rows. `from` begins with its bytes and goes on.
#[inline(always)]
fn encode_usual_text(field: &Field, bytes: &[u8], from: &[u8], out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    field.lead.put_quoted(out);
    let done = match field.form {
        Form::String => put_if_plain(out, from, bytes.len()),
        Form::Decimal => bytes.last().is_some_and(u8::is_ascii_digit) && put_if_plain(out, from, bytes.len()),
        Form::Time => put_time(field.kind, bytes, out, notes),
        Form::Truth | Form::Odd => false,
    };
    if !done {
        out.pop();
        encode_value(field, ValueRef::Text(bytes), out, notes);
    }
}

pub(super) fn encode_value(field: &Field, value: ValueRef<'_>, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Int(value) => numbers::encode_int(field, value, out, notes),
        ValueRef::Real(value) => numbers::encode_real(field, value, out, notes),
        ValueRef::Text(b"t") if field.form == Form::Truth => out.extend_from_slice(b"true"),
        ValueRef::Text(b"f") if field.form == Form::Truth => out.extend_from_slice(b"false"),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if !has_nul(bytes) => encode_text(field, text, out, notes),
            _ => wrap(out, notes, Note::TextBytes, "text64", |out| put_base64(out, bytes)),
        },
        ValueRef::Blob(bytes) if field.kind == Kind::Bytes && !field.array => put_base64(out, bytes),
        ValueRef::Blob(bytes) => wrap(out, notes, Note::Blob, "blob", |out| put_base64(out, bytes)),
    }
}

fn encode_text(field: &Field, text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    if field.array {
        let start = out.len();
        if field.odd_separator || !list::encode(field, text, out, notes) {
            out.truncate(start);
            notes.add(Note::ListText);
            put_string(out, text);
        }
        return;
    }
    match is_text_apart(field) {
        true => as_text(text, out, notes),
        false => encode_by_kind(field, TextPosition::Value, text, out, notes),
    }
}

/// Whether a text is nothing that values of its column are.
pub(super) fn is_text_apart(field: &Field) -> bool {
    match field.kind {
        Kind::Bool | Kind::Int | Kind::BigInt | Kind::Float4 | Kind::Float8 | Kind::Bytes => true,
        kind => kind == Kind::Numeric && field.columns == Columns::Dynamic,
    }
}

/// An element of a list, given in PostgreSQL's text.
pub(super) fn encode_element(field: &Field, text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    let is_number = || number_end(text.as_bytes()) == Some(text.len());
    match field.kind {
        Kind::Bool if text == "t" => out.extend_from_slice(b"true"),
        Kind::Bool if text == "f" => out.extend_from_slice(b"false"),
        Kind::Int if text.len() <= 15 && is_number() => out.extend_from_slice(text.as_bytes()),
        Kind::Float4 | Kind::Float8 if text != "-0" && is_number() => out.extend_from_slice(text.as_bytes()),
        Kind::Float4 | Kind::Float8 => {
            notes.add(Note::NonFinite);
            put_string(out, text);
        }
        Kind::Bytes => match list::bytes_of(text) {
            Some(bytes) => put_base64(out, &bytes),
            None => as_text(text, out, notes),
        },
        Kind::Bool | Kind::Int | Kind::BigInt => put_string(out, text),
        _ => encode_by_kind(field, TextPosition::Element, text, out, notes),
    }
}

/// Kinds whose text has the same form as a value and as an element.
fn encode_by_kind(field: &Field, place: TextPosition, text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    let typed = field.columns == Columns::Typed || place == TextPosition::Element;
    if let Some(labels) = &field.labels {
        return match labels.name_of(text) {
            Some(name) => put_string(out, name),
            // a label that the schema does not know, and that would be read as a name
            None if labels.label_of(text).is_some() => as_text(text, out, notes),
            None => put_string(out, text),
        };
    }
    match field.kind {
        Kind::Json | Kind::Jsonb => encode_json(field, place, text, out, notes),
        Kind::Money => {
            out.push(b'"');
            if forms::to_decimal(text, out).is_some() {
                out.push(b'"');
            } else {
                out.pop();
                keep(text, forms::from_decimal(text).is_some(), Note::Special, out, notes);
            }
        }
        kind if is_time(kind) && typed => {
            out.push(b'"');
            if !put_time(kind, text.as_bytes(), out, notes) {
                out.pop();
                keep(text, forms::from_iso(kind, text).is_some(), Note::Special, out, notes);
            }
        }
        kind if is_time(kind) => {
            if !forms::is_prisma_iso(text) {
                notes.add(Note::DateText);
            }
            put_string(out, text);
        }
        Kind::Numeric if matches!(text, "NaN" | "Infinity" | "-Infinity") => {
            notes.add(Note::NonFinite);
            put_string(out, text);
        }
        _ => put_string(out, text),
    }
}

/// Appends a time in ISO's form and a quote behind it; `false` if it has none.
fn put_time(kind: Kind, text: &[u8], out: &mut Vec<u8>, notes: &mut ColumnNotes) -> bool {
    let Some(microseconds) = forms::to_iso(kind, text, out) else { return false };
    out.push(b'"');
    if microseconds {
        notes.add(Note::Microseconds);
    }
    true
}

/// The server's own text, because there is no other form; wrapped if it would be taken for one.
fn keep(text: &str, looks_like_a_form: bool, note: Note, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    if looks_like_a_form {
        as_text(text, out, notes);
    } else {
        notes.add(note);
        put_string(out, text);
    }
}

/// In which form the text of a JSON column stands.
pub(super) enum JsonForm {
    /// As it is.
    Plain,
    /// As it is, wrapped: it is `null`.
    Null,
    /// As it is, wrapped: it would be taken for something else.
    Wrapped,
    /// As a string: it is JSON in a form that a record cannot have.
    Text,
    /// As any text: it is no JSON.
    Broken,
}

impl JsonForm {
    /// The form, and of JSON that stands as it is, what to note of it.
    pub(super) fn of(field: &Field, place: TextPosition, text: &str) -> (JsonForm, [Option<Note>; 2]) {
        // jsonb has no spacing or key order of its own; whatever stores JSON as text has.
        let by_letter = field.kind == Kind::Json || field.columns == Columns::Dynamic;
        let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
        let mut scanner = Scanner::new(trimmed.as_bytes(), 0, DEEPEST_INLINE);
        if by_letter {
            scanner = scanner.with_keys();
        }
        match scanner.value() {
            Ok((end, seen)) if end == text.len() && !seen.line_break => {
                let notes = [
                    seen.inexact_number.then_some(Note::JsonNumbers),
                    (seen.other_form && by_letter).then_some(Note::JsonForm),
                ];
                let form = match text {
                    "null" => JsonForm::Null,
                    _ if looks_wrapped(text) || (place == TextPosition::Element && text.starts_with('[')) => {
                        JsonForm::Wrapped
                    }
                    _ => JsonForm::Plain,
                };
                (form, notes)
            }
            Ok((end, _)) if end == trimmed.len() => (JsonForm::Text, [None; 2]),
            Err(Fault::TooDeep) => (JsonForm::Text, [None; 2]),
            _ => (JsonForm::Broken, [None; 2]),
        }
    }
}

fn encode_json(field: &Field, place: TextPosition, text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    let (form, seen) = JsonForm::of(field, place, text);
    seen.into_iter().flatten().for_each(|note| notes.add(note));
    match form {
        JsonForm::Plain => out.extend_from_slice(text.as_bytes()),
        JsonForm::Null => {
            if place == TextPosition::Element {
                notes.add(Note::NullElements);
            }
            wrap(out, notes, Note::JsonNull, "json", |out| out.extend_from_slice(b"null"));
        }
        JsonForm::Wrapped => {
            wrap(out, notes, Note::JsonWrapped, "json", |out| out.extend_from_slice(text.as_bytes()));
        }
        JsonForm::Text => wrap(out, notes, Note::JsonText, "jsonText", |out| put_string(out, text)),
        JsonForm::Broken => as_text(text, out, notes),
    }
}

/// Whether a user's object begins as the wrapping objects do. A backslash may hide a `$`.
fn looks_wrapped(json: &str) -> bool {
    let Some(inside) = json.strip_prefix('{') else { return false };
    inside.trim_start().strip_prefix('"').is_some_and(|key| key.starts_with(['$', '\\']))
}

fn as_text(text: &str, out: &mut Vec<u8>, notes: &mut ColumnNotes) {
    wrap(out, notes, Note::Text, "text", |out| put_string(out, text));
}

/// Appends `{"$name":…}`.
pub(super) fn wrap(out: &mut Vec<u8>, notes: &mut ColumnNotes, note: Note, name: &str, put: impl FnOnce(&mut Vec<u8>)) {
    notes.add(note);
    out.extend_from_slice(b"{\"$");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    put(out);
    out.push(b'}');
}

/// Whether values are dates or times.
pub(super) const fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::Time | Kind::TimeTz | Kind::Timestamp | Kind::TimestampTz)
}

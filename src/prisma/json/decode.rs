//! The inverse of `encode`: from the JSON of a record's value to the value, bit for bit.
//!
//! The JSON is known to be well-formed (`scan`) and to be valid UTF-8. `None` means that the value is not one that an
//! export of this column can hold.

use super::encode::is_time;
use super::fields::{Field, FieldNames, Fields};
use super::scan::Scanner;
use super::text::{blob_of_base64, from_base64, unescape};
use super::{forms, list};
use crate::codec::{Booleans, Columns, Engine, Kind, RowReader, RowWriter, TableSchema, Value, ValueRef};
use std::borrow::Cow;

/// The value that `json`, which is well-formed, stands for in the column at `position`, as a record of an export has
/// it. `None` if it is none.
pub fn column_value(
    engine: Engine,
    schema: &TableSchema,
    names: &dyn FieldNames,
    position: usize,
    json: &str,
) -> Option<Value> {
    let fields = Fields::named(engine, schema, names).ok()?;
    let mut row = Vec::new();
    decode_value(fields.list.get(position)?, json, &mut RowWriter::new(&mut row))?;
    RowReader::new(&row).next_value().ok()?.map(ValueRef::to_owned)
}

/// Appends the value that `json` stands for.
pub(super) fn decode_value(field: &Field, json: &str, row: &mut RowWriter<'_>) -> Option<()> {
    match json.as_bytes().first()? {
        b'n' => row.null(),
        b'{' if json.starts_with("{\"$") => decode_wrapped(json, row)?,
        _ if is_inline_json(field) => row.text(json.as_bytes()),
        b't' | b'f' if field.kind == Kind::Bool && !field.array => match field.booleans {
            Booleans::Letters => row.text(&json.as_bytes()[..1]),
            Booleans::Numbers => row.int(i64::from(json == "true")),
        },
        b'-' | b'0'..=b'9' if !field.array => decode_number(field, json, row)?,
        b'[' if field.array => row.text(list::decode(field, json)?.as_bytes()),
        b'"' => decode_string(field, &unescape(json.get(1..json.len() - 1)?)?, row)?,
        _ => return None,
    }
    Some(())
}

fn is_inline_json(field: &Field) -> bool {
    matches!(field.kind, Kind::Json | Kind::Jsonb) && !field.array
}

fn decode_number(field: &Field, json: &str, row: &mut RowWriter<'_>) -> Option<()> {
    let has_fraction = json.contains(['.', 'e', 'E']);
    match field.kind {
        Kind::Float8 => row.real(json.parse().ok()?),
        Kind::Float4 => row.real(f64::from(json.parse::<f32>().ok()?)),
        Kind::Numeric if has_fraction => row.real(json.parse().ok()?),
        kind if is_time(kind) || matches!(kind, Kind::Int | Kind::Numeric) => row.int(json.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn decode_string(field: &Field, text: &str, row: &mut RowWriter<'_>) -> Option<()> {
    match field.kind {
        _ if field.array => row.text(text.as_bytes()),
        Kind::BigInt => row.int(canonical_int(text)?),
        Kind::Float4 | Kind::Float8 => row.real(real_of_word(text)?),
        Kind::Bytes => blob_of_base64(text, row)?,
        Kind::Bool | Kind::Int => return None,
        _ if field.labels.is_some() => row.text(label(field, text).as_bytes()),
        _ if field.columns == Columns::Dynamic && is_time(field.kind) => row.text(text.as_bytes()),
        kind => row.text(server_text(kind, text).as_deref().unwrap_or(text).as_bytes()),
    }
    Some(())
}

/// The database's label of an enum's name; what is no name is a label.
fn label<'t>(field: &'t Field, name: &'t str) -> &'t str {
    field.labels.as_ref().and_then(|labels| labels.label_of(name)).unwrap_or(name)
}

/// The server's text of a form that stands for another; `None` where the string is the text.
fn server_text(kind: Kind, form: &str) -> Option<String> {
    match kind {
        Kind::Money => forms::from_decimal(form),
        kind if is_time(kind) => forms::from_iso(kind, form),
        _ => None,
    }
}

/// The server's text of an element of a list.
pub(super) fn decode_element(field: &Field, json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'{' if json.starts_with("{\"$") => {
            let (name, value) = unwrap(json)?;
            match name {
                "text" | "jsonText" => string(value).map(Cow::into_owned),
                "json" => Some(value.to_owned()),
                _ => None,
            }
        }
        _ if list::holds_json(field) => Some(json.to_owned()),
        b't' | b'f' if field.kind == Kind::Bool => Some(json[..1].to_owned()),
        b'-' | b'0'..=b'9' if matches!(field.kind, Kind::Int | Kind::Float4 | Kind::Float8) => Some(json.to_owned()),
        b'"' => {
            let text = string(json)?;
            match field.kind {
                Kind::Bytes => Some(list::text_of(&from_base64(&text)?)),
                _ if field.labels.is_some() => Some(label(field, &text).to_owned()),
                kind => Some(server_text(kind, &text).unwrap_or_else(|| text.into_owned())),
            }
        }
        _ => None,
    }
}

fn decode_wrapped(json: &str, row: &mut RowWriter<'_>) -> Option<()> {
    let (name, value) = unwrap(json)?;
    match name {
        "int" => row.int(canonical_int(&string(value)?)?),
        "real" => row.real(real_of_text(&string(value)?)?),
        "text" | "jsonText" => row.text(string(value)?.as_bytes()),
        "text64" => row.text(&from_base64(&string(value)?)?),
        "blob" => blob_of_base64(&string(value)?, row)?,
        "json" => row.text(value.as_bytes()),
        _ => return None,
    }
    Some(())
}

/// Name (without `$`) and value of `{"$name":value}`, which must be all there is.
fn unwrap(json: &str) -> Option<(&str, &str)> {
    let (name, rest) = json.strip_prefix("{\"$")?.split_once('"')?;
    let rest = rest.strip_prefix(':')?.trim_start();
    let (end, _) = Scanner::new(rest.as_bytes(), 0, usize::MAX).value().ok()?;
    let (value, close) = rest.split_at_checked(end)?;
    (close.trim_start() == "}").then_some((name, value))
}

fn string(json: &str) -> Option<Cow<'_, str>> {
    unescape(json.strip_prefix('"')?.strip_suffix('"')?)
}

fn canonical_int(text: &str) -> Option<i64> {
    let value: i64 = text.parse().ok()?;
    (itoa::Buffer::new().format(value) == text).then_some(value)
}

fn real_of_word(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "-0" => Some(-0.0),
        _ => None,
    }
}

fn real_of_text(text: &str) -> Option<f64> {
    // The bits of a NaN begin with 7ff or fff, which no decimal does.
    let is_bits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let bits = if is_bits { u64::from_str_radix(text, 16).ok() } else { None };
    let payload = bits.map(f64::from_bits).filter(|value| value.is_nan());
    real_of_word(text).or(payload).or_else(|| text.parse().ok())
}

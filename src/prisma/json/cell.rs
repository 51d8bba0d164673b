//! Rows and single values as JSON for those who show them: written as it is made, so that a long value is not held
//! twice.

use super::encode::{JsonForm, RecordEncoder, TextPosition, encode_value, is_text_apart};
use super::fields::Field;
use super::notes::ColumnNotes;
use super::text::has_nul;
use crate::codec::{Kind, RowReader, ValueRef};
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Bytes of a text or blob that is written piece by piece.
const LONG: usize = 64 << 10;

impl RecordEncoder {
    /// One row as a record.
    pub fn record<'r>(&'r self, row: &'r [u8]) -> RecordJson<'r> {
        RecordJson { encoder: self, row }
    }

    /// A value of the column at `at`, which must be one of the table's.
    pub fn cell<'r>(&'r self, at: usize, value: ValueRef<'r>) -> CellJson<'r> {
        CellJson { field: &self.fields().list[at], value }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RecordJson<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RowValues".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<CellJson<'_>>();
        schemars::json_schema!({
            "description": "A row: its values by field, in column order.",
            "type": "object",
            "additionalProperties": value
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for CellJson<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let part = generator.subschema_for::<CellJson<'_>>();
        schemars::json_schema!({
            "description": "A value of a row as exported files have it: see docs/EXPORT.md, section 3.",
            "type": ["null", "boolean", "number", "string", "array", "object"],
            "items": part,
            "additionalProperties": part
        })
    }
}

/// A row as [`RecordEncoder::encode`] writes it, without what stands between records.
#[derive(Debug, Clone, Copy)]
pub struct RecordJson<'r> {
    encoder: &'r RecordEncoder,
    row: &'r [u8],
}

impl Serialize for RecordJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = &self.encoder.fields().list;
        let values = RowReader::values(self.row, fields.len()).map_err(Error::custom)?;
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (field, value) in fields.iter().zip(values) {
            map.serialize_entry(&field.name, &CellJson { field, value })?;
        }
        map.end()
    }
}

/// A value as it stands in a record.
#[derive(Debug, Clone, Copy)]
pub struct CellJson<'r> {
    field: &'r Field,
    value: ValueRef<'r>,
}

impl Serialize for CellJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let long = match self.value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() > LONG => Long::of(self.field, self.value),
            _ => None,
        };
        match long {
            Some(Long { wrapper: Some(name), content }) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(name, &content)?;
                map.end()
            }
            Some(Long { wrapper: None, content }) => content.serialize(serializer),
            None => {
                let mut out = Vec::new();
                encode_value(self.field, self.value, &mut out, &mut ColumnNotes::default());
                let text = String::from_utf8(out).map_err(Error::custom)?;
                RawValue::from_string(text).map_err(Error::custom)?.serialize(serializer)
            }
        }
    }
}

/// A long text or blob.
struct Long<'r> {
    /// The only key of the object that it stands in, if it does.
    wrapper: Option<&'static str>,
    content: Content<'r>,
}

enum Content<'r> {
    Text(&'r str),
    Base64(&'r [u8]),
    Json(&'r str),
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Base64(bytes) => serializer.collect_str(&Base64Display::new(bytes, &STANDARD)),
            Content::Json(text) => {
                let raw: &RawValue = serde_json::from_str(text).map_err(Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}

impl<'r> Long<'r> {
    /// What `encode_value` makes of such a value; `None` of what can only be told as a whole.
    fn of(field: &Field, value: ValueRef<'r>) -> Option<Long<'r>> {
        let (wrapper, content) = match value {
            ValueRef::Blob(bytes) if field.kind == Kind::Bytes && !field.array => (None, Content::Base64(bytes)),
            ValueRef::Blob(bytes) => (Some("$blob"), Content::Base64(bytes)),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !has_nul(bytes) => return Long::text(field, text),
                _ => (Some("$text64"), Content::Base64(bytes)),
            },
            _ => return None,
        };
        Some(Long { wrapper, content })
    }

    fn text(field: &Field, text: &'r str) -> Option<Long<'r>> {
        let (wrapper, content) = match field.kind {
            _ if field.array || field.labels.is_some() => return None,
            _ if is_text_apart(field) => (Some("$text"), Content::Text(text)),
            Kind::Json | Kind::Jsonb => match JsonForm::of(field, TextPosition::Value, text).0 {
                JsonForm::Plain => (None, Content::Json(text)),
                JsonForm::Null | JsonForm::Wrapped => (Some("$json"), Content::Json(text)),
                JsonForm::Text => (Some("$jsonText"), Content::Text(text)),
                JsonForm::Broken => (Some("$text"), Content::Text(text)),
            },
            Kind::Text | Kind::Uuid | Kind::Interval | Kind::Enum | Kind::Other => (None, Content::Text(text)),
            _ => return None,
        };
        Some(Long { wrapper, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Column, Engine, Key, TableName, TableSchema, Value, row};
    use crate::prisma::ColumnNames;

    /// A value that is written piece by piece is what an export has.
    #[test]
    fn long_values_are_those_of_an_export() {
        let long = |piece: &str| piece.repeat(LONG / piece.len() + 1).into_bytes();
        let document = |open: &str| [open.as_bytes(), &long("a"), b"\"]}"].concat();
        let texts = [
            long("plain "),
            long("\"quoted\" \u{1} \\ é 家\n"),
            long("nul\0"),
            [&long("x")[..], b"\xff"].concat(),
            document("{\"a\":[\""),
            document("{\"$a\":[\""),
            document(" {\"a\":[\""),
            document("{\"a\":\n[\""),
            document("{\"a\":[["),
            [&b"[".repeat(LONG)[..], &b"]".repeat(LONG)].concat(),
        ];
        let values: Vec<Value> =
            texts.iter().flat_map(|text| [Value::Text(text.clone()), Value::Blob(text.clone())]).collect();
        for kind in
            [Kind::Text, Kind::Bytes, Kind::Json, Kind::Jsonb, Kind::Int, Kind::Numeric, Kind::Timestamp, Kind::Other]
        {
            for (engine, array) in [(Engine::SQLITE, false), (Engine::POSTGRES, false), (Engine::POSTGRES, true)] {
                let table = TableSchema {
                    table: TableName::bare("t"),
                    columns: vec![Column {
                        name: "v".to_owned(),
                        sql_type: String::new(),
                        kind,
                        array,
                        nullable: true,
                        default: None,
                        identity: None,
                        collation: None,
                    }],
                    generated: Vec::new(),
                    key: Key::Rows,
                    foreign_keys: Vec::new(),
                    unique: Vec::new(),
                };
                let mut encoder = RecordEncoder::of_table(engine, &table, &ColumnNames).unwrap();
                for value in &values {
                    let row = row::encode(std::slice::from_ref(value));
                    let mut exported = Vec::new();
                    encoder.encode(&row, &mut exported).unwrap();
                    let exported = std::str::from_utf8(&exported).unwrap().trim_start_matches([',', '\n', ' ']);
                    let shown = serde_json::to_string(&encoder.record(&row)).unwrap();
                    assert!(shown == exported, "{kind:?} {array}: {:.60} {:.60}", shown, exported);
                }
            }
        }
    }
}

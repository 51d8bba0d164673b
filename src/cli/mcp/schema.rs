//! JSON Schemas, written as short as they read.

use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

/// A text.
pub(super) fn text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

/// One of a few texts.
pub(super) fn one_of(what: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words, "description": what })
}

/// A whole number that is not negative.
pub(super) fn count(what: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": what })
}

/// Any number.
pub(super) fn number(what: &str) -> Value {
    json!({ "type": "number", "description": what })
}

/// True or false.
pub(super) fn flag(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}

/// A list of these.
pub(super) fn list(what: &str, item: Value) -> Value {
    json!({ "type": "array", "items": item, "description": what })
}

/// A list of texts.
pub(super) fn texts(what: &str) -> Value {
    list(what, json!({ "type": "string" }))
}

/// Values by names that are not known before.
pub(super) fn map(what: &str, value: Value) -> Value {
    json!({ "type": "object", "additionalProperties": value, "description": what })
}

/// Any value.
pub(super) fn anything(what: &str) -> Value {
    json!({ "description": what })
}

/// The same, or null.
pub(super) fn or_null(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(kind @ Value::String(_)) if kind != "object" => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// An object with these fields; `name?` may be missing.
pub(super) fn object(fields: &[(&str, Value)]) -> Value {
    let name = |field: &str| field.trim_end_matches('?').to_owned();
    let properties: Map<String, Value> = fields.iter().map(|(field, schema)| (name(field), schema.clone())).collect();
    let required: Vec<&str> = fields.iter().map(|(field, _)| *field).filter(|field| !field.ends_with('?')).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What a tool takes: no other arguments than these.
pub(super) fn arguments(fields: &[(&str, Value)]) -> JsonObject {
    let mut schema = root(object(fields));
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    schema
}

/// A schema that stands for itself.
pub(super) fn root(schema: Value) -> JsonObject {
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

/// How many rows came, changed and went since an older snapshot.
pub(super) fn change() -> Value {
    or_null(object(&[
        ("since", text("The snapshot that it is compared with")),
        ("added", count("Rows added")),
        ("changed", count("Rows changed")),
        ("removed", count("Rows removed")),
    ]))
}

//! Holds what was printed and written against the published schemas (`docs/schema/`).
//!
//! Published, they let a program pass that gets a field more: later versions add some. Here nothing may be there that
//! they do not describe, and no word may be in them that is not known here.

use super::files::{project, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Longer lines are rows of large tables, and take too long here.
const LONGEST: usize = 4 << 20;

/// The text of a published schema: `output`, `config` and so on.
pub fn published(name: &str) -> String {
    text(&project(&format!("docs/schema/{name}.schema.json")))
}

/// Holds a value against a published schema, or a definition in it; says what does not fit.
pub fn fits(name: &str, definition: Option<&str>, value: &Value) -> Result<(), String> {
    static READ: Mutex<BTreeMap<String, Arc<Value>>> = Mutex::new(BTreeMap::new());
    let read = || Arc::new(serde_json::from_str(&published(name)).unwrap());
    let whole = READ.lock().unwrap().entry(name.to_owned()).or_insert_with(read).clone();
    let schema = match definition {
        Some(definition) => &whole["$defs"][definition],
        None => &*whole,
    };
    assert!(schema.is_object(), "{name} does not describe {definition:?}");
    Rules(&whole).hold(schema, value, definition.unwrap_or(name)).map_err(|wrong| format!("{wrong}\nin {value}"))
}

/// The schema that definitions are looked up in.
struct Rules<'w>(&'w Value);

/// The fields of an object that are described; none if nothing is said of its fields.
type Described = Option<BTreeSet<String>>;

impl Rules<'_> {
    /// Holds a value against a schema. It has no fields but those that are described.
    fn hold(&self, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
        let described = self.check(schema, value, path)?;
        let names = value.as_object().into_iter().flat_map(|object| object.keys());
        match described.and_then(|described| names.into_iter().find(|name| !described.contains(*name)).cloned()) {
            Some(name) => Err(format!("{path}: `{name}` is not described")),
            None => Ok(()),
        }
    }

    fn check(&self, schema: &Value, value: &Value, path: &str) -> Result<Described, String> {
        let words = match schema {
            Value::Object(words) => words,
            Value::Bool(true) => return Ok(None),
            _ => return Err(format!("{path}: may not be there")),
        };
        let mut described = Described::None;
        for (word, rule) in words {
            match word.as_str() {
                "$ref" => {
                    let definition = self.0.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                    add(&mut described, self.check(definition, value, path)?);
                }
                "anyOf" | "oneOf" => {
                    let tried = rule.as_array().unwrap().iter().map(|branch| self.check(branch, value, path));
                    let (fit, unfit): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
                    if fit.is_empty() || word == "oneOf" && fit.len() > 1 {
                        let why: Vec<String> = unfit.into_iter().filter_map(Result::err).collect();
                        return Err(format!("{path}: fits {} of: {}", fit.len(), why.join("; ")));
                    }
                    fit.into_iter().flatten().for_each(|more| add(&mut described, more));
                }
                "properties" => {
                    let Value::Object(object) = value else { continue };
                    for (name, rule) in rule.as_object().unwrap() {
                        if let Some(value) = object.get(name) {
                            self.hold(rule, value, &format!("{path}.{name}"))?;
                        }
                    }
                    add(&mut described, Some(rule.as_object().unwrap().keys().cloned().collect()));
                }
                "additionalProperties" => {
                    let Value::Object(object) = value else { continue };
                    let named = schema.get("properties");
                    for (name, value) in object {
                        if named.is_none_or(|named| named.get(name).is_none()) {
                            self.hold(rule, value, &format!("{path}.{name}"))?;
                        }
                    }
                    add(&mut described, Some(object.keys().cloned().collect()));
                }
                "items" | "prefixItems" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        let rule = if word == "items" { Some(rule) } else { rule.get(at) };
                        rule.map_or(Ok(()), |rule| self.hold(rule, item, &format!("{path}[{at}]")))?;
                    }
                }
                _ if is_kept(word, rule, value) => {}
                _ => return Err(format!("{path}: {value} is not {word} {rule}")),
            }
        }
        Ok(described)
    }
}

fn add(described: &mut Described, more: Described) {
    if let Some(more) = more {
        described.get_or_insert_default().extend(more);
    }
}

/// Whether a value keeps to a rule that says nothing of what is in it.
fn is_kept(word: &str, rule: &Value, value: &Value) -> bool {
    match word {
        "title" | "description" | "default" | "contentEncoding" | "$schema" | "$defs" => true,
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().any(|kind| is_kept(word, kind, value)),
            _ => match rule.as_str().unwrap() {
                "null" => value.is_null(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                "string" => value.is_string(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("the type {other} is not known"),
            },
        },
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= rule.as_u64().unwrap()),
        "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= rule.as_u64().unwrap()),
        "required" => rule.as_array().unwrap().iter().all(|name| match value {
            Value::Object(object) => object.contains_key(name.as_str().unwrap()),
            _ => true,
        }),
        "format" if rule == "date-time" => {
            value.as_str().is_none_or(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok())
        }
        "pattern" if rule == "^[0-9a-f]{64}$" => {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            value.as_str().is_none_or(|text| text.len() == 64 && text.bytes().all(is_hex))
        }
        other => panic!("the word {other} ({rule}) is not known"),
    }
}

/// Panics if a program printed an object of dbsnap's that is not what the schema says. Whether what it printed is JSON
/// is for the test to see.
pub fn hold(stdout: &[u8]) {
    for line in stdout.split(|byte| *byte == b'\n').filter(|line| line.len() <= LONGEST) {
        let Some(definition) = definition_of(line) else { continue };
        let Ok(value) = serde_json::from_slice(line) else { continue };
        fits("output", Some(definition), &value).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// What a line is called in the schema, if it begins as dbsnap's do.
fn definition_of(line: &[u8]) -> Option<&str> {
    let kinds = [r#"diff","version""#, r#"table","table""#, r#"row","table""#, r#"end","different""#];
    if line.strip_prefix(br#"{"type":""#).is_some_and(|kind| kinds.iter().any(|one| kind.starts_with(one.as_bytes()))) {
        return Some("DiffLine");
    }
    let command = line.strip_prefix(br#"{"version":1,"command":""#)?;
    std::str::from_utf8(command.split(|byte| *byte == b'"').next()?).ok()
}

//! JSON Schemas of the files that dbsnap reads and writes, made from their types.

use super::config::Config;
use crate::codec::{Definition, StoredSchema};
use crate::hash::Hash;
use crate::prisma::{Metadata, RecordJson, WrittenManifest};
use crate::snapshot::{Manifest, Origin};
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Of `config.toml`: closed, since a field that is not known is refused. In draft 7, which editors know.
pub fn config() -> Value {
    let settings = SchemaSettings::draft07().with_transform(Plain);
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    titled(schema, "Settings of dbsnap: .dbsnap/config.toml")
}

/// Of the JSON file of an export.
pub fn backup() -> Value {
    titled(generator().into_root_schema_for::<Backup<'_>>(), "An exported table: backup_..._TABLE.json, format 1")
}

/// Of the list of all exports.
pub fn backup_manifest() -> Value {
    titled(generator().into_root_schema_for::<WrittenManifest>(), "The list of exported tables: backup_manifest.json")
}

/// Of a snapshot's manifest in the store, and of the table schemas that it names.
pub fn manifest() -> Value {
    let mut generator = generator();
    generator.subschema_for::<StoredSchema<'_>>();
    let schema = generator.into_root_schema_for::<Manifest>();
    titled(schema, "A manifest of the store, format 1, and the table schemas that it names")
}

/// Makes schemas of what is written.
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().with_transform(Plain).into_generator()
}

/// The same schema without what is for readers of the source only.
pub fn plain(mut schema: Schema) -> Value {
    Plain.transform(&mut schema);
    schema.to_value()
}

/// The same schema under a title.
fn titled(mut schema: Schema, title: &str) -> Value {
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// The JSON file of an export.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is written piece by piece")]
struct Backup<'b> {
    /// What the records are of.
    metadata: BackupMetadata,
    /// The rows of the table.
    data: Vec<RecordJson<'b>>,
}

/// The metadata with what an export adds to it.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is written piece by piece")]
struct BackupMetadata {
    #[schemars(flatten)]
    metadata: Metadata,
    /// The id of the snapshot that was exported.
    #[schemars(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Hash>,
    /// The database that the rows are of.
    #[schemars(skip_serializing_if = "Option::is_none")]
    source: Option<Origin>,
    /// The coding agent that took the snapshot.
    #[schemars(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// What it takes to make the table again.
    #[schemars(skip_serializing_if = "Option::is_none")]
    definition: Option<Definition>,
    /// The commit at which the project stood.
    #[schemars(skip_serializing_if = "Option::is_none")]
    git_commit: Option<String>,
    /// `sha256:` and the hex digits of the hash of all bytes of the file before this line. Always the last field.
    #[schemars(skip_serializing_if = "Option::is_none")]
    metadata_checksum: Option<String>,
}

/// Leaves out what is for readers of the source only (links in comments, formats of numbers that are none of JSON
/// Schema's), and null where a field is left out instead.
#[derive(Debug, Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        let is_number = schema.get("type").is_some_and(|kind| {
            let is_one = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number"));
            is_one(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_one))
        });
        if is_number {
            schema.remove("format");
        }
        // true and false have no words
        let Some(words) = schema.as_object_mut() else { return };
        words.shift_remove("readOnly");
        let required = words.get("required").cloned().unwrap_or_default();
        let is_required = |name: &String| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
        if let Some(Value::Object(fields)) = words.get_mut("properties") {
            fields.iter_mut().filter(|(name, _)| !is_required(name)).for_each(|(_, field)| never_null(field));
        }
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
        }
        transform_subschemas(self, schema);
    }
}

/// Takes null out of what a field may be.
fn never_null(field: &mut Value) {
    let Value::Object(words) = field else { return };
    if words.get("default").is_some_and(Value::is_null) {
        words.shift_remove("default");
    }
    if let Some(Value::Array(kinds)) = words.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            words.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(branches)) = words.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(branch)] = branches.as_slice() {
            let branch = branch.clone();
            words.shift_remove("anyOf");
            words.extend(branch);
        }
    }
}

//! Our reading of a schema against Prisma's own (its DMMF), over all schemas of the fixtures.

use super::{fixtures, schema_files};
use crate::support::files::project;
use crate::support::process::Project;
use dbsnap::prisma::schema::{DefaultValue, Enum, Field, FieldKind, Key, Model, Scalar, Schema};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Prisma's answers for these schemas: `datamodel` and `config`, or `error`.
pub(super) fn ask_prisma(schemas: &[PathBuf]) -> Vec<Value> {
    let program = project("tests/prisma/dmmf/dmmf.mjs");
    // For so short a run no time goes into making WebAssembly quick.
    let run = Project::new().program("node", ["--liftoff-only"]).arg(program).args(schemas).run().success();
    run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_schema_is_read_as_prisma_reads_it() {
    let schemas = fixtures();
    assert!(schemas.len() >= 25);
    let answers = ask_prisma(&schemas);
    assert_eq!(answers.len(), schemas.len());
    let mut differences = Vec::new();
    for (path, answer) in schemas.iter().zip(&answers) {
        let name = path.file_name().unwrap().to_string_lossy();
        assert_eq!(answer.get("error"), None, "Prisma itself refuses {name}");
        let schema = Schema::read(&schema_files(path)).unwrap_or_else(|error| panic!("{name}: {error}"));
        compare(&name, &as_datamodel(&schema), &expected(&answer["datamodel"]), &mut differences);
        compare(&name, &settings(&schema), &expected_settings(&answer["config"]), &mut differences);
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// The same through the real command: `prisma generate` gives its generators what it gives us above.
fn generate_says_the_same(chosen: &[&str]) {
    let schemas: Vec<PathBuf> = chosen.iter().map(|name| project("tests/fixtures/prisma").join(name)).collect();
    let answers = ask_prisma(&schemas);
    std::thread::scope(|scope| {
        for (path, answer) in schemas.iter().zip(&answers) {
            scope.spawn(move || assert_eq!(generate(path), answer["datamodel"], "{}", path.display()));
        }
    });
}

#[test]
fn prisma_generate_says_the_same() {
    generate_says_the_same(&["multi-file"]);
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn prisma_generate_says_the_same_of_the_plans_models() {
        generate_says_the_same(&["catalogue-postgresql.prisma", "catalogue-sqlite.prisma"]);
    }
}

/// Runs `prisma generate` on a copy of the schema with our generator added; what that was given.
fn generate(schema: &Path) -> Value {
    let place = Project::new();
    let base = schema.parent().unwrap();
    for file in schema_files(schema) {
        place.write(file.strip_prefix(base).unwrap().to_str().unwrap(), std::fs::read(&file).unwrap());
    }
    let generator = format!(
        "generator dmmf {{\n  provider = \"node {}\"\n  output = \"{}\"\n}}\n",
        project("tests/prisma/dmmf/generator.mjs").display(),
        place.path().join("dmmf.json").display()
    );
    let name = schema.file_name().unwrap().to_str().unwrap();
    match schema.is_dir() {
        true => drop(place.write(&format!("{name}/dmmf.prisma"), generator)),
        false => drop(place.write(name, format!("{}\n{generator}", std::fs::read_to_string(schema).unwrap()))),
    }
    let cli = project("tests/prisma/7/node_modules/prisma/build/index.js");
    let args = ["generate", "--generator", "dmmf", "--schema", name];
    let run = place.program("node", [cli.to_str().unwrap()].iter().chain(&args));
    // The engine would be fetched; what is asked for here needs none.
    run.env("PRISMA_SCHEMA_ENGINE_BINARY", "/bin/false").env("CHECKPOINT_DISABLE", "1").run().success();
    let said: Value = serde_json::from_slice(&std::fs::read(place.path().join("dmmf.json")).unwrap()).unwrap();
    said["datamodel"].clone()
}

/// What of a DMMF is compared: names and types, not what only queries need.
pub(super) fn expected(datamodel: &Value) -> Value {
    let models = datamodel["models"].as_array().unwrap().iter().map(|model| {
        let fields = model["fields"].as_array().unwrap().iter().map(|field| {
            let keys = [
                "name",
                "dbName",
                "kind",
                "type",
                "isList",
                "isRequired",
                "isUnique",
                "isId",
                "hasDefaultValue",
                "isUpdatedAt",
                "nativeType",
                "relationName",
                "relationFromFields",
                "relationToFields",
                "relationOnDelete",
                "relationOnUpdate",
                "documentation",
            ];
            let mut picked = pick(field, &keys);
            picked.insert("default".into(), shown_default(&field["default"], field["type"] == "DateTime"));
            Value::Object(picked)
        });
        let keys = ["name", "dbName", "schema", "primaryKey", "uniqueFields", "uniqueIndexes", "documentation"];
        let mut picked = pick(model, &keys);
        picked.insert("fields".into(), fields.collect());
        Value::Object(picked)
    });
    let enums = datamodel["enums"].as_array().unwrap().iter().map(|found| {
        let values = found["values"].as_array().unwrap().iter();
        let values: Value = values.map(|value| Value::Object(pick(value, &["name", "dbName"]))).collect();
        let mut picked = pick(found, &["name", "dbName", "documentation"]);
        picked.insert("values".into(), values);
        Value::Object(picked)
    });
    json!({ "models": sorted(models.collect()), "enums": sorted(enums.collect()) })
}

fn pick(from: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter().map(|key| ((*key).to_owned(), from.get(*key).cloned().unwrap_or(Value::Null))).collect()
}

fn sorted(mut list: Vec<Value>) -> Vec<Value> {
    list.sort_by_key(|value| value["name"].as_str().unwrap().to_owned());
    list
}

/// Functions by name; numbers as text, since Prisma writes the same number in several ways; times to the second.
fn shown_default(default: &Value, is_time: bool) -> Value {
    match default {
        Value::Object(call) if call["name"] == "sequence" => json!({ "call": "autoincrement" }),
        Value::Object(call) => json!({ "call": call["name"] }),
        Value::Number(number) => Value::String(number.as_f64().unwrap().to_string()),
        Value::Array(list) => list.iter().map(|value| shown_default(value, is_time)).collect(),
        Value::String(time) if is_time => json!(time.get(..19)),
        other => other.clone(),
    }
}

fn sorted_texts(list: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.sort_unstable();
    texts
}

fn mapped(name: &str, db_name: &str) -> Value {
    if name == db_name { Value::Null } else { json!(db_name) }
}

/// Our schema in the form of a DMMF.
pub(super) fn as_datamodel(schema: &Schema) -> Value {
    let models = schema.models.iter().filter(|model| !model.ignored).map(as_model);
    let enums = schema.enums.iter().map(as_enum);
    json!({ "models": sorted(models.collect()), "enums": sorted(enums.collect()) })
}

fn as_model(model: &Model) -> Value {
    // Of the way into a composite type Prisma tells the last step only.
    let steps = |key: &Key| key.fields.iter().map(|field| json!(field.rsplit('.').next())).collect::<Value>();
    let named = |key: &Key| json!({ "name": key.name, "fields": steps(key) });
    let in_block = || model.uniques.iter().filter(|key| !key.on_field);
    let fields = model.fields.iter().filter(|field| !field.ignored);
    let fields = fields.filter(|field| !matches!(field.kind, FieldKind::Unsupported(_)));
    json!({
        "name": model.name,
        "dbName": mapped(&model.name, &model.table),
        "schema": model.db_schema,
        "primaryKey": model.id.as_ref().filter(|key| !key.on_field).map(named),
        "uniqueFields": in_block().map(steps).collect::<Value>(),
        "uniqueIndexes": in_block().map(named).collect::<Value>(),
        "documentation": model.documentation,
        "fields": fields.map(as_field).collect::<Value>(),
    })
}

fn as_field(field: &Field) -> Value {
    let (kind, type_name) = match &field.kind {
        FieldKind::Scalar(scalar) => ("scalar", scalar.name()),
        FieldKind::Enum(name) => ("enum", name.as_str()),
        FieldKind::Relation(relation) => ("object", relation.model.as_str()),
        FieldKind::Unknown(name) | FieldKind::Unsupported(name) => ("object", name.as_str()),
    };
    let relation = match &field.kind {
        FieldKind::Relation(relation) => Some(relation),
        _ => None,
    };
    json!({
        "name": field.name,
        "dbName": mapped(&field.name, &field.column),
        "kind": kind,
        "type": type_name,
        "isList": field.list,
        "isRequired": !field.optional,
        "isUnique": field.unique && !field.id,
        "isId": field.id,
        "hasDefaultValue": field.default.is_some(),
        "isUpdatedAt": field.updated_at,
        "nativeType": field.native.as_ref().map(|native| json!([native.name, native.arguments])),
        "relationName": relation.map(|relation| &relation.name),
        "relationFromFields": relation.map(|relation| &relation.fields),
        "relationToFields": relation.map(|relation| &relation.references),
        "relationOnDelete": relation.and_then(|relation| relation.on_delete).map(|action| action.name()),
        "relationOnUpdate": relation.and_then(|relation| relation.on_update).map(|action| action.name()),
        "documentation": field.documentation,
        "default": field.default.as_ref().map_or(Value::Null, |default| as_default(default, &field.kind)),
    })
}

fn as_default(default: &DefaultValue, kind: &FieldKind) -> Value {
    use DefaultValue as Default;
    match default {
        Default::Text(time) if *kind == FieldKind::Scalar(Scalar::DateTime) => json!(time.get(..19)),
        Default::Number(number) if *kind == FieldKind::Scalar(Scalar::BigInt) => json!(number),
        Default::AutoIncrement => json!({ "call": "autoincrement" }),
        Default::Now => json!({ "call": "now" }),
        Default::Made(name) => json!({ "call": name }),
        Default::DbGenerated(_) => json!({ "call": "dbgenerated" }),
        Default::Text(text) | Default::EnumValue(text) => json!(text),
        Default::Number(number) => json!(number.parse::<f64>().unwrap().to_string()),
        Default::Boolean(value) => json!(value),
        Default::List(values) => values.iter().map(|value| as_default(value, kind)).collect(),
    }
}

fn as_enum(found: &Enum) -> Value {
    let values = found.values.iter();
    json!({
        "name": found.name,
        "dbName": mapped(&found.name, &found.db_name),
        "documentation": found.documentation,
        "values": values.map(|value| json!({ "name": value.name, "dbName": mapped(&value.name, &value.label) })).collect::<Value>(),
    })
}

fn settings(schema: &Schema) -> Value {
    let datasource = schema.datasource.as_ref().unwrap();
    let mut schemas = datasource.schemas.clone();
    schemas.sort();
    json!({
        "datasource": { "name": datasource.name, "provider": datasource.provider, "schemas": schemas },
        "generators": schema.generators.iter().map(|generator| json!({
            "name": generator.name,
            "provider": generator.provider,
            "output": generator.output,
            "engineType": generator.engine_type,
            "previewFeatures": sorted_texts(&json!(generator.preview_features)),
        })).collect::<Value>(),
    })
}

fn expected_settings(answer: &Value) -> Value {
    // Older versions wrap it.
    let config = answer.get("config").unwrap_or(answer);
    let datasource = &config["datasources"][0];
    json!({
        "datasource": { "name": datasource["name"], "provider": datasource["provider"], "schemas": datasource["schemas"] },
        "generators": config["generators"].as_array().unwrap().iter().map(|generator| json!({
            "name": generator["name"],
            "provider": generator["provider"]["value"],
            "output": generator["output"]["value"],
            "engineType": generator["config"].get("engineType").cloned().unwrap_or(Value::Null),
            "previewFeatures": sorted_texts(&generator["previewFeatures"]),
        })).collect::<Value>(),
    })
}

/// Appends every difference between the two, with the way to it.
pub(super) fn compare(at: &str, ours: &Value, theirs: &Value, differences: &mut Vec<String>) {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, theirs) in theirs {
                compare(&format!("{at}.{key}"), ours.get(key).unwrap_or(&Value::Null), theirs, differences);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let part = name(theirs).unwrap_or_else(|| index.to_string());
                compare(&format!("{at}.{part}"), ours, theirs, differences);
            }
        }
        (ours, theirs) if ours != theirs => differences.push(format!("{at}: we say {ours}, Prisma {theirs}")),
        _ => {}
    }
}

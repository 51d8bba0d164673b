//! The JSON Schema of all that is printed as JSON, made from the types of the reports.

use super::commands::{history, pin, run, schema, sql, tag};
use super::diff::{Line, Whole};
use crate::ops::agent::{AgentOptions, AgentPlan};
use crate::ops::delete::{DeleteOptions, DeleteReport};
use crate::ops::gc::{GcOptions, GcReport};
use crate::ops::json::{Failure, VERSION};
use crate::ops::refs::MarkReport;
use crate::ops::restore::{RestoreOptions, RestoreReport, UndoOptions};
use crate::ops::schema::{generator, plain};
use crate::ops::snap::{SnapOptions, SnapReport};
use crate::ops::{
    Operation, Plan, agent, amend, check, diff, doctor, export, import, init, log, repair, show, tables, undelete,
    verify,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// Makes one form of a command's output.
type Form = fn(&mut SchemaGenerator) -> Schema;

/// The commands, and the forms of what each prints.
const OUTPUTS: &[(&str, &[Form])] = &[
    ("agent", &[plan::<AgentOptions>, done::<AgentPlan>, report::<agent::StatusReport>]),
    ("amend", &[report::<amend::AmendReport>]),
    ("backups", &[report::<export::BackupsReport>]),
    ("check", &[report::<check::CheckReport>]),
    ("delete", &[plan::<DeleteOptions>, report::<DeleteReport>]),
    ("diff", &[report::<Whole<'_>>]),
    ("doctor", &[report::<doctor::DoctorReport>]),
    ("error", &[report::<Failure>]),
    ("export", &[report::<export::ExportReport>]),
    ("gc", &[plan::<GcOptions>, done::<GcReport>]),
    ("history", &[report::<history::Told<'_>>]),
    ("import", &[report::<import::ImportReport>]),
    ("init", &[report::<init::InitReport>]),
    ("log", &[report::<log::LogReport>]),
    ("pin", &[report::<MarkReport>, report::<pin::Pins<'_>>]),
    ("repair", &[report::<repair::RepairReport>]),
    ("restore", &[plan::<RestoreOptions>, done::<RestoreReport>]),
    ("run", &[report::<run::Told<'_>>, report::<run::NotCompared<'_>>]),
    ("schema", &[report::<schema::Schemas>]),
    ("show", &[report::<show::ShowReport>]),
    ("snap", &[plan::<SnapOptions>, report::<SnapReport>]),
    ("sql", &[report::<sql::Answer<'_>>]),
    ("status", &[report::<diff::StatusReport>]),
    ("tables", &[report::<tables::TablesReport>]),
    ("tag", &[report::<MarkReport>, report::<tag::Tags<'_>>]),
    ("undelete", &[report::<undelete::UndeleteReport>]),
    ("undo", &[plan::<UndoOptions>, done::<RestoreReport>]),
    ("unpin", &[report::<MarkReport>]),
    ("verify", &[report::<verify::VerifyReport>]),
];

/// Of the one object that a command prints. `$defs` has the objects of each command under its name, and the lines of
/// `diff -o jsonl` as `DiffLine`.
pub fn output() -> Value {
    let mut generator = generator();
    let mut definitions = Map::new();
    for (command, forms) in OUTPUTS {
        let mut forms: Vec<Schema> = forms.iter().map(|form| in_envelope(command, &form(&mut generator))).collect();
        let whole = if forms.len() == 1 { forms.remove(0) } else { json_schema!({ "anyOf": forms }) };
        definitions.insert((*command).to_owned(), whole.to_value());
    }
    generator.subschema_for::<Line<'_>>();
    definitions.extend(generator.take_definitions(true));
    let commands: Vec<Value> =
        OUTPUTS.iter().map(|(command, _)| json!({ "$ref": format!("#/$defs/{command}") })).collect();
    plain(json_schema!({
        "$schema": generator.settings().meta_schema.as_deref(),
        "title": "What dbsnap prints with --json",
        "anyOf": commands,
        "$defs": definitions
    }))
}

/// What was done.
fn report<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// What would be done.
fn plan<O>(generator: &mut SchemaGenerator) -> Schema
where
    O: Operation + JsonSchema,
    O::Effect: JsonSchema,
{
    with(
        &Plan::<O>::json_schema(generator),
        &[("dryRun", json!({ "const": true })), ("applied", json!({ "const": false }))],
    )
}

/// What was done, and could have been only planned.
fn done<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    with(&T::json_schema(generator), &[("dryRun", json!({ "const": false }))])
}

fn in_envelope(command: &str, schema: &Schema) -> Schema {
    with(schema, &[("version", json!({ "const": VERSION })), ("command", json!({ "const": command }))])
}

/// The schema of an object with some more fields, which come first.
fn with(schema: &Schema, first: &[(&str, Value)]) -> Schema {
    let mut schema = schema.clone();
    let mut properties: Map<String, Value> =
        first.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut required: Vec<Value> = first.iter().map(|(name, _)| (*name).into()).collect();
    if let Some(Value::Object(more)) = schema.remove("properties") {
        properties.extend(more);
    }
    if let Some(Value::Array(more)) = schema.remove("required") {
        required.extend(more);
    }
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), required.into());
    schema
}

#[cfg(test)]
mod tests {
    use super::OUTPUTS;
    use crate::cli::commands::Cli;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// These print what has a form of its own, or nothing for programs.
    const WITHOUT: [&str; 5] = ["completions", "demo", "hook", "man", "mcp"];

    #[test]
    fn what_each_command_prints_is_described() {
        let cli = Cli::command();
        let commands: BTreeSet<&str> = cli.get_subcommands().map(|command| command.get_name()).collect();
        let described = OUTPUTS.iter().map(|(command, _)| *command).filter(|command| *command != "error");
        assert_eq!(described.chain(WITHOUT).collect::<BTreeSet<_>>(), commands);
    }
}

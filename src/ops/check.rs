//! `check`: what a script or a shell command would do to the tables. Needs neither store nor database.

use super::OpError;
use super::repository::Repository;
use crate::check;
use crate::check::Files;
pub use crate::check::{Effect, Finding, Language, Verdict};
use crate::prisma::schema::{FieldKind, Model, Schema};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Programs are followed call by call, which takes stack.
const STACK: usize = 512 << 20;

/// What is checked.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The script.
    pub script: Script,
    /// What it is written in, if that is not to be guessed.
    pub language: Option<Language>,
}

/// A script, by its name or itself.
#[derive(Debug, Clone)]
pub enum Script {
    /// A file, relative to the directory in which the command runs.
    File(PathBuf),
    /// A text that has no file.
    Text(String),
}

/// What a script does.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// What it comes to.
    pub verdict: Verdict,
    /// The tables whose rows or definition it changes or removes, as far as it names them.
    pub tables: Vec<String>,
    /// Each statement or call that changes the database, or may.
    pub findings: Vec<Finding>,
    /// The files that were read.
    pub files: Vec<String>,
}

/// Tells what a script does.
///
/// # Errors
/// If it cannot be read, or its language cannot be told.
pub fn check(repository: &Repository, options: &CheckOptions) -> Result<CheckReport, OpError> {
    if let Script::File(path) = &options.script {
        let path = repository.dir().join(path);
        std::fs::metadata(&path).map_err(|error| OpError::io("read", &path, error))?;
    }
    let (root, dir) = (repository.root.as_path(), repository.dir());
    let (mut findings, files) = std::thread::scope(|scope| {
        let read = || read(root, dir, options);
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        let thread = thread.map_err(|error| OpError::io("start a thread in", dir, error))?;
        // A thread ends without a result only by a bug.
        let ended = thread.join().map_err(|_| OpError::Usage("the script cannot be followed".to_owned()))?;
        ended.map_err(OpError::Usage)
    })?;
    if let Some(schema) = repository.models().schema() {
        findings.iter_mut().for_each(|finding| resolve(finding, schema));
    } else {
        // Without a schema a link is a part of the write around it.
        findings.retain(|finding| !finding.tables.iter().any(|table| table.ends_with(['+', '='])));
    }
    findings.retain(|finding| finding.tables != [NO_RELATION]);
    let mut tables: Vec<String> = Vec::new();
    for table in findings.iter().filter(|one| one.effect != Effect::Insert).flat_map(|finding| &finding.tables) {
        if !tables.contains(table) {
            tables.push(table.clone());
        }
    }
    Ok(CheckReport { verdict: Verdict::of(&findings), tables, findings, files })
}

fn read(root: &Path, dir: &Path, options: &CheckOptions) -> Result<(Vec<Finding>, Vec<String>), String> {
    let files = Files::new(root, dir);
    let findings = match &options.script {
        Script::File(path) => {
            files.allow(path);
            let language = options.language.or_else(|| Language::of(&files.read(path).ok()?));
            if language.is_none() && files.read(path).is_ok() {
                let what = format!("it cannot be told what {} is written in: name it with --language", path.display());
                return Err(what);
            }
            check::file_in(path, language, &files)?
        }
        Script::Text(text) => {
            let language = options.language.unwrap_or_else(|| Language::guess(text));
            check::text(text, language, &files)
        }
    };
    Ok((findings, files.names()))
}

/// Stands for a field of a model that is no relation: a write within it is part of the write around it.
const NO_RELATION: &str = "";

/// Puts tables in the place of models.
fn resolve(finding: &mut Finding, schema: &Schema) {
    let mut tables: Vec<String> = Vec::new();
    for name in std::mem::take(&mut finding.tables) {
        let table = match name.strip_suffix(['+', '=']) {
            Some(path) => {
                let (table, is_joined) = link_of(path, schema);
                if is_joined && name.ends_with('+') {
                    finding.effect = Effect::Insert;
                }
                table
            }
            None => table_of(&name, schema),
        };
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    finding.tables = tables;
}

/// The table that a name stands for: a table's own, a model's, or that of a relation (`user.posts`).
fn table_of(name: &str, schema: &Schema) -> String {
    let models = || schema.models.iter();
    let plain = name.strip_prefix("public.").unwrap_or(name);
    if models().any(|model| model.table == plain) {
        return plain.to_owned();
    }
    let of_client = |name: &str| models().find(|model| model.accessor() == name || model.name == name);
    if let Some(model) = of_client(name) {
        return model.table.clone();
    }
    let mut parts = name.split('.');
    let Some(mut model) = parts.next().and_then(of_client) else { return plain.to_owned() };
    for field in parts {
        let Some(next) = related(model, field, schema) else { return NO_RELATION.to_owned() };
        model = next;
    }
    model.table.clone()
}

/// The table that holds a link between models (`user.posts`), and whether it holds nothing else.
fn link_of(path: &str, schema: &Schema) -> (String, bool) {
    let none = || (NO_RELATION.to_owned(), false);
    let Some((path, field)) = path.rsplit_once('.') else { return none() };
    let from = table_of(path, schema);
    let Some(model) = schema.models.iter().find(|model| model.table == from) else { return none() };
    let Some(FieldKind::Relation(relation)) = model.field(field).map(|field| &field.kind) else { return none() };
    if let Some(join) = schema.join_tables.iter().find(|join| join.relation == relation.name) {
        return (join.table.clone(), true);
    }
    match related(model, field, schema) {
        // The link is a column of the other table; one of this table is part of the write around it.
        Some(other) if relation.fields.is_empty() => (other.table.clone(), false),
        _ => none(),
    }
}

/// The model that a field leads to.
fn related<'s>(model: &Model, field: &str, schema: &'s Schema) -> Option<&'s Model> {
    match &model.field(field)?.kind {
        FieldKind::Relation(relation) => schema.model(&relation.model),
        _ => None,
    }
}

//! From blocks to a schema: what each name means.

mod fields;
mod keys;
mod relations;
mod settings;

use super::parse::Parsed;
use super::syntax::{Attribute, Block, Entry, Expression, Sort};
use super::{Enum, EnumValue, Model, Position, Schema, SchemaError, Warning};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A file and what it holds.
pub(super) type File = (Arc<Path>, Parsed);

/// The names that a schema declares, and what they are.
type Declared<'b> = BTreeMap<&'b str, Sort>;

/// Gives the blocks of all files their meaning.
pub(super) fn resolve(files: &[File]) -> Result<Schema, SchemaError> {
    let mut schema = Schema::default();
    let declared = declared(files)?;
    for (file, parsed) in files {
        let mut reader = Reader { file, declared: &declared, warnings: &mut schema.warnings };
        for (line, what) in &parsed.passed_over {
            reader.warn(*line, what.clone());
        }
        for block in &parsed.blocks {
            match block.sort {
                Sort::Model | Sort::View => schema.models.push(reader.model(block)?),
                Sort::Enum => schema.enums.push(reader.enumeration(block)?),
                Sort::Datasource => {
                    let datasource = reader.datasource(block);
                    schema.datasource.get_or_insert(datasource);
                }
                Sort::Generator => schema.generators.push(reader.generator(block)),
                Sort::Composite => {}
            }
        }
    }
    relations::complete(&mut schema)?;
    Ok(schema)
}

/// What every name stands for; no two blocks that fields can name share one.
fn declared(files: &[File]) -> Result<Declared<'_>, SchemaError> {
    let mut declared = Declared::new();
    for (file, parsed) in files {
        for block in &parsed.blocks {
            if !matches!(block.sort, Sort::Datasource | Sort::Generator)
                && declared.insert(&block.name, block.sort).is_some()
            {
                let at = Position { file: Arc::clone(file), line: block.line };
                return Err(SchemaError::Meaning { at, what: format!("{} is declared a second time", block.name) });
            }
        }
    }
    Ok(declared)
}

/// Reads the blocks of one file.
struct Reader<'r> {
    file: &'r Arc<Path>,
    declared: &'r Declared<'r>,
    warnings: &'r mut Vec<Warning>,
}

impl Reader<'_> {
    fn at(&self, line: u32) -> Position {
        Position { file: Arc::clone(self.file), line }
    }

    fn wrong(&self, line: u32, what: impl Into<String>) -> SchemaError {
        SchemaError::Meaning { at: self.at(line), what: what.into() }
    }

    fn warn(&mut self, line: u32, what: impl Into<String>) {
        let at = self.at(line);
        self.warnings.push(Warning { at, what: what.into() });
    }

    fn model(&mut self, block: &Block) -> Result<Model, SchemaError> {
        self.no_name_twice(block)?;
        let mut fields = Vec::with_capacity(block.entries.len());
        for entry in &block.entries {
            fields.push(self.field(entry, &block.name)?);
        }
        let (mut id, mut uniques) = (None, Vec::new());
        for (field, entry) in fields.iter().zip(&block.entries) {
            keys::of_field(field, entry, &mut id, &mut uniques);
        }
        let (mut table, mut db_schema, mut ignored) = (None, None, false);
        for attribute in &block.attributes {
            match attribute.name.as_str() {
                "map" => table = Some(self.name_in(attribute, "name")?),
                "schema" => db_schema = Some(self.name_in(attribute, "map")?),
                "ignore" => ignored = true,
                // Unique among some rows only: no key.
                "unique" if attribute.argument("where", false).is_some() => {}
                "id" => id = Some(self.key(attribute, &fields)?),
                "unique" => uniques.push(self.key(attribute, &fields)?),
                "index" | "fulltext" | "shardKey" => {}
                other => self.warn(attribute.line, format!("@@{other} is not known and was ignored")),
            }
        }
        keys::mark(&mut fields, id.as_ref(), &uniques);
        Ok(Model {
            name: block.name.clone(),
            table: table.unwrap_or_else(|| block.name.clone()),
            db_schema,
            fields,
            id,
            uniques,
            ignored,
            view: block.sort == Sort::View,
            documentation: block.documentation.clone(),
            at: self.at(block.line),
        })
    }

    fn enumeration(&mut self, block: &Block) -> Result<Enum, SchemaError> {
        self.no_name_twice(block)?;
        let mut values = Vec::with_capacity(block.entries.len());
        for entry in &block.entries {
            let label = self.mapped(entry)?.unwrap_or_else(|| entry.name.clone());
            values.push(EnumValue { name: entry.name.clone(), label });
        }
        let (mut db_name, mut db_schema) = (block.name.clone(), None);
        for attribute in &block.attributes {
            match attribute.name.as_str() {
                "map" => db_name = self.name_in(attribute, "name")?,
                "schema" => db_schema = Some(self.name_in(attribute, "map")?),
                other => self.warn(attribute.line, format!("@@{other} is not known and was ignored")),
            }
        }
        let documentation = block.documentation.clone();
        Ok(Enum { name: block.name.clone(), db_name, db_schema, values, documentation, at: self.at(block.line) })
    }

    fn no_name_twice(&self, block: &Block) -> Result<(), SchemaError> {
        let mut names = BTreeSet::new();
        match block.entries.iter().find(|entry| !names.insert(&entry.name)) {
            None => Ok(()),
            Some(entry) => {
                let what = format!("{} has a second {}", block.name, entry.name);
                Err(self.wrong(entry.line, what))
            }
        }
    }

    /// What `@map` says.
    fn mapped(&self, entry: &Entry) -> Result<Option<String>, SchemaError> {
        let map = entry.attributes.iter().find(|attribute| attribute.name == "map");
        map.map(|attribute| self.name_in(attribute, "name")).transpose()
    }

    /// The name that an attribute gives.
    fn name_in(&self, attribute: &Attribute, argument: &str) -> Result<String, SchemaError> {
        match attribute.argument(argument, true).and_then(Expression::text) {
            Some(name) => Ok(name.to_owned()),
            None => Err(self.wrong(attribute.line, format!("@{} has no name in quotes", attribute.name))),
        }
    }
}

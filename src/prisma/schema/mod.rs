//! A project's Prisma schema, read: which model stands for which table, and which field for which column.
//!
//! The names on the left are Prisma's (`Mod`, `contentType`, `CREATOR`), those on the right the database's (`mods`,
//! `content_type`, `creator`). What this reader does not know it passes over with a [`Warning`]: a schema of a later
//! Prisma still tells its tables.

mod cursor;
mod enumeration;
mod error;
mod model;
mod parse;
mod resolve;
mod settings;
mod syntax;
mod tokens;

pub use enumeration::{Enum, EnumValue};
pub use error::{Position, SchemaError, Warning};
pub use model::{DefaultValue, Field, FieldKind, JoinTable, Key, Model, NativeType, Relation, RelationAction, Scalar};
pub use settings::{Datasource, Generator, Setting};

use crate::codec::TableName;
use crate::fsio::{LARGE_INPUT, read_input_text};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A whole schema, of one file or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// The database.
    pub datasource: Option<Datasource>,
    /// The clients that are made of it.
    pub generators: Vec<Generator>,
    /// Models and views, in the order of the files.
    pub models: Vec<Model>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Tables of implicit many-to-many relations.
    pub join_tables: Vec<JoinTable>,
    /// What was ignored.
    pub warnings: Vec<Warning>,
}

impl Schema {
    /// Reads a schema of one file.
    ///
    /// # Errors
    /// [`SchemaError::Syntax`] or [`SchemaError::Meaning`] with the line that is wrong.
    pub fn parse(file: &Path, text: &str) -> Result<Schema, SchemaError> {
        Schema::parse_all(&[(file.to_owned(), text.to_owned())])
    }

    /// Reads a schema of several files: their names and texts.
    ///
    /// # Errors
    /// As [`Schema::parse`].
    pub fn parse_all(files: &[(PathBuf, String)]) -> Result<Schema, SchemaError> {
        let mut parsed = Vec::with_capacity(files.len());
        for (path, text) in files {
            let file: Arc<Path> = Arc::from(path.as_path());
            let content = parse::parse(text).map_err(|(line, what)| {
                let at = Position { file: Arc::clone(&file), line };
                SchemaError::Syntax { at, what }
            })?;
            parsed.push((file, content));
        }
        resolve::resolve(&parsed)
    }

    /// Reads the schema in these files, in this order.
    ///
    /// # Errors
    /// As [`Schema::parse`], and [`SchemaError::Io`].
    pub fn read(files: &[PathBuf]) -> Result<Schema, SchemaError> {
        let read = |path: &PathBuf| match read_input_text(path, LARGE_INPUT) {
            Ok(text) => Ok((path.clone(), text)),
            Err(source) => Err(SchemaError::Io { path: path.clone(), source }),
        };
        Schema::parse_all(&files.iter().map(read).collect::<Result<Vec<_>, _>>()?)
    }

    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The enum of that name.
    pub fn enumeration(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|found| found.name == name)
    }

    /// The model that stands for `table`. `default_schema` is the database schema of models that name none: what the
    /// URL's `?schema=` says, else `public`.
    pub fn model_of(&self, table: &TableName, default_schema: &str) -> Option<&Model> {
        self.models.iter().find(|model| is_table(table, &model.table, model.db_schema.as_deref(), default_schema))
    }

    /// The many-to-many relation whose table `table` is.
    pub fn join_table_of(&self, table: &TableName, default_schema: &str) -> Option<&JoinTable> {
        self.join_tables.iter().find(|join| is_table(table, &join.table, join.db_schema.as_deref(), default_schema))
    }

    /// The generator of Prisma's own client: the first that is one.
    pub fn client(&self) -> Option<&Generator> {
        let is_client = |generator: &&Generator| generator.provider.starts_with("prisma-client");
        self.generators.iter().find(is_client)
    }
}

fn is_table(table: &TableName, name: &str, schema: Option<&str>, default_schema: &str) -> bool {
    table.name == name && table.schema.as_deref().is_none_or(|have| have == schema.unwrap_or(default_schema))
}

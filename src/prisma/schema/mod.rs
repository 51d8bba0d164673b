//! A project's Prisma schema, read: which model stands for which table, and which field for which column.
//!
//! The names on the left are Prisma's (`Mod`, `contentType`, `CREATOR`), those on the right the database's (`mods`,
//! `content_type`, `creator`). What this reader does not know it passes over with a [`Warning`]: a schema of a later Prisma
//! still tells its tables.

mod enumeration;
mod error;
mod model;
mod settings;

pub use enumeration::{Enum, EnumValue};
pub use error::{Position, SchemaError, Warning};
pub use model::{DefaultValue, Field, FieldKind, JoinTable, Key, Model, NativeType, Relation, RelationAction, Scalar};
pub use settings::{Datasource, Generator, Setting};

use crate::codec::TableName;

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
    /// What was passed over.
    pub warnings: Vec<Warning>,
}

impl Schema {
    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The enum of that name.
    pub fn enumeration(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|found| found.name == name)
    }

    /// The model that stands for `table`. `default_schema` is the database schema of models that name none: what the URL's
    /// `?schema=` says, else `public`.
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

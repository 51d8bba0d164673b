//! What a project's Prisma schema says of its tables: models for tables, fields for columns.

use super::repository::Repository;
use super::settings;
use crate::codec::{TableName, TableSchema};
use crate::db::FilterNames;
use crate::prisma::schema::{Field, FieldKind, JoinTable, Model, Schema};
use crate::prisma::{self, ColumnNames, FieldNames};

impl Repository {
    /// The model that stands for `table`.
    pub fn model_of(&self, table: &TableName) -> Option<&Model> {
        self.models().schema()?.model_of(table, self.default_schema().unwrap_or("public"))
    }

    /// The many-to-many relation whose table `table` is.
    pub fn join_table_of(&self, table: &TableName) -> Option<&JoinTable> {
        self.models().schema()?.join_table_of(table, self.default_schema().unwrap_or("public"))
    }

    /// The names that may stand in a filter on `table` beside those of the database.
    pub fn filter_names(&self, table: &TableName) -> FieldNamesOf<'_> {
        FieldNamesOf { schema: self.models().schema(), model: self.model_of(table) }
    }

    /// What the records of a table call its columns: Prisma's fields where the schema knows the table, else the
    /// columns' own names.
    pub(super) fn field_names(&self, table: &TableSchema) -> Box<dyn FieldNames> {
        // Models that name no database schema are in the one of the URL, which may be any.
        let default = table.table.schema.as_deref().unwrap_or("public");
        match self.models().schema().and_then(|schema| prisma::ModelNames::find(schema, table, default)) {
            Some(names) => Box::new(names),
            None => Box::new(ColumnNames),
        }
    }

    /// The database schema that the URL names (`?schema=`).
    pub(super) fn default_schema(&self) -> Option<&str> {
        let find = || settings::database_url(self).ok()?.url.schema().map(str::to_owned);
        self.models().default_schema.get_or_init(find).as_deref()
    }
}

/// The field names of one model and the values of its enums.
#[derive(Debug, Clone, Copy)]
pub struct FieldNamesOf<'s> {
    schema: Option<&'s Schema>,
    model: Option<&'s Model>,
}

impl FieldNamesOf<'_> {
    fn field(&self, name: &str) -> Option<&Field> {
        self.model?.columns().find(|field| field.name == name)
    }
}

impl FilterNames for FieldNamesOf<'_> {
    fn column(&self, name: &str) -> Option<String> {
        self.field(name).map(|field| field.column.clone())
    }

    fn label(&self, column: &str, value: &str) -> Option<String> {
        let FieldKind::Enum(name) = &self.model?.field_of_column(column)?.kind else { return None };
        let found = self.schema?.enumeration(name)?;
        // What is a label already stays one.
        if found.name_of(value).is_some() { None } else { found.label(value).map(str::to_owned) }
    }
}

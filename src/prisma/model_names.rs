//! What a Prisma schema calls the columns, key and enum values of one table.

use super::json::FieldNames;
use super::schema::{Field, FieldKind, Model, Schema};
use crate::codec::{TableName, TableSchema};
use std::collections::{BTreeSet, HashMap};

/// The names of one table's model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelNames {
    model: Option<String>,
    key: Option<String>,
    columns: HashMap<String, Named>,
}

/// What one column is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Named {
    field: String,
    labels: Vec<(String, String)>,
    hidden: bool,
}

impl ModelNames {
    /// The names that `schema` has for `table`. `default_schema` is the database schema of models that name none.
    /// `None` if no model stands for the table, or if a column that it does not have is called as one of its fields.
    pub fn find(schema: &Schema, table: &TableSchema, default_schema: &str) -> Option<ModelNames> {
        let model = find_model(schema, &table.table, default_schema)?;
        let mut columns = HashMap::new();
        let mut taken = BTreeSet::new();
        for column in &table.columns {
            let named = match model.field_of_column(&column.name) {
                Some(field) => Named {
                    field: field.name.clone(),
                    labels: labels(schema, field),
                    hidden: field.ignored || matches!(field.kind, FieldKind::Unsupported(_)),
                },
                None => Named { field: column.name.clone(), labels: Vec::new(), hidden: true },
            };
            if !taken.insert(named.field.clone()) {
                return None;
            }
            columns.insert(column.name.clone(), named);
        }
        let mut names = ModelNames { model: None, key: None, columns };
        let key: Vec<String> = table.key_names().into_iter().map(|column| names.field(column).to_owned()).collect();
        let mut keys = model.id.iter().chain(&model.uniques);
        let wanted: BTreeSet<&str> = key.iter().map(String::as_str).collect();
        let found = keys.find(|one| one.fields.iter().map(String::as_str).collect::<BTreeSet<_>>() == wanted);
        let (name, is_joined) =
            found.map_or((None, true), |one| (Some(one.client_name()), one.client_name() == key.join("_")));
        names.model = (!model.ignored && !model.view && found.is_some()).then(|| model.accessor());
        names.key = name.filter(|_| key.len() > 1 && !is_joined);
        Some(names)
    }
}

/// The model of a table: in PostgreSQL by schema as well.
fn find_model<'s>(schema: &'s Schema, table: &TableName, default_schema: &str) -> Option<&'s Model> {
    schema.model_of(table, default_schema).filter(|model| !model.view)
}

fn labels(schema: &Schema, field: &Field) -> Vec<(String, String)> {
    let FieldKind::Enum(name) = &field.kind else { return Vec::new() };
    let values = schema.enumeration(name).map(|found| found.values.as_slice()).unwrap_or_default();
    values.iter().map(|value| (value.name.clone(), value.label.clone())).collect()
}

impl FieldNames for ModelNames {
    fn field<'n>(&'n self, column: &'n str) -> &'n str {
        self.columns.get(column).map_or(column, |named| named.field.as_str())
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn labels(&self, column: &str) -> &[(String, String)] {
        self.columns.get(column).map_or(&[], |named| named.labels.as_slice())
    }

    fn is_hidden(&self, column: &str) -> bool {
        self.columns.get(column).is_some_and(|named| named.hidden)
    }
}

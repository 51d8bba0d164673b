//! Ids and uniques.

use super::Reader;
use crate::prisma::schema::syntax::{Attribute, Entry, Expression};
use crate::prisma::schema::{Field, Key, SchemaError};

/// The id and the unique that stand on one field.
pub(super) fn of_field(field: &Field, entry: &Entry, id: &mut Option<Key>, uniques: &mut Vec<Key>) {
    let key = || Key { name: None, fields: vec![field.name.clone()], on_field: true };
    let has = |name: &str| entry.attributes.iter().any(|attribute| attribute.name == name);
    if has("id") {
        *id = Some(key());
    }
    if has("unique") {
        uniques.push(key());
    }
}

/// Tells each field whether it alone is the id or unique.
pub(super) fn mark(fields: &mut [Field], id: Option<&Key>, uniques: &[Key]) {
    for field in fields {
        let alone = |key: &Key| key.fields.len() == 1 && key.fields[0] == field.name;
        field.id = id.is_some_and(alone);
        field.unique = uniques.iter().any(alone);
    }
}

impl Reader<'_> {
    /// `@@id([...])` or `@@unique([...])`.
    pub(super) fn key(&self, attribute: &Attribute, fields: &[Field]) -> Result<Key, SchemaError> {
        let names = attribute.argument("fields", true).and_then(Expression::names);
        let Some(names) = names.filter(|names| !names.is_empty()) else {
            return Err(self.wrong(attribute.line, format!("@@{} names no fields", attribute.name)));
        };
        for name in &names {
            // `address.street` is a field of a composite type.
            if !fields.iter().any(|field| field.name == *name) && !name.contains('.') {
                let what = format!("@@{} names the field {name}, which is not there", attribute.name);
                return Err(self.wrong(attribute.line, what));
            }
        }
        let name = attribute.argument("name", false).and_then(Expression::text).map(str::to_owned);
        Ok(Key { name, fields: names, on_field: false })
    }
}

//! Fields: their type, column and default.

use super::Reader;
use crate::prisma::schema::syntax::{Attribute, Entry, Expression, Sort, Written};
use crate::prisma::schema::{
    DefaultValue, Field, FieldKind, NativeType, Relation, RelationAction, Scalar, SchemaError,
};

/// Attributes of fields that say nothing of names or types, or are read elsewhere.
const PLAIN: [&str; 7] = ["id", "unique", "map", "relation", "default", "ignore", "updatedAt"];

impl Reader<'_> {
    pub(super) fn field(&mut self, entry: &Entry, model: &str) -> Result<Field, SchemaError> {
        let written = entry
            .written
            .as_ref()
            .ok_or_else(|| self.wrong(entry.line, format!("the field {} of {model} has no type", entry.name)))?;
        let attribute = |name: &str| entry.attributes.iter().find(|attribute| attribute.name == name);
        let kind = self.kind(written, model, entry, attribute("relation"))?;
        let mut native = None;
        for attribute in &entry.attributes {
            // The part before the dot is the datasource's name.
            if let Some((_, name)) = attribute.name.split_once('.') {
                native = Some(native_type(name, attribute));
            } else if !PLAIN.contains(&attribute.name.as_str()) {
                self.warn(attribute.line, format!("@{} is not known and was ignored", attribute.name));
            }
        }
        let default = attribute("default").map(|default| match default.argument("value", true) {
            Some(value) => default_value(value, &kind),
            None => DefaultValue::DbGenerated(None),
        });
        Ok(Field {
            column: self.mapped(entry)?.unwrap_or_else(|| entry.name.clone()),
            name: entry.name.clone(),
            kind,
            native,
            list: written.list,
            optional: written.optional,
            id: false,
            unique: false,
            ignored: attribute("ignore").is_some(),
            updated_at: attribute("updatedAt").is_some(),
            default,
            documentation: entry.documentation.clone(),
            at: self.at(entry.line),
        })
    }

    fn kind(
        &mut self,
        written: &Written,
        model: &str,
        entry: &Entry,
        relation: Option<&Attribute>,
    ) -> Result<FieldKind, SchemaError> {
        if let Some(text) = &written.unsupported {
            return Ok(FieldKind::Unsupported(text.clone()));
        }
        // A model or enum may have the name of a scalar in no schema, so the order does not matter.
        if let Some(scalar) = Scalar::ALL.into_iter().find(|scalar| scalar.name() == written.name) {
            return Ok(FieldKind::Scalar(scalar));
        }
        Ok(match self.declared.get(written.name.as_str()) {
            Some(Sort::Enum) => FieldKind::Enum(written.name.clone()),
            Some(Sort::Model | Sort::View) => FieldKind::Relation(self.relation(written, model, relation)?),
            Some(_) => FieldKind::Unknown(written.name.clone()),
            None => {
                let what =
                    format!("the type {} of field {} is not known; it is kept as it is", written.name, entry.name);
                self.warn(entry.line, what);
                FieldKind::Unknown(written.name.clone())
            }
        })
    }

    fn relation(
        &mut self,
        written: &Written,
        model: &str,
        relation: Option<&Attribute>,
    ) -> Result<Relation, SchemaError> {
        let argument = |name: &str, first| relation.and_then(|relation| relation.argument(name, first));
        let line = relation.map_or(1, |relation| relation.line);
        let list = |name: &str| match argument(name, false) {
            None => Ok(Vec::new()),
            Some(value) => {
                value.names().ok_or_else(|| self.wrong(line, format!("the {name} of @relation are no list of fields")))
            }
        };
        let (fields, references) = (list("fields")?, list("references")?);
        let mut actions = [None, None];
        for (action, name) in actions.iter_mut().zip(["onDelete", "onUpdate"]) {
            if let Some(value) = argument(name, false) {
                let known =
                    RelationAction::ALL.into_iter().find(|known| *value == Expression::Path(known.name().into()));
                *action = known;
                if known.is_none() {
                    self.warn(line, format!("the {name} of a relation is not known and was ignored"));
                }
            }
        }
        let given = argument("name", true).and_then(Expression::text);
        let (first, second) =
            if model < written.name.as_str() { (model, written.name.as_str()) } else { (written.name.as_str(), model) };
        Ok(Relation {
            model: written.name.clone(),
            name: given.map_or_else(|| format!("{first}To{second}"), str::to_owned),
            fields,
            references,
            on_delete: actions[0],
            on_update: actions[1],
        })
    }
}

fn native_type(name: &str, attribute: &Attribute) -> NativeType {
    let arguments = attribute.arguments.iter().filter_map(|argument| match &argument.value {
        Expression::Text(text) | Expression::Number(text) | Expression::Path(text) => Some(text.clone()),
        _ => None,
    });
    NativeType { name: name.to_owned(), arguments: arguments.collect() }
}

fn default_value(value: &Expression, kind: &FieldKind) -> DefaultValue {
    match value {
        Expression::Text(text) => DefaultValue::Text(text.clone()),
        Expression::Number(number) => DefaultValue::Number(number.clone()),
        Expression::Path(name) => match name.as_str() {
            "true" | "false" if !matches!(kind, FieldKind::Enum(_)) => DefaultValue::Boolean(name == "true"),
            _ => DefaultValue::EnumValue(name.clone()),
        },
        Expression::List(values) => DefaultValue::List(values.iter().map(|value| default_value(value, kind)).collect()),
        Expression::Call(function, arguments) => match function.as_str() {
            "autoincrement" | "sequence" => DefaultValue::AutoIncrement,
            "now" => DefaultValue::Now,
            "dbgenerated" => DefaultValue::DbGenerated(arguments.first().and_then(Expression::text).map(str::to_owned)),
            _ => DefaultValue::Made(function.clone()),
        },
        Expression::Unknown => DefaultValue::DbGenerated(None),
    }
}

//! What the two sides of a relation say together: tables of implicit many-to-many relations, and fields that must be
//! there.

use crate::prisma::schema::{Field, JoinTable, Model, Position, Relation, Schema, SchemaError, Warning};

/// Longest name of a table in PostgreSQL; Prisma cuts longer ones.
const LONGEST_TABLE: usize = 63;

/// Checks the relations and finds the tables that only they make.
pub(super) fn complete(schema: &mut Schema) -> Result<(), SchemaError> {
    let mut warnings = Vec::new();
    let mut join_tables = Vec::new();
    for model in &schema.models {
        for (field, relation) in model.relations() {
            check(schema, model, field, relation)?;
            if !is_many_to_many_side(field, relation) || model.view {
                continue;
            }
            match opposite(schema, model, field, relation) {
                Opposite::List(other) if is_first(model, field, other) => {
                    join_tables.push(join_table(schema, model, relation));
                }
                Opposite::List(_) | Opposite::Single => {}
                Opposite::None => {
                    let what = format!("no field of {} refers back to {}.{}", relation.model, model.name, field.name);
                    warnings.push(Warning { at: field.at.clone(), what });
                }
            }
        }
    }
    schema.join_tables = join_tables;
    schema.warnings.append(&mut warnings);
    Ok(())
}

fn is_many_to_many_side(field: &Field, relation: &Relation) -> bool {
    field.list && relation.fields.is_empty()
}

/// What stands on the other side of a list.
enum Opposite<'s> {
    /// Another list: a many-to-many relation.
    List((&'s Model, &'s Field)),
    /// The field that refers.
    Single,
    None,
}

fn opposite<'s>(schema: &'s Schema, model: &Model, field: &Field, relation: &Relation) -> Opposite<'s> {
    let Some(other) = schema.model(&relation.model).filter(|other| !other.view) else { return Opposite::None };
    let back = other.relations().find(|(back, candidate)| {
        let is_same = other.name == model.name && back.name == field.name;
        candidate.model == model.name && candidate.name == relation.name && !is_same
    });
    match back {
        Some((back, candidate)) if is_many_to_many_side(back, candidate) => Opposite::List((other, back)),
        Some(_) => Opposite::Single,
        None => Opposite::None,
    }
}

/// Whether this side is the one that the table is made from, so that each is found once.
fn is_first(model: &Model, field: &Field, (other, back): (&Model, &Field)) -> bool {
    (&model.name, &field.name) < (&other.name, &back.name)
}

fn join_table(schema: &Schema, a: &Model, relation: &Relation) -> JoinTable {
    let mut table = format!("_{}", relation.name);
    if schema.datasource.as_ref().is_none_or(|datasource| datasource.provider != "sqlite") {
        table = table.chars().take(LONGEST_TABLE).collect();
    }
    JoinTable {
        table,
        db_schema: a.db_schema.clone(),
        relation: relation.name.clone(),
        a: a.name.clone(),
        b: relation.model.clone(),
    }
}

/// The fields that a relation names must be there.
fn check(schema: &Schema, model: &Model, field: &Field, relation: &Relation) -> Result<(), SchemaError> {
    let wrong = |at: &Position, what: String| Err(SchemaError::Meaning { at: at.clone(), what });
    let missing = |of: &Model, names: &[String]| names.iter().find(|name| of.field(name).is_none()).cloned();
    if let Some(name) = missing(model, &relation.fields) {
        let what =
            format!("the relation {} refers by the field {name}, which {} does not have", field.name, model.name);
        return wrong(&field.at, what);
    }
    let other = schema.model(&relation.model);
    if let Some(name) = other.and_then(|other| missing(other, &relation.references)) {
        let what = format!("the relation {} refers to {}.{name}, which is not there", field.name, relation.model);
        return wrong(&field.at, what);
    }
    if !relation.fields.is_empty() && relation.fields.len() != relation.references.len() {
        let what = format!(
            "the relation {} has {} fields and {} references",
            field.name,
            relation.fields.len(),
            relation.references.len()
        );
        return wrong(&field.at, what);
    }
    Ok(())
}

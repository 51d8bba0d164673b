//! What deletions reach: by foreign keys of the database, or by Prisma's client where there are none (`relationMode =
//! "prisma"`).

use super::repository::Repository;
use crate::codec::{ReferentialAction, TableName};
use crate::db::TableInfo;
use crate::prisma::schema::{Field, Model, Relation, RelationAction};

/// A table's rows go or change when rows of another one are deleted.
pub(super) struct Reach {
    /// The other table.
    pub refers_to: TableName,
    /// What becomes of the rows.
    pub on_delete: ReferentialAction,
    /// Whether Prisma's client sees to it.
    pub by_prisma: bool,
}

impl Repository {
    /// The tables whose deletions reach rows of `info`.
    pub(super) fn reaches(&self, info: &TableInfo) -> Vec<Reach> {
        let keys = info.schema.foreign_keys.iter();
        let keys =
            keys.filter(|key| !matches!(key.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict));
        let mut all: Vec<Reach> = keys
            .map(|key| Reach { refers_to: key.table.clone(), on_delete: key.on_delete, by_prisma: false })
            .collect();
        for reach in self.prismas_reaches(info) {
            if !all.iter().any(|have| have.refers_to == reach.refers_to) {
                all.push(reach);
            }
        }
        all
    }

    /// Whether rows of `info` can go or change when rows of `table`, which may be a partitioned table, are deleted or get
    /// another key.
    pub(super) fn follows(&self, info: &TableInfo, table: &TableName) -> bool {
        let acts = |action| !matches!(action, ReferentialAction::NoAction | ReferentialAction::Restrict);
        let mut keys = info.schema.foreign_keys.iter().filter(|key| key.table == *table);
        keys.any(|key| acts(key.on_delete) || acts(key.on_update))
            || self.prismas_reaches(info).iter().any(|reach| reach.refers_to == *table)
    }

    fn prismas_reaches(&self, info: &TableInfo) -> Vec<Reach> {
        let relations = self.prismas_relations(info);
        relations
            .into_iter()
            .filter_map(|(refers_to, on_delete)| Some(Reach { refers_to, on_delete: on_delete?, by_prisma: true }))
            .collect()
    }

    /// The tables that rows of `info` refer to by relations that only Prisma's client keeps.
    pub(super) fn prismas_references(&self, info: &TableInfo) -> Vec<TableName> {
        let by_key = |table: &TableName| info.schema.foreign_keys.iter().any(|key| key.table == *table);
        let relations = self.prismas_relations(info).into_iter().map(|(refers_to, _)| refers_to);
        relations.filter(|refers_to| !by_key(refers_to)).collect()
    }

    /// The same with what the client does with rows that refer to one that it deletes, if it does anything.
    fn prismas_relations(&self, info: &TableInfo) -> Vec<(TableName, Option<ReferentialAction>)> {
        let Some(schema) = self.models().schema() else { return Vec::new() };
        let mode = schema.datasource.as_ref().and_then(|datasource| datasource.relation_mode.as_deref());
        if mode != Some("prisma") {
            return Vec::new();
        }
        let names = || std::iter::once(&info.schema.table).chain(&info.part_of);
        let table_of = |name: &str| schema.model(name).map(|model| self.table_of(model, info));
        if let Some(join) = names().find_map(|name| self.join_table_of(name)) {
            let sides = [&join.a, &join.b];
            return sides
                .into_iter()
                .filter_map(|side| Some((table_of(side)?, Some(ReferentialAction::Cascade))))
                .collect();
        }
        let Some(model) = names().find_map(|name| self.model_of(name)) else { return Vec::new() };
        let relations = model.relations().filter(|(_, relation)| !relation.fields.is_empty());
        relations
            .filter_map(|(field, relation)| Some((table_of(&relation.model)?, on_delete(model, field, relation))))
            .collect()
    }

    /// The table of a model, in a database that has the table of `beside`.
    fn table_of(&self, model: &Model, beside: &TableInfo) -> TableName {
        let schema = model.db_schema.as_deref().or(self.default_schema()).unwrap_or("public");
        match beside.schema.table.schema {
            Some(_) => TableName::qualified(schema, &*model.table),
            None => TableName::bare(&*model.table),
        }
    }
}

/// What the client does with rows that refer; nothing where it refuses the deletion or leaves them. Without a word in
/// the schema rows that need not refer to anything lose their reference, and others forbid the deletion.
fn on_delete(model: &Model, field: &Field, relation: &Relation) -> Option<ReferentialAction> {
    let optional = || {
        let mut fields = relation.fields.iter().filter_map(|name| model.field(name));
        field.optional || fields.any(|field| field.optional)
    };
    match relation.on_delete {
        Some(RelationAction::Cascade) => Some(ReferentialAction::Cascade),
        Some(RelationAction::SetNull) => Some(ReferentialAction::SetNull),
        Some(RelationAction::SetDefault) => Some(ReferentialAction::SetDefault),
        Some(RelationAction::Restrict | RelationAction::NoAction) => None,
        None => optional().then_some(ReferentialAction::SetNull),
    }
}

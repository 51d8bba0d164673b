//! Query builders: Knex, Drizzle, Kysely, Supabase, TypeORM's and Objection's.

use super::super::value::{Kind, Query, Value, What};
use super::super::{Interpreter, Place};
use super::{is_client_name, table_name};
use crate::check::finding::{Effect, one_line};

/// Steps that limit a statement to some rows.
const LIMITS: [&str; 14] = [
    "where", "andWhere", "orWhere", "filter", "having", "limit", "take", "eq", "neq", "match", "in", "is", "findById",
    "whereIn",
];

impl Query {
    pub fn on(table: &str) -> Query {
        Query { tables: vec![table.to_owned()], ..Query::default() }
    }
}

impl<'a> Interpreter<'a, '_> {
    /// A step of a statement that is being built.
    pub fn query_method(
        &mut self,
        mut query: Query,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let first = arguments.first();
        match (name, query.finding) {
            // It is only shown.
            ("toSQL" | "toString" | "toQuery" | "getSql" | "getQuery" | "compile" | "toNative", Some(number)) => {
                self.withdrawn.insert(number);
                return Some(Value::plain());
            }
            (
                "execute" | "run" | "all" | "get" | "exec" | "executeTakeFirst" | "executeTakeFirstOrThrow",
                Some(number),
            ) => {
                self.executed.insert(number);
            }
            _ => {}
        }
        let table = first.and_then(table_name);
        let has_empty_filter = matches!(first, Some(Value::Object(object)) if object.entries.borrow().is_empty() && object.base.borrow().is_none());
        let is_limit = LIMITS.contains(&name)
            || name.starts_with("where")
            || name.starts_with("andWhere")
            || name.starts_with("orWhere");
        if is_limit && !has_empty_filter && name != "whereNotNull" {
            query.limited = true;
            if let Some(number) = query.finding {
                self.found[number].all_rows = false;
            }
        }
        let effect = match name {
            "del" | "delete" | "softDelete" | "remove" | "deleteById" if query.finding.is_none() => {
                Some(Effect::Delete)
            }
            "update" | "increment" | "decrement" | "patch" | "restore" if query.finding.is_none() => {
                Some(Effect::Update)
            }
            "patchAndFetchById" | "updateAndFetchById" | "patchAndFetch" => Some(Effect::Update),
            "truncate" => Some(Effect::Truncate),
            "insert" | "insertGraph" if query.finding.is_none() => Some(Effect::Insert),
            "upsert" | "upsertGraph" => Some(Effect::Upsert),
            _ => None,
        };
        match name {
            // `.onConflict("id").merge()` and the like.
            "merge" | "doUpdateSet" | "onConflictDoUpdate" | "onDuplicateKeyUpdate" | "orUpdate" => {
                if let Some(number) = query.finding
                    && self.found[number].effect == Effect::Insert
                {
                    self.found[number].effect = Effect::Upsert;
                }
            }
            "from" | "into" | "table" | "inTable" => {
                query.tables.extend(table.clone());
                if let Some(number) = query.finding {
                    self.found[number].tables.clone_from(&query.tables);
                }
            }
            "raw" | "whereRaw" => {}
            _ => {}
        }
        if let Some(effect) = effect {
            // TypeORM names the entity here: `.update(User)`.
            if query.tables.is_empty() && matches!(effect, Effect::Update | Effect::Delete | Effect::Truncate) {
                query.tables.extend(table.filter(|_| matches!(first, Some(value) if !matches!(value, Value::Object(object) if object.class.is_none()))));
            }
            if name.ends_with("ById") {
                query.limited = true;
            }
            let all_rows = !query.limited && effect != Effect::Insert && effect != Effect::Upsert;
            query.finding = Some(self.find(place, effect, query.tables.clone(), all_rows));
        } else if let Some(number) = query.finding {
            // The statement goes on.
            let text = self.module.piece(place.span.start, place.span.end);
            let found = &mut self.found[number];
            let shown = one_line(&text);
            if found.file.as_deref() == Some(&*self.module.name)
                && shown.starts_with(found.text.trim_end_matches("..."))
            {
                found.text = shown;
            }
        }
        let result = Value::of_kind(Kind::Query(query));
        for argument in arguments {
            // `function () { this.where(...) }`, `oc => oc.doUpdateSet(...)`
            let is_name_or_value = !matches!(argument, Value::Function(_));
            if !is_name_or_value {
                let inner = match name {
                    "onConflict" => result.clone(),
                    _ => Value::plain(),
                };
                self.escape_with(argument, &[inner], 0);
            }
        }
        Some(result)
    }

    /// Begins a statement of which the verb and table are known.
    pub fn begin(&mut self, effect: Effect, table: Option<String>, place: Place) -> Value<'a> {
        let tables: Vec<String> = table.into_iter().collect();
        let all_rows = matches!(effect, Effect::Update | Effect::Delete | Effect::Truncate);
        let finding = Some(self.find(place, effect, tables.clone(), all_rows));
        Value::of_kind(Kind::Query(Query { tables, limited: false, finding }))
    }

    pub fn drizzle_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let table = || arguments.first().and_then(table_name);
        match name {
            "delete" => Some(self.begin(Effect::Delete, table(), place)),
            "update" => Some(self.begin(Effect::Update, table(), place)),
            "insert" => Some(self.begin(Effect::Insert, table(), place)),
            "execute" | "run" | "all" | "get" | "values" => {
                if let Some(text) = arguments.first()
                    && !matches!(text.kind(), Kind::Query(_))
                {
                    self.sql(text, place, true);
                }
                Some(Value::plain())
            }
            "with" | "$with" => Some(object.clone()),
            "transaction" => {
                self.in_transaction(arguments, Value::of_kind(Kind::Drizzle));
                Some(Value::nothing())
            }
            _ => None,
        }
    }

    pub fn knex_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let first = arguments.first();
        match name {
            "raw" => {
                if let Some(text) = first {
                    self.sql(text, place, true);
                }
                // As a part of a statement it is a text.
                Some(first.cloned().unwrap_or_else(Value::nothing))
            }
            "transaction" => {
                self.in_transaction(arguments, Value::of_kind(Kind::Knex));
                Some(Value::of_kind(Kind::Knex))
            }
            "from" | "table" | "into" | "select" | "where" | "queryBuilder" | "with" | "insert" | "update" | "del"
            | "delete" | "truncate" => self.query_method(Query::default(), name, arguments, place),
            "withSchema" => Some(object.clone()),
            "batchInsert" => Some(self.begin(Effect::Insert, first.and_then(table_name), place)),
            "rollback" | "down" | "latest" | "up" if first.is_none() => {
                // `trx.rollback()` ends a transaction; of `knex.migrate` it runs files.
                if object.name().as_deref() == Some("migrate") {
                    self.unknown(place, "migrations are run");
                }
                Some(Value::nothing())
            }
            _ => None,
        }
    }

    /// `knex.schema`, Kysely's `db.schema`.
    pub fn schema_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let first = arguments.first();
        let table = first.and_then(table_name);
        let tables = || table.clone().into_iter().collect::<Vec<_>>();
        match name {
            "dropTable"
            | "dropTableIfExists"
            | "dropView"
            | "dropSchema"
            | "dropSchemaIfExists"
            | "dropMaterializedView" => {
                self.find(place, Effect::Drop, tables(), true);
                Some(object.clone())
            }
            "renameTable" => {
                self.find(place, Effect::Alter, tables(), true);
                Some(object.clone())
            }
            "table" | "alterTable" => {
                let definition = Value::of_kind(Kind::Definition(table));
                for argument in arguments.iter().skip(1) {
                    self.escape_with(argument, std::slice::from_ref(&definition), 0);
                }
                Some(if arguments.len() > 1 { object.clone() } else { definition })
            }
            "raw" => {
                if let Some(text) = first {
                    self.sql(text, place, true);
                }
                Some(object.clone())
            }
            "createTable" | "createTableIfNotExists" => {
                let columns = Value::plain();
                arguments.iter().for_each(|argument| self.escape_with(argument, std::slice::from_ref(&columns), 0));
                Some(object.clone())
            }
            "withSchema" => Some(object.clone()),
            _ => None,
        }
    }

    /// `t` in `alterTable("x", t => ...)`.
    pub fn definition_method(
        &mut self,
        object: &Value<'a>,
        table: Option<&str>,
        name: &str,
        place: Place,
    ) -> Option<Value<'a>> {
        let is_change = matches!(
            name,
            "dropColumn"
                | "dropColumns"
                | "dropTimestamps"
                | "renameColumn"
                | "alter"
                | "alterColumn"
                | "renameTo"
                | "dropPrimary"
        );
        if is_change {
            self.find(place, Effect::Alter, table.map(str::to_owned).into_iter().collect(), true);
        }
        Some(object.clone())
    }

    /// A builder's shape on what is not known to be one.
    pub fn builder_shape(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let first = arguments.first();
        let table = first.and_then(table_name);
        let owner = object.name().unwrap_or_default();
        let is_of_client = is_client_name(&owner);
        let is_table = matches!(first.map(Value::kind), Some(Kind::Table(_)));
        let is_imported =
            matches!(first, Some(Value::Thing(thing)) if matches!(thing.what, What::Import { .. } | What::Member(..)));
        match name {
            "deleteFrom" => Some(self.begin(Effect::Delete, table, place)),
            "updateTable" => Some(self.begin(Effect::Update, table, place)),
            "insertInto" => Some(self.begin(Effect::Insert, table, place)),
            "replaceInto" | "mergeInto" => Some(self.begin(Effect::Upsert, table, place)),
            "delete" | "update" | "insert" if is_table || is_of_client && is_imported && arguments.len() == 1 => {
                self.drizzle_method(object, name, arguments, place)
            }
            "transaction" if is_of_client => {
                // Its own kind of transaction is as little known as it is.
                arguments.iter().for_each(|argument| self.escape_with(argument, std::slice::from_ref(object), 0));
                Some(Value::nothing())
            }
            "from" | "table" | "into" if !owner.starts_with(char::is_uppercase) => {
                Some(Value::of_kind(Kind::Query(Query::on(&first?.constant()?))))
            }
            "dropTable" | "dropTableIfExists" => {
                self.find(place, Effect::Drop, table.into_iter().collect(), true);
                Some(Value::nothing())
            }
            _ => None,
        }
    }
}

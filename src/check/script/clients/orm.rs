//! TypeORM, Sequelize, Objection: entities, repositories, model classes.

use super::super::value::{Kind, Object, Query, Value, What};
use super::super::{Interpreter, Place};
use super::{is_client_name, table_name};
use crate::check::finding::Effect;
use std::rc::Rc;

/// Stands for a row that was made and not yet kept.
const NEW_ROW: &str = "(new row)";

/// What a repository's method does to the rows of its entity.
fn effect_of(method: &str) -> Option<Effect> {
    Some(match method {
        "delete" | "remove" | "softDelete" | "softRemove" | "deleteAll" => Effect::Delete,
        "clear" => Effect::Truncate,
        "update" | "increment" | "decrement" | "restore" | "recover" | "updateAll" => Effect::Update,
        "save" | "upsert" => Effect::Upsert,
        "insert" => Effect::Insert,
        _ => return None,
    })
}

impl<'a> Interpreter<'a, '_> {
    /// TypeORM's `DataSource`, `EntityManager` and `QueryRunner`.
    pub fn manager_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let first = arguments.first();
        let table = first.and_then(table_name);
        match name {
            "getRepository" | "getTreeRepository" | "withRepository" => Some(Value::of_kind(Kind::Repository(table))),
            "query" => {
                drop(self.sql_method(object, name, arguments, place));
                Some(Value::nothing())
            }
            "createQueryBuilder" => {
                Some(Value::of_kind(Kind::Query(Query { tables: table.into_iter().collect(), ..Query::default() })))
            }
            "createQueryRunner" | "initialize" | "connect" | "createEntityManager" | "runInTransaction" => {
                Some(object.clone())
            }
            "transaction" => {
                // The isolation level may come first.
                arguments.iter().for_each(|argument| self.escape_with(argument, std::slice::from_ref(object), 0));
                Some(Value::nothing())
            }
            "dropDatabase" | "clearDatabase" | "dropSchema" => {
                self.find(place, Effect::Reset, Vec::new(), true);
                Some(Value::nothing())
            }
            "synchronize" => {
                let effect = if first.is_some_and(Value::is_true) { Effect::Reset } else { Effect::Alter };
                self.find(place, effect, Vec::new(), true);
                Some(Value::nothing())
            }
            "runMigrations" | "undoLastMigration" => {
                self.unknown(place, "migrations are run");
                Some(Value::nothing())
            }
            _ => match self.definition_shape(name, arguments, place) {
                Some(value) => Some(value),
                None => self.repository_method(table.as_deref(), name, arguments, place),
            },
        }
    }

    pub fn repository_method(
        &mut self,
        table: Option<&str>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let tables: Vec<String> = table.map(str::to_owned).into_iter().collect();
        match name {
            "createQueryBuilder" => return Some(Value::of_kind(Kind::Query(Query { tables, ..Query::default() }))),
            "query" => {
                if let Some(text) = arguments.first() {
                    self.sql(text, place, true);
                }
                return Some(Value::nothing());
            }
            "find" | "findBy" | "findOne" | "findOneBy" | "findOneOrFail" | "findOneByOrFail" => {
                return Some(Value::of_kind(Kind::Row(tables.into_iter().next().unwrap_or_default())));
            }
            _ => {}
        }
        if name == "create" {
            return Some(Value::named(NEW_ROW));
        }
        let mut effect = effect_of(name)?;
        // What was just made is inserted.
        let is_new = |value: &Value<'a>| matches!(value, Value::Thing(thing) if matches!(&thing.what, What::Name(name) if name == NEW_ROW));
        let all_new = match arguments.first() {
            Some(Value::List(list)) => list.borrow().iter().all(is_new) && !list.borrow().is_empty(),
            Some(value) => is_new(value),
            None => false,
        };
        if name == "save" && all_new {
            effect = Effect::Insert;
        }
        let all_rows = effect == Effect::Truncate
            || name.ends_with("All")
            || is_empty(arguments.first()) && effect != Effect::Insert;
        self.find(place, effect, tables, all_rows);
        Some(Value::nothing())
    }

    pub fn sequelize_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let option =
            |name: &str| arguments.first().and_then(|options| options.entry(name)).is_some_and(|value| value.is_true());
        match name {
            "query" => {
                if let Some(text) = arguments.first() {
                    match text.entry("query") {
                        Some(text) => self.sql(&text, place, true),
                        None => self.sql(text, place, true),
                    }
                }
                Some(Value::nothing())
            }
            "define" => {
                let options =
                    arguments.get(2).and_then(|options| options.entry("tableName")).and_then(|name| name.constant());
                let name = options.or_else(|| arguments.first().and_then(Value::constant));
                Some(Value::of_kind(Kind::Static(name?)))
            }
            "model" => Some(Value::of_kind(Kind::Static(arguments.first()?.constant()?))),
            "sync" => {
                if option("force") {
                    self.find(place, Effect::Reset, Vec::new(), true);
                } else if option("alter") {
                    self.find(place, Effect::Alter, Vec::new(), true);
                }
                Some(Value::nothing())
            }
            "drop" | "dropAllSchemas" => {
                self.find(place, Effect::Reset, Vec::new(), true);
                Some(Value::nothing())
            }
            "truncate" => {
                self.find(place, Effect::Truncate, Vec::new(), true);
                Some(Value::nothing())
            }
            "getQueryInterface" | "authenticate" => Some(object.clone()),
            "transaction" => {
                let transaction = Value::named("transaction");
                arguments.iter().for_each(|argument| self.escape_with(argument, std::slice::from_ref(&transaction), 0));
                Some(Value::plain())
            }
            _ => self.definition_shape(name, arguments, place),
        }
    }

    /// A method of a model class.
    pub fn static_method(
        &mut self,
        table: &str,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let tables = vec![table.to_owned()];
        let option = |at: usize, name: &str| arguments.get(at).and_then(|options| options.entry(name));
        match name {
            "destroy" => {
                let truncates = option(0, "truncate").is_some_and(|value| value.is_true());
                let effect = if truncates { Effect::Truncate } else { Effect::Delete };
                let all_rows = truncates || is_empty(option(0, "where").as_ref());
                self.find(place, effect, tables, all_rows);
            }
            "truncate" => drop(self.find(place, Effect::Truncate, tables, true)),
            "update" => drop(self.find(place, Effect::Update, tables, arguments.len() < 2)),
            "bulkCreate" => {
                let updates = option(1, "updateOnDuplicate").is_some();
                self.find(place, if updates { Effect::Upsert } else { Effect::Insert }, tables, false);
            }
            "create" => {
                self.find(place, Effect::Insert, tables, false);
                return Some(Value::of_kind(Kind::Row(table.to_owned())));
            }
            "drop" => drop(self.find(place, Effect::Drop, tables, true)),
            "sync" => {
                let is_set = |name| option(0, name).is_some_and(|value: Value<'a>| value.is_true());
                if is_set("force") {
                    self.find(place, Effect::Drop, tables, true);
                } else if is_set("alter") {
                    self.find(place, Effect::Alter, tables, true);
                }
            }
            "query" => return Some(Value::of_kind(Kind::Query(Query::on(table)))),
            "getRepository" => return Some(Value::of_kind(Kind::Repository(Some(table.to_owned())))),
            _ if name.starts_with("find") => return Some(Value::of_kind(Kind::Row(table.to_owned()))),
            "scope" | "unscoped" | "schema" => return Some(Value::of_kind(Kind::Static(table.to_owned()))),
            _ => {
                let effect = effect_of(name)?;
                self.find(place, effect, tables, effect == Effect::Truncate || is_empty(arguments.first()));
            }
        }
        Some(Value::nothing())
    }

    /// A method of a row that was found.
    pub fn row_method(&mut self, table: &str, name: &str, place: Place) -> Option<Value<'a>> {
        let effect = match name {
            "destroy" | "remove" | "softRemove" | "$remove" => Effect::Delete,
            "save" | "update" | "increment" | "decrement" => Effect::Update,
            _ => return None,
        };
        let tables = Some(table.to_owned()).filter(|table| !table.is_empty());
        self.find(place, effect, tables.into_iter().collect(), false);
        Some(Value::nothing())
    }

    /// A method of a class of the program that it does not have itself: its base class is a package's.
    pub fn class_method(
        &mut self,
        object: &Value<'a>,
        class: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let base = class.base.borrow().clone();
        let is_model = class.get("(table)").is_some() || root(base).is_some_and(|base| base.package().is_some());
        if !is_model {
            return None;
        }
        if name == "init" {
            let table =
                arguments.get(1).and_then(|options| options.entry("tableName")).and_then(|name| name.constant());
            if let Some(table) = table {
                class.set("(table)", Value::text(table));
            }
            return Some(object.clone());
        }
        let table = table_name(object)?;
        self.static_method(&table, name, arguments, place)
    }

    /// Changes of tables by name: Sequelize's `QueryInterface`, TypeORM's `QueryRunner`.
    fn definition_shape(&mut self, name: &str, arguments: &[Value<'a>], place: Place) -> Option<Value<'a>> {
        let table = || arguments.first().and_then(table_name).into_iter().collect::<Vec<_>>();
        let (effect, all_rows) = match name {
            "bulkDelete" => (Effect::Delete, is_empty(arguments.get(1))),
            "bulkUpdate" => (Effect::Update, is_empty(arguments.get(2))),
            "bulkInsert" => (Effect::Insert, false),
            "dropTable" | "dropTables" => (Effect::Drop, true),
            "clearTable" => (Effect::Truncate, true),
            "removeColumn" | "renameColumn" | "changeColumn" | "renameTable" | "dropColumn" | "dropColumns"
            | "changeColumns" => (Effect::Alter, true),
            "dropAllTables" | "dropAllSchemas" | "dropDatabase" | "clearDatabase" => (Effect::Reset, true),
            _ => return None,
        };
        self.find(place, effect, table(), all_rows);
        Some(Value::nothing())
    }

    /// The shapes of calls that are theirs, on what is not known.
    pub fn orm_shape(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        if let Some(value) = self.builder_shape(object, name, arguments, place) {
            return Some(value);
        }
        let owner = object.name().unwrap_or_default();
        let has_option = |at: usize, name: &str| arguments.get(at).is_some_and(|options| options.entry(name).is_some());
        let lower = owner.to_lowercase();
        if let Some(entity) = lower.strip_suffix("repository").or_else(|| lower.strip_suffix("repo")) {
            let table = Some(owner[..entity.len()].to_owned()).filter(|entity| !entity.is_empty());
            return self.repository_method(table.as_deref(), name, arguments, place);
        }
        match name {
            "getRepository" => Some(Value::of_kind(Kind::Repository(arguments.first().and_then(table_name)))),
            "destroy" if has_option(0, "where") || has_option(0, "truncate") => {
                self.static_method(&owner, name, arguments, place)
            }
            "update" if has_option(1, "where") => self.static_method(&owner, name, arguments, place),
            "truncate" if owner.starts_with(char::is_uppercase) => self.static_method(&owner, name, arguments, place),
            "sync" if has_option(0, "force") => self.sequelize_method(object, name, arguments, place),
            "synchronize" | "runMigrations" | "undoLastMigration" => {
                self.manager_method(object, name, arguments, place)
            }
            // A model class that comes from elsewhere.
            _ if name.starts_with("find")
                && owner.starts_with(char::is_uppercase)
                && matches!(object, Value::Thing(thing) if matches!(thing.what, What::Import { .. } | What::Member(..))) =>
            {
                Some(Value::of_kind(Kind::Row(owner)))
            }
            "rollback" | "latest" | "down" if owner == "migrate" => {
                self.unknown(place, "migrations are run");
                Some(Value::nothing())
            }
            "remove" | "clear" | "softDelete" | "softRemove" | "save"
                if ["manager", "entityManager", "em"].contains(&owner.as_str()) || owner == "dataSource" =>
            {
                self.manager_method(object, name, arguments, place)
            }
            "delete" if ["manager", "entityManager", "em"].contains(&owner.as_str()) => {
                self.manager_method(object, name, arguments, place)
            }
            "removeAndFlush" => {
                self.find(place, Effect::Delete, Vec::new(), false);
                Some(Value::nothing())
            }
            "nativeDelete" => {
                self.find(
                    place,
                    Effect::Delete,
                    arguments.first().and_then(table_name).into_iter().collect(),
                    is_empty(arguments.get(1)),
                );
                Some(Value::nothing())
            }
            "nativeUpdate" => {
                self.find(
                    place,
                    Effect::Update,
                    arguments.first().and_then(table_name).into_iter().collect(),
                    is_empty(arguments.get(1)),
                );
                Some(Value::nothing())
            }
            "dropDatabase" | "dropAllTables" | "bulkDelete" | "bulkUpdate" | "removeColumn" | "changeColumn"
            | "renameColumn" => self.definition_shape(name, arguments, place),
            "drop" if is_client_name(&owner) && arguments.is_empty() => {
                self.find(place, Effect::Reset, Vec::new(), true);
                Some(Value::nothing())
            }
            _ => None,
        }
    }
}

/// Whether a filter is not there, or takes all.
fn is_empty(filter: Option<&Value<'_>>) -> bool {
    match filter {
        None => true,
        Some(Value::Object(object)) => object.entries.borrow().is_empty() && object.base.borrow().is_none(),
        Some(_) => false,
    }
}

/// The class at the end of a row of base classes.
fn root(base: Option<Value<'_>>) -> Option<Value<'_>> {
    let mut base = base?;
    for _ in 0..16 {
        let next = match &base {
            Value::Object(object) => object.base.borrow().clone(),
            _ => None,
        };
        match next {
            Some(next) => base = next,
            None => break,
        }
    }
    Some(base)
}

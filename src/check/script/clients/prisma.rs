//! Prisma Client.

use super::super::value::{Kind, Value, What};
use super::super::{Interpreter, Place};
use super::is_client_name;
use crate::check::finding::Effect;

/// How deep writes may nest in each other.
const MAX_NESTING: usize = 8;

/// Methods of a model that only read.
const READS: [&str; 13] = [
    "findUnique",
    "findUniqueOrThrow",
    "findFirst",
    "findFirstOrThrow",
    "findMany",
    "count",
    "aggregate",
    "groupBy",
    "findRaw",
    "aggregateRaw",
    "fields",
    "then",
    "catch",
];

/// Methods of the client that other libraries ask for, and that leave rows alone.
const LIFE_CYCLE: [&str; 5] = ["enableShutdownHooks", "onModuleInit", "onModuleDestroy", "connect", "disconnect"];

/// What a method of a model does; `None` if it only reads.
fn effect_of(method: &str) -> Option<Effect> {
    Some(match method {
        "create" | "createMany" | "createManyAndReturn" => Effect::Insert,
        "update" | "updateMany" | "updateManyAndReturn" => Effect::Update,
        "upsert" => Effect::Upsert,
        "delete" | "deleteMany" => Effect::Delete,
        _ => return None,
    })
}

/// What a write within another does to the related model.
fn nested_effect(name: &str) -> Option<Effect> {
    Some(match name {
        "create" | "createMany" | "connectOrCreate" => Effect::Insert,
        "update" | "updateMany" => Effect::Update,
        "upsert" => Effect::Upsert,
        "delete" | "deleteMany" => Effect::Delete,
        _ => return None,
    })
}

impl<'a> Interpreter<'a, '_> {
    pub fn prisma_client(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        match name {
            "$executeRaw" | "$executeRawUnsafe" | "$queryRaw" | "$queryRawUnsafe" => {
                match arguments.first() {
                    Some(text) => self.sql(text, place, true),
                    None => self.unknown(place, "the SQL text is not constant"),
                }
                Some(Value::plain())
            }
            "$runCommandRaw" => {
                self.unknown(place, "a command of the database is not looked into");
                Some(Value::plain())
            }
            "$extends" => {
                arguments.iter().for_each(|argument| self.escape(argument));
                Some(object.clone())
            }
            "$transaction" => {
                let result = arguments.first().cloned();
                self.in_transaction(arguments, Value::thing(object.kind(), What::Name("tx".to_owned())));
                Some(result.filter(|result| matches!(result, Value::List(_))).unwrap_or_else(Value::nothing))
            }
            name if !name.starts_with('$') && !LIFE_CYCLE.contains(&name) => {
                self.unknown(place, format!("{name} is no method of Prisma's own"));
                None
            }
            _ => None,
        }
    }

    pub fn prisma_model(
        &mut self,
        model: Option<&str>,
        method: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let tables: Vec<String> = model.map(str::to_owned).into_iter().collect();
        let given = arguments.first();
        if method == "?" {
            let number = self.find(place, Effect::Unknown, tables, false);
            self.found[number].reason = Some("the name of the method is not constant".to_owned());
            return Some(Value::nothing());
        }
        if READS.contains(&method) {
            return None;
        }
        let Some(mut effect) = effect_of(method) else {
            // An extension's.
            let number = self.find(place, Effect::Unknown, tables, false);
            self.found[number].reason = Some(format!("{method} is no method of Prisma's own"));
            return None;
        };
        let is_empty = |value: &Value<'a>| matches!(value, Value::Object(object) if object.entries.borrow().is_empty() && object.base.borrow().is_none());
        // What is there stays as it is.
        if effect == Effect::Upsert
            && given.and_then(|given| given.entry("update")).is_some_and(|update| is_empty(&update))
        {
            effect = Effect::Insert;
        }
        let has_where = match given {
            Some(Value::Object(object)) => {
                object.base.borrow().is_some() || object.get("where").is_some_and(|filter| !is_empty(&filter))
            }
            Some(_) => true,
            None => false,
        };
        let all_rows = method.ends_with("Many") && effect != Effect::Insert && !has_where;
        self.find(place, effect, tables, all_rows);
        for part in ["data", "create", "update"] {
            if let Some(data) = given.and_then(|given| given.entry(part)) {
                self.nested_writes(&data, model.unwrap_or_default(), place, 0);
            }
        }
        Some(Value::nothing())
    }

    /// Writes to related models, within the data of a write. They are told as `model.field`.
    fn nested_writes(&mut self, data: &Value<'a>, path: &str, place: Place, depth: usize) {
        if depth > MAX_NESTING {
            return self.unknown(place, "the data is nested too deep");
        }
        match data {
            Value::Object(object) => {
                let fields = object.entries.borrow().clone();
                for (field, value) in fields {
                    let path = format!("{path}.{field}");
                    for value in value.choices() {
                        self.nested_field(&value, &path, place, depth);
                    }
                }
            }
            Value::List(list) => {
                for one in list.borrow().clone() {
                    self.nested_writes(&one, path, place, depth);
                }
            }
            Value::OneOf(all) => all.iter().for_each(|one| self.nested_writes(one, path, place, depth)),
            _ => {}
        }
    }

    /// `posts: { deleteMany: {}, create: [...] }`.
    fn nested_field(&mut self, value: &Value<'a>, path: &str, place: Place, depth: usize) {
        let Value::Object(object) = value else { return };
        let entries = object.entries.borrow().clone();
        for (name, write) in entries {
            if ["connect", "set", "disconnect"].contains(&name.as_str()) {
                // Told as the link itself: which table holds it, the schema knows.
                let is_relation = matches!(&write, Value::List(list) if list.borrow().iter().all(|one| !matches!(one, Value::Text(_))))
                    || name != "set" && !matches!(write, Value::Text(_))
                    || matches!(write, Value::Object(_))
                    || name == "disconnect";
                if is_relation {
                    let link = if name == "connect" { "+" } else { "=" };
                    self.find(place, Effect::Update, vec![format!("{path}{link}")], false);
                }
                continue;
            }
            let Some(effect) = nested_effect(&name) else { continue };
            // A key of a JSON column that is called so.
            if matches!(write, Value::Text(_)) && name != "delete" {
                continue;
            }
            let is_all =
                name == "deleteMany" && matches!(&write, Value::Object(filter) if filter.entries.borrow().is_empty());
            self.find(place, effect, vec![path.to_owned()], is_all);
            let mut inner = vec![write.clone()];
            if let Value::List(list) = &write {
                inner = list.borrow().clone();
            }
            for one in inner {
                match name.as_str() {
                    "create" => self.nested_writes(&one, path, place, depth + 1),
                    _ => {
                        for part in ["data", "create", "update"] {
                            if let Some(data) = one.entry(part) {
                                self.nested_writes(&data, path, place, depth + 1);
                            }
                        }
                        if name == "update" && one.entry("data").is_none() {
                            self.nested_writes(&one, path, place, depth + 1);
                        }
                    }
                }
            }
        }
    }

    /// Follows what is run in a transaction. One that always ends with an error is rolled back.
    pub fn in_transaction(&mut self, arguments: &[Value<'a>], client: Value<'a>) {
        for argument in arguments {
            let before = self.found.len();
            self.threw = false;
            self.escape_with(argument, std::slice::from_ref(&client), 0);
            if std::mem::take(&mut self.threw) {
                self.roll_back(client.root(), before);
            }
        }
    }

    /// A call of Prisma's shape on what is not known to be its client.
    pub fn prisma_shape(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        if name == "$transaction" {
            self.in_transaction(arguments, Value::of_kind(Kind::Prisma));
            return Some(Value::nothing());
        }
        if name.starts_with("$executeRaw") || name.starts_with("$queryRaw") || name == "$extends" {
            return self.prisma_client(object, name, arguments, place);
        }
        effect_of(name)?;
        let given = arguments.first();
        let has = |entry: &str| given.is_some_and(|given| given.entry(entry).is_some());
        let owner = match object {
            Value::Thing(thing) => match &thing.what {
                What::Member(of, _) => of.name(),
                _ => None,
            },
            _ => None,
        };
        let is_of_client = owner.is_some_and(|owner| is_client_name(&owner));
        let is_shape = match name {
            "deleteMany" | "updateMany" | "updateManyAndReturn" | "createManyAndReturn" => true,
            "createMany" => has("data") || is_of_client,
            "upsert" => has("where") && (has("create") || has("update")) || is_of_client,
            "delete" => has("where") || is_of_client,
            "update" => has("where") && has("data") || is_of_client,
            "create" => has("data"),
            _ => false,
        };
        if !is_shape {
            return None;
        }
        let model = match object {
            Value::Thing(thing) => match &thing.what {
                What::Member(_, name) if name != "?" => Some(name.clone()),
                What::Import { name, .. } => Some(name.clone()),
                _ => None,
            },
            other => other.name(),
        };
        self.prisma_model(model.as_deref(), name, arguments, place)
    }
}

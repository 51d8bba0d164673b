//! What an expression may stand for, as far as the text tells.

use super::module::Module;
use super::scope::Scope;
use oxc_ast::ast::{ArrowFunctionExpression, Class, Function};
use std::cell::RefCell;
use std::rc::Rc;

/// How many alternatives are told apart.
const MAX_CHOICES: usize = 256;

/// What an expression stands for.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A text, or another constant as a text.
    Text(Text),
    Object(Rc<Object<'a>>),
    List(Rc<RefCell<Vec<Value<'a>>>>),
    Function(Rc<Closure<'a>>),
    OneOf(Rc<Vec<Value<'a>>>),
    /// Everything else: known by how it came about.
    Thing(Rc<Thing<'a>>),
}

/// A text of which parts may not be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// Each part; `None` is one that is not known.
    pub parts: Vec<Option<String>>,
    /// Where it stands: file and line.
    pub origin: Option<(Rc<str>, usize)>,
}

/// An object or class of the program.
#[derive(Default)]
pub(super) struct Object<'a> {
    pub entries: RefCell<Vec<(String, Value<'a>)>>,
    /// What it inherits from, or was spread from.
    pub base: RefCell<Option<Value<'a>>>,
    /// If it is a class.
    pub class: Option<ClassOf<'a>>,
}

/// The text of a class.
pub(super) struct ClassOf<'a> {
    pub node: &'a Class<'a>,
    pub scope: Rc<Scope<'a>>,
    pub module: Rc<Module<'a>>,
}

/// A function and what it sees.
pub(super) struct Closure<'a> {
    pub code: Code<'a>,
    pub scope: Rc<Scope<'a>>,
    pub module: Rc<Module<'a>>,
}

/// The text of a function.
#[derive(Clone, Copy)]
pub(super) enum Code<'a> {
    Arrow(&'a ArrowFunctionExpression<'a>),
    Function(&'a Function<'a>),
}

/// A value that is known by how it came about.
pub(super) struct Thing<'a> {
    pub kind: Kind,
    pub what: What<'a>,
}

/// How a value came about.
pub(super) enum What<'a> {
    Nothing,
    /// A name that the program does not define, a parameter, a variable.
    Name(String),
    /// Imported from what is not followed.
    Import {
        module: String,
        name: String,
    },
    Member(Value<'a>, String),
    Call(Value<'a>, Vec<Value<'a>>),
}

/// What a value is to a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not known to be any of the others.
    Other,
    /// What has no database behind it: `Map`, `console`, a promise.
    Plain,
    /// Stands for a client and reaches no database that stays: a mock, SQLite in memory.
    Double,
    /// A Prisma client; `tx`.
    Prisma,
    /// `prisma.favorite`; without a name if it cannot be told.
    Model(Option<String>),
    /// What takes SQL text.
    Sql,
    /// `sql` of Drizzle, Prisma and Kysely: makes text and runs nothing.
    Fragment,
    /// Drizzle's database.
    Drizzle,
    /// A table of Drizzle's schema.
    Table(String),
    Knex,
    /// `knex.schema`, Kysely's `schema`.
    Schema,
    /// What a change of a table's definition is told: `t` in `alterTable("x", t => ...)`.
    Definition(Option<String>),
    /// A statement that is being built.
    Query(Query),
    /// TypeORM's `DataSource` and `EntityManager`.
    Manager,
    /// TypeORM's repository, by entity.
    Repository(Option<String>),
    Sequelize,
    /// A model class of Sequelize, by table.
    Static(String),
    /// A row that a model class found.
    Row(String),
    /// Runs shell commands: `$` of zx and Bun.
    Shell,
}

/// A statement that is being built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub tables: Vec<String>,
    pub limited: bool,
    /// The finding that it is, once its verb is known.
    pub finding: Option<usize>,
}

impl<'a> Value<'a> {
    pub fn nothing() -> Value<'a> {
        Value::thing(Kind::Other, What::Nothing)
    }

    pub fn plain() -> Value<'a> {
        Value::thing(Kind::Plain, What::Nothing)
    }

    pub fn named(name: impl Into<String>) -> Value<'a> {
        Value::thing(Kind::Other, What::Name(name.into()))
    }

    pub fn of_kind(kind: Kind) -> Value<'a> {
        Value::thing(kind, What::Nothing)
    }

    pub fn thing(kind: Kind, what: What<'a>) -> Value<'a> {
        Value::Thing(Rc::new(Thing { kind, what }))
    }

    pub fn text(text: impl Into<String>) -> Value<'a> {
        Value::Text(Text::constant(text))
    }

    pub fn list(values: Vec<Value<'a>>) -> Value<'a> {
        Value::List(Rc::new(RefCell::new(values)))
    }

    pub fn object(entries: Vec<(String, Value<'a>)>) -> Value<'a> {
        Value::Object(Rc::new(Object { entries: RefCell::new(entries), ..Object::default() }))
    }

    /// One of these. What is not known is left out beside what is known to be a client or a function.
    pub fn one_of(values: Vec<Value<'a>>) -> Value<'a> {
        let mut all: Vec<Value<'a>> = Vec::new();
        for value in values {
            match value {
                Value::OneOf(inner) => all.extend(inner.iter().cloned()),
                value => all.push(value),
            }
        }
        let is_known = |value: &Value<'a>| match value {
            Value::Thing(thing) => !matches!(thing.kind, Kind::Other | Kind::Plain),
            Value::Text(_) => false,
            _ => true,
        };
        let is_vague =
            |value: &Value<'a>| matches!(value, Value::Thing(thing) if matches!(thing.kind, Kind::Other | Kind::Plain));
        if all.iter().any(is_known) {
            all.retain(|value| !is_vague(value));
        }
        let mut texts: Vec<Text> = Vec::new();
        all.retain(|value| match value {
            Value::Text(text) if texts.iter().any(|known| known.parts == text.parts) => false,
            Value::Text(text) => {
                texts.push(text.clone());
                true
            }
            _ => true,
        });
        if all.len() > MAX_CHOICES {
            all.truncate(MAX_CHOICES);
            all.push(Value::Text(Text::unknown()));
        }
        match <[Value<'a>; 1]>::try_from(all) {
            Ok([one]) => one,
            Err(all) if all.is_empty() => Value::nothing(),
            Err(all) => Value::OneOf(Rc::new(all)),
        }
    }

    /// Each that it may be.
    pub fn choices(&self) -> Vec<Value<'a>> {
        match self {
            Value::OneOf(all) => all.to_vec(),
            one => vec![one.clone()],
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Value::Thing(thing) => thing.kind.clone(),
            _ => Kind::Other,
        }
    }

    /// The texts that it may be; a part that is not known if it is none.
    pub fn texts(&self) -> Vec<Text> {
        let choices = self.choices();
        choices
            .iter()
            .map(|value| match value {
                Value::Text(text) => text.clone(),
                _ => Text::unknown(),
            })
            .collect()
    }

    /// The text that it is, if that is constant.
    pub fn constant(&self) -> Option<String> {
        match self {
            Value::Text(text) => text.as_constant(),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        self.choices().iter().any(|value| value.constant().as_deref() == Some("true"))
    }

    /// The entry of an object.
    pub fn entry(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Value::Object(object) => object.get(name),
            Value::OneOf(all) => all.iter().find_map(|value| value.entry(name)),
            _ => None,
        }
    }

    /// What it is called where it comes from.
    pub fn name(&self) -> Option<String> {
        match self {
            Value::Object(object) => Some(object.class.as_ref()?.node.id.as_ref()?.name.to_string()),
            Value::Thing(thing) => match &thing.what {
                What::Name(name) | What::Member(_, name) => Some(name.clone()),
                What::Import { name, .. } => Some(name.clone()),
                What::Call(callee, _) => callee.name(),
                What::Nothing => None,
            },
            Value::OneOf(all) => all.iter().find_map(Value::name),
            _ => None,
        }
    }

    /// The address of what it is a member or result of.
    pub fn root(&self) -> usize {
        match self {
            Value::Thing(thing) => match &thing.what {
                What::Member(of, _) => of.root(),
                _ => Rc::as_ptr(thing).addr(),
            },
            _ => 0,
        }
    }

    /// The package that it was imported from.
    pub fn package(&self) -> Option<&str> {
        let Value::Thing(thing) = self else { return None };
        match &thing.what {
            What::Import { module, .. } => Some(module),
            What::Member(of, _) | What::Call(of, _) => of.package(),
            _ => None,
        }
    }
}

impl Object<'_> {
    pub fn is_class(&self) -> bool {
        self.class.is_some()
    }
}

impl<'a> Object<'a> {
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let own = self.entries.borrow().iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        own.or_else(|| self.base.borrow().as_ref()?.entry(name))
    }

    pub fn set(&self, name: &str, value: Value<'a>) {
        let mut entries = self.entries.borrow_mut();
        match entries.iter_mut().find(|(key, _)| key == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name.to_owned(), value)),
        }
    }

    pub fn values(&self) -> Vec<Value<'a>> {
        self.entries.borrow().iter().map(|(_, value)| value.clone()).collect()
    }
}

impl Text {
    pub fn constant(text: impl Into<String>) -> Text {
        Text { parts: vec![Some(text.into())], origin: None }
    }

    pub fn unknown() -> Text {
        Text { parts: vec![None], origin: None }
    }

    pub fn at(mut self, file: &Rc<str>, line: usize) -> Text {
        self.origin = Some((file.clone(), line));
        self
    }

    pub fn push(&mut self, other: &Text) {
        if self.parts.iter().flatten().all(|part| part.trim().is_empty()) && other.origin.is_some() && !self.has_holes()
        {
            self.origin = self.origin.take().or_else(|| other.origin.clone());
        }
        for part in &other.parts {
            match (self.parts.last_mut(), part) {
                (Some(Some(last)), Some(more)) => last.push_str(more),
                _ => self.parts.push(part.clone()),
            }
        }
    }

    pub fn as_constant(&self) -> Option<String> {
        let parts: Option<Vec<&str>> = self.parts.iter().map(Option::as_deref).collect();
        Some(parts?.concat())
    }

    pub fn has_holes(&self) -> bool {
        self.parts.iter().any(Option::is_none)
    }

    /// The text with `hole` in the place of what is not known.
    pub fn with(&self, hole: &str) -> String {
        self.parts.iter().map(|part| part.as_deref().unwrap_or(hole)).collect()
    }

    /// The text with each constant part changed.
    pub fn map(&self, change: impl Fn(&str) -> String) -> Text {
        let parts = self.parts.iter().map(|part| part.as_deref().map(&change)).collect();
        Text { parts, origin: self.origin.clone() }
    }
}

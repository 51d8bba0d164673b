//! Calls that reach a database: which client takes them, and what they do.
//!
//! A client is known by the package that makes it, by a type, or by where it came from. Of what is not known the shape
//! of a call decides: `x.favorite.deleteMany()` is Prisma's wherever `x` comes from, and what is given the text of a
//! statement that changes rows is taken to run it.

mod orm;
mod prisma;
mod process;
mod query;
mod sql;

use super::value::{Kind, Query, Text, Value, What};
use super::{Interpreter, Place};
use crate::check::finding::Effect;

/// Packages whose clients take SQL text.
const SQL_PACKAGES: [&str; 28] = [
    "pg",
    "postgres",
    "better-sqlite3",
    "sqlite3",
    "sqlite",
    "node:sqlite",
    "bun:sqlite",
    "mysql",
    "mysql2",
    "mysql2/promise",
    "mariadb",
    "@libsql/client",
    "@libsql/client/web",
    "libsql",
    "@neondatabase/serverless",
    "@vercel/postgres",
    "@planetscale/database",
    "pg-promise",
    "slonik",
    "sql.js",
    "expo-sqlite",
    "mssql",
    "oracledb",
    "@electric-sql/pglite",
    "@databases/pg",
    "@databases/sqlite",
    "pg-pool",
    "pg-native",
];

/// Packages that start other programs.
const PROCESS_PACKAGES: [&str; 9] =
    ["child_process", "node:child_process", "execa", "shelljs", "zx", "cross-spawn", "tinyexec", "bun", "zx/globals"];

/// Packages that may be given the text of a statement and do not run it.
const PLAIN_PACKAGES: [&str; 24] = [
    "crypto",
    "node:crypto",
    "lodash",
    "lodash-es",
    "chalk",
    "kleur",
    "picocolors",
    "ora",
    "consola",
    "winston",
    "pino",
    "commander",
    "yargs",
    "vitest",
    "@jest/globals",
    "node:test",
    "node:assert",
    "assert",
    "sql-formatter",
    "node-sql-parser",
    "pgsql-ast-parser",
    "inquirer",
    "prompts",
    "@clack/prompts",
];

/// Names that a database client goes by where nothing else tells.
const CLIENT_NAMES: [&str; 14] = [
    "prisma",
    "db",
    "tx",
    "trx",
    "client",
    "database",
    "conn",
    "connection",
    "knex",
    "orm",
    "drizzle",
    "prismaClient",
    "dbClient",
    "transaction",
];

/// Functions that show or compare a text.
const TEXT_ONLY: [&str; 35] = [
    "log",
    "info",
    "warn",
    "error",
    "debug",
    "trace",
    "fatal",
    "success",
    "verbose",
    "print",
    "printf",
    "println",
    "write",
    "writeFile",
    "writeFileSync",
    "appendFile",
    "appendFileSync",
    "includes",
    "startsWith",
    "endsWith",
    "match",
    "test",
    "it",
    "describe",
    "equal",
    "strictEqual",
    "deepEqual",
    "toBe",
    "toEqual",
    "toContain",
    "Error",
    "escape",
    "format",
    "title",
    "say",
];

/// What a package's export is by itself.
pub(super) fn kind_of_import(module: &str, name: &str) -> Kind {
    let is_drizzle = module.starts_with("drizzle-orm");
    match name {
        "sql" if is_drizzle || module == "kysely" || module.contains("prisma") => Kind::Fragment,
        "sql" | "db" if SQL_PACKAGES.contains(&module) || module == "bun" => Kind::Sql,
        "$" if PROCESS_PACKAGES.contains(&module) => Kind::Shell,
        _ if PLAIN_PACKAGES.contains(&module) => Kind::Plain,
        // A client that is made and kept elsewhere.
        "prisma" => Kind::Prisma,
        _ => Kind::Other,
    }
}

/// The members of a client that are a client too.
pub(super) fn member<'a>(object: &Value<'a>, name: &str) -> Option<Value<'a>> {
    let member = |kind| Some(Value::thing(kind, What::Member(object.clone(), name.to_owned())));
    match object.kind() {
        Kind::Double => member(Kind::Double),
        Kind::Prisma if name == "?" => member(Kind::Model(None)),
        Kind::Prisma if !name.starts_with(['$', '_']) && name != "constructor" => {
            member(Kind::Model(Some(name.to_owned())))
        }
        Kind::Knex | Kind::Manager if name == "schema" => member(Kind::Schema),
        Kind::Manager if ["manager", "connection", "dataSource", "queryRunner"].contains(&name) => {
            member(Kind::Manager)
        }
        Kind::Sequelize if name == "models" => member(Kind::Sequelize),
        Kind::Sequelize if name.starts_with(char::is_uppercase) => member(Kind::Static(name.to_owned())),
        Kind::Repository(_) if name == "manager" => member(Kind::Manager),
        Kind::Query(_) if ["not", "select"].contains(&name) => Some(object.clone()),
        Kind::Sql if ["pool", "client", "connection", "promise", "session"].contains(&name) => member(Kind::Sql),
        Kind::Plain if name == "sql" => None,
        Kind::Other if name == "sql" && object.name().as_deref() == Some("Prisma") => member(Kind::Fragment),
        Kind::Other if name == "$" && object.name().as_deref() == Some("Bun") => member(Kind::Shell),
        Kind::Other if name == "schema" && object.name().is_some_and(|name| is_client_name(&name)) => {
            member(Kind::Schema)
        }
        _ => None,
    }
}

fn is_client_name(name: &str) -> bool {
    CLIENT_NAMES.contains(&name)
}

/// A new object of a package's class.
pub(super) fn new_client<'a>(
    interpreter: &mut Interpreter<'a, '_>,
    class: &Value<'a>,
    arguments: Vec<Value<'a>>,
    place: Place,
) -> Value<'a> {
    let name = class.name().unwrap_or_default();
    let package = class.package().unwrap_or_default();
    interpreter.escape_all(&arguments);
    let kind = match name.as_str() {
        "PrismaClient" => Kind::Prisma,
        "Sequelize" => Kind::Sequelize,
        "DataSource" => {
            if arguments.first().and_then(|options| options.entry("dropSchema")).is_some_and(|drop| drop.is_true()) {
                interpreter.find(place, Effect::Reset, Vec::new(), true);
            }
            Kind::Manager
        }
        _ if package == "sequelize" || package == "sequelize-typescript" => Kind::Sequelize,
        // It is gone when the program ends.
        _ if SQL_PACKAGES.contains(&package) && arguments.first().is_some_and(is_in_memory) => Kind::Double,
        "SQL" if package == "bun" => Kind::Sql,
        _ if SQL_PACKAGES.contains(&package) => Kind::Sql,
        "Map" | "Set" | "WeakMap" | "WeakSet" | "Date" | "Error" | "LRUCache" | "Promise" => Kind::Plain,
        _ => Kind::Other,
    };
    Value::thing(kind, What::Call(class.clone(), arguments))
}

impl<'a> Interpreter<'a, '_> {
    /// A call of a method of something that the program does not define.
    pub fn client_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: Vec<Value<'a>>,
        place: Place,
    ) -> Value<'a> {
        let result = match object.kind() {
            Kind::Prisma => self.prisma_client(object, name, &arguments, place),
            Kind::Model(model) => self.prisma_model(model.as_deref(), name, &arguments, place),
            Kind::Sql => self.sql_method(object, name, &arguments, place),
            Kind::Drizzle => self.drizzle_method(object, name, &arguments, place),
            Kind::Knex => self.knex_method(object, name, &arguments, place),
            Kind::Schema => self.schema_method(object, name, &arguments, place),
            Kind::Definition(table) => self.definition_method(object, table.as_deref(), name, place),
            Kind::Query(query) => self.query_method(query, name, &arguments, place),
            Kind::Manager => self.manager_method(object, name, &arguments, place),
            Kind::Repository(table) => self.repository_method(table.as_deref(), name, &arguments, place),
            Kind::Sequelize => self.sequelize_method(object, name, &arguments, place),
            Kind::Static(table) => self.static_method(&table, name, &arguments, place),
            Kind::Row(table) => self.row_method(&table, name, place),
            Kind::Shell => self.process_method(object, name, &arguments, place),
            Kind::Fragment => arguments.first().filter(|_| name == "raw").cloned(),
            Kind::Plain => Some(Value::plain()),
            Kind::Double => Some(Value::of_kind(Kind::Double)),
            Kind::Table(_) | Kind::Other => self.other_method(object, name, &arguments, place),
        };
        self.own(object);
        // Whoever it is may call the functions that it is given.
        if result.is_none() {
            let parameter = match object.kind() {
                Kind::Other | Kind::Plain => Vec::new(),
                _ => vec![object.clone(), object.clone(), object.clone()],
            };
            arguments.iter().for_each(|argument| self.escape_with(argument, &parameter, 0));
        } else if matches!(object.kind(), Kind::Plain | Kind::Double) {
            self.escape_all(&arguments);
        }
        result.unwrap_or_else(|| {
            Value::thing(
                Kind::Other,
                What::Call(Value::thing(Kind::Other, What::Member(object.clone(), name.to_owned())), arguments),
            )
        })
    }

    /// A call of a function that the program does not define.
    pub fn client_call(&mut self, function: &Value<'a>, arguments: Vec<Value<'a>>, place: Place) -> Value<'a> {
        let name = function.name().unwrap_or_default();
        let package = function.package().unwrap_or_default().to_owned();
        let first = arguments.first().cloned();
        let constant = first.as_ref().and_then(Value::constant);
        let made = |kind| Value::thing(kind, What::Call(function.clone(), arguments.clone()));
        match (function.kind(), &constant) {
            // A name within a template.
            (Kind::Sql, Some(text)) if is_identifier(text) => return first.unwrap_or_else(Value::nothing),
            (Kind::Sql, _) => {
                if matches!(&first, Some(Value::Text(text)) if sql::is_statement(&known_part(text))) {
                    self.sql_arguments(&arguments, place, true);
                    self.own(function);
                    return Value::plain();
                }
                self.escape_all(&arguments);
                return made(Kind::Sql);
            }
            (Kind::Knex, Some(table)) => return made(Kind::Query(Query::on(table))),
            // `$({ cwd })` gives another `$`.
            (Kind::Shell, _) if matches!(first, Some(Value::Object(_))) => return made(Kind::Shell),
            (Kind::Shell, _) => return self.tag(function, first.unwrap_or_else(Value::nothing), place),
            (Kind::Double, _) => {
                self.escape_all(&arguments);
                return made(Kind::Double);
            }
            (Kind::Plain, _) => {
                self.escape_all(&arguments);
                return Value::plain();
            }
            _ => {}
        }
        if package.starts_with("drizzle-orm") {
            match (name.as_str(), &constant) {
                ("drizzle", _) => return made(Kind::Drizzle),
                (name, Some(table)) if name.ends_with("Table") => return made(Kind::Table(table.clone())),
                _ => {}
            }
        }
        if SQL_PACKAGES.contains(&package.as_str()) {
            self.escape_all(&arguments);
            return made(if first.as_ref().is_some_and(is_in_memory) { Kind::Double } else { Kind::Sql });
        }
        if PROCESS_PACKAGES.contains(&package.as_str())
            && let Some(value) = self.process_call(&name, &arguments, place)
        {
            return value;
        }
        if self.removes_file(&name, &package, &arguments, place) {
            return Value::nothing();
        }
        match name.as_str() {
            _ if package == "knex" => return made(Kind::Knex),
            "getRepository" => return made(Kind::Repository(first.as_ref().and_then(table_name))),
            "createConnection" | "getConnection" | "getManager" if package == "typeorm" => return made(Kind::Manager),
            // Nest's, and what hands back what it was given.
            "promisify" | "cache" | "memoize" | "once" => {
                self.escape_all(&arguments);
                return first.unwrap_or_else(Value::nothing);
            }
            name if name.starts_with("mock") || name.starts_with("createMock") => return made(Kind::Double),
            "eval" => {
                self.unknown(place, "the code is made when the program runs");
                return Value::nothing();
            }
            _ if is_client_name(&name) && arguments.len() == 1 => {
                if let Some(table) = constant.filter(|text| is_identifier(text)) {
                    return made(Kind::Query(Query::on(&table)));
                }
            }
            _ => {}
        }
        if !TEXT_ONLY.contains(&name.as_str()) {
            self.sql_arguments(&arguments, place, false);
        }
        self.escape_all(&arguments);
        made(Kind::Other)
    }

    /// A template with a tag that the program does not define.
    pub fn tag(&mut self, tag: &Value<'a>, text: Value<'a>, place: Place) -> Value<'a> {
        let value = self.tag_of(tag, text, place);
        self.own(tag);
        value
    }

    fn tag_of(&mut self, tag: &Value<'a>, text: Value<'a>, place: Place) -> Value<'a> {
        let name = tag.name().unwrap_or_default();
        match tag.kind() {
            Kind::Fragment | Kind::Double => return text,
            Kind::Shell => {
                self.shell(&text, None, place);
                return Value::plain();
            }
            _ => {}
        }
        match name.as_str() {
            "$executeRaw" | "$queryRaw" => {
                self.sql(&text, place, true);
                return Value::plain();
            }
            "raw" | "html" | "css" | "gql" | "graphql" | "dedent" | "outdent" | "stripIndent" => return text,
            _ => {}
        }
        // A template may be a part of another.
        if text.texts().iter().any(|text| sql::is_statement(&text.with("x"))) {
            self.sql(&text, place, tag.kind() == Kind::Sql);
            return if name == "sql" { text } else { Value::nothing() };
        }
        if tag.kind() == Kind::Sql && text.texts().iter().any(|text| text.with("").trim().is_empty()) {
            self.unknown(place, "the SQL text is not constant");
        }
        text
    }

    /// A method of what is not known to be a client: the shape of the call tells.
    fn other_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        let package = object.package().unwrap_or_default().to_owned();
        let owner = object.name().unwrap_or_default();
        let first = arguments.first();
        if name == "sql" || name == "raw" && owner == "Prisma" {
            return first.cloned();
        }
        if name.starts_with("Table") || name == "table" && package.starts_with("drizzle-orm") {
            return Some(Value::of_kind(Kind::Table(first?.constant()?)));
        }
        if SQL_PACKAGES.contains(&package.as_str())
            && matches!(object, Value::Thing(thing) if !matches!(thing.what, What::Call(..)))
        {
            self.escape_all(arguments);
            return Some(Value::thing(Kind::Sql, What::Call(object.clone(), arguments.to_vec())));
        }
        if package == "knex" && name == "knex" {
            return Some(Value::thing(Kind::Knex, What::Call(object.clone(), arguments.to_vec())));
        }
        if (PROCESS_PACKAGES.contains(&package.as_str()) || owner == "Bun")
            && let Some(value) = self.process_call(name, arguments, place)
        {
            return Some(value);
        }
        let of = if owner == "Deno" || owner == "fs" { "fs" } else { &package };
        if self.removes_file(name, of, arguments, place) {
            return Some(Value::nothing());
        }
        if let Value::Text(_) = object {
            // Kysely's `sql` templates.
            self.sql(object, place, true);
            return Some(Value::nothing());
        }
        if let Value::Object(class) = object
            && class.is_class()
        {
            return self.class_method(object, class, name, arguments, place);
        }
        if owner.to_lowercase().contains("log") || ["chalk", "console", "ora", "spinner"].contains(&owner.as_str()) {
            return None;
        }
        if let Some(value) = self.prisma_shape(object, name, arguments, place) {
            return Some(value);
        }
        if let Some(value) = self.orm_shape(object, name, arguments, place) {
            return Some(value);
        }
        if !TEXT_ONLY.contains(&name) && self.sql_arguments(arguments, place, false) {
            return Some(Value::nothing());
        }
        None
    }
}

/// Whether a client is told to keep its database in memory.
fn is_in_memory(options: &Value<'_>) -> bool {
    let named = ["url", "filename", "path"].iter().find_map(|name| options.entry(name));
    named.as_ref().unwrap_or(options).constant().is_some_and(|path| path.contains(":memory:"))
}

/// The table that a value stands for where a table is asked for.
fn table_name(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => text.as_constant(),
        Value::Object(object) if object.is_class() => {
            let named = ["(table)", "tableName"].iter().find_map(|name| object.get(name));
            named.and_then(|name| name.constant()).or_else(|| value.name())
        }
        Value::Thing(thing) => match &thing.kind {
            Kind::Table(name) | Kind::Static(name) | Kind::Row(name) => Some(name.clone()),
            _ => match &thing.what {
                What::Import { name, .. } => Some(name.clone()),
                What::Member(_, name) if name != "?" => Some(name.clone()),
                // An alias of a table.
                What::Call(_, arguments) => arguments.first().and_then(table_name),
                _ => None,
            },
        },
        Value::OneOf(all) => all.iter().find_map(table_name),
        _ => None,
    }
}

/// Whether a text is a plain name.
fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || "_.\"".contains(c))
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// A text without what is not known.
fn known_part(text: &Text) -> String {
    text.with("x")
}

//! The database engines: what the layers above an adapter need to know of each. Nothing else in the crate tells engines
//! apart by name.

use serde::{Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};
use thiserror::Error;

/// What an engine is like. Each engine has one, either in [`Engine::BUILT_IN`] or given to [`Engine::register`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its name in manifests. Never changed once a snapshot was taken with it.
    pub name: &'static str,
    /// What Prisma calls it (`provider`), and exported files with it.
    pub provider: &'static str,
    /// Its own name, for people.
    pub title: &'static str,
    /// The SQL in which its filters and patches are written.
    pub dialect: Dialect,
    /// Which values its columns hold.
    pub columns: Columns,
    /// What its booleans are.
    pub booleans: Booleans,
    /// Whether its tables are in schemas.
    pub has_schemas: bool,
    /// What a database is told by.
    pub location: Location,
    /// What has to wait while a transaction only reads, to go on after "until it ends, ".
    pub long_read: &'static str,
}

/// A form of SQL. What a dialect looks like is the business of `db`; everybody else passes it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL's; its patches are for psql.
    Postgres,
    /// SQLite's; its patches are for sqlite3.
    Sqlite,
}

/// Which values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Values of its type. What is no integer, float or bytes is text: decimals in digits, dates and times as
    /// PostgreSQL prints them under `datestyle = ISO` and in UTC (keys and exported files read that form), all else as
    /// the server prints it.
    Typed,
    /// Values of any class, whatever its type says. Decimals may be numbers or texts; texts are as they were written.
    Dynamic,
}

/// What booleans are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booleans {
    /// The texts `t` and `f`.
    Letters,
    /// The integers 1 and 0.
    Numbers,
}

/// What a database is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// The path of its file.
    File,
    /// Its name within a server, and an identifier of the server if that can be had.
    Server,
}

const POSTGRES: EngineInfo = EngineInfo {
    name: "postgres",
    provider: "postgresql",
    title: "PostgreSQL",
    dialect: Dialect::Postgres,
    columns: Columns::Typed,
    booleans: Booleans::Letters,
    has_schemas: true,
    location: Location::Server,
    long_read: "VACUUM cannot remove rows that were deleted or changed since it began, in the whole database, and ALTER TABLE, \
                DROP TABLE and TRUNCATE of these tables wait, with all that comes after them",
};

const SQLITE: EngineInfo = EngineInfo {
    name: "sqlite",
    provider: "sqlite",
    title: "SQLite",
    dialect: Dialect::Sqlite,
    columns: Columns::Dynamic,
    booleans: Booleans::Numbers,
    has_schemas: false,
    location: Location::File,
    long_read: "the write-ahead log cannot be reset and grows with each write; without one (another journal mode), nobody can write",
};

/// Engines that a program brought along.
static REGISTERED: RwLock<Vec<&'static EngineInfo>> = RwLock::new(Vec::new());

/// A database engine. Two are equal if their names are.
#[derive(Clone, Copy)]
pub struct Engine(&'static EngineInfo);

impl Engine {
    /// PostgreSQL 13 and later.
    pub const POSTGRES: Engine = Engine(&POSTGRES);
    /// SQLite 3.
    pub const SQLITE: Engine = Engine(&SQLITE);
    /// The engines of dbsnap itself.
    pub const BUILT_IN: [Engine; 2] = [Engine::POSTGRES, Engine::SQLITE];

    /// Makes an engine known that is not built in, so that its snapshots can be read. To be called before the first of
    /// them is; again with the same description does no harm.
    ///
    /// # Errors
    /// [`NameTaken`] if another engine has its name or provider.
    pub fn register(info: &'static EngineInfo) -> Result<Engine, NameTaken> {
        let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
        let known = Engine::BUILT_IN.map(|engine| engine.0);
        match known.iter().chain(registered.iter()).find(|one| one.name == info.name || one.provider == info.provider) {
            Some(one) if *one == info => {}
            Some(one) => return Err(NameTaken(one.name)),
            None => registered.push(info),
        }
        Ok(Engine(info))
    }

    /// The engine that manifests call so.
    ///
    /// # Errors
    /// [`UnknownEngine`] if there is none.
    pub fn named(name: &str) -> Result<Engine, UnknownEngine> {
        Engine::find(|info| info.name == name).ok_or_else(|| UnknownEngine(name.to_owned()))
    }

    /// The engine that Prisma, or an exported file, calls so.
    ///
    /// # Errors
    /// [`UnknownEngine`] if there is none.
    pub fn of_provider(provider: &str) -> Result<Engine, UnknownEngine> {
        Engine::find(|info| info.provider == provider).ok_or_else(|| UnknownEngine(provider.to_owned()))
    }

    fn find(is_it: impl Fn(&EngineInfo) -> bool) -> Option<Engine> {
        let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
        let built_in = Engine::BUILT_IN.map(|engine| engine.0);
        built_in.iter().chain(registered.iter()).find(|info| is_it(info)).map(|info| Engine(info))
    }

    /// What it is like.
    pub const fn info(self) -> &'static EngineInfo {
        self.0
    }
}

impl PartialEq for Engine {
    fn eq(&self, other: &Engine) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Engine {}

impl Hash for Engine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// As in manifests.
impl Serialize for Engine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.title)
    }
}

/// An engine that this program does not know. Rows of its tables cannot be shown, compared or restored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is a database engine that this version of dbsnap does not know")]
pub struct UnknownEngine(pub String);

/// Another engine has the name or provider of one that is to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is a database engine of that name or provider: {0}")]
pub struct NameTaken(pub &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_found_by_its_name_once_it_is_registered() {
        static INFO: EngineInfo = EngineInfo { name: "ours", provider: "ours.example", title: "Ours", ..SQLITE };
        static OTHER: EngineInfo = EngineInfo { name: "ours", provider: "other.example", ..INFO };
        assert_eq!(Engine::named("ours"), Err(UnknownEngine("ours".to_owned())));
        let ours = Engine::register(&INFO).unwrap();
        assert_eq!(Engine::register(&INFO), Ok(ours));
        assert_eq!((Engine::named("ours"), Engine::of_provider("ours.example")), (Ok(ours), Ok(ours)));
        assert_eq!(Engine::register(&OTHER), Err(NameTaken("ours")));
    }
}

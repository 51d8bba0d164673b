//! The database engines.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A database engine. Manifests have it as `postgres` or `sqlite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// PostgreSQL 13 and later.
    Postgres,
    /// SQLite 3.
    Sqlite,
}

impl Engine {
    /// What Prisma calls it (`provider`), and exported files with it.
    pub const fn provider(self) -> &'static str {
        match self {
            Engine::Postgres => "postgresql",
            Engine::Sqlite => "sqlite",
        }
    }

    /// The engine that Prisma calls so.
    pub fn of_provider(provider: &str) -> Option<Engine> {
        [Engine::Postgres, Engine::Sqlite].into_iter().find(|engine| engine.provider() == provider)
    }

    /// Its own name, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Engine::Postgres => "PostgreSQL",
            Engine::Sqlite => "SQLite",
        }
    }
}

/// As in manifests.
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Postgres => "postgres",
            Engine::Sqlite => "sqlite",
        })
    }
}

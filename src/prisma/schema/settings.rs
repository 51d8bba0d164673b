//! `datasource` and `generator` blocks: what a project says of its database and its client.

use super::Position;

/// A `datasource` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datasource {
    /// Its name, `db` as a rule.
    pub name: String,
    /// `postgresql`, `sqlite`, ...
    pub provider: String,
    /// `url`; Prisma 7 has it in its config file instead.
    pub url: Option<Setting>,
    /// `directUrl`: the database itself where `url` leads to a proxy.
    pub direct_url: Option<Setting>,
    /// `relationMode`, or `referentialIntegrity` as it was called: `prisma` where the client keeps relations and no
    /// foreign key does.
    pub relation_mode: Option<String>,
    /// `schemas`: the database schemas that models are in.
    pub schemas: Vec<String>,
    /// Where it stands.
    pub at: Position,
}

/// A text that stands there, or is to be had from the environment.
#[derive(Clone, PartialEq, Eq)]
pub enum Setting {
    /// `"..."`
    Literal(String),
    /// `env("NAME")`
    Variable(String),
}

impl Setting {
    /// The variable, if it is one.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Setting::Variable(name) => Some(name),
            Setting::Literal(_) => None,
        }
    }
}

impl std::fmt::Debug for Setting {
    /// A literal may be a URL with its password in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Literal(_) => f.write_str("Literal(..)"),
            Setting::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

/// A `generator` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// `prisma-client`, `prisma-client-js`, ...
    pub provider: String,
    /// `output`, as written: relative to the folder of the file it stands in.
    pub output: Option<String>,
    /// `engineType`
    pub engine_type: Option<String>,
    /// `previewFeatures`
    pub preview_features: Vec<String>,
    /// Its other settings that are single texts, as `moduleFormat` and `runtime`.
    pub others: Vec<(String, String)>,
    /// Where it stands.
    pub at: Position,
}

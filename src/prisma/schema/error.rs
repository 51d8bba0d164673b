//! Where something stands in a schema, and what is wrong with it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A line of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The file.
    pub file: Arc<Path>,
    /// The line, counted from 1.
    pub line: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Something that was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it stands.
    pub at: Position,
    /// What it is, and what became of it.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// A schema that cannot be read. Messages never hold a URL.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// What stands there is no schema.
    #[error("{at}: {what}")]
    Syntax {
        /// Where.
        at: Position,
        /// What is wrong.
        what: String,
    },
    /// The schema contradicts itself.
    #[error("{at}: {what}")]
    Meaning {
        /// Where.
        at: Position,
        /// What is wrong.
        what: String,
    },
    /// The project names a schema that is not there.
    #[error("there is no Prisma schema at {}, which {named_by} names", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// `prisma.config.ts`, `package.json`.
        named_by: String,
    },
}

impl SchemaError {
    /// Where it is wrong, if it is a line of a file.
    pub fn position(&self) -> Option<&Position> {
        match self {
            SchemaError::Syntax { at, .. } | SchemaError::Meaning { at, .. } => Some(at),
            SchemaError::Io { .. } | SchemaError::Missing { .. } => None,
        }
    }
}

//! What it takes to make a table again: statements, in order, each with what it makes.
//!
//! It is stored with the table's schema, in the same object (the field `definition` of its JSON): whoever keeps, copies
//! or verifies a schema does so with its definition, builds that know nothing of definitions among them.

use super::TableName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a part of a definition makes. Parts are carried out in the order of this list, except that collations, types,
/// sequences and functions keep the order of the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DefinitionPartKind"))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartKind {
    /// A schema of the database.
    Schema,
    /// An extension.
    Extension,
    /// A collation.
    Collation,
    /// An enum, domain, range or composite type.
    Type,
    /// A sequence that belongs to no identity column.
    Sequence,
    /// A function that a default, a rule, an index or a trigger calls.
    Function,
    /// The table itself, or a partitioned table that it is a partition of.
    Table,
    /// A CHECK constraint.
    Check,
    /// A PRIMARY KEY, UNIQUE or EXCLUDE constraint.
    Key,
    /// An index that belongs to no constraint.
    Index,
    /// Attaches a table to its partitioned table.
    Partition,
    /// A FOREIGN KEY constraint of the table, or of another table that refers to it.
    ForeignKey,
    /// A trigger or rule.
    Trigger,
    /// Makes a column of the table the owner of a sequence, which is then dropped with it.
    Ownership,
    /// Other settings: row-level security, comments, statistics, storage.
    Setting,
    /// Privileges of roles other than the owner.
    Privilege,
    /// Something that cannot be made again; `sql` says what and why.
    Unsupported,
}

impl PartKind {
    /// When it is made. Parts of one stage keep their order.
    pub fn stage(self) -> u8 {
        match self {
            PartKind::Unsupported => 0,
            PartKind::Schema => 1,
            PartKind::Extension => 2,
            PartKind::Collation | PartKind::Type | PartKind::Sequence | PartKind::Function => 3,
            PartKind::Table => 4,
            PartKind::Check => 5,
            PartKind::Key => 6,
            PartKind::Index => 7,
            PartKind::Partition => 8,
            PartKind::ForeignKey => 9,
            PartKind::Trigger => 10,
            PartKind::Ownership | PartKind::Setting => 11,
            PartKind::Privilege => 12,
        }
    }

    /// Whether rows are whole without it: then it is no reason to hold them back, and a warning if it cannot be had.
    pub fn is_beside_rows(self) -> bool {
        matches!(self, PartKind::Ownership | PartKind::Setting | PartKind::Privilege)
    }
}

impl fmt::Display for PartKind {
    /// `foreign key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PartKind::Schema => "schema",
            PartKind::Extension => "extension",
            PartKind::Collation => "collation",
            PartKind::Type => "type",
            PartKind::Sequence => "sequence",
            PartKind::Function => "function",
            PartKind::Table => "table",
            PartKind::Check => "check constraint",
            PartKind::Key => "constraint",
            PartKind::Index => "index",
            PartKind::Partition => "partition",
            PartKind::ForeignKey => "foreign key",
            PartKind::Trigger => "trigger",
            PartKind::Ownership => "ownership of sequence",
            PartKind::Setting => "setting",
            PartKind::Privilege => "privilege",
            PartKind::Unsupported => "property",
        })
    }
}

/// One statement of a table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DefinitionPart"))]
pub struct Part {
    /// What the statement makes.
    pub kind: PartKind,
    /// The name of what is made, as the database writes it: `public.mood`, `public.price(integer)`, `mods_pkey`. Two
    /// parts with the same kind, name and table make the same thing.
    pub name: String,
    /// The table that is made or that the part belongs to; absent for what several tables may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableName>,
    /// The table that a foreign key refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<TableName>,
    /// One statement in the database's SQL, without a semicolon. All names are qualified.
    pub sql: String,
    /// Further statements that belong to this one and are run after it, such as privileges and comments of a type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<String>,
}

impl Part {
    /// Whether both make the same thing, perhaps otherwise.
    pub fn is_same(&self, other: &Part) -> bool {
        self.kind == other.kind && self.name == other.name && self.table == other.table
    }
}

impl fmt::Display for Part {
    /// `type public.mood`, `index mods_title of mods`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) if self.kind == PartKind::Table => write!(f, "table {table}"),
            Some(table) => write!(f, "{} {} of {table}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// The statements that create one table, in the order in which they are run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Definition {
    /// The parts.
    pub parts: Vec<Part>,
}

//! What it takes to make a table again: statements, in order, each with what it makes.
//!
//! It is stored with the table's schema, in the same object (the field `definition` of its JSON): whoever keeps, copies
//! or verifies a schema does so with its definition, builds that know nothing of definitions among them.

use super::TableName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a part of a definition makes. The order is that in which parts of several definitions are carried out, as far
/// as [`PartKind::stage`] tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// A sequence that is not an identity's.
    Sequence,
    /// A function that a default, a rule, an index or a trigger calls.
    Function,
    /// The table itself, or a partitioned one that it is a part of.
    Table,
    /// CHECK.
    Check,
    /// PRIMARY KEY, UNIQUE or EXCLUDE.
    Key,
    /// An index that belongs to no constraint.
    Index,
    /// That a table is a part of a partitioned one.
    Partition,
    /// FOREIGN KEY: from the table, or from another one to it.
    ForeignKey,
    /// A trigger or rule.
    Trigger,
    /// That a column of the table owns the sequence of that name: the sequence goes with it.
    Ownership,
    /// What is left: row-level security, comments, statistics, storage.
    Setting,
    /// What others than the owner may do.
    Privilege,
    /// Something that cannot be made again; its `sql` says what and why.
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

/// One statement of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// What it makes.
    pub kind: PartKind,
    /// The name of what it makes, as the database writes it: `public.mood`, `public.price(integer)`, `mods_pkey`. Two
    /// parts with the same kind, name and table make the same thing.
    pub name: String,
    /// The table that it makes or is a part of; none for what several tables may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableName>,
    /// Of a foreign key: the table that it refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<TableName>,
    /// One statement in the database's own SQL, without a semicolon; every name qualified.
    pub sql: String,
    /// Further statements that belong to it alone, carried out after it: privileges and comments of what has no table.
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

/// What it takes to make one table again, in the order of making.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Definition {
    /// The parts.
    pub parts: Vec<Part>,
}

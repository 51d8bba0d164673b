//! Enums of a schema.

use super::Position;

/// One `enum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// The name in the schema.
    pub name: String,
    /// The type's name in the database, from `@@map`, else its own.
    pub db_name: String,
    /// The database schema that `@@schema` names.
    pub db_schema: Option<String>,
    /// The values, in the order of the file.
    pub values: Vec<EnumValue>,
    /// The `///` lines above it.
    pub documentation: Option<String>,
    /// Where it stands.
    pub at: Position,
}

impl Enum {
    /// The label that the database has for the value of that name.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|value| value.name == name).map(|value| value.label.as_str())
    }

    /// The name that Prisma has for that label of the database.
    pub fn name_of(&self, label: &str) -> Option<&str> {
        self.values.iter().find(|value| value.label == label).map(|value| value.name.as_str())
    }
}

/// One value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// The name in the schema and in the client.
    pub name: String,
    /// The label in the database, from `@map`, else the name.
    pub label: String,
}

//! Models and their fields, resolved: every name of Prisma's beside the name that the database has.

use super::Position;

/// One `model` or `view`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The name in the schema: `ScrapingJob`.
    pub name: String,
    /// The table's name in the database, from `@@map`, else the model's own.
    pub table: String,
    /// The database schema that `@@schema` names.
    pub db_schema: Option<String>,
    /// The fields in the order of the file, relations and ignored ones included.
    pub fields: Vec<Field>,
    /// `@id` or `@@id`.
    pub id: Option<Key>,
    /// `@unique` and `@@unique`, in the order of the file: those of fields first.
    pub uniques: Vec<Key>,
    /// `@@ignore`: the client has no such model.
    pub ignored: bool,
    /// A `view`.
    pub view: bool,
    /// The `///` lines above it.
    pub documentation: Option<String>,
    /// Where it stands.
    pub at: Position,
}

impl Model {
    /// The model's property in the client: the name with its first letter in lower case.
    pub fn accessor(&self) -> String {
        let mut letters = self.name.chars();
        letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field that stands for that column.
    pub fn field_of_column(&self, column: &str) -> Option<&Field> {
        self.columns().find(|field| field.column == column)
    }

    /// The fields that stand for a column: all but relations.
    pub fn columns(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !matches!(field.kind, FieldKind::Relation(_)))
    }

    /// The relations, with the field of each.
    pub fn relations(&self) -> impl Iterator<Item = (&Field, &Relation)> {
        self.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Relation(relation) => Some((field, relation)),
            _ => None,
        })
    }
}

/// What tells rows apart: an id, or a unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name given for the client: `@@id(name:)`, `@@unique(name:)`.
    pub name: Option<String>,
    /// The fields, in key order.
    pub fields: Vec<String>,
    /// Whether it stands on a field (`@id`) and not on the model (`@@id`).
    pub on_field: bool,
}

impl Key {
    /// What the client calls it in `where`: the field, the name given, or the fields with `_` between them.
    pub fn client_name(&self) -> String {
        match (&self.name, &self.fields[..]) {
            (_, [field]) => field.clone(),
            (Some(name), _) => name.clone(),
            (None, fields) => fields.join("_"),
        }
    }
}

/// One field of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name in the schema.
    pub name: String,
    /// The column's name in the database, from `@map`, else the field's own. A relation has none of its own.
    pub column: String,
    /// What it holds.
    pub kind: FieldKind,
    /// `@db.VarChar(20)`, if one is given.
    pub native: Option<NativeType>,
    /// `[]`
    pub list: bool,
    /// `?`
    pub optional: bool,
    /// Whether it alone is the id.
    pub id: bool,
    /// Whether it alone is unique.
    pub unique: bool,
    /// `@ignore`: the client has no such field.
    pub ignored: bool,
    /// `@updatedAt`
    pub updated_at: bool,
    /// `@default`
    pub default: Option<DefaultValue>,
    /// The `///` lines above it or beside it.
    pub documentation: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// One of Prisma's own types.
    Scalar(Scalar),
    /// An enum of the schema, by its name there.
    Enum(String),
    /// Another model, or the same.
    Relation(Relation),
    /// `Unsupported("text")`: a type of the database that Prisma does not know.
    Unsupported(String),
    /// A type that stands nowhere in the schema: a composite type, or something of a later version.
    Unknown(String),
}

/// Prisma's own types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// 32 bits.
    Int,
    /// 64 bits.
    BigInt,
    /// 64 bits of floating point.
    Float,
    /// Exact.
    Decimal,
    /// A date, a time or both.
    DateTime,
    /// A document.
    Json,
    /// Binary.
    Bytes,
}

impl Scalar {
    /// All of them.
    pub const ALL: [Scalar; 9] = [
        Scalar::String,
        Scalar::Boolean,
        Scalar::Int,
        Scalar::BigInt,
        Scalar::Float,
        Scalar::Decimal,
        Scalar::DateTime,
        Scalar::Json,
        Scalar::Bytes,
    ];

    /// The name in a schema.
    pub const fn name(self) -> &'static str {
        match self {
            Scalar::String => "String",
            Scalar::Boolean => "Boolean",
            Scalar::Int => "Int",
            Scalar::BigInt => "BigInt",
            Scalar::Float => "Float",
            Scalar::Decimal => "Decimal",
            Scalar::DateTime => "DateTime",
            Scalar::Json => "Json",
            Scalar::Bytes => "Bytes",
        }
    }
}

/// `@db.VarChar(20)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeType {
    /// `VarChar`
    pub name: String,
    /// `20`, as written.
    pub arguments: Vec<String>,
}

/// One side of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The model on the other side.
    pub model: String,
    /// The relation's name: the one given, else the two models' names in alphabetical order with `To` between them.
    pub name: String,
    /// Fields of this model that refer; empty on the other side.
    pub fields: Vec<String>,
    /// Fields of the other model that they refer to.
    pub references: Vec<String>,
    /// `onDelete:`, if given.
    pub on_delete: Option<RelationAction>,
    /// `onUpdate:`, if given.
    pub on_update: Option<RelationAction>,
}

/// What happens to referring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationAction {
    /// They go, or change, too.
    Cascade,
    /// Refused at once.
    Restrict,
    /// Refused at the end.
    NoAction,
    /// Their fields become NULL.
    SetNull,
    /// Their fields take their default.
    SetDefault,
}

impl RelationAction {
    /// All of them.
    pub const ALL: [RelationAction; 5] = [
        RelationAction::Cascade,
        RelationAction::Restrict,
        RelationAction::NoAction,
        RelationAction::SetNull,
        RelationAction::SetDefault,
    ];

    /// The name in a schema.
    pub const fn name(self) -> &'static str {
        match self {
            RelationAction::Cascade => "Cascade",
            RelationAction::Restrict => "Restrict",
            RelationAction::NoAction => "NoAction",
            RelationAction::SetNull => "SetNull",
            RelationAction::SetDefault => "SetDefault",
        }
    }
}

/// What a field gets where none is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultValue {
    /// `autoincrement()`: a counter of the database.
    AutoIncrement,
    /// `now()`
    Now,
    /// `uuid()`, `cuid()`, `ulid()`, `nanoid()` and what later versions add: made by the client; the function's name.
    Made(String),
    /// `dbgenerated("...")`: an expression of the database.
    DbGenerated(Option<String>),
    /// A text, already without its quotes and escapes.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A value of an enum, by its name in the schema.
    EnumValue(String),
    /// A list of such values.
    List(Vec<DefaultValue>),
}

/// The table of an implicit many-to-many relation. Its columns are `A` and `B`; the client has no model for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinTable {
    /// The table's name in the database: `_` and the relation's name.
    pub table: String,
    /// The database schema, if the models name one.
    pub db_schema: Option<String>,
    /// The relation's name.
    pub relation: String,
    /// The model whose id column `A` holds.
    pub a: String,
    /// The model whose id column `B` holds.
    pub b: String,
}

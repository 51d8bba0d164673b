//! What stands in a schema, before anything is known of what it means: blocks, lines, attributes, expressions.

/// A block: `model Mod { ... }`.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) sort: Sort,
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) documentation: Option<String>,
    /// Lines that begin with a name.
    pub(super) entries: Vec<Entry>,
    /// Lines that begin with `@@`.
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Model,
    View,
    Enum,
    /// `type`: a composite of MongoDB.
    Composite,
    Datasource,
    Generator,
}

/// A field, a value of an enum, or a setting.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: u32,
    /// The type of a field.
    pub(super) written: Option<Written>,
    /// What follows the `=` of a setting.
    pub(super) value: Option<Expression>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) documentation: Option<String>,
}

/// The type of a field as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) name: String,
    /// The text within `Unsupported("...")`.
    pub(super) unsupported: Option<String>,
    pub(super) list: bool,
    pub(super) optional: bool,
}

/// `@name(arguments)` or `@@name(arguments)`.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    /// With its dots: `db.VarChar`.
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) arguments: Vec<Argument>,
}

impl Attribute {
    /// The argument of that name; with `first`, the one that may stand first without its name.
    pub(super) fn argument(&self, name: &str, first: bool) -> Option<&Expression> {
        let named = self.arguments.iter().find(|argument| argument.name.as_deref() == Some(name));
        let unnamed = || self.arguments.iter().find(|argument| first && argument.name.is_none());
        named.or_else(unnamed).map(|argument| &argument.value)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) name: Option<String>,
    pub(super) value: Expression,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Text(String),
    Number(String),
    /// A name, with its dots.
    Path(String),
    Call(String, Vec<Expression>),
    List(Vec<Expression>),
    /// Something of a later version.
    Unknown,
}

impl Expression {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Expression::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The names in a list; a name with arguments (`title(sort: Desc)`) without them.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let name = |part: &Expression| match part {
            Expression::Path(name) | Expression::Call(name, _) => Some(name.clone()),
            _ => None,
        };
        match self {
            Expression::List(parts) => parts.iter().map(name).collect(),
            one => name(one).map(|name| vec![name]),
        }
    }
}

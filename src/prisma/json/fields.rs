//! What the columns of a table are called in the file, and what their values look like there.

use super::encode::{BEFORE_RECORD, is_time};
use super::text;
use crate::codec::{Booleans, Column, Columns, Engine, EngineInfo, Kind, TableSchema};
use crate::prisma::ExportError;
use std::collections::{BTreeMap, HashMap};

/// Names of the Prisma schema for a table. The default of each is what is right without one.
pub trait FieldNames {
    /// The field that stands for `column`.
    fn field<'n>(&'n self, column: &'n str) -> &'n str {
        column
    }

    /// The model's property in Prisma's client: `mod` for `model Mod`.
    fn model(&self) -> Option<&str> {
        None
    }

    /// The name that Prisma's client has for a key of several columns (`@@id(name:)`), if it is not the fields joined
    /// by `_`.
    fn key(&self) -> Option<&str> {
        None
    }

    /// For a column of an enum whose values have other names in Prisma than in the database: each name with its label.
    fn labels(&self, _column: &str) -> &[(String, String)] {
        &[]
    }

    /// Whether Prisma's client has no such field: it is `@ignore`d, `Unsupported` or not in the schema.
    fn is_hidden(&self, _column: &str) -> bool {
        false
    }
}

/// Column names as they are: for a table that no Prisma schema is known for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColumnNames;

impl FieldNames for ColumnNames {}

/// What the usual texts of a column become; what is not usual, [`Form::Odd`] knows about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The JSON string of it; there is no other form.
    String,
    /// The JSON string of it, if its last letter is a digit.
    Decimal,
    /// A truth value, of `t` and `f`.
    Truth,
    /// A time in ISO's form.
    Time,
    /// That has to be looked at.
    Odd,
}

impl Form {
    fn of(column: &Column, engine: &EngineInfo) -> Form {
        let typed = engine.columns == Columns::Typed;
        match column.kind {
            _ if column.array => Form::Odd,
            Kind::Text | Kind::Uuid | Kind::Interval | Kind::Enum | Kind::Other => Form::String,
            Kind::Numeric if typed => Form::Decimal,
            Kind::Bool if engine.booleans == Booleans::Letters => Form::Truth,
            kind if is_time(kind) && typed => Form::Time,
            _ => Form::Odd,
        }
    }
}

/// What stands in a record before a value, ready to be copied.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    /// Filled up to [`text::RUN`] bytes.
    bytes: Vec<u8>,
    len: usize,
}

impl Lead {
    /// Of the field with this key and a colon behind it, at this place in the record.
    fn new(key: &[u8], index: usize) -> Lead {
        let before = if index == 0 { [BEFORE_RECORD, b"{"].concat() } else { b",".to_vec() };
        let mut bytes = [&before, key].concat();
        let len = bytes.len();
        bytes.push(b'"');
        bytes.resize(bytes.len().max(text::RUN), 0);
        Lead { bytes, len }
    }

    /// Appends it.
    #[inline(always)]
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        text::put_first(out, &self.bytes, self.len);
    }

    /// Appends it, and the quote that a string begins with.
    #[inline(always)]
    pub(super) fn put_quoted(&self, out: &mut Vec<u8>) {
        text::put_first(out, &self.bytes, self.len + 1);
    }
}

/// One column as a field of the records.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its name in the file.
    pub(super) name: String,
    /// The name as a JSON string with the colon after it, ready to be written.
    pub(super) key: Vec<u8>,
    pub(super) kind: Kind,
    /// Whether values are PostgreSQL arrays.
    pub(super) array: bool,
    /// Whether array text separates elements with something else than a comma.
    pub(super) odd_separator: bool,
    /// The same kind has other stored forms in each engine.
    pub(super) columns: Columns,
    /// What stands for true and false.
    pub(super) booleans: Booleans,
    /// What stands before each value.
    pub(super) lead: Lead,
    /// What most texts become.
    pub(super) form: Form,
    /// Names of an enum's values, where they differ from the labels that the database has.
    pub(super) labels: Option<Labels>,
}

/// Names and labels of an enum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Labels {
    by_label: HashMap<String, String>,
    by_name: BTreeMap<String, String>,
}

impl Labels {
    /// Of pairs of name and label; `None` if all are the same, or if they do not tell each other apart.
    pub(super) fn new<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Option<Labels> {
        let mut labels = Labels::default();
        let (mut pairs_seen, mut differ) = (0, false);
        for (name, label) in pairs {
            pairs_seen += 1;
            differ |= name != label;
            labels.by_label.insert(label.to_owned(), name.to_owned());
            labels.by_name.insert(name.to_owned(), label.to_owned());
        }
        let told_apart = labels.by_label.len() == pairs_seen && labels.by_name.len() == pairs_seen;
        (differ && told_apart).then_some(labels)
    }

    /// The name of that label.
    pub(super) fn name_of(&self, label: &str) -> Option<&str> {
        self.by_label.get(label).map(String::as_str)
    }

    /// The label of that name.
    pub(super) fn label_of(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(String::as_str)
    }

    /// Every name with its label.
    pub(super) fn by_name(&self) -> &BTreeMap<String, String> {
        &self.by_name
    }
}

/// All fields of a table, in column order.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) list: Vec<Field>,
    by_name: HashMap<String, usize>,
}

impl Fields {
    /// The fields of `schema`, a table of `engine`, under `names`, one for each column.
    pub(super) fn new<'n>(
        engine: Engine,
        schema: &TableSchema,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Fields, ExportError> {
        let mut list = Vec::with_capacity(schema.columns.len());
        let mut by_name = HashMap::with_capacity(schema.columns.len());
        for (index, (column, name)) in schema.columns.iter().zip(names).enumerate() {
            if by_name.insert(name.to_owned(), index).is_some() {
                return Err(ExportError::FieldTwice(name.to_owned()));
            }
            let mut key = Vec::with_capacity(name.len() + 3);
            text::put_string(&mut key, name);
            key.push(b':');
            list.push(Field {
                name: name.to_owned(),
                lead: Lead::new(&key, index),
                form: Form::of(column, engine.info()),
                key,
                kind: column.kind,
                array: column.array,
                odd_separator: column.array && column.sql_type.starts_with("box"),
                columns: engine.info().columns,
                booleans: engine.info().booleans,
                labels: None,
            });
        }
        Ok(Fields { list, by_name })
    }

    /// Gives the field at `index` the names of its enum.
    pub(super) fn set_labels(&mut self, index: usize, labels: Option<Labels>) {
        if let Some(field) = self.list.get_mut(index) {
            if labels.is_some() && field.form != Form::Truth {
                field.form = Form::Odd;
            }
            field.labels = labels;
        }
    }

    /// The fields of `schema` as Prisma's schema names them.
    pub(super) fn named(engine: Engine, schema: &TableSchema, names: &dyn FieldNames) -> Result<Fields, ExportError> {
        let mut fields = Fields::new(engine, schema, schema.columns.iter().map(|column| names.field(&column.name)))?;
        for (index, column) in schema.columns.iter().enumerate() {
            let pairs = names.labels(&column.name).iter().map(|(name, label)| (name.as_str(), label.as_str()));
            fields.set_labels(index, Labels::new(pairs));
        }
        Ok(fields)
    }

    /// Position of the field called `name`.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

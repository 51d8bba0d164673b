//! A row's key as a person or program writes it: as the database prints it, as a record of dbsnap's has it, or as JSON.
//!
//! What was typed can stand for several values (`5` for a number and a text, `00ff` for hexadecimal and base64), so it
//! becomes all keys that it can mean, and the tree says which of them there is.

mod values;

use super::OpError;
use crate::codec::{Engine, Key, TableSchema, Value, row};
use crate::db::FilterNames;
use crate::hash::Hash;
use crate::prisma::FieldNames;
use crate::tree::{Finder, FoundRow};
use serde_json::Value as Json;

/// More readings of one key than this are not tried.
const MOST: usize = 2_000;

/// Whose rows they are, and what gives names beside those of the database.
#[derive(Clone, Copy)]
pub(super) struct Names<'n> {
    /// The engine that the table is of.
    pub engine: Engine,
    /// Fields for columns, and names of enums' values.
    pub filter: &'n dyn FilterNames,
    /// The same as records of an export have them.
    pub fields: &'n dyn FieldNames,
}

/// Bytes of a row that is rather read twice than held.
const LONG: usize = 1 << 20;

/// A key and its row.
pub(super) struct Found {
    pub key: Vec<u8>,
    pub row: FoundRow,
}

/// All keys that what was typed can mean, the likeliest first.
pub(super) struct TypedKey {
    typed: String,
    table: String,
    keys: Vec<Vec<u8>>,
}

impl TypedKey {
    /// The key that stands after `TABLE:`: one value, several between commas, or JSON (`["a,b",1]`, `{"id":1}`).
    ///
    /// # Errors
    /// If the table has no key, or one of another number of values.
    pub fn parse(schema: &TableSchema, typed: &str, names: Names<'_>) -> Result<TypedKey, OpError> {
        let reading = Reading::new(schema, names)?;
        let mut rows = reading.json(typed);
        if reading.columns.len() == 1 || rows.is_empty() {
            for parts in splits(typed, reading.columns.len()) {
                rows.extend(reading.rows(parts.iter().map(|part| reading.text(part)).collect())?);
                if rows.len() > MOST {
                    return Err(reading.too_many());
                }
            }
        }
        if rows.is_empty() {
            return Err(OpError::Usage(format!(
                "the key of {} is ({}): give {} values between commas, or as JSON: [\"a\",\"b\"]",
                schema.table,
                schema.key_names().join(", "),
                reading.columns.len()
            )));
        }
        reading.keys(typed, &rows)
    }

    /// The key that was typed as `field=value`, by columns or by fields, in any order; or as one JSON object.
    ///
    /// # Errors
    /// If the table has no key, or what was typed are not all the fields of its key, each once.
    pub fn named(schema: &TableSchema, typed: &[String], names: Names<'_>) -> Result<TypedKey, OpError> {
        let reading = Reading::new(schema, names)?;
        if let [object] = typed {
            let rows = reading.json(object);
            if object.trim_start().starts_with('{') && !rows.is_empty() {
                return reading.keys(object, &rows);
            }
        }
        let values = named_values(schema, typed, names.filter)?;
        let rows = reading.rows(values.iter().map(|value| reading.text(value)).collect())?;
        reading.keys(&typed.join(","), &rows)
    }

    /// The key and the row of it that the tree with this root has. Only the ways to their leaves are read.
    ///
    /// # Errors
    /// If there are several that were typed so, or an object cannot be read.
    pub fn find(&self, rows: &Finder<'_>, schema: &TableSchema, root: &Hash) -> Result<Option<Found>, OpError> {
        let spec = schema.key_spec();
        let mut found: Option<(&Vec<u8>, Option<FoundRow>)> = None;
        for key in &self.keys {
            let Some(row) = rows.find(&spec, root, key)? else { continue };
            if found.is_some() {
                return Err(OpError::Usage(format!(
                    "'{}' could be several rows of {}: write the key as JSON, [5] for a number and [\"5\"] for a text",
                    self.typed, self.table
                )));
            }
            // A long row must not be held beside what else is read.
            found = Some((key, Some(row).filter(|row| row.row().len() <= LONG || self.keys.len() == 1)));
        }
        let Some((key, row)) = found else { return Ok(None) };
        let row = row.map_or_else(|| rows.find(&spec, root, key), |row| Ok(Some(row)))?;
        Ok(row.map(|row| Found { key: key.clone(), row }))
    }

    /// What it most likely means, where no tree tells.
    pub fn likeliest(&self) -> &[u8] {
        self.keys.first().map_or(&[], Vec::as_slice)
    }
}

/// How keys of one table are read.
struct Reading<'r> {
    schema: &'r TableSchema,
    names: Names<'r>,
    /// Positions of the key's columns.
    columns: Vec<usize>,
}

impl<'r> Reading<'r> {
    fn new(schema: &'r TableSchema, names: Names<'r>) -> Result<Reading<'r>, OpError> {
        let Key::Columns { columns, .. } = &schema.key else {
            return Err(OpError::Usage(format!("{} has no key by which a row could be found", schema.table)));
        };
        Ok(Reading { schema, names, columns: columns.iter().map(|column| column.column as usize).collect() })
    }

    fn text(&self, text: &'r str) -> values::Typed<'r> {
        values::Typed::Text(text)
    }

    /// The rows, with NULL in all other columns, whose key's columns have what was typed.
    fn rows(&self, parts: Vec<values::Typed<'_>>) -> Result<Vec<Vec<Value>>, OpError> {
        let mut rows = vec![vec![Value::Null; self.schema.columns.len()]];
        for (&position, part) in self.columns.iter().zip(&parts) {
            let values = values::of(self.schema, position, part, self.names);
            if rows.len() * values.len() > MOST {
                return Err(self.too_many());
            }
            let rows_before = &rows;
            let with = |value: &Value| {
                let value = value.clone();
                rows_before.iter().map(move |row| {
                    let mut row = row.clone();
                    row[position] = value.clone();
                    row
                })
            };
            rows = values.iter().flat_map(with).collect();
        }
        Ok(rows)
    }

    /// The rows that are meant if `typed` is JSON: an array of the key's values, or an object with the key's fields.
    fn json(&self, typed: &str) -> Vec<Vec<Value>> {
        let parts: Option<Vec<Json>> = match serde_json::from_str(typed) {
            Ok(Json::Array(parts)) if parts.len() == self.columns.len() => Some(parts),
            Ok(Json::Object(fields)) => self.columns.iter().map(|at| self.field(&fields, *at)).collect(),
            _ => None,
        };
        let Some(parts) = parts else { return Vec::new() };
        self.rows(parts.into_iter().map(values::Typed::Json).collect()).unwrap_or_default()
    }

    fn field(&self, fields: &serde_json::Map<String, Json>, at: usize) -> Option<Json> {
        let column = &self.schema.columns.get(at)?.name;
        let named = |name: &&String| self.names.filter.column(name).as_ref() == Some(column);
        let name = fields.keys().find(|name| *name == column).or_else(|| fields.keys().find(named))?;
        fields.get(name).cloned()
    }

    fn keys(&self, typed: &str, rows: &[Vec<Value>]) -> Result<TypedKey, OpError> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for values in rows {
            let mut key = Vec::new();
            self.schema.key_spec().key_of(&row::encode(values), &mut key)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(TypedKey { typed: typed.to_owned(), table: self.schema.table.to_string(), keys })
    }

    fn too_many(&self) -> OpError {
        OpError::Usage(format!("the key of {} can be read in too many ways: write it as JSON", self.schema.table))
    }
}

/// All ways to read `typed` as `parts` values between commas: a value may hold commas itself.
fn splits(typed: &str, parts: usize) -> Vec<Vec<&str>> {
    if parts <= 1 {
        return vec![vec![typed]];
    }
    let mut all = Vec::new();
    for (at, _) in typed.match_indices(',') {
        for mut rest in splits(&typed[at + 1..], parts - 1) {
            rest.insert(0, &typed[..at]);
            all.push(rest);
            if all.len() > MOST {
                return all;
            }
        }
    }
    all
}

/// The values of the key's columns, in their order. A comma within a value is told from one between two by the name
/// behind it.
fn named_values(schema: &TableSchema, typed: &[String], names: &dyn FilterNames) -> Result<Vec<String>, OpError> {
    let columns = schema.key_names();
    let wrong = || {
        let wanted: Vec<String> = columns.iter().map(|column| format!("{column}=VALUE")).collect();
        OpError::Usage(format!(
            "the key of {} is ({}): write --key {}",
            schema.table,
            columns.join(", "),
            wanted.join(",")
        ))
    };
    // The column that a part names, and its value.
    let named = |part: &str| -> Option<(usize, String)> {
        let (name, value) = part.split_once('=')?;
        let position = columns.iter().position(|column| *column == name).or_else(|| {
            let column = names.column(name)?;
            columns.iter().position(|one| *one == column)
        })?;
        Some((position, value.to_owned()))
    };
    let mut values: Vec<Option<String>> = vec![None; columns.len()];
    for argument in typed {
        let mut last: Option<usize> = None;
        for part in argument.split(',') {
            if let Some((position, value)) = named(part) {
                if values[position].replace(value).is_some() {
                    return Err(wrong());
                }
                last = Some(position);
            } else if let Some(value) = last.and_then(|position| values[position].as_mut()) {
                value.push(',');
                value.push_str(part);
            } else {
                return Err(wrong());
            }
        }
    }
    values.into_iter().collect::<Option<_>>().ok_or_else(wrong)
}

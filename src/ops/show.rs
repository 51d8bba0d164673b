//! `show`: a snapshot, a table of it, or one row.

use super::OpError;
use super::diff::rows::record;
use super::log::{LoggedSnapshot, describe};
use super::project::{Place, Project};
use super::refs::{find_entry_table, resolve};
use crate::codec::{Key, Kind, TableSchema, Value, row};
use crate::db::FilterNames;
use crate::hash::Hash;
use crate::prisma::RecordEncoder;
use crate::snapshot::{Entry, History, Refs, TableEntry, read_schema};
use crate::store::{Access, Objects, Store};
use crate::tree::{self, Cursor};
use serde::Serialize;
use serde_json::value::RawValue;

/// Rows of a table that are shown as a sample.
const SAMPLE: usize = 5;

/// What `show` found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShowReport {
    /// The snapshot.
    pub snapshot: LoggedSnapshot,
    /// Where the snapshot comes from: engine, database, version.
    pub source: String,
    /// The snapshot before.
    pub parent: Option<String>,
    /// The table, if one was asked for.
    pub table: Option<ShownTable>,
    /// The row, if one was asked for.
    pub row: Option<Box<RawValue>>,
}

/// One table of a snapshot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownTable {
    /// The table's schema.
    pub schema: TableSchema,
    /// The field of each column, as Prisma's schema or else the database has it.
    pub fields: Vec<String>,
    /// The root of its tree.
    pub root: String,
    /// Rows.
    pub rows: u64,
    /// Its first rows, as records of an export.
    pub sample: Vec<Box<RawValue>>,
}

/// Shows what `typed` points to: `REF`, `REF:TABLE` or `REF:TABLE:KEY`.
///
/// # Errors
/// If there is no such snapshot, table or row.
pub fn show(place: &Place, typed: &str) -> Result<ShowReport, OpError> {
    let project = Project::find(place)?;
    let store = project.open(Access::Read)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let reference = project.reference(typed);
    let resolved = resolve(&history, &refs, &reference)?;
    let entry = resolved.entry;
    let table = match &reference.table {
        Some(typed) => Some(find_entry_table(entry, typed)?),
        None => resolved.table,
    };
    let (mut shown, mut found) = (None, None);
    if let Some(table) = table.map(|position| &entry.manifest.tables[position]) {
        let schema = read_schema(&store, &table.schema_object)?;
        match &reference.key {
            Some(key) => found = Some(find_row(&project, &store, entry, table, &schema, key)?),
            None => shown = Some(show_table(&project, &store, table, schema)?),
        }
    }
    let source = &entry.manifest.source;
    Ok(ShowReport {
        snapshot: describe(entry, &refs.tags, refs.pins.contains_key(&entry.id)),
        source: format!("{} {}, {}", source.engine, source.version, source.database),
        parent: entry.manifest.parent.map(crate::hash::Hash::to_hex),
        table: shown,
        row: found,
    })
}

fn show_table(
    project: &Project,
    store: &Store,
    table: &TableEntry,
    schema: TableSchema,
) -> Result<ShownTable, OpError> {
    let mut cursor = Cursor::new(store, &schema.key_spec(), &table.root)?;
    let names = project.field_names(&schema);
    let mut encoder = RecordEncoder::of_table(&schema, &*names)?;
    let fields = schema.columns.iter().map(|column| names.field(&column.name).to_owned()).collect();
    let mut sample = Vec::new();
    while sample.len() < SAMPLE
        && let Some(entry) = cursor.next_entry()?
    {
        sample.push(record(&mut encoder, entry.row)?);
    }
    Ok(ShownTable { rows: table.rows, root: table.root.to_hex(), schema, fields, sample })
}

fn find_row(
    project: &Project,
    store: &Store,
    entry: &Entry,
    table: &TableEntry,
    schema: &TableSchema,
    typed: &str,
) -> Result<Box<RawValue>, OpError> {
    match lookup(store, schema, &table.root, typed)? {
        Some(row) => record(&mut RecordEncoder::of_table(schema, &*project.field_names(schema))?, &row),
        None => Err(OpError::NoSuchRow { key: typed.to_owned(), table: table.table.to_string(), id: entry.id }),
    }
}

/// The row of a tree that has the typed key. Only the way to its leaf is read.
///
/// # Errors
/// If the table has no key or one of other parts, or an object cannot be read.
pub(super) fn lookup(
    objects: &dyn Objects,
    schema: &TableSchema,
    root: &Hash,
    typed: &str,
) -> Result<Option<Vec<u8>>, OpError> {
    let key = key_typed(schema, typed)?;
    Ok(tree::find(objects, &schema.key_spec(), root, &key)?.map(|(row, _)| row))
}

/// The key that was typed.
///
/// # Errors
/// If the table has no key or one of other parts.
pub(super) fn key_typed(schema: &TableSchema, typed: &str) -> Result<Vec<u8>, OpError> {
    let mut key = Vec::new();
    schema.key_spec().key_of(&key_row(schema, typed)?, &mut key)?;
    Ok(key)
}

/// The key that was typed as `field=value`, by columns or by the fields that `names` has for them, in any order.
///
/// # Errors
/// If the table has no key, or what was typed are not all the fields of its key, each once.
pub(super) fn key_named(schema: &TableSchema, typed: &[String], names: &dyn FilterNames) -> Result<Vec<u8>, OpError> {
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
                // A comma within a value.
                value.push(',');
                value.push_str(part);
            } else {
                return Err(wrong());
            }
        }
    }
    let values: Vec<String> = values.into_iter().collect::<Option<_>>().ok_or_else(wrong)?;
    let mut key = Vec::new();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    schema.key_spec().key_of(&row_of_key(schema, &values)?, &mut key)?;
    Ok(key)
}

/// A row that has the typed key and NULL elsewhere. The values of a composite key stand between commas.
fn key_row(schema: &TableSchema, typed: &str) -> Result<Vec<u8>, OpError> {
    let parts: Vec<&str> = if schema.key_names().len() == 1 { vec![typed] } else { typed.split(',').collect() };
    row_of_key(schema, &parts)
}

fn row_of_key(schema: &TableSchema, parts: &[&str]) -> Result<Vec<u8>, OpError> {
    let Key::Columns { columns, .. } = &schema.key else {
        return Err(OpError::Usage(format!("{} has no key by which a row could be found", schema.table)));
    };
    if parts.len() != columns.len() {
        return Err(OpError::Usage(format!(
            "the key of {} is ({}): give {} values between commas",
            schema.table,
            schema.key_names().join(", "),
            columns.len()
        )));
    }
    let mut values = vec![Value::Null; schema.columns.len()];
    for (column, part) in columns.iter().zip(parts) {
        let position = column.column as usize;
        if let (Some(slot), Some(column)) = (values.get_mut(position), schema.columns.get(position)) {
            *slot = key_value(column.kind, part);
        }
    }
    Ok(row::encode(&values))
}

fn key_value(kind: Kind, text: &str) -> Value {
    let as_text = || Value::Text(text.as_bytes().to_vec());
    match kind {
        Kind::Int | Kind::BigInt => text.parse().map_or_else(|_| as_text(), Value::Int),
        Kind::Float4 | Kind::Float8 => text.parse().map_or_else(|_| as_text(), Value::Real),
        Kind::Bytes => from_hex(text).map_or_else(as_text, Value::Blob),
        _ => as_text(),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

//! `show`: a snapshot, a table of it, or one row.

use super::OpError;
use super::diff::rows::record;
use super::log::{LoggedSnapshot, describe};
use super::project::{Place, Project};
use super::refs::{find_entry_table, resolve};
use crate::codec::{Key, Kind, TableSchema, Value, row};
use crate::hash::Hash;
use crate::prisma::{ColumnNames, RecordEncoder};
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
            Some(key) => found = Some(find_row(&store, entry, table, &schema, key)?),
            None => shown = Some(show_table(&store, table, schema)?),
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

fn show_table(store: &Store, table: &TableEntry, schema: TableSchema) -> Result<ShownTable, OpError> {
    let mut cursor = Cursor::new(store, &schema.key_spec(), &table.root)?;
    let mut encoder = RecordEncoder::of_table(&schema, &ColumnNames)?;
    let mut sample = Vec::new();
    while sample.len() < SAMPLE
        && let Some(entry) = cursor.next_entry()?
    {
        sample.push(record(&mut encoder, entry.row)?);
    }
    Ok(ShownTable { rows: table.rows, root: table.root.to_hex(), schema, sample })
}

fn find_row(
    store: &Store,
    entry: &Entry,
    table: &TableEntry,
    schema: &TableSchema,
    typed: &str,
) -> Result<Box<RawValue>, OpError> {
    match lookup(store, schema, &table.root, typed)? {
        Some(row) => record(&mut RecordEncoder::of_table(schema, &ColumnNames)?, &row),
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

/// A row that has the typed key and NULL elsewhere. The values of a composite key stand between commas.
fn key_row(schema: &TableSchema, typed: &str) -> Result<Vec<u8>, OpError> {
    let Key::Columns { columns, .. } = &schema.key else {
        return Err(OpError::Usage(format!("{} has no key by which a row could be found", schema.table)));
    };
    let parts: Vec<&str> = if columns.len() == 1 { vec![typed] } else { typed.split(',').collect() };
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

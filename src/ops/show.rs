//! `show`: a snapshot, a table of it, or one row.

use super::OpError;
use super::keys::{Names, TypedKey};
use super::log::{LoggedSnapshot, describe};
use super::names;
use super::refs::resolve_or_table;
use super::repository::Repository;
use crate::codec::{Engine, TableName, TableSchema};
use crate::hash::Hash;
use crate::prisma::RecordEncoder;
#[cfg(feature = "schema")]
use crate::prisma::RecordJson;
use crate::snapshot::{Entry, History, Origin, Refs, TableEntry, read_schema};
use crate::store::{Access, Store};
use crate::tree::{Cursor, Finder, FoundRow};
use serde::{Serialize, Serializer};

/// Rows of a table that are shown as a sample, and bytes of them beyond which none follows.
const SAMPLE: usize = 5;
const SAMPLE_BYTES: usize = 1 << 20;

/// A row as a record of an export, written as it is serialized.
#[derive(Debug)]
pub struct ShownRow {
    encoder: RecordEncoder,
    row: Vec<u8>,
}

impl ShownRow {
    /// Bytes of the row, about as many as its record has.
    pub fn bytes(&self) -> usize {
        self.row.len()
    }
}

impl Serialize for ShownRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoder.record(&self.row).serialize(serializer)
    }
}

/// What `show` found.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    #[cfg_attr(feature = "schema", schemars(with = "Option<RecordJson<'_>>"))]
    pub row: Option<ShownRow>,
}

/// One table of a snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShownTable {
    /// The table's schema.
    pub schema: TableSchema,
    /// The field of each column, as Prisma's schema or else the database has it.
    pub fields: Vec<String>,
    /// The root of its tree; none of a partitioned table, whose partitions have their own.
    pub root: Option<String>,
    /// Of a partitioned table, its partitions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<String>,
    /// Rows.
    pub rows: u64,
    /// Its first rows, as records of an export.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RecordJson<'_>>"))]
    pub sample: Vec<ShownRow>,
    /// Why its rows cannot be shown, if they cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_hidden: Option<String>,
}

/// Shows what `typed` points to: `REF`, `REF:TABLE` or `REF:TABLE:KEY`.
///
/// # Errors
/// If there is no such snapshot, table or row.
pub fn show(repository: &Repository, typed: &str) -> Result<ShowReport, OpError> {
    let store = repository.open(Access::Read)?;
    let history = History::load(&store)?;
    let refs = Refs::load(&store)?;
    let aimed = resolve_or_table(repository, &history, &refs, typed)?;
    let entry = aimed.entry;
    let tables: Vec<&TableEntry> = aimed.tables.iter().map(|at| &entry.manifest.tables[*at]).collect();
    let (mut shown, mut found) = (None, None);
    match &aimed.key {
        Some(key) => found = Some(find_row(repository, &store, entry, &tables, key)?),
        None if tables.is_empty() => {}
        None => shown = Some(show_tables(repository, &store, &entry.manifest.source, &tables)?),
    }
    let source = &entry.manifest.source;
    Ok(ShowReport {
        snapshot: describe(entry, &refs.tags, &refs.pins),
        source: format!("{} {}, {}", source.engine, source.version, source.database),
        parent: entry.manifest.parent.map(crate::hash::Hash::to_hex),
        table: shown,
        row: found,
    })
}

/// One table, or the partitions of one as one.
fn show_tables(
    project: &Repository,
    store: &Store,
    source: &Origin,
    tables: &[&TableEntry],
) -> Result<ShownTable, OpError> {
    let (whole, engine) = (whole(tables)?, source.engine());
    let mut sample: Vec<ShownRow> = Vec::new();
    let mut shown = None;
    for table in tables {
        let schema = read_schema(store, &table.schema_object)?;
        let names = project.field_names(&schema);
        if let Ok(engine) = engine {
            let mut cursor = Cursor::new(store, &schema.key_spec(), &table.root)?;
            let encoder = RecordEncoder::of_table(engine, &schema, &*names)?;
            while sample.len() < SAMPLE
                && sample.iter().map(ShownRow::bytes).sum::<usize>() < SAMPLE_BYTES
                && let Some(entry) = cursor.next_entry()?
            {
                sample.push(ShownRow { encoder: encoder.clone(), row: entry.row.to_vec() });
            }
        }
        if shown.is_none() {
            let fields = schema.columns.iter().map(|column| names.field(&column.name).to_owned()).collect();
            shown = Some((TableSchema { table: whole.clone(), ..schema }, fields));
        }
    }
    let (schema, fields) = shown.ok_or_else(|| OpError::Usage("no table is named".to_owned()))?;
    let (root, partitions) = match tables {
        [one] if one.table == *whole => (Some(one.root.to_hex()), Vec::new()),
        _ => (None, tables.iter().map(|table| table.table.to_string()).collect()),
    };
    let rows = tables.iter().map(|table| table.rows).sum();
    let rows_hidden = engine.err().map(|unknown| unknown.to_string());
    Ok(ShownTable { rows, root, partitions, schema, fields, sample, rows_hidden })
}

/// The table, or the partitioned table of which all of `tables` are partitions.
///
/// # Errors
/// If there is none: a pattern fitted several tables.
pub(super) fn whole<'t>(tables: &[&'t TableEntry]) -> Result<&'t TableName, OpError> {
    let named: Vec<_> = tables.iter().map(|table| (&table.table, &table.part_of[..])).collect();
    names::whole(&named).ok_or_else(|| {
        let names: Vec<String> = tables.iter().map(|table| table.table.to_string()).collect();
        OpError::Usage(format!("name one table, not {}", names.join(", ")))
    })
}

fn find_row(
    project: &Repository,
    store: &Store,
    entry: &Entry,
    tables: &[&TableEntry],
    typed: &str,
) -> Result<ShownRow, OpError> {
    let (whole, engine) = (whole(tables)?, entry.manifest.source.engine()?);
    for table in tables {
        let schema = read_schema(store, &table.schema_object)?;
        if let Some(row) = lookup(project, &Finder::new(store), engine, &schema, &table.root, typed)? {
            let encoder = RecordEncoder::of_table(engine, &schema, &*project.field_names(&schema))?;
            return Ok(ShownRow { encoder, row: row.row().to_vec() });
        }
    }
    Err(OpError::NoSuchRow { key: typed.to_owned(), table: whole.to_string(), snapshot: Some(entry.id) })
}

/// The row of a tree that has the typed key. Only the way to its leaf is read.
///
/// # Errors
/// If the table has no key or one of other parts, or an object cannot be read.
pub(super) fn lookup(
    project: &Repository,
    rows: &Finder<'_>,
    engine: Engine,
    schema: &TableSchema,
    root: &Hash,
    typed: &str,
) -> Result<Option<FoundRow>, OpError> {
    let filter = project.filter_names(&schema.table);
    let names = Names { engine, filter: &filter, fields: &*project.field_names(schema) };
    let found = TypedKey::parse(schema, typed, names)?.find(rows, schema, root)?;
    Ok(found.map(|found| found.row))
}

//! Brings two versions of a table into one form, so that their rows can be compared: the columns that both have, one
//! key.

use super::schema::differences;
use super::sides::{Pair, TableSide};
use crate::codec::{Key, KeyColumn, KeyOrder, KeySpec, RowReader, RowWriter, TableSchema};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::ops::OpError;
use crate::ops::overlay::Overlay;
use crate::tree::{BuildOptions, Builder, Cursor, Differences, Sorter};

/// Bytes of rows sorted in memory where a version of a table has to be brought into another form.
const SORT_BUDGET: usize = 32 << 20;

/// Two versions of a table in one form.
pub(super) struct Aligned {
    /// The columns that both have, as the newer version has them, and the key by which rows are compared.
    pub schema: TableSchema,
    /// The same as the older version has them: other types, another default.
    pub old_schema: TableSchema,
    /// How rows are keyed.
    pub spec: KeySpec,
    /// The older rows in that form.
    pub old: Hash,
    /// The newer rows in that form.
    pub new: Hash,
    /// What differs between the schemas.
    pub differences: Vec<String>,
    /// The rows that differ, if they were noted when a side was captured.
    pub noted: Option<Differences>,
}

impl Aligned {
    /// Aligns both sides of `pair`. Where the form is the same nothing is read; a version in another form is rewritten
    /// in `overlay`. `None` if the table is only on one side, or no column is on both.
    ///
    /// # Errors
    /// If a tree cannot be read or rewritten.
    pub fn of(pair: &Pair, overlay: &Overlay<'_>, monitor: &dyn Monitor) -> Result<Option<Aligned>, OpError> {
        let (Some(old), Some(new)) = (&pair.old, &pair.new) else { return Ok(None) };
        let differences = differences(&old.schema, &new.schema);
        let schema = common(&new.schema, &old.schema);
        let old_schema = TableSchema { key: schema.key.clone(), ..reordered(&old.schema, &schema) };
        if schema.columns.is_empty() && !(old.schema.columns.is_empty() && new.schema.columns.is_empty()) {
            return Ok(None);
        }
        let spec = schema.key_spec();
        let root = |side: &TableSide| match same_form(&side.schema, &schema) {
            true => Ok(side.root),
            false => rewrite(side, &schema, overlay, monitor),
        };
        let (old, new) = (root(old)?, root(new)?);
        let noted = [&pair.old, &pair.new].into_iter().flatten().find_map(|side| side.noted.clone());
        Ok(Some(Aligned { schema, old_schema, spec, old, new, differences, noted }))
    }
}

fn same_form(one: &TableSchema, other: &TableSchema) -> bool {
    let names = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    names(one) == names(other) && one.key_spec() == other.key_spec()
}

/// `schema` with only the columns that `other` has too. Its key, if both have the same; else rows are compared as a
/// whole.
fn common(schema: &TableSchema, other: &TableSchema) -> TableSchema {
    let columns: Vec<_> =
        schema.columns.iter().filter(|column| position(other, &column.name).is_some()).cloned().collect();
    let mut common = TableSchema { columns, ..schema.clone() };
    common.key = key(schema, other, &common).unwrap_or(Key::Rows);
    common
}

fn key(schema: &TableSchema, other: &TableSchema, common: &TableSchema) -> Option<Key> {
    let (Key::Columns { source, columns }, Key::Columns { columns: others, .. }) = (&schema.key, &other.key) else {
        return None;
    };
    if schema.key_names() != other.key_names() {
        return None;
    }
    let mut kept = Vec::new();
    for ((column, other), name) in columns.iter().zip(others).zip(schema.key_names()) {
        let column_position = u32::try_from(position(common, name)?).ok()?;
        // The strictest order tells apart whatever either side does.
        let order = if column.order == other.order { column.order } else { KeyOrder::Storage };
        kept.push(KeyColumn { column: column_position, order });
    }
    Some(Key::Columns { source: source.clone(), columns: kept })
}

/// `schema` with the columns of `wanted`, in that order.
fn reordered(schema: &TableSchema, wanted: &TableSchema) -> TableSchema {
    let columns = wanted
        .columns
        .iter()
        .filter_map(|column| schema.columns.iter().find(|have| have.name == column.name))
        .cloned()
        .collect();
    TableSchema { columns, ..schema.clone() }
}

fn position(schema: &TableSchema, name: &str) -> Option<usize> {
    schema.columns.iter().position(|column| column.name == name)
}

/// Writes the rows of `side` anew with the columns and the key of `schema`.
fn rewrite(
    side: &TableSide,
    schema: &TableSchema,
    overlay: &Overlay<'_>,
    monitor: &dyn Monitor,
) -> Result<Hash, OpError> {
    let places: Vec<usize> = schema.columns.iter().filter_map(|column| position(&side.schema, &column.name)).collect();
    let mut sorter = Sorter::new(schema.key_spec(), overlay.scratch_dir(), SORT_BUDGET);
    let mut cursor = Cursor::new(overlay, &side.schema.key_spec(), &side.root)?;
    let mut row = Vec::new();
    while let Some(entry) = cursor.next_entry()? {
        let values = RowReader::values(entry.row, side.schema.columns.len())?;
        row.clear();
        let mut writer = RowWriter::new(&mut row);
        for &place in &places {
            writer.value(values[place]);
        }
        for _ in 0..entry.count {
            sorter.push(&row)?;
        }
        if monitor.interrupted() {
            return Err(OpError::Interrupted);
        }
    }
    let sorted = sorter.finish()?;
    let spec = schema.key_spec();
    let built = std::thread::scope(|scope| {
        let mut builder = Builder::new(scope, overlay, &spec, &[], sorted.extent(), BuildOptions::new(monitor));
        builder.push_sorted(sorted)?;
        builder.finish()
    })?;
    Ok(built.root)
}

//! Names the rows that are not what the plan says.

use super::Mode;
use super::plan::Target;
use crate::codec::{Key, RowReader, TableSchema, ValueRef};
use crate::hash::Hash;
use crate::ops::OpError;
use crate::ops::difference::each_difference;
use crate::ops::wording::counted;
use crate::store::Objects;

/// How many rows are named by their keys.
const NAMED: usize = 5;

/// The rows of `target` that `after` has otherwise than the snapshot, in words: `: 2 rows, with the keys 7, 9`. Empty
/// if they cannot be told from the snapshot alone.
///
/// # Errors
/// If an object cannot be read.
pub(super) fn in_words(objects: &dyn Objects, target: &Target, after: &Hash, mode: Mode) -> Result<String, OpError> {
    if target.projection.is_some() || mode == Mode::Missing {
        return Ok(String::new());
    }
    let (mut rows, mut keys) = (0, Vec::new());
    let schema = &target.read.schema;
    each_difference(objects, &target.spec, after, &target.entry.root, None, |found, wanted| {
        // rows that the snapshot has not may stay, unless all of the table is to be the snapshot
        let may_stay = wanted.is_none() && (mode != Mode::Exact || target.filtered.is_some());
        if let Some(entry) = wanted.or(found).filter(|_| !may_stay) {
            rows += entry.count;
            if keys.len() < NAMED {
                keys.extend(key_of(schema, entry.row));
            }
        }
        Ok::<bool, OpError>(true)
    })?;
    let more = if rows > keys.len() as u64 { " ..." } else { "" };
    Ok(match (rows, keys.is_empty()) {
        (0, _) => String::new(),
        (_, true) => format!(": {}", counted(rows, "row")),
        _ => format!(": {}, by key {}{more}", counted(rows, "row"), keys.join(", ")),
    })
}

/// A row's key as somebody would type it; `None` where there is none.
pub(super) fn key_of(schema: &TableSchema, row: &[u8]) -> Option<String> {
    let Key::Columns { columns, .. } = &schema.key else { return None };
    let values = RowReader::values(row, schema.columns.len()).ok()?;
    let parts = columns.iter().map(|column| {
        Some(match values.get(column.column as usize)? {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Int(int) => int.to_string(),
            ValueRef::Real(real) => real.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    });
    parts.collect::<Option<Vec<String>>>().map(|parts| parts.join(","))
}

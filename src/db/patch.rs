//! Patches: SQL text that turns one state of some tables into another, in the dialect of an engine's own command line
//! program.
//!
//! Text of names and values stands in it only as quoted names and literals; types and expressions of a snapshot do not:
//! whatever a patch needs to know of types it leaves to the database that it runs in.

use crate::codec::{Column, Key, TableSchema, Value, ValueRef};
use data_encoding::HEXLOWER;
use std::collections::BTreeSet;

/// One table of a patch.
#[derive(Debug, Clone, Copy)]
pub struct PatchTable<'t> {
    /// Its columns and key.
    pub schema: &'t TableSchema,
    /// Its rows before and after, if the patch is for all of them.
    pub rows: Option<(u64, u64)>,
    /// What is in the way of its updates.
    pub crossing: &'t Crossing,
}

/// What a patch does to one table.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Rows that it deletes.
    pub deleted: u64,
    /// Rows that get other values.
    pub updated: u64,
    /// Rows that it inserts.
    pub inserted: u64,
    /// What the rows with new values are, if [`PatchWriter::hash`] tells of each.
    pub hashes: Option<Vec<[u8; 32]>>,
    /// Rows that the statements write, some of them more than once.
    pub writes: u64,
}

/// What a table's updates cross on their way.
#[derive(Debug, Clone, Default)]
pub struct Crossing {
    /// Unique indexes that no order of the updates passes.
    pub indexes: BTreeSet<String>,
    /// Columns that the updates change.
    pub columns: BTreeSet<String>,
}

/// Copies of one row in a table without a key.
#[derive(Debug, Clone, Copy)]
pub struct Copies<'r> {
    /// The row.
    pub values: &'r [ValueRef<'r>],
    /// How many are to be deleted.
    pub gone: u64,
    /// How many are to stay.
    pub left: u64,
}

/// Writes the statements of a patch.
pub trait PatchWriter {
    /// What stands before the first statement: the settings it needs, the transaction, and a check of what it starts
    /// from.
    fn begin(&self, tables: &[PatchTable<'_>]) -> String;

    /// What stands after the last: a check of what it led to, and the end of the transaction.
    fn end(&self, tables: &[PatchTable<'_>], done: &[Done]) -> String;

    /// A text or blob as it stands in a statement.
    fn literal(&self, value: ValueRef<'_>) -> String {
        let mut sql = String::new();
        self.put_literal(value, &mut |piece| sql.push_str(piece));
        sql
    }

    /// As [`PatchWriter::literal`], piece by piece.
    fn put_literal(&self, value: ValueRef<'_>, put: &mut dyn FnMut(&str));

    /// Whether the database takes two values of a column for equal only if they are the same but for letters' case,
    /// trailing blanks and the form of numbers.
    fn is_equal_by_value(&self, column: &Column) -> bool;

    /// The condition that picks the row with the key of `values`.
    fn key_is(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> String;

    /// The condition that a column has a value.
    fn cell_is(&self, column: &Column, value: ValueRef<'_>) -> String;

    /// The condition that picks the row with the key of `values`, if it has all of `values` but those of the columns
    /// `but`.
    fn row_is(&self, schema: &TableSchema, values: &[ValueRef<'_>], but: &BTreeSet<usize>) -> String {
        let key = schema.key_names();
        let beyond = schema.columns.iter().zip(values).enumerate();
        let beyond = beyond.filter(|(at, (column, _))| !key.contains(&column.name.as_str()) && !but.contains(at));
        let mut terms = vec![self.key_is(schema, values)];
        terms.extend(beyond.map(|(_, (column, value))| self.cell_is(column, *value)));
        all_of(terms)
    }

    /// What [`PatchWriter::end`] holds a written row against. `None` if there is nothing that the database can say of
    /// such rows.
    fn hash(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> Option<[u8; 32]>;

    /// Deletes the rows that these conditions pick.
    fn delete(&self, schema: &TableSchema, keys: &[String]) -> String;

    /// What stands before the first [`PatchWriter::delete_copies`] of a table.
    fn begin_copies(&self, schema: &TableSchema) -> String;

    /// Deletes copies of a row, perhaps not before [`PatchWriter::end_copies`].
    fn delete_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> String;

    /// How many rows that writes.
    fn writes_of_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> u64;

    /// What stands after the last [`PatchWriter::delete_copies`] of a table.
    fn end_copies(&self, schema: &TableSchema) -> String;

    /// Sets columns of the row that `key` picks.
    fn update(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String;

    /// The values of a row, for [`PatchWriter::insert`].
    fn tuple(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> String;

    /// Inserts rows.
    fn insert(&self, schema: &TableSchema, tuples: &[String]) -> String;

    /// Writes the same, for rows that CHECK constraints of today would refuse although the table is as it was when they
    /// came. `None` where no setting lets them pass.
    fn unchecked(&self) -> Option<&'static dyn PatchWriter>;

    /// Whether deleting a row can take along others while the patch runs.
    fn follows_references(&self) -> bool;

    /// Whether the patch takes off the unique indexes that its updates cross, and makes them again. Otherwise rows step
    /// aside.
    fn drops_indexes(&self) -> bool;

    /// Gives the row that `key` picks values that it keeps only for a moment.
    fn park(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String {
        self.update(schema, key, set)
    }

    /// A value for a column that no row has: while rows swap unique values one of them keeps it. `None` if there is
    /// none that every such column takes.
    fn parked(&self, column: &Column, number: u32) -> Option<Value>;
}

/// The key's columns of a row: the column, how it is ordered and its value.
pub(super) fn key_cells<'r>(
    schema: &TableSchema,
    values: &[ValueRef<'r>],
) -> Vec<(Column, crate::codec::KeyOrder, ValueRef<'r>)> {
    let Key::Columns { columns, .. } = &schema.key else { return Vec::new() };
    let cell = |key: &crate::codec::KeyColumn| {
        let at = key.column as usize;
        Some((schema.columns.get(at)?.clone(), key.order, *values.get(at)?))
    };
    columns.iter().filter_map(cell).collect()
}

/// How many terms stand beside each other: what is nested deeper than that no database takes.
const TERMS: usize = 100;

/// Conditions as one that holds if all of them do.
pub(super) fn all_of(terms: Vec<String>) -> String {
    if terms.len() <= TERMS {
        return terms.join(" AND ");
    }
    let groups = terms.chunks(TERMS).map(|some| format!("({})", some.join(" AND "))).collect();
    all_of(groups)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Gives the hexadecimal digits of bytes to `put`.
pub(super) fn put_hex(bytes: &[u8], put: &mut dyn FnMut(&str)) {
    bytes.chunks(32 * 1024).for_each(|piece| put(&hex(piece)));
}

/// Gives `text` between quotes, those within doubled, to `put`.
pub(super) fn put_quoted(text: &str, put: &mut dyn FnMut(&str)) {
    put("'");
    for (at, part) in text.split('\'').enumerate() {
        put(if at > 0 { "''" } else { "" });
        put(part);
    }
    put("'");
}

/// Conditions that each pick a row, as one that picks them all.
pub(super) fn patch_keys(keys: &[String]) -> String {
    match keys {
        [one] => one.clone(),
        several => format!("({})", several.join(")\n  OR (")),
    }
}

//! SQL text of the adapter's own statements. Names are quoted, values are parameters.

use super::shape::{Shape, is_built_in};
use super::text::TextForm;
use crate::codec::{ForeignKey, Key, KeyOrder, TableSchema};

/// A name as SQL: between double quotes, those within doubled.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `main."table"`, so that no temporary table of that name is meant.
pub(super) fn table(name: &str) -> String {
    format!("main.{}", quote(name))
}

/// A statement and the column whose value each of its parameters takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowSql {
    /// The text.
    pub(super) text: String,
    /// Positions in [`TableSchema::columns`], in order of the parameters.
    pub(super) parameters: Vec<usize>,
}

/// Inserts one row; `rowid` is the name by which a given rowid goes first, if one is to be given.
///
/// `OR ABORT` overrides the conflict clauses that constraints may be declared with: `ON CONFLICT REPLACE` would delete
/// other rows.
pub(super) fn insert(schema: &TableSchema, text: TextForm, rowid: Option<&str>) -> RowSql {
    let parameters: Vec<usize> = (0..schema.columns.len()).collect();
    let mut names: Vec<String> = schema.columns.iter().map(|column| quote(&column.name)).collect();
    let mut values: Vec<String> = parameters.iter().map(|&at| text.placeholder(at + 1)).collect();
    if let Some(rowid) = rowid {
        names.push(rowid.to_owned());
        values.push(format!("?{}", text.parameters(parameters.len()) + 1));
    }
    let table = table(&schema.table.name);
    let text = format!("INSERT OR ABORT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "));
    RowSql { text, parameters }
}

/// Makes a table with the columns, types and key of `schema`.
pub(super) fn create(schema: &TableSchema) -> String {
    let only_integer_key = |at: usize| match &schema.key {
        // the alias of the rowid must stay one: other INTEGER columns take any class of value
        Key::Columns { columns, .. } => columns.len() == 1 && columns.iter().all(|key| key.column as usize == at),
        Key::Rows => false,
    };
    let mut inline = false;
    let mut parts = Vec::new();
    for (at, column) in schema.columns.iter().enumerate() {
        let collation = column.collation.as_ref().map(|name| format!(" COLLATE {}", quote(name))).unwrap_or_default();
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        let is_key = only_integer_key(at) && column.sql_type.eq_ignore_ascii_case("integer");
        inline |= is_key;
        let key = if is_key { " PRIMARY KEY" } else { "" };
        parts.push(format!("{} {}{collation}{key}{not_null}", quote(&column.name), column.sql_type));
    }
    if !inline && schema.key != Key::Rows {
        let names: Vec<String> = schema.key_names().into_iter().map(quote).collect();
        parts.push(format!("PRIMARY KEY ({})", names.join(", ")));
    }
    format!("CREATE TABLE {} ({})", table(&schema.table.name), parts.join(", "))
}

/// Gives the row with a row's key that row's values; `None` for a multiset.
pub(super) fn update(shape: &Shape, text: TextForm) -> Option<RowSql> {
    let schema = &shape.schema;
    let mut parameters: Vec<usize> = (0..schema.columns.len()).filter(|&at| !shape.is_fixed_by_key(at)).collect();
    if parameters.is_empty() {
        parameters.push(0);
    }
    let sets: Vec<String> = parameters
        .iter()
        .enumerate()
        .filter_map(|(nth, &at)| Some((nth, schema.columns.get(at)?)))
        .map(|(nth, column)| format!("{} = {}", quote(&column.name), text.placeholder(nth + 1)))
        .collect();
    let matches = key_match(shape, text, &mut parameters)?;
    let text = format!("UPDATE OR ABORT {} SET {} WHERE {matches}", table(&schema.table.name), sets.join(", "));
    Some(RowSql { text, parameters })
}

/// Deletes the row with a row's key; `None` for a multiset.
pub(super) fn delete(shape: &Shape, text: TextForm) -> Option<RowSql> {
    let mut parameters = Vec::new();
    let matches = key_match(shape, text, &mut parameters)?;
    Some(RowSql { text: format!("DELETE FROM {} WHERE {matches}", table(&shape.schema.table.name)), parameters })
}

/// Selects the rowid, by the name that reaches it, of the row with a row's key; `None` for a multiset and without such
/// a name.
pub(super) fn select_rowid(shape: &Shape, rowid: Option<&str>, text: TextForm) -> Option<RowSql> {
    let rowid = rowid?;
    let mut parameters = Vec::new();
    let matches = key_match(shape, text, &mut parameters)?;
    Some(RowSql {
        text: format!("SELECT {rowid} FROM {} WHERE {matches}", table(&shape.schema.table.name)),
        parameters,
    })
}

/// Selects the row with a row's key; `None` for a multiset.
pub(super) fn select_row(shape: &Shape, text: TextForm) -> Option<RowSql> {
    let mut parameters = Vec::new();
    let matches = key_match(shape, text, &mut parameters)?;
    let (list, table) = (text.select_list(&shape.schema), table(&shape.schema.table.name));
    Some(RowSql { text: format!("SELECT {list} FROM {table} WHERE {matches}"), parameters })
}

/// Selects the rowid of the row that has a row's values in the columns of an index, each given with its collation;
/// `None` if these are not all columns of `shape`, compared as SQLite itself can.
pub(super) fn select_by(
    shape: &Shape,
    rowid: &str,
    columns: &[(Option<String>, String)],
    text: TextForm,
) -> Option<RowSql> {
    let mut parameters = Vec::new();
    let mut terms = Vec::new();
    for (name, collation) in columns {
        let name = name.as_ref().filter(|_| is_built_in(collation))?;
        parameters.push(shape.schema.columns.iter().position(|column| column.name == *name)?);
        terms.push(format!("{} COLLATE {collation} = {}", quote(name), text.placeholder(parameters.len())));
    }
    let table = table(&shape.schema.table.name);
    Some(RowSql { text: format!("SELECT {rowid} FROM {table} WHERE {}", terms.join(" AND ")), parameters })
}

/// Selects 1 if there is a row that a row refers to by `key`, whose columns are at `positions` and refer to `parent`.
pub(super) fn parent_of(key: &ForeignKey, parent: &[String], positions: Vec<usize>, text: TextForm) -> RowSql {
    let terms = parent.iter().enumerate();
    let terms: Vec<String> =
        terms.map(|(nth, column)| format!("{} = {}", quote(column), text.placeholder(nth + 1))).collect();
    let text = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", table(&key.table.name), terms.join(" AND "));
    RowSql { text, parameters: positions }
}

/// Selects 1 if the row with a row's key refers by `key` to nothing; `None` for a multiset.
pub(super) fn dangles_already(shape: &Shape, key: &ForeignKey, parent: &[String], text: TextForm) -> Option<RowSql> {
    let mut parameters = Vec::new();
    let matches = key_match(shape, text, &mut parameters)?;
    let child = table(&shape.schema.table.name);
    let columns: Vec<String> = key.columns.iter().map(|column| format!("{child}.{}", quote(column))).collect();
    let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let same = parent.iter().zip(&columns).map(|(to, from)| format!("p.{} = {from}", quote(to)));
    let same: Vec<String> = same.collect();
    let text = format!(
        "SELECT 1 FROM {child} WHERE {matches} AND {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
        present.join(" AND "),
        table(&key.table.name),
        same.join(" AND ")
    );
    Some(RowSql { text, parameters })
}

/// The condition that picks a key, appending its parameters.
///
/// The collation is spelled out: it is the one of the key's index, which need not be the column's.
fn key_match(shape: &Shape, text: TextForm, parameters: &mut Vec<usize>) -> Option<String> {
    let Key::Columns { columns, .. } = &shape.schema.key else { return None };
    let mut terms = Vec::new();
    for key in columns {
        let at = key.column as usize;
        let column = shape.schema.columns.get(at)?;
        parameters.push(at);
        let collation = match key.order {
            _ if shape.alias == Some(at) => "",
            KeyOrder::NoCase => " COLLATE NOCASE",
            KeyOrder::Rtrim => " COLLATE RTRIM",
            _ => " COLLATE BINARY",
        };
        terms.push(format!("{}{collation} = {}", quote(&column.name), text.placeholder(parameters.len())));
    }
    Some(terms.join(" AND "))
}

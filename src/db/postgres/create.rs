//! A new table with the columns of a snapshot's.

use super::quote;
use crate::codec::{Key, TableSchema};

/// `CREATE TABLE` with columns, types, NOT NULL and the key.
pub(super) fn table(schema: &TableSchema) -> String {
    let mut parts: Vec<String> = schema
        .columns
        .iter()
        .map(|column| {
            let collation = column.collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
            let not_null = if column.nullable { "" } else { " NOT NULL" };
            format!("{} {}{collation}{not_null}", quote::identifier(&column.name), column.sql_type)
        })
        .collect();
    if schema.key != Key::Rows {
        let names: Vec<String> = schema.key_names().into_iter().map(quote::identifier).collect();
        parts.push(format!("PRIMARY KEY ({})", names.join(", ")));
    }
    format!("CREATE TABLE {} ({})", quote::table(&schema.table), parts.join(", "))
}

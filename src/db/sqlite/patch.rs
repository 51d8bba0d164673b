//! Patches for sqlite3.
//!
//! The program must stop at the first error, because otherwise it would go on and commit; triggers and foreign keys are off for its
//! connection. The row counts before and after are checked, so that a patch does its work whole or not at all.

use super::literal::{real, text, value};
use super::sql::{quote, table};
use crate::codec::{Column, KeyOrder, Kind, TableSchema, Value, ValueRef};
use crate::db::patch::{Copies, PatchTable, PatchWriter, hex, key_cells};

/// Writes patches for sqlite3.
#[derive(Debug)]
pub struct SqlitePatch;

impl PatchWriter for SqlitePatch {
    fn begin(&self, tables: &[PatchTable<'_>]) -> String {
        let mut sql =
            String::from(".bail on\n.dbconfig enable_trigger off\nPRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n");
        sql.push_str(&checks(tables, |(before, _)| before, "does not have the rows that this patch starts from"));
        sql.push('\n');
        sql
    }

    fn end(&self, tables: &[PatchTable<'_>]) -> String {
        let checks = checks(tables, |(_, after)| after, "does not have the rows that this patch leads to");
        format!("\n{checks}COMMIT;\n")
    }

    fn key_is(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> String {
        let cells = key_cells(schema, values);
        let term = |(column, order, value_is): (Column, KeyOrder, ValueRef<'_>)| {
            let collation = match order {
                KeyOrder::NoCase => " COLLATE NOCASE",
                KeyOrder::Rtrim => " COLLATE RTRIM",
                // the column's own collation, which is another
                _ if column.collation.is_some() => " COLLATE BINARY",
                _ => "",
            };
            format!("{}{collation} = {}", quote(&column.name), value(value_is))
        };
        cells.into_iter().map(term).collect::<Vec<_>>().join(" AND ")
    }

    fn delete(&self, schema: &TableSchema, keys: &[String]) -> String {
        format!("DELETE FROM {} WHERE {};\n", table(&schema.table.name), crate::db::patch_keys(keys))
    }

    fn begin_copies(&self, _: &TableSchema) -> String {
        String::new()
    }

    fn delete_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> String {
        let name = table(&schema.table.name);
        let terms: Vec<String> =
            schema.columns.iter().zip(copies.values).map(|(column, value)| is(&column.name, *value)).collect();
        let same = if terms.is_empty() { "true".to_owned() } else { terms.join(" AND ") };
        match rowid(schema) {
            Some(rowid) => format!(
                "DELETE FROM {name} WHERE {rowid} IN (SELECT {rowid} FROM {name} WHERE {same} LIMIT {});\n",
                copies.gone
            ),
            // nothing reaches a single copy: all go, and those that stay come back
            None => {
                let mut sql = format!("DELETE FROM {name} WHERE {same};\n");
                let tuple = self.tuple(schema, copies.values);
                let left = usize::try_from(copies.left).unwrap_or(usize::MAX);
                for _ in 0..left {
                    sql.push_str(&self.insert(schema, std::slice::from_ref(&tuple)));
                }
                sql
            }
        }
    }

    fn end_copies(&self, _: &TableSchema) -> String {
        String::new()
    }

    fn update(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String {
        let set: Vec<String> = set
            .iter()
            .filter_map(|(at, value)| schema.columns.get(*at).map(|column| (column, *value)))
            .map(|(column, set)| format!("{} = {}", quote(&column.name), value(set)))
            .collect();
        format!("UPDATE OR ABORT {} SET {} WHERE {key};\n", table(&schema.table.name), set.join(", "))
    }

    fn tuple(&self, _: &TableSchema, values: &[ValueRef<'_>]) -> String {
        let values: Vec<String> = values.iter().map(|one| value(*one)).collect();
        format!("({})", values.join(", "))
    }

    fn insert(&self, schema: &TableSchema, tuples: &[String]) -> String {
        let columns: Vec<String> = schema.columns.iter().map(|column| quote(&column.name)).collect();
        format!(
            "INSERT OR ABORT INTO {} ({}) VALUES\n  {};\n",
            table(&schema.table.name),
            columns.join(", "),
            tuples.join(",\n  ")
        )
    }

    fn follows_references(&self) -> bool {
        false
    }

    fn takes_indexes_off(&self) -> bool {
        false
    }

    fn step_aside(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String {
        // a made-up value need not meet a CHECK; the row's own does
        let update = self.update(schema, key, set);
        format!("PRAGMA ignore_check_constraints = ON;\n{update}PRAGMA ignore_check_constraints = OFF;\n")
    }

    fn parked(&self, column: &Column, number: u32) -> Option<Value> {
        if column.nullable {
            return Some(Value::Null);
        }
        Some(match column.kind {
            Kind::Int | Kind::BigInt | Kind::Bool | Kind::Numeric | Kind::Float8 => {
                Value::Int(i64::MIN + i64::from(number))
            }
            Kind::Bytes => Value::Blob(format!("dbsnap {number}").into_bytes()),
            _ => Value::Text(format!("dbsnap {number}").into_bytes()),
        })
    }
}

/// Fails where a table does not have as many rows as it should: a constraint of that name is not met.
fn checks(tables: &[PatchTable<'_>], which: impl Fn((u64, u64)) -> u64, complaint: &str) -> String {
    let (mut constraints, mut counts) = (Vec::new(), Vec::new());
    for one in tables {
        let Some(rows) = one.rows.map(&which) else { continue };
        let (name, number) = (&one.schema.table.name, counts.len() + 1);
        let message = quote(&format!("table {name} {complaint} ({rows})"));
        constraints.push(format!("c{number} CONSTRAINT {message} CHECK (c{number})"));
        counts.push(format!("(SELECT count(*) = {rows} FROM {})", table(name)));
    }
    if counts.is_empty() {
        return String::new();
    }
    format!(
        "CREATE TEMPORARY TABLE dbsnap_check (\n  {}\n);\nINSERT INTO temp.dbsnap_check SELECT\n  {};\n\
         DROP TABLE temp.dbsnap_check;\n",
        constraints.join(",\n  "),
        counts.join(",\n  ")
    )
}

/// A name that reaches the rowid, if the columns leave one.
fn rowid(schema: &TableSchema) -> Option<&'static str> {
    let taken = |name: &str| {
        let captured = schema.columns.iter().map(|column| &column.name);
        captured.chain(schema.generated.iter().map(|column| &column.name)).any(|have| have.eq_ignore_ascii_case(name))
    };
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| !taken(name))
}

/// Holds exactly for this value: no comparison of SQL keeps storage classes and zeros apart.
fn is(column: &str, value: ValueRef<'_>) -> String {
    let name = quote(column);
    match value {
        ValueRef::Null => format!("{name} IS NULL"),
        ValueRef::Int(int) => format!("typeof({name}) = 'integer' AND {name} = {int}"),
        // both zeros are equal and look the same; the program has a function that tells their bits
        ValueRef::Real(zero) if zero == 0.0 => {
            format!("typeof({name}) = 'real' AND ieee754_to_blob({name}) = X'{}'", hex(&zero.to_bits().to_be_bytes()))
        }
        ValueRef::Real(value) => format!("typeof({name}) = 'real' AND {name} = {}", real(value)),
        ValueRef::Text(bytes) => format!("typeof({name}) = 'text' AND {name} COLLATE BINARY = {}", text(bytes)),
        ValueRef::Blob(_) => format!("typeof({name}) = 'blob' AND {name} = {}", super::literal::value(value)),
    }
}

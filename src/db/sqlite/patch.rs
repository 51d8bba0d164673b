//! Patches for sqlite3.
//!
//! The program must stop at the first error, because otherwise it would go on and commit; triggers and foreign keys are
//! off for its connection. Statements pick rows by all that they are to hold; the rows that they write are counted, and
//! those of each table before and after, so that a patch does its work whole or not at all.

use super::literal::{real, text, value};
use super::sql::{quote, table};
use crate::codec::{Column, KeyOrder, Kind, TableSchema, Value, ValueRef};
use crate::db::patch::{Copies, Done, PatchTable, PatchWriter, all_of, hex, key_cells, put_hex, put_quoted};

/// Writes patches for sqlite3.
#[derive(Debug)]
pub struct SqlitePatch {
    /// Whether CHECK constraints are ignored where rows are written.
    unchecked: bool,
}

impl SqlitePatch {
    /// Writes rows that CHECK constraints may refuse.
    pub const CHECKED: SqlitePatch = SqlitePatch { unchecked: false };
    /// Writes rows that are older than CHECK constraints.
    const UNCHECKED: SqlitePatch = SqlitePatch { unchecked: true };

    fn writing(&self, sql: String) -> String {
        match self.unchecked {
            true => format!("PRAGMA ignore_check_constraints = ON;\n{sql}PRAGMA ignore_check_constraints = OFF;\n"),
            false => sql,
        }
    }
}

impl PatchWriter for SqlitePatch {
    fn is_equal_by_value(&self, _: &Column) -> bool {
        true
    }

    fn begin(&self, tables: &[PatchTable<'_>]) -> String {
        let mut sql =
            String::from(".bail on\n.dbconfig enable_trigger off\nPRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n");
        let checks = checks(tables, |(before, _)| before, "does not have the rows that this patch starts from");
        sql.push_str(&check(checks));
        if !tables.is_empty() {
            sql.push_str("CREATE TEMPORARY TABLE dbsnap_writes AS SELECT total_changes() AS before;\n");
        }
        sql.push('\n');
        sql
    }

    fn end(&self, tables: &[PatchTable<'_>], done: &[Done]) -> String {
        let mut checks = checks(tables, |(_, after)| after, "does not have the rows that this patch leads to");
        let names: Vec<&str> = tables.iter().map(|one| one.schema.table.name.as_str()).collect();
        let writes: u64 = done.iter().map(|done| done.writes).sum();
        checks.insert(
            0,
            (
                format!("rows of {} are not what this patch starts from", names.join(", ")),
                format!("SELECT total_changes() - before = {writes} FROM temp.dbsnap_writes"),
            ),
        );
        format!("\n{}DROP TABLE temp.dbsnap_writes;\nCOMMIT;\n", check(checks))
    }

    fn put_literal(&self, literal: ValueRef<'_>, put: &mut dyn FnMut(&str)) {
        match literal {
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.contains('\0') && !text.contains('\r') => put_quoted(text, put),
                Ok(_) => put(&text(bytes)),
                Err(_) => {
                    put("CAST(X'");
                    put_hex(bytes, put);
                    put("' AS TEXT)");
                }
            },
            ValueRef::Blob(bytes) => {
                put("X'");
                put_hex(bytes, put);
                put("'");
            }
            other => put(&value(other)),
        }
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

    fn cell_is(&self, column: &Column, value: ValueRef<'_>) -> String {
        let name = quote(&column.name);
        match value {
            ValueRef::Real(0.0) => format!("({})", is(&column.name, value)),
            _ if column.kind == Kind::Other && value != ValueRef::Null => format!("({})", is(&column.name, value)),
            ValueRef::Null => is_null(column),
            ValueRef::Text(bytes) if column.collation.is_some() => format!("{name} COLLATE BINARY = {}", text(bytes)),
            _ => format!("{name} = {}", super::literal::value(value)),
        }
    }

    fn hash(&self, _: &TableSchema, _: &[ValueRef<'_>]) -> Option<[u8; 32]> {
        None
    }

    fn delete(&self, schema: &TableSchema, keys: &[String]) -> String {
        format!("DELETE FROM {} WHERE {};\n", table(&schema.table.name), crate::db::patch_keys(keys))
    }

    fn begin_copies(&self, _: &TableSchema) -> String {
        String::new()
    }

    fn delete_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> String {
        let name = table(&schema.table.name);
        let term = |(column, value): (&Column, &ValueRef<'_>)| match value {
            ValueRef::Null => is_null(column),
            value => is(&column.name, *value),
        };
        let terms: Vec<String> = schema.columns.iter().zip(copies.values).map(term).collect();
        let same = if terms.is_empty() { "true".to_owned() } else { all_of(terms) };
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

    fn writes_of_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> u64 {
        if rowid(schema).is_some() { copies.gone } else { copies.gone + 2 * copies.left }
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
        self.writing(format!("UPDATE OR ABORT {} SET {} WHERE {key};\n", table(&schema.table.name), set.join(", ")))
    }

    fn tuple(&self, _: &TableSchema, values: &[ValueRef<'_>]) -> String {
        let values: Vec<String> = values.iter().map(|one| value(*one)).collect();
        format!("({})", values.join(", "))
    }

    fn insert(&self, schema: &TableSchema, tuples: &[String]) -> String {
        let columns: Vec<String> = schema.columns.iter().map(|column| quote(&column.name)).collect();
        self.writing(format!(
            "INSERT OR ABORT INTO {} ({}) VALUES\n  {};\n",
            table(&schema.table.name),
            columns.join(", "),
            tuples.join(",\n  ")
        ))
    }

    fn unchecked(&self) -> Option<&'static dyn PatchWriter> {
        Some(&SqlitePatch::UNCHECKED)
    }

    fn follows_references(&self) -> bool {
        false
    }

    fn drops_indexes(&self) -> bool {
        false
    }

    fn park(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String {
        // a made-up value need not meet a CHECK; the row's own does
        SqlitePatch::UNCHECKED.update(schema, key, set)
    }

    fn parked(&self, column: &Column, number: u32) -> Option<Value> {
        if column.nullable {
            return Some(Value::Null);
        }
        Some(match column.kind {
            Kind::Float4 | Kind::Float8 => Value::Real(f64::from_bits(f64::MIN.to_bits() - u64::from(number))),
            // far from what is in use, and so that what is computed from it is still another number
            Kind::Int | Kind::BigInt | Kind::Bool | Kind::Numeric => Value::Int(i64::from(number) - (1 << 52)),
            Kind::Bytes => Value::Blob(format!("dbsnap {number}").into_bytes()),
            _ => Value::Text(format!("dbsnap {number}").into_bytes()),
        })
    }
}

/// For each table what is wrong if it does not have as many rows as it should, and the query that tells.
fn checks(tables: &[PatchTable<'_>], which: impl Fn((u64, u64)) -> u64, complaint: &str) -> Vec<(String, String)> {
    let check = |one: &PatchTable<'_>| {
        let (rows, name) = (one.rows.map(&which)?, &one.schema.table.name);
        Some((format!("table {name} {complaint} ({rows})"), format!("SELECT count(*) = {rows} FROM {}", table(name))))
    };
    tables.iter().filter_map(check).collect()
}

/// Fails where one of `checks` says no: a constraint of that name is not met.
fn check(checks: Vec<(String, String)>) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let (mut constraints, mut counts) = (Vec::new(), Vec::new());
    for (number, (message, query)) in checks.into_iter().enumerate() {
        let number = number + 1;
        constraints.push(format!("c{number} CONSTRAINT {} CHECK (c{number})", quote(&message)));
        counts.push(format!("({query})"));
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

/// Holds for NULL, also where it is older than a NOT NULL that SQLite relies on.
fn is_null(column: &Column) -> String {
    let name = quote(&column.name);
    if column.nullable { format!("{name} IS NULL") } else { format!("typeof({name}) = 'null'") }
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

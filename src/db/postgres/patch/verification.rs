//! Whether a patch finds the rows that it starts from, and leaves those that it is to lead to.

use super::{THEIR_PATH, identifier, literal, table, tag};
use crate::codec::{Column, Kind, TableSchema, ValueRef};
use crate::db::patch::{Done, PatchTable, hex, put_hex};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Rows that this transaction wrote.
const OURS: &str = "pg_catalog.age(xmin) OPERATOR(pg_catalog.<=) 0";

/// Runs what `check` gives for each table, by number.
pub(super) fn checks(tables: &[PatchTable<'_>], check: impl Fn(usize, &PatchTable<'_>) -> String) -> String {
    let body: String = tables.iter().enumerate().map(|(nth, one)| check(nth, one)).collect();
    let tag = tag(std::slice::from_ref(&body));
    // planning a query may call functions of the table's indexes
    format!("{THEIR_PATH}DO {tag}\nBEGIN\n{body}END {tag};\nSET LOCAL search_path = '';\n")
}

/// Raises an error where a table does not have as many rows as it should.
pub(super) fn count(one: &PatchTable<'_>, rows: &str, complaint: &str) -> String {
    let told = if one.rows.is_some() { format!(" ({rows})") } else { String::new() };
    refuse_unless(
        &format!("(SELECT pg_catalog.count(*) FROM ONLY {}) OPERATOR(pg_catalog.=) {rows}", table(&one.schema.table)),
        &format!("table {} {complaint}{told}", one.schema.table),
    )
}

/// Raises an error where the rows that the patch wrote are not what they should be, or not as many.
pub(super) fn written(schema: &TableSchema, done: &Done) -> String {
    let (rows, name) = (done.updated + done.inserted, table(&schema.table));
    let starts = "rows that this patch was to change were not as it takes them to be, or are not as it leaves them";
    let complaint = format!("table {}: {starts}", schema.table);
    let Some(hashes) = &done.hashes else {
        return refuse_unless(
            &format!("(SELECT pg_catalog.count(*) FROM ONLY {name} WHERE {OURS}) OPERATOR(pg_catalog.=) {rows}"),
            &complaint,
        );
    };
    let mut hashes = hashes.clone();
    hashes.sort_unstable();
    let whole = Sha256::digest(hashes.concat());
    let columns: Vec<String> = schema
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Float4 if !column.array => format!("pg_catalog.float4send({})", identifier(&column.name)),
            Kind::Float8 if !column.array => format!("pg_catalog.float8send({})", identifier(&column.name)),
            _ => identifier(&column.name),
        })
        .collect();
    refuse_unless(
        &format!(
            "(SELECT pg_catalog.encode(pg_catalog.sha256(coalesce(pg_catalog.string_agg(r.hash, ''::pg_catalog.bytea ORDER BY r.hash), '')), 'hex')\n    \
             FROM (SELECT pg_catalog.sha256(pg_catalog.convert_to(ROW({})::pg_catalog.text, 'UTF8')) AS hash\n      \
             FROM ONLY {name} WHERE {OURS}) AS r) OPERATOR(pg_catalog.=) '{}'",
            columns.join(", "),
            hex(&whole)
        ),
        &complaint,
    )
}

/// Raises an error unless `condition` holds.
fn refuse_unless(condition: &str, message: &str) -> String {
    format!("  IF NOT {condition} THEN\n    RAISE EXCEPTION USING MESSAGE = {};\n  END IF;\n", literal(message))
}

/// Gives a value as the server writes it into the text of a whole row to `put`; of a float, its bits.
fn put_field(value: ValueRef<'_>, column: &Column, put: &mut dyn FnMut(&[u8])) {
    let text: Cow<'_, str> = match value {
        ValueRef::Null => return,
        ValueRef::Int(int) => int.to_string().into(),
        #[expect(clippy::cast_possible_truncation, reason = "it was widened from this when it was read")]
        ValueRef::Real(real) if column.kind == Kind::Float4 => {
            format!("\\x{}", hex(&(real as f32).to_be_bytes())).into()
        }
        ValueRef::Real(real) => format!("\\x{}", hex(&real.to_be_bytes())).into(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes),
        ValueRef::Blob(bytes) => {
            put(b"\"\\\\x");
            put_hex(bytes, &mut |digits| put(digits.as_bytes()));
            return put(b"\"");
        }
    };
    let is_special = |c: char| matches!(c, '"' | '\\' | '(' | ')' | ',' | ' ' | '\t'..='\r');
    if !text.is_empty() && !text.contains(is_special) {
        return put(text.as_bytes());
    }
    put(b"\"");
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        put(&rest[..=at]);
        put(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    put(rest);
    put(b"\"");
}

/// The hash of a row that is written.
pub(super) fn hash(schema: &TableSchema, values: &[ValueRef<'_>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"(");
    for (at, (value, column)) in values.iter().zip(&schema.columns).enumerate() {
        hasher.update(if at > 0 { &b","[..] } else { b"" });
        put_field(*value, column, &mut |bytes| hasher.update(bytes));
    }
    hasher.update(b")");
    hasher.finalize().into()
}

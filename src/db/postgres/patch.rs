//! Patches for psql.
//!
//! A patch runs as the plain owner of its tables, in one transaction, under a lock against other writers. Foreign keys
//! are checked at its end: those onto its tables that cannot be deferred are made deferrable and put back (or made
//! anew, see `moving`). Triggers and rules of users are switched off one by one and put back as they were; so are
//! unique indexes that updates cross and constraints that are not valid (see `lifting`). While rows are written the
//! search path is the session's own, which functions in checks, generated columns and indexes are written for: every
//! operator in those statements is qualified. Statements pick rows by all that they are to hold. The row counts before
//! and after are checked, and the rows that were written (which the server tells by their `xmin`) against a hash of
//! what they should be, so that a patch does its work whole or not at all.

mod verification;

use super::lifting;
use super::moving::{moving, waiting};
use super::operators::has_many_forms;
use super::quote::{identifier, table};
use super::values::{is_reg, literal, real_text, value_of};
use crate::codec::{Column, Identity, KeyOrder, Kind, TableSchema, Value, ValueRef};
use crate::db::patch::{Copies, Crossing, Done, PatchTable, PatchWriter, key_cells, put_hex, put_quoted};
use std::collections::BTreeSet;
use std::fmt::Write;
use verification::{checks, count, written};

/// Writes patches for psql.
#[derive(Debug)]
pub struct PostgresPatch;

/// Settings that the text forms of values depend on, as they were when the values were read; and that statements end when they
/// are done, and do not begin by being compiled.
const SETTINGS: [(&str, &str); 14] = [
    ("search_path", ""),
    ("row_security", "off"),
    ("standard_conforming_strings", "on"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("xmloption", "content"),
    ("array_nulls", "on"),
    ("client_min_messages", "warning"),
    ("statement_timeout", "0"),
    ("jit", "off"),
];

/// Foreign keys `k` that rows of the patch's tables may be older than.
const OLDER: &str = "(NOT k.convalidated AND k.conrelid = ANY (tables))";

/// Sets the search path that the session came with, which functions of the database's own are written for.
const THEIR_PATH: &str = "SELECT pg_catalog.set_config('search_path', :'dbsnap_path', true) AS dbsnap_path \\gset\n";

impl PatchWriter for PostgresPatch {
    fn begin(&self, tables: &[PatchTable<'_>]) -> String {
        let mut sql = String::from(
            "\\set ON_ERROR_STOP on\n\\encoding UTF8\nBEGIN;\n\
             SELECT pg_catalog.set_config('dbsnap.path', pg_catalog.current_setting('search_path'), true) AS dbsnap_path \\gset\n",
        );
        for (name, value) in SETTINGS {
            let _ = writeln!(sql, "SET LOCAL {name} = '{value}';");
        }
        if tables.is_empty() {
            return sql;
        }
        let names: Vec<String> = tables.iter().map(|one| table(&one.schema.table)).collect();
        let only: Vec<String> = names.iter().map(|name| format!("ONLY {name}")).collect();
        let _ = writeln!(sql, "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE;", only.join(", "));
        sql.push_str(&checks(tables, |nth, one| match one.rows {
            Some((before, _)) => count(one, &before.to_string(), "does not have the rows that this patch starts from"),
            None => format!(
                "  PERFORM pg_catalog.set_config('dbsnap.rows_{nth}', (SELECT pg_catalog.count(*) FROM ONLY {})::pg_catalog.text, true);\n",
                table(&one.schema.table)
            ),
        }));
        // no temporary table: event triggers may forbid to make one
        sql.push_str("SET LOCAL dbsnap.again = '{}';\n");
        let oids: Vec<String> = names.iter().map(|name| format!("{}::pg_catalog.regclass", literal(name))).collect();
        let moving = format!("({})", moving(tables));
        let mut parts = vec![
            format!(
                "SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) AS off,\n      \
             format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.tgrelid::pg_catalog.regclass, \
             CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, t.tgname) AS again\n    \
             FROM pg_catalog.pg_trigger t\n    \
             WHERE t.tgrelid = ANY (tables) AND {} AND t.tgenabled IN ('O', 'A')",
                lifting::BY_USER
            ),
            "SELECT format('ALTER TABLE %s DISABLE RULE %I', r.ev_class::pg_catalog.regclass, r.rulename),\n      \
             format('ALTER TABLE %s ENABLE %s RULE %I', r.ev_class::pg_catalog.regclass, \
             CASE r.ev_enabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, r.rulename)\n    \
             FROM pg_catalog.pg_rewrite r\n    \
             WHERE r.ev_class = ANY (tables) AND r.ev_type <> '1' AND r.ev_enabled IN ('O', 'A')"
                .to_owned(),
            format!(
                "SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', \
             k.conrelid::pg_catalog.regclass, k.conname),\n      \
             format('ALTER TABLE %s ALTER CONSTRAINT %I NOT DEFERRABLE', k.conrelid::pg_catalog.regclass, k.conname)\n    \
             FROM pg_catalog.pg_constraint k\n    \
             WHERE k.contype = 'f' AND NOT k.condeferrable AND k.conparentid = 0\n    \
             AND {} AND NOT {moving} AND NOT {OLDER}",
                waiting(tables)
            ),
        ];
        parts.extend(tables.iter().flat_map(|one| identities(one.schema)));
        parts.push(format!(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname),\n      \
             format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname, \
             pg_catalog.pg_get_constraintdef(k.oid))\n    \
             FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0\n    AND {moving}"
        ));
        parts.push(lifting::foreign_keys(&format!("{OLDER} AND NOT {moving}"), false));
        parts.push(format!("SELECT * FROM ({}) AS checks", lifting::checks_older_than("tables")));
        parts.push(format!(
            "SELECT * FROM ({}) AS rules",
            lifting::domain_checks_of("a.attrelid = ANY (tables)", false)
        ));
        let list = format!("\n  tables CONSTANT pg_catalog.regclass[] := ARRAY[{}];", oids.join(", "));
        sql.push_str(&take_off(&list, &parts.join("\n    UNION ALL\n    ")));
        let crossed: Vec<String> = tables.iter().filter_map(crossed).collect();
        if !crossed.is_empty() {
            sql.push_str(&take_off("", &lifting::unique_indexes(&crossed.join(" OR "))));
        }
        sql.push_str("SET CONSTRAINTS ALL DEFERRED;\n");
        sql.push_str(THEIR_PATH);
        sql.push('\n');
        sql
    }

    fn end(&self, tables: &[PatchTable<'_>], done: &[Done]) -> String {
        if tables.is_empty() {
            return "COMMIT;\n".to_owned();
        }
        format!(
            "\nSET CONSTRAINTS ALL IMMEDIATE;\nSET LOCAL search_path = '';\nDO $dbsnap$\nDECLARE\n  one record;\nBEGIN\n  \
             FOR one IN SELECT u.sql FROM pg_catalog.unnest(pg_catalog.current_setting('dbsnap.again')::pg_catalog._text) \
             WITH ORDINALITY AS u (sql, n) ORDER BY u.n DESC LOOP\n    BEGIN\n      EXECUTE one.sql;\n    \
             EXCEPTION WHEN OTHERS THEN\n      -- what an index or constraint calls can need the search path of this session\n      \
             PERFORM pg_catalog.set_config('search_path', pg_catalog.current_setting('dbsnap.path'), true);\n      \
             EXECUTE one.sql;\n      PERFORM pg_catalog.set_config('search_path', '', true);\n    END;\n  END LOOP;\n\
             END $dbsnap$;\n{}COMMIT;\n",
            checks(tables, |nth, one| {
                let done = &done[nth];
                let rows = match one.rows {
                    Some((_, after)) => after.to_string(),
                    None => format!(
                        "(pg_catalog.current_setting('dbsnap.rows_{nth}')::pg_catalog.int8 OPERATOR(pg_catalog.+) {} OPERATOR(pg_catalog.-) {})",
                        done.inserted, done.deleted
                    ),
                };
                let complaint = "does not have the rows that this patch leads to";
                count(one, &rows, complaint) + &written(one.schema, done)
            })
        )
    }

    fn is_equal_by_value(&self, column: &Column) -> bool {
        !has_many_forms(KeyOrder::Storage, column)
    }

    fn put_literal(&self, value: ValueRef<'_>, put: &mut dyn FnMut(&str)) {
        match value {
            ValueRef::Null => put("NULL"),
            ValueRef::Int(int) => put(&format!("'{int}'")),
            ValueRef::Real(real) => put(&format!("'{}'", real_text(real, Kind::Float8))),
            ValueRef::Text(bytes) => put_quoted(&String::from_utf8_lossy(bytes), put),
            ValueRef::Blob(bytes) => {
                put("'\\x");
                put_hex(bytes, put);
                put("'");
            }
        }
    }

    fn key_is(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> String {
        let mut terms = Vec::new();
        for (column, _, value) in key_cells(schema, values) {
            let name = identifier(&column.name);
            let value = value_of(value, &column);
            terms.push(match column.kind {
                // how these are written depends on the search path, and their equality is that of numbers
                Kind::Other if column.sql_type.starts_with("reg") && !column.sql_type.contains('.') => format!(
                    "{name}::pg_catalog.oid OPERATOR(pg_catalog.=) {value}::pg_catalog.{}::pg_catalog.oid",
                    column.sql_type
                ),
                // the equality of a type that an extension brings may not be in sight
                Kind::Other if column.sql_type.contains('.') => {
                    format!("{name}::pg_catalog.text OPERATOR(pg_catalog.=) {value}")
                }
                _ => format!("{name} OPERATOR(pg_catalog.=) {value}"),
            });
        }
        terms.join(" AND ")
    }

    fn cell_is(&self, column: &Column, value: ValueRef<'_>) -> String {
        let (name, text) = (identifier(&column.name), value_of(value, column));
        let as_text = matches!(column.kind, Kind::Json | Kind::Interval | Kind::Money | Kind::Other);
        match value {
            ValueRef::Null => format!("{name} IS NULL"),
            // its text depends on the search path
            _ if is_reg(column) => {
                let (oid, array) = ("pg_catalog.oid", if column.array { "[]" } else { "" });
                let of_type = &column.sql_type;
                format!("{name}::{oid}{array} OPERATOR(pg_catalog.=) {text}::pg_catalog.{of_type}::{oid}{array}")
            }
            // not every type has equality, or one that is in sight, or one that sees every difference
            ValueRef::Text(_) if as_text || column.sql_type.contains('.') => {
                format!("pg_catalog.concat({name}) COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) {text}")
            }
            ValueRef::Text(_) if column.collation.is_some() && !column.array => {
                format!("{name} COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) {text}")
            }
            _ => format!("{name} OPERATOR(pg_catalog.=) {text}"),
        }
    }

    fn hash(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> Option<[u8; 32]> {
        (!schema.columns.is_empty() && !schema.columns.iter().any(is_reg)).then(|| verification::hash(schema, values))
    }

    fn delete(&self, schema: &TableSchema, keys: &[String]) -> String {
        format!("DELETE FROM ONLY {} WHERE {};\n", table(&schema.table), crate::db::patch_keys(keys))
    }

    fn begin_copies(&self, schema: &TableSchema) -> String {
        let mut columns: Vec<String> = schema.columns.iter().map(|column| identifier(&column.name)).collect();
        columns.push(format!("0::pg_catalog.int8 AS {}", identifier(&copies_name(schema))));
        format!(
            "CREATE TEMPORARY TABLE dbsnap_gone ON COMMIT DROP AS SELECT {} FROM ONLY {} WHERE false;\n",
            columns.join(", "),
            table(&schema.table)
        )
    }

    fn delete_copies(&self, schema: &TableSchema, copies: Copies<'_>) -> String {
        let mut values: Vec<String> =
            copies.values.iter().zip(&schema.columns).map(|(value, column)| value_of(*value, column)).collect();
        values.push(copies.gone.to_string());
        format!("INSERT INTO pg_temp.dbsnap_gone VALUES ({});\n", values.join(", "))
    }

    fn writes_of_copies(&self, _: &TableSchema, copies: Copies<'_>) -> u64 {
        copies.gone
    }

    fn end_copies(&self, schema: &TableSchema) -> String {
        let body = |alias: &str| {
            let columns: Vec<String> =
                schema.columns.iter().map(|column| format!("{alias}.{}", identifier(&column.name))).collect();
            format!("ROW({})::pg_catalog.text COLLATE pg_catalog.\"C\"", columns.join(", "))
        };
        // the text of whole rows, by the types' own output functions, because not every type has equality
        format!(
            "DELETE FROM ONLY {table} AS t USING (\n  SELECT live.place FROM (\n    \
             SELECT y.place, y.body, pg_catalog.row_number() OVER (PARTITION BY y.body) AS n\n    \
             FROM (SELECT x.ctid AS place, {live} AS body FROM ONLY {table} AS x) AS y\n  ) AS live\n  \
             JOIN (SELECT {gone} AS body, g.{copies} AS n FROM pg_temp.dbsnap_gone AS g) AS gone\n  \
             ON gone.body OPERATOR(pg_catalog.=) live.body AND live.n OPERATOR(pg_catalog.<=) gone.n\n) AS d \
             WHERE t.ctid OPERATOR(pg_catalog.=) d.place;\n\
             DROP TABLE pg_temp.dbsnap_gone;\n",
            table = table(&schema.table),
            live = body("x"),
            gone = body("g"),
            copies = identifier(&copies_name(schema)),
        )
    }

    fn update(&self, schema: &TableSchema, key: &str, set: &[(usize, ValueRef<'_>)]) -> String {
        let set: Vec<String> = set
            .iter()
            .filter_map(|(at, value)| schema.columns.get(*at).map(|column| (column, *value)))
            .map(|(column, value)| format!("{} = {}", identifier(&column.name), value_of(value, column)))
            .collect();
        format!("UPDATE ONLY {} SET {} WHERE {key};\n", table(&schema.table), set.join(", "))
    }

    fn tuple(&self, schema: &TableSchema, values: &[ValueRef<'_>]) -> String {
        let values: Vec<String> =
            values.iter().zip(&schema.columns).map(|(value, column)| value_of(*value, column)).collect();
        format!("({})", values.join(", "))
    }

    fn insert(&self, schema: &TableSchema, tuples: &[String]) -> String {
        let table = table(&schema.table);
        if schema.columns.is_empty() {
            return format!("INSERT INTO {table} DEFAULT VALUES;\n").repeat(tuples.len());
        }
        let columns: Vec<String> = schema.columns.iter().map(|column| identifier(&column.name)).collect();
        format!(
            "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE VALUES\n  {};\n",
            columns.join(", "),
            tuples.join(",\n  ")
        )
    }

    fn unchecked(&self) -> Option<&'static dyn PatchWriter> {
        None
    }

    fn follows_references(&self) -> bool {
        true
    }

    fn drops_indexes(&self) -> bool {
        true
    }

    fn parked(&self, _: &Column, _: u32) -> Option<Value> {
        None
    }
}

/// Runs what the first column of `query` says, and keeps the second for the end.
fn take_off(declared: &str, query: &str) -> String {
    let tag = tag(&[declared.to_owned(), query.to_owned()]);
    format!(
        "DO {tag}\nDECLARE{declared}\n  one record;\nBEGIN\n  FOR one IN\n    SELECT * FROM ({query}) AS t (off, again)\n  \
         LOOP\n    EXECUTE one.off;\n    \
         PERFORM pg_catalog.set_config('dbsnap.again', pg_catalog.array_append(\
         pg_catalog.current_setting('dbsnap.again')::pg_catalog._text, one.again::pg_catalog.text)::pg_catalog.text, true);\n  END LOOP;\nEND {tag};\n"
    )
}

/// The indexes that no order of a table's updates passes, as a condition on `i`: PostgreSQL checks them row by row.
/// Exclusion constraints are taken off wherever one of their columns changes.
fn crossed(one: &PatchTable<'_>) -> Option<String> {
    let list = |names: &BTreeSet<String>| {
        let quoted: Vec<String> = names.iter().map(|name| literal(name)).collect();
        if quoted.is_empty() { "NULL".to_owned() } else { quoted.join(", ") }
    };
    let Crossing { indexes, columns } = one.crossing;
    (!columns.is_empty()).then(|| {
        format!(
            "i.indrelid = {}::pg_catalog.regclass AND (i.indisunique AND (SELECT x.relname FROM pg_catalog.pg_class x \
             WHERE x.oid = i.indexrelid) IN ({}) OR i.indisexclusion AND EXISTS (SELECT FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid = i.indrelid AND a.attname IN ({}) AND (a.attnum = ANY (i.indkey) OR EXISTS \
             (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))))",
            literal(&table(&one.schema.table)),
            list(indexes),
            list(columns)
        )
    })
}

/// Identity columns beyond the key that the database alone may fill: updates have to be let in.
fn identities(schema: &TableSchema) -> Vec<String> {
    let keys = schema.key_names();
    schema
        .columns
        .iter()
        .filter(|column| column.identity == Some(Identity::Always) && !keys.contains(&column.name.as_str()))
        .map(|column| {
            let alter = format!("ALTER TABLE {} ALTER COLUMN {}", table(&schema.table), identifier(&column.name));
            let (off, on) = (format!("{alter} SET GENERATED BY DEFAULT"), format!("{alter} SET GENERATED ALWAYS"));
            format!("SELECT {}, {}", literal(&off), literal(&on))
        })
        .collect()
}

/// A dollar quote that stands in none of `names`.
fn tag(names: &[String]) -> String {
    let mut tag = "$dbsnap$".to_owned();
    let mut number = 0;
    while names.iter().any(|name| name.contains(&tag)) {
        number += 1;
        tag = format!("$dbsnap{number}$");
    }
    tag
}

/// A name for the number of copies that no column has.
fn copies_name(schema: &TableSchema) -> String {
    let mut name = "dbsnap_copies".to_owned();
    while schema.columns.iter().any(|column| column.name == name) {
        name.push('_');
    }
    name
}

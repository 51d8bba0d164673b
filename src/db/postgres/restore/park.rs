//! Rows that swap unique values: for a moment each takes a value that no row has.

use super::PostgresRestore;
use super::staging::Staged;
use super::statement::is_set;
use crate::codec::{Column, Kind};
use crate::db::postgres::client::Failure;
use crate::db::postgres::quote;
use std::collections::HashSet;

impl PostgresRestore<'_> {
    /// Gives the rows that are staged to be updated values that no row has, in columns of unique indexes and exclusion
    /// constraints, where those are to change.
    pub(super) fn park_values(&mut self, staged: &Staged) -> Result<(), Failure> {
        let Some(open) = self.session.tables.get(staged.index) else { return Ok(()) };
        let (oid, table, schema) = (open.oid, open.sql_name.clone(), open.schema.clone());
        // columns of expressions and predicates are among what an index depends on
        let sql = format!(
            "SELECT DISTINCT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid \
             WHERE i.indrelid = {oid} AND (i.indisunique OR i.indisexclusion) AND (a.attnum = ANY (i.indkey) OR EXISTS \
             (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))"
        );
        let mut unique = HashSet::new();
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            unique.insert(row.required(0)?.to_string());
            Ok(())
        })?;
        let (mut set, mut changes) = (Vec::new(), Vec::new());
        for (position, column) in schema.columns.iter().enumerate() {
            let Some(free) = free_value(column).filter(|_| unique.contains(&column.name)) else { continue };
            if is_set(&schema, position, column) {
                let name = quote::identifier(&column.name);
                set.push(format!(
                    "{name} = CASE WHEN t.{name} IS NOT DISTINCT FROM s.c{position} THEN t.{name} ELSE {free} END"
                ));
                changes.push(format!("t.{name} IS DISTINCT FROM s.c{position}"));
            }
        }
        if set.is_empty() {
            return Ok(());
        }
        let matches = self.key_match(staged.index, "t", "s");
        let sql = format!(
            "UPDATE ONLY {table} AS t SET {} FROM \
             (SELECT x.*, pg_catalog.row_number() OVER () AS dbsnap_number FROM {} AS x) AS s WHERE {matches} AND ({})",
            set.join(", "),
            staged.name,
            changes.join(" OR ")
        );
        self.session.on_their_path(|session| session.connection.execute(&sql, session.monitor).map(drop))
    }
}

/// A value that no row has, as SQL; `None` where none can be made up.
fn free_value(column: &Column) -> Option<&'static str> {
    if column.nullable {
        return Some("NULL");
    }
    match column.kind {
        Kind::Int if column.sql_type == "smallint" => Some("-32768 OPERATOR(pg_catalog.+) s.dbsnap_number"),
        Kind::Int => Some("-2147483648 OPERATOR(pg_catalog.+) s.dbsnap_number"),
        Kind::BigInt => Some("-9223372036854775808 OPERATOR(pg_catalog.+) s.dbsnap_number"),
        Kind::Numeric => Some("-9223372036854775808.5 OPERATOR(pg_catalog.+) s.dbsnap_number"),
        Kind::Text => Some("'dbsnap ' OPERATOR(pg_catalog.||) s.dbsnap_number::pg_catalog.text"),
        _ => None,
    }
}

//! Generated columns, and whatever else is an expression, of rows that are not in their table yet: the database
//! evaluates it over the captured columns.

use super::catalog::oid_array;
use super::client::Failure;
use super::quote;
use super::session::Session;
use crate::codec::TableSchema;
use std::collections::HashMap;

/// Types and expressions of columns, as they are written under the search path that functions of the database's own are
/// written for.
#[derive(Debug, Default)]
pub(super) struct Generated(HashMap<(usize, String), Written>);

/// One column.
#[derive(Debug)]
struct Written {
    /// The type, for a CAST; what a domain is over, without its rules.
    of_type: String,
    /// ` COLLATE` and the collation, if it has one.
    collate: String,
    /// How it is generated, if it is.
    expression: Option<String>,
}

impl Generated {
    pub(super) fn load(session: &mut Session<'_>) -> Result<Generated, Failure> {
        let with: Vec<(u32, usize)> =
            session.tables.iter().enumerate().map(|(index, open)| (open.oid, index)).collect();
        let mut columns = Generated::default();
        if with.is_empty() {
            return Ok(columns);
        }
        let sql = format!(
            "WITH RECURSIVE below AS (SELECT a.attrelid, a.attnum, a.atttypid AS oid, a.atttypmod AS mod, 0 AS depth \
             FROM {} JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) wanted.oid \
             WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped UNION ALL \
             SELECT b.attrelid, b.attnum, t.typbasetype, -1, b.depth OPERATOR(pg_catalog.+) 1 FROM below b \
             JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.oid \
             WHERE t.typtype OPERATOR(pg_catalog.=) 'd' AND b.depth OPERATOR(pg_catalog.<) 64) \
             SELECT a.attrelid, a.attname, \
             (SELECT pg_catalog.format_type(b.oid, b.mod) FROM below b WHERE b.attrelid OPERATOR(pg_catalog.=) a.attrelid \
             AND b.attnum OPERATOR(pg_catalog.=) a.attnum ORDER BY b.depth DESC LIMIT 1), \
             coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation c \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.collnamespace \
             WHERE c.oid OPERATOR(pg_catalog.=) a.attcollation), ''), \
             CASE WHEN a.attgenerated OPERATOR(pg_catalog.<>) '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END \
             FROM {} JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) wanted.oid \
             LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid \
             AND d.adnum OPERATOR(pg_catalog.=) a.attnum \
             WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped",
            oid_array(with.iter().map(|(oid, _)| *oid)),
            oid_array(with.iter().map(|(oid, _)| *oid)),
        );
        session.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                let oid: u32 = row.required_number(0)?;
                // one table can stand in a session more than once
                for (_, index) in with.iter().filter(|(of, _)| *of == oid) {
                    let written = Written {
                        of_type: row.required(2)?.to_string(),
                        collate: row.required(3)?.to_string(),
                        expression: row.text(4)?.map(str::to_string),
                    };
                    columns.0.insert((*index, row.required(1)?.to_string()), written);
                }
                Ok(())
            })
        })?;
        Ok(columns)
    }

    /// The type of a captured column, for a CAST: what a domain is over, without its rules.
    pub(super) fn type_of(&self, index: usize, column: &str) -> Option<&str> {
        self.0.get(&(index, column.to_owned())).map(|written| written.of_type.as_str())
    }

    /// What the generated column `name` of the table at `index` is in a row whose captured columns are called `row.c`
    /// and their position, as SQL. `None` if there is no such column.
    pub(super) fn value(&self, schema: &TableSchema, index: usize, name: &str, row: &str) -> Option<String> {
        let generated = self.0.get(&(index, name.to_owned()))?;
        let value = self.over(schema, index, generated.expression.as_ref()?, row, &[])?;
        Some(format!("CAST({value} AS {})", generated.of_type))
    }

    /// What an expression over captured and `further` columns of the table at `index` is in such a row, as SQL.
    pub(super) fn over(
        &self,
        schema: &TableSchema,
        index: usize,
        expression: &str,
        row: &str,
        further: &[String],
    ) -> Option<String> {
        let given: Option<Vec<String>> = schema
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let Written { of_type, collate, .. } = self.0.get(&(index, column.name.clone()))?;
                Some(format!("CAST({row}.c{at} AS {of_type}){collate} AS {}", quote::identifier(&column.name)))
            })
            .collect();
        // the newline ends a comment, should the expression end in one
        let given = [given?.as_slice(), further].concat();
        Some(format!("(SELECT ({expression}\n) FROM (SELECT {}) AS given)", given.join(", ")))
    }
}

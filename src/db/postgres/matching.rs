//! Whether a filter holds for rows that need not stand in any table: they are sent as values of the table's own types.

use super::client::Failure;
use super::quote;
use super::session::Session;
use super::setting::{LongText, PIECE, end_of_part};
use super::values::{literal, value_of};
use crate::codec::{Column, RowReader, TableSchema, ValueRef};
use crate::db::patch::hex;
use crate::db::{DbError, Filter, RowStream};
use std::fmt::Write as _;

/// Bytes of a value that is not part of a statement.
const LONG: usize = 1 << 20;

impl Session<'_> {
    /// For each of `rows`, which are rows of `schema`, whether `filter` would hold for it in the table at `index`.
    pub(super) fn matching(
        &mut self,
        index: usize,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        let table = self.open_table(index)?.table().clone();
        let positions = filter.positions(schema)?;
        let types = self.types(index, filter)?;
        let number = filter.free_name();
        let names: Vec<String> =
            std::iter::once(&number).chain(&filter.columns).map(|name| quote::identifier(name)).collect();
        let head: String = types.iter().map(|of_type| format!(", CAST(NULL AS {of_type}")).collect();
        // the newline ends a comment, should the expression end in one
        let before = format!("SELECT {}, ({}\n) IS TRUE FROM (VALUES (0{head})", names[0], filter.sql);
        let after = format!(") AS t ({})", names.join(", "));
        // what is wrong with the filter itself shows without a row
        let doing = || format!("applying the filter to rows of table {table}");
        let alone = format!("{before}{after}");
        self.on_their_path(|session| session.connection.execute(&alone, session.monitor))
            .map_err(|failure| failure.during(doing()))?;
        let mut sql = before;
        let (mut count, mut long) = (0, Vec::new());
        while let Some(row) = rows.next_row()? {
            count += 1;
            let values = RowReader::values(row, schema.columns.len())
                .map_err(|error| DbError::Unsupported(format!("a row of table {table} cannot be read: {error}")))?;
            let _ = write!(sql, ", ({count}");
            for (&position, of_type) in positions.iter().zip(&types) {
                match values[position] {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() > LONG => {
                        let setting = format!("dbsnap.value_{}", long.len() + 1);
                        self.send(setting.clone(), values[position]).map_err(|failure| failure.during(doing()))?;
                        let _ = write!(sql, ", CAST(pg_catalog.current_setting('{setting}') AS {of_type}");
                        long.push(setting);
                    }
                    value => {
                        let _ = write!(sql, ", {}", untyped(value, &schema.columns[position]));
                    }
                }
            }
            sql.push(')');
        }
        sql.push_str(&after);
        let mut held = vec![None; count + 1];
        let asked = self.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                let nth: usize = row.required_number(0)?;
                let place = held.get_mut(nth).ok_or_else(|| Failure::Protocol("a row that was not sent".into()))?;
                *place = Some(row.flag(1)?);
                Ok(())
            })
        });
        asked.map_err(|failure| match failure.code().map(str::to_owned) {
            // the server's own words would hold the value
            Some(code) if code.starts_with("22") => DbError::Query {
                code: Some(code),
                message: format!(
                    "{}: a row holds a value that the filter, or the type that its column has now, does not take",
                    doing()
                ),
            },
            _ => failure.during(doing()),
        })?;
        self.empty(long.into_iter()).map_err(|failure| failure.during(doing()))?;
        let held: Option<Vec<bool>> = held.into_iter().skip(1).collect();
        held.ok_or_else(|| DbError::Lost(format!("{}: the server did not tell of every row", doing())))
    }

    /// Puts the text of a long value into a setting.
    fn send(&mut self, setting: String, value: ValueRef<'_>) -> Result<(), Failure> {
        let mut text = LongText::new(setting);
        match value {
            ValueRef::Text(mut rest) => {
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(end_of_part(rest, PIECE));
                    text.push(self, piece)?;
                    rest = after;
                }
            }
            ValueRef::Blob(bytes) => {
                text.push(self, b"\\x")?;
                for some in bytes.chunks(PIECE / 2) {
                    text.push(self, hex(some).as_bytes())?;
                }
            }
            _ => {}
        }
        text.finish(self)
    }

    /// The types of the filter's columns, for a CAST, with the collation after it. A domain is what it is over: whether
    /// its rules hold is not asked.
    fn types(&mut self, index: usize, filter: &Filter) -> Result<Vec<String>, DbError> {
        let open = self.open_table(index)?;
        let (table, oid) = (open.table().clone(), open.oid);
        let mut types = Vec::with_capacity(filter.columns.len());
        for column in &filter.columns {
            let sql = format!(
                "WITH RECURSIVE below AS (SELECT a.atttypid AS oid, a.attcollation AS collation, 0 AS depth \
                 FROM pg_catalog.pg_attribute a WHERE a.attrelid = {oid} AND a.attname = {} AND NOT a.attisdropped \
                 UNION ALL SELECT t.typbasetype, b.collation, b.depth + 1 FROM below b \
                 JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype = 'd' WHERE b.depth < 64) \
                 SELECT pg_catalog.format_type(b.oid, -1), \
                 (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname) \
                 FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace \
                 WHERE c.oid = b.collation AND c.collname <> 'default') \
                 FROM below b ORDER BY b.depth DESC LIMIT 1",
                literal(column)
            );
            let mut found = None;
            let asked = self.connection.query(&sql, self.monitor, &mut |row| {
                let collation = row.text(1)?.map(|name| format!(" COLLATE {name}")).unwrap_or_default();
                found = Some(format!("{}){collation}", row.required(0)?));
                Ok(())
            });
            asked.map_err(|failure| failure.during(format!("asking for the columns of table {table}")))?;
            let gone = || DbError::Changed { table: table.clone(), what: format!("has no column {column} any more") };
            types.push(found.ok_or_else(gone)?);
        }
        Ok(types)
    }
}

/// A value as a literal that takes the type of those above it.
fn untyped(value: ValueRef<'_>, column: &Column) -> String {
    match value {
        ValueRef::Int(int) => format!("'{int}'"),
        other => value_of(other, column),
    }
}

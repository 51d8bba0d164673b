//! Where the rows are that are to go or to change.

use super::{Fate, RowPosition};
use crate::codec::{Column, RowReader, TableSchema};
use crate::db::postgres::client::{Failure, Row};
use crate::db::postgres::operators::KeyOperators;
use crate::db::postgres::quote;
use crate::db::postgres::rivals::as_text;
use crate::db::postgres::session::Session;
use crate::db::{DbError, RowStream};
use std::collections::BTreeSet;

/// Rows that are looked for in one query, and about how long its text gets.
const ROWS: usize = 2_000;
const TEXT: usize = 4 << 20;

/// Rows of one table.
pub(super) struct Seeds<'s> {
    pub index: usize,
    pub operators: &'s KeyOperators,
    /// Columns whose new values are followed; `None` if the rows go.
    pub followed: Option<BTreeSet<String>>,
}

impl Seeds<'_> {
    /// Finds the rows given and tells their places, with what becomes of each.
    ///
    /// # Errors
    /// If a row is none, or the database cannot tell.
    pub fn find(
        &self,
        session: &mut Session<'_>,
        rows: &mut dyn RowStream,
        told: &mut dyn FnMut(RowPosition, Fate),
    ) -> Result<(), DbError> {
        let schema = session.open_table(self.index)?.schema.clone();
        let positions = self.positions(&schema);
        let (mut tuples, mut text) = (Vec::new(), 0);
        while let Some(row) = rows.next_row()? {
            let values = RowReader::values(row, schema.columns.len())
                .map_err(|_| DbError::Unsupported(format!("a row to be written to table {} is none", schema.table)))?;
            let literals = positions.iter().filter_map(|&at| Some(as_text(*values.get(at)?, schema.columns.get(at)?)));
            let tuple = format!("({})", literals.collect::<Vec<_>>().join(", "));
            text += tuple.len();
            tuples.push(tuple);
            if tuples.len() == ROWS || text > TEXT {
                self.ask(session, &schema, &positions, &std::mem::take(&mut tuples), told)?;
                text = 0;
            }
        }
        if tuples.is_empty() { Ok(()) } else { self.ask(session, &schema, &positions, &tuples, told) }
    }

    /// Columns by which rows are found, and those that are compared.
    fn positions(&self, schema: &TableSchema) -> Vec<usize> {
        let key = schema.key_names();
        let generated = schema.generated.iter().any(|column| self.follows(&column.name));
        let is_used = |column: &Column| {
            key.is_empty() || generated || key.contains(&column.name.as_str()) || self.follows(&column.name)
        };
        (0..schema.columns.len()).filter(|&at| is_used(&schema.columns[at])).collect()
    }

    fn follows(&self, column: &str) -> bool {
        self.followed.as_ref().is_some_and(|followed| followed.contains(column))
    }

    fn ask(
        &self,
        session: &mut Session<'_>,
        schema: &TableSchema,
        positions: &[usize],
        tuples: &[String],
        told: &mut dyn FnMut(RowPosition, Fate),
    ) -> Result<(), DbError> {
        let sql = self.query(session, schema, positions, tuples)?;
        let names: Vec<&String> = self.followed.iter().flatten().collect();
        let asked = session.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                let place = RowPosition::parse(row.required(0)?)?;
                let changed = changed(&names, row)?;
                match self.followed {
                    None => told(place, Fate::Gone),
                    Some(_) if changed.is_empty() => {}
                    Some(_) => told(place, Fate::Changed(changed)),
                }
                Ok(())
            })
        });
        asked.map(drop).map_err(|failure| failure.during(format!("looking for rows of table {}", schema.table)))
    }

    fn query(
        &self,
        session: &Session<'_>,
        schema: &TableSchema,
        positions: &[usize],
        tuples: &[String],
    ) -> Result<String, DbError> {
        let table = &session.open_table(self.index)?.sql_name;
        if positions.is_empty() {
            return Ok(format!("SELECT t.ctid FROM ONLY {table} AS t"));
        }
        let names: Vec<String> = positions.iter().map(|at| format!("v{at}")).collect();
        // literals are texts before they are of the type that the column has now
        let typed: Vec<String> = positions
            .iter()
            .map(|&at| format!("v.v{at}::pg_catalog.text::{} AS c{at}", schema.columns[at].sql_type))
            .collect();
        let given = format!(
            "(SELECT {} FROM (VALUES {}) AS v ({}) OFFSET 0) AS s",
            typed.join(", "),
            tuples.join(", "),
            names.join(", ")
        );
        if schema.key_names().is_empty() && self.followed.is_none() {
            let live: Vec<String> =
                schema.columns.iter().map(|column| format!("t.{}", quote::identifier(&column.name))).collect();
            let sent: Vec<String> = positions.iter().map(|at| format!("s.c{at}")).collect();
            return Ok(format!(
                "SELECT t.ctid FROM ONLY {table} AS t WHERE ROW({})::pg_catalog.text OPERATOR(pg_catalog.=) ANY \
                 (SELECT ROW({})::pg_catalog.text FROM {given})",
                live.join(", "),
                sent.join(", ")
            ));
        }
        // foreign keys look at how values are written, not only at whether they are equal
        let compared: String = self
            .followed
            .iter()
            .flatten()
            .map(|column| {
                let name = quote::identifier(column);
                let new = match schema.columns.iter().position(|one| one.name == *column) {
                    Some(at) => format!("s.c{at}"),
                    None => self.operators.generated().value(schema, self.index, column, "s").unwrap_or("NULL".into()),
                };
                format!(", t.{name}::pg_catalog.text IS DISTINCT FROM {new}::pg_catalog.text AS {name}")
            })
            .collect();
        let matches = self.operators.same_key(session, self.index, "t", "s");
        Ok(format!("SELECT t.ctid{compared} FROM ONLY {table} AS t, {given} WHERE {matches}"))
    }
}

/// Which of the columns asked about are true: those that get other values.
fn changed(names: &[&String], row: &Row<'_>) -> Result<BTreeSet<String>, Failure> {
    let mut changed = BTreeSet::new();
    for (at, name) in names.iter().enumerate() {
        if row.flag(at + 1)? {
            changed.insert((*name).clone());
        }
    }
    Ok(changed)
}

//! Rows in the place of which others are to come, in tables whose rows only the database can tell apart: because
//! nothing that is captured does, or because values of the key can be equal in ways that only their type knows.

use super::client::Failure;
use super::operators::{KeyOperators, is_told_by};
use super::quote;
use super::rows::Decoder;
use super::session::Session;
use super::types::Form;
use super::values::value_of;
use crate::codec::{Column, Key, KeyColumn, RowReader, ValueRef};
use crate::db::DbError;
use std::collections::HashMap;

impl Session<'_> {
    /// Whether the database can take rows of the table at `index` for the same that differ in their captured key.
    pub(super) fn has_rivals(&self, operators: &KeyOperators, index: usize) -> bool {
        let Some(schema) = self.tables.get(index).map(|open| &open.schema) else { return false };
        let is_told = |key: &KeyColumn| {
            schema.columns.get(key.column as usize).is_some_and(|column| is_told_by(key.order, column))
        };
        operators.tell_apart(index)
            && match &schema.key {
                Key::Rows => true,
                Key::Columns { columns, .. } => !columns.iter().all(is_told),
            }
    }

    /// For each of `rows`, the row of the table at `index` that the database takes for the same by the unique index of
    /// `operators`.
    pub(super) fn rivals(
        &mut self,
        operators: &KeyOperators,
        index: usize,
        rows: &[&[u8]],
    ) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let mut found = vec![None; rows.len()];
        let open = self.open_table(index)?;
        if rows.is_empty() || !self.has_rivals(operators, index) {
            return Ok(found);
        }
        let (table, columns, name) = (open.table().clone(), open.schema.columns.clone(), open.sql_name.clone());
        let looking = |failure: Failure| failure.during(format!("looking for rows of table {table}"));
        // which rows those are, functions of the database's own say; their values are written under the pinned search
        // path
        let sql = format!(
            "SELECT s.n, t.ctid FROM ONLY {name} AS t, {} AS s WHERE {}",
            self.sent(operators, index, rows)?,
            operators.same_key(self, index, "t", "s")
        );
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        let asked = self.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                places.entry(row.required(1)?.to_owned()).or_default().push(row.required_number(0)?);
                Ok(())
            })
        });
        asked.map_err(looking)?;
        if places.is_empty() {
            return Ok(found);
        }
        let live: String = columns.iter().map(|column| format!(", t.{}", quote::identifier(&column.name))).collect();
        let list: Vec<String> = places.keys().map(|place| format!("\"{place}\"")).collect();
        let sql = format!("SELECT t.ctid{live} FROM ONLY {name} AS t WHERE {}", quote::among_places(&list));
        let decoder = Decoder::new(columns.iter().map(|column| Form::of(column.kind, column.array)).collect());
        let asked = self.planned_by_either(&sql, &mut |row| {
            let none = || DbError::Lost(format!("reading table {table}: the server sent a row that is none"));
            let mut values = Vec::new();
            decoder.row(|position| row.take(position + 1).ok(), &mut values).map_err(|_| none())?;
            let place = row.text(0).ok().flatten().and_then(|place| places.get(place)).ok_or_else(none)?;
            for &nth in place {
                *found.get_mut(nth).ok_or_else(none)? = Some(values.clone());
            }
            Ok(())
        });
        asked.map_err(looking)?;
        Ok(found)
    }
}

impl Session<'_> {
    /// What stands in FROM for `rows`, of which there are some: their numbers as `n`, and columns called `c` and their
    /// position.
    pub(super) fn sent(&self, operators: &KeyOperators, index: usize, rows: &[&[u8]]) -> Result<String, DbError> {
        let schema = &self.open_table(index)?.schema;
        let (mut typed, mut names, mut tuples) = (String::new(), String::new(), Vec::with_capacity(rows.len()));
        for (at, column) in schema.columns.iter().enumerate() {
            let of_type = operators.generated().type_of(index, &column.name).unwrap_or(&column.sql_type);
            typed += &format!(", CAST(v.v{at}::pg_catalog.text AS {of_type}) AS c{at}");
            names += &format!(", v{at}");
        }
        for (nth, row) in rows.iter().enumerate() {
            let values = RowReader::values(row, schema.columns.len()).map_err(|error| {
                DbError::Unsupported(format!("a row of table {} cannot be read: {error}", schema.table))
            })?;
            let values = values.iter().zip(&schema.columns);
            let values: String = values.map(|(value, column)| format!(", {}", as_text(*value, column))).collect();
            tuples.push(format!("({nth}{values})"));
        }
        Ok(format!("(SELECT v.n{typed} FROM (VALUES {}) AS v (n{names}) OFFSET 0)", tuples.join(", ")))
    }
}

/// A value between quotes, so that it is the same type in every row.
pub(super) fn as_text(value: ValueRef<'_>, column: &Column) -> String {
    match (value, value_of(value, column)) {
        (ValueRef::Null, text) => text,
        (_, text) if text.starts_with('\'') => text,
        (_, text) => format!("'{text}'"),
    }
}

//! Rows in the place of which others are to come, in tables whose rows only the database can tell apart.

use super::client::Failure;
use super::operators::KeyOperators;
use super::patch::value_of;
use super::quote;
use super::rows::Decoder;
use super::session::Session;
use super::types::Form;
use crate::codec::{Column, Key, Kind, RowReader, RowWriter, ValueRef};
use crate::db::DbError;

impl Session<'_> {
    /// For each of `rows`, the row of the table at `index` that the database takes for the same by the unique index of `operators`.
    pub(super) fn rivals(
        &mut self,
        operators: &KeyOperators,
        index: usize,
        rows: &[&[u8]],
    ) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let mut found = vec![None; rows.len()];
        let plan = self.plan(index)?;
        if rows.is_empty() || plan.schema.key != Key::Rows || !operators.tell_apart(index) {
            return Ok(found);
        }
        let (table, columns) = (plan.table().clone(), plan.schema.columns.clone());
        let live: String = columns.iter().map(|column| format!(", t.{}", quote::identifier(&column.name))).collect();
        let sql = format!(
            "SELECT s.n{live} FROM ONLY {} AS t, {} AS s WHERE {}",
            plan.sql_name,
            self.sent(operators, index, rows)?,
            operators.same_key(self, index, "t", "s")
        );
        let number = Form::of(Kind::Int, false);
        let forms = columns.iter().map(|column| Form::of(column.kind, column.array));
        let mut decoder = Decoder::new(std::iter::once(number).chain(forms).collect());
        let mut buffer = Vec::new();
        let asked = self.on_their_path(|session| {
            session.connection.read(&sql, session.monitor, |row| {
                let none = || DbError::Lost(format!("reading table {table}: the server sent a row that is none"));
                buffer.clear();
                decoder.row(|position| row.text(position).ok(), &mut buffer).map_err(|_| none())?;
                let values = RowReader::values(&buffer, columns.len() + 1).map_err(|_| none())?;
                let Some((ValueRef::Int(nth), values)) = values.split_first() else { return Err(none()) };
                let mut row = Vec::new();
                let mut writer = RowWriter::new(&mut row);
                values.iter().for_each(|value| writer.value(*value));
                *usize::try_from(*nth).ok().and_then(|nth| found.get_mut(nth)).ok_or_else(none)? = Some(row);
                Ok(())
            })
        });
        asked.map_err(|failure: Failure| failure.during(format!("looking for rows of table {table}")))?;
        Ok(found)
    }
}

impl Session<'_> {
    /// What stands in FROM for `rows`, of which there are some: their numbers as `n`, and columns called `c` and their position.
    pub(super) fn sent(&self, operators: &KeyOperators, index: usize, rows: &[&[u8]]) -> Result<String, DbError> {
        let schema = &self.plan(index)?.schema;
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

//! Rows on their way into a table: temporary tables of the same types, filled by COPY.

use super::{PostgresRestore, writing, written};
use crate::codec::{Key, TableSchema};
use crate::db::postgres::copy_text::{Encoder, Unfit};
use crate::db::postgres::quote;
use crate::db::postgres::types::Form;
use crate::db::{DbError, RowStream};

/// What is to be done with staged rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    Delete,
    Update,
    Insert,
}

impl Work {
    /// In the past participle.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Work::Delete => "deleted",
            Work::Update => "updated",
            Work::Insert => "inserted",
        }
    }
}

/// Rows in a temporary table. Its columns are named `c0`, `c1`, ... by their position in the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staged {
    /// The table that they are for.
    pub(super) index: usize,
    /// What is to be done.
    pub(super) work: Work,
    /// The temporary table's name, qualified.
    pub(super) name: String,
    /// How many there are.
    pub(super) rows: u64,
}

/// The positions of the columns that `work` needs.
fn columns_for(schema: &TableSchema, work: Work) -> Vec<usize> {
    match &schema.key {
        // the key is enough to find a row
        Key::Columns { columns, .. } if work == Work::Delete => written::positions(columns),
        _ => (0..schema.columns.len()).collect(),
    }
}

impl PostgresRestore<'_> {
    /// Puts rows into a temporary table; returns their number. An empty one is dropped again.
    pub(super) fn stage(&mut self, index: usize, work: Work, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        let positions = columns_for(&self.session.plan(index)?.schema, work);
        let (name, rows) = self.fill(index, &positions, rows)?;
        if rows == 0 {
            self.run(&format!("DROP TABLE {name}"), "dropping a temporary table")?;
        } else {
            self.pending.push(Staged { index, work, name, rows });
        }
        Ok(rows)
    }

    /// Makes a temporary table of these columns of a table and fills it; returns its name and its number of rows.
    pub(super) fn fill(
        &mut self,
        index: usize,
        positions: &[usize],
        rows: &mut dyn RowStream,
    ) -> Result<(String, u64), DbError> {
        let plan = self.session.plan(index)?;
        let table = plan.table().clone();
        let name = format!("pg_temp.dbsnap_stage_{}", self.stages);
        // types are taken from the table as it is, never from a snapshot
        let columns = &plan.schema.columns;
        let typed: Vec<String> = positions
            .iter()
            .map(|&position| format!("t.{} AS c{position}", quote::identifier(&columns[position].name)))
            .collect();
        let create = format!(
            "CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {} FROM ONLY {} AS t WITH NO DATA",
            typed.join(", "),
            plan.sql_name
        );
        let list: Vec<String> = positions.iter().map(|position| format!("c{position}")).collect();
        let list = if list.is_empty() { String::new() } else { format!(" ({})", list.join(", ")) };
        let mut forms: Vec<Option<Form>> = vec![None; columns.len()];
        for &position in positions {
            forms[position] = Some(Form::of(columns[position].kind, columns[position].array));
        }
        let column_names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        self.stages += 1;
        self.session.connection.execute(&create, self.session.monitor).map_err(|failure| match failure.code() {
            Some("42501") => DbError::Denied {
                what: format!(
                    "{}; a restore needs TEMPORARY on the database",
                    failure.during("making a temporary table")
                ),
            },
            _ => failure.during("making a temporary table"),
        })?;
        let mut encoder = Encoder::new(forms);
        let mut given = 0u64;
        let copy = format!("COPY {name}{list} FROM STDIN");
        let copied = self.session.connection.copy_in(&copy, self.session.monitor, &mut |out| {
            let Some(row) = rows.next_row()? else { return Ok(false) };
            given += 1;
            encoder.row(row, out).map(|()| true).map_err(|unfit| match unfit {
                Unfit::Shape => {
                    DbError::Unsupported(format!("a row to be written to table {table} has another number of columns"))
                }
                Unfit::Value(position) => DbError::Unsupported(format!(
                    "a value to be written to column {} of table {table} is not of that column's kind",
                    column_names.get(position).map_or("?", String::as_str)
                )),
            })
        });
        match copied.map_err(|failure| writing(&table, failure))? {
            count if count == given => Ok((name, given)),
            count => Err(DbError::Lost(format!("{given} rows were sent for table {table} and {count} arrived"))),
        }
    }

    /// Of the rows staged last, how many fit what is in their table now: rows to be deleted or updated are there, rows to be
    /// inserted are not (unless staged to be deleted). Multisets are only counted when they are written.
    pub(super) fn stands_alone(&mut self, index: usize, work: Work) -> Result<u64, DbError> {
        let Some(staged) = self.pending.last().cloned() else { return Ok(0) };
        let plan = self.session.plan(index)?;
        let table = plan.table().clone();
        if plan.schema.key == Key::Rows {
            return Ok(staged.rows);
        }
        let matches = self.key_match(index, "t", "s");
        let sql = match work {
            Work::Delete | Work::Update => {
                format!(
                    "SELECT pg_catalog.count(*) FROM ONLY {} AS t, {} AS s WHERE {matches}",
                    plan.sql_name, staged.name
                )
            }
            Work::Insert => {
                let gone: String = self
                    .pending
                    .iter()
                    .filter(|other| other.index == index && other.work == Work::Delete)
                    .map(|other| {
                        format!(
                            " AND NOT EXISTS (SELECT FROM {} AS g WHERE {})",
                            other.name,
                            self.key_match(index, "t", "g")
                        )
                    })
                    .collect();
                format!(
                    "SELECT pg_catalog.count(*) FROM {} AS s WHERE NOT EXISTS (SELECT FROM ONLY {} AS t WHERE {matches}{gone})",
                    staged.name, plan.sql_name
                )
            }
        };
        self.session.number(&sql).map_err(|failure| writing(&table, failure))
    }

    /// `row` of the table and `staged` row have the same key, as SQL. Only for tables with a key.
    pub(super) fn key_match(&self, index: usize, row: &str, staged: &str) -> String {
        self.operators.same_key(&self.session, index, row, staged)
    }
}

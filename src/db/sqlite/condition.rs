//! A condition on rows that are in no database: SQLite is asked about one row after the other.

use super::error::failed;
use super::scratch::{Scratch, table_name};
use super::scratch_form::bind;
use super::sql::quote;
use crate::codec::{Key, TableSchema, ValueRef};
use crate::db::{DbError, Engine, Filter, FilterNames};

/// Whether a condition holds for rows of a table, in SQLite's opinion.
#[derive(Debug)]
pub struct Condition {
    scratch: Scratch,
    schema: TableSchema,
    engine: Engine,
    sql: [String; 3],
}

impl Condition {
    /// Reads `typed` as a filter on rows of `schema`.
    ///
    /// # Errors
    /// As [`Filter::parse_named`].
    pub fn new(
        typed: &str,
        schema: &TableSchema,
        engine: Engine,
        names: &dyn FilterNames,
    ) -> Result<Condition, DbError> {
        let filter = Filter::parse_named(typed, Engine::Sqlite, schema, names)?;
        let scratch = Scratch::temporary()?;
        let schema = TableSchema { key: Key::Rows, ..schema.clone() };
        scratch.table(&schema, engine)?;
        let places: Vec<String> = (1..=schema.columns.len().max(1)).map(|nth| format!("?{nth}")).collect();
        let table = quote(&table_name(&schema));
        let sql = [
            format!("INSERT INTO main.{table} VALUES ({})", places.join(", ")),
            format!("SELECT EXISTS (SELECT 1 FROM main.{table} WHERE {})", filter.sql),
            format!("DELETE FROM main.{table}"),
        ];
        Ok(Condition { scratch, schema, engine, sql })
    }

    /// Whether it holds for a row.
    ///
    /// # Errors
    /// If SQLite cannot tell.
    pub fn holds(&self, values: &[ValueRef<'_>]) -> Result<bool, DbError> {
        let telling = |error| failed("applying the filter to a row", error);
        let conn = &self.scratch.conn;
        let [insert, select, delete] = &self.sql;
        let mut insert = conn.prepare_cached(insert).map_err(telling)?;
        for (nth, (value, column)) in values.iter().zip(&self.schema.columns).enumerate() {
            bind(&mut insert, nth + 1, *value, column, self.engine).map_err(telling)?;
        }
        insert.raw_execute().map_err(telling)?;
        let holds = conn.prepare_cached(select).and_then(|mut select| select.query_row([], |row| row.get(0)));
        conn.prepare_cached(delete).and_then(|mut delete| delete.execute([])).map_err(telling)?;
        holds.map_err(telling)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::codec::{Column, Kind, TableName};

    pub(in crate::db::sqlite) fn schema() -> TableSchema {
        let column = |name: &str, kind, sql_type: &str| Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            kind,
            array: false,
            nullable: true,
            default: None,
            identity: None,
            collation: None,
        };
        TableSchema {
            table: TableName::qualified("shop", "mods"),
            columns: vec![column("id", Kind::Int, "integer"), column("ok", Kind::Bool, "boolean); DROP TABLE x; --")],
            generated: Vec::new(),
            key: Key::Rows,
            foreign_keys: Vec::new(),
            unique: Vec::new(),
        }
    }

    struct NoNames;

    impl FilterNames for NoNames {
        fn column(&self, _: &str) -> Option<String> {
            None
        }

        fn label(&self, _: &str, _: &str) -> Option<String> {
            None
        }
    }

    #[test]
    fn a_condition_is_applied_to_each_row() {
        let condition = Condition::new("id > 2 AND ok", &schema(), Engine::Postgres, &NoNames).unwrap();
        assert!(condition.holds(&[ValueRef::Int(3), ValueRef::Text(b"t")]).unwrap());
        assert!(!condition.holds(&[ValueRef::Int(3), ValueRef::Text(b"f")]).unwrap());
        assert!(!condition.holds(&[ValueRef::Int(1), ValueRef::Text(b"t")]).unwrap());
        assert!(!condition.holds(&[ValueRef::Null, ValueRef::Text(b"t")]).unwrap());
    }
}

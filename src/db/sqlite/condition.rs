//! A filter on rows that are in no database: SQLite is asked about some rows after the other, in a table of its own
//! whose columns are those that the filter names, of the same affinity and collation.

use super::error::failed;
use super::scratch::Scratch;
use super::scratch_form::{bind, definition};
use super::sql::quote;
use super::text::TextForm;
use crate::codec::{Column, RowReader, TableSchema, ValueRef};
use crate::db::{Care, DbError, Dialect, Engine, Filter, FilterNames, RowStream};
use rusqlite::{Connection, Statement};

/// Kibibytes of pages kept in memory: a long row has its copies beside.
const CACHE: u32 = 4 * 1024;

/// A filter and the table in which rows are held against it.
#[derive(Debug)]
pub struct Condition {
    scratch: Scratch,
    dialect: Dialect,
    text: TextForm,
    columns: Vec<(usize, Column)>,
    /// How many values a row has.
    width: usize,
    care: Care,
    insert: String,
    select: String,
}

impl Condition {
    /// Reads `typed` as a filter on rows of `schema`, a table of `engine`, as far as it means the same without that
    /// database.
    ///
    /// # Errors
    /// As [`Filter::stored`].
    pub fn stored(
        typed: &str,
        schema: &TableSchema,
        engine: Engine,
        names: &dyn FilterNames,
    ) -> Result<Condition, DbError> {
        let apart = ToldApart::new(schema, names);
        let (filter, care) = Filter::stored(typed, engine, &apart.schema, &apart)?;
        let columns = columns(&filter, &apart.schema)?;
        Condition::new(&filter, columns, schema.columns.len(), engine.info().dialect, TextForm::Utf8, care)
    }

    /// `filter`, which is in SQLite's dialect, on rows of `schema`, a table of `engine`: for an engine that has no SQL
    /// of its own.
    ///
    /// # Errors
    /// If the filter names a column that the table does not have, or SQLite does not take it.
    pub fn of(filter: &Filter, schema: &TableSchema, engine: Engine) -> Result<Condition, DbError> {
        let columns = columns(filter, schema)?;
        let dialect = engine.info().dialect;
        Condition::new(filter, columns, schema.columns.len(), dialect, TextForm::Utf8, Care::default())
    }

    /// `filter` on rows of `schema` as `conn` would apply it to `table`.
    pub(super) fn beside(
        conn: &Connection,
        table: &TableSchema,
        filter: &Filter,
        schema: &TableSchema,
        text: TextForm,
    ) -> Result<Condition, DbError> {
        let strict: bool = conn
            .query_row(
                "SELECT strict FROM pragma_table_list(?1) WHERE schema = 'main'",
                [table.table.name.as_str()],
                |row| row.get(0),
            )
            .map_err(|error| failed(&format!("reading the schema of {}", table.table), error))?;
        let mut columns = columns(filter, schema)?;
        for (at, column) in filter.positions(table)?.into_iter().zip(&mut columns) {
            // the affinity of the column as it is now decides
            column.1 = table.columns[at].clone();
            if strict && column.1.sql_type.eq_ignore_ascii_case("ANY") {
                // ANY converts nothing there, and elsewhere it stands for a number
                column.1.sql_type = "BLOB".to_owned();
            }
        }
        Condition::new(filter, columns, schema.columns.len(), Dialect::Sqlite, text, Care::default())
    }

    fn new(
        filter: &Filter,
        columns: Vec<(usize, Column)>,
        width: usize,
        dialect: Dialect,
        text: TextForm,
        care: Care,
    ) -> Result<Condition, DbError> {
        let scratch = Scratch::temporary()?;
        let number = quote(&filter.free_name());
        let mut definitions = vec![format!("{number} INTEGER PRIMARY KEY")];
        for (_, column) in &columns {
            let known = |name: &String| ["NOCASE", "RTRIM"].iter().any(|known| name.eq_ignore_ascii_case(known));
            if let (Dialect::Sqlite, Some(collation)) = (dialect, column.collation.as_ref().filter(|name| !known(name)))
            {
                let reason = format!(
                    "column {} is compared by the collation {collation}, which only the application that made it has",
                    column.name
                );
                return Err(DbError::Filter { reason });
            }
            definitions.push(definition(column, dialect));
        }
        let making = |error| failed("making a table to apply the filter in", error);
        let sql = format!(
            "PRAGMA encoding = '{}'; PRAGMA cache_size = -{CACHE}; CREATE TABLE main.t ({})",
            text.name(),
            definitions.join(", ")
        );
        scratch.conn.execute_batch(&sql).map_err(making)?;
        let places: Vec<String> = (0..columns.len()).map(|at| format!(", {}", text.placeholder(at + 1))).collect();
        let insert = format!("INSERT INTO main.t VALUES (NULL{})", places.concat());
        let select = format!("SELECT ({}) IS TRUE FROM main.t ORDER BY {number}", filter.sql);
        Ok(Condition { scratch, dialect, text, columns, width, care, insert, select })
    }

    /// For each of `rows` whether it holds.
    ///
    /// # Errors
    /// If SQLite cannot tell, or a row holds what only the database itself could tell of.
    pub fn matching(&self, rows: &mut dyn RowStream) -> Result<Vec<bool>, DbError> {
        let applying = |error| failed("applying the filter to rows", error);
        let conn = &self.scratch.conn;
        conn.execute_batch("BEGIN").map_err(applying)?;
        let mut insert = conn.prepare_cached(&self.insert).map_err(applying)?;
        let mut count = 0;
        while let Some(row) = rows.next_row()? {
            let values = RowReader::values(row, self.width)
                .map_err(|error| DbError::Unsupported(format!("a row cannot be read: {error}")))?;
            for (nth, (at, column)) in self.columns.iter().enumerate() {
                self.care.allows(column, values[*at])?;
                self.bind(&mut insert, nth + 1, values[*at], column)?;
            }
            // SQLite has a copy
            rows.forget();
            insert.raw_execute().map_err(applying)?;
            insert.clear_bindings();
            count += 1;
        }
        let mut select = conn.prepare_cached(&self.select).map_err(applying)?;
        let held = select.query_map([], |row| row.get(0)).map_err(applying)?;
        let held: Vec<bool> = held.collect::<rusqlite::Result<_>>().map_err(applying)?;
        conn.execute_batch("DELETE FROM main.t; COMMIT").map_err(applying)?;
        match held.len() == count {
            true => Ok(held),
            false => Err(DbError::Lost("SQLite did not tell of every row".to_owned())),
        }
    }

    fn bind(
        &self,
        insert: &mut Statement<'_>,
        nth: usize,
        value: ValueRef<'_>,
        column: &Column,
    ) -> Result<(), DbError> {
        match self.dialect {
            Dialect::Sqlite => self.text.bind(insert, nth, value),
            Dialect::Postgres => bind(insert, nth, value, column, Dialect::Postgres)
                .map_err(|error| failed("applying the filter to rows", error)),
        }
    }
}

/// The filter's columns and their positions.
fn columns(filter: &Filter, schema: &TableSchema) -> Result<Vec<(usize, Column)>, DbError> {
    Ok(filter.positions(schema)?.into_iter().map(|at| (at, schema.columns[at].clone())).collect())
}

/// A table whose columns SQLite tells apart. Of those that differ in case only none keeps its name: they are found as
/// they are written, and in no other case.
struct ToldApart<'n> {
    schema: TableSchema,
    renamed: Vec<(String, String)>,
    names: &'n dyn FilterNames,
}

impl<'n> ToldApart<'n> {
    fn new(schema: &TableSchema, names: &'n dyn FilterNames) -> ToldApart<'n> {
        let mut schema = schema.clone();
        let columns: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
        let mut renamed = Vec::new();
        for (nth, column) in schema.columns.iter_mut().enumerate() {
            let same = |other: &&String| other.eq_ignore_ascii_case(&column.name);
            if columns.iter().filter(same).count() > 1 {
                let here = format!("{} ({nth})", column.name);
                renamed.push((std::mem::replace(&mut column.name, here.clone()), here));
            }
        }
        ToldApart { schema, renamed, names }
    }

    fn here(&self, name: &str) -> Option<String> {
        self.renamed.iter().find(|(source, _)| source == name).map(|(_, here)| here.clone())
    }
}

impl FilterNames for ToldApart<'_> {
    fn column(&self, name: &str) -> Option<String> {
        let other = || self.names.column(name).map(|column| self.here(&column).unwrap_or(column));
        self.here(name).or_else(other)
    }

    fn label(&self, column: &str, value: &str) -> Option<String> {
        let source = self.renamed.iter().find(|(_, here)| here == column).map_or(column, |(source, _)| source);
        self.names.label(source, value)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::codec::{Key, Kind, TableName, Value, row};

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

    struct Given<'r>(std::slice::Iter<'r, Vec<u8>>, &'r [u8]);

    impl RowStream for Given<'_> {
        fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
            let next = self.0.next();
            self.1 = next.map_or(&[], Vec::as_slice);
            Ok(next.map(Vec::as_slice))
        }

        fn again(&mut self) -> Result<&[u8], DbError> {
            Ok(self.1)
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

    fn told(typed: &str, rows: &[[Value; 2]]) -> Vec<bool> {
        let condition = Condition::stored(typed, &schema(), Engine::POSTGRES, &NoNames).unwrap();
        let rows: Vec<Vec<u8>> = rows.iter().map(|values| row::encode(values)).collect();
        let matching = || condition.matching(&mut Given(rows.iter(), &[])).unwrap();
        // a second time as well: nothing is left of the rows before
        assert_eq!(matching(), matching());
        matching()
    }

    #[test]
    fn a_condition_is_applied_to_each_row() {
        let text = |text: &str| Value::Text(text.as_bytes().to_vec());
        let rows = [
            [Value::Int(3), text("t")],
            [Value::Int(3), text("f")],
            [Value::Int(1), text("t")],
            [Value::Null, text("t")],
        ];
        assert_eq!(told("id > 2 AND ok", &rows), [true, false, false, false]);
        assert_eq!(told("NOT ok OR id IS NULL", &rows), [false, true, false, true]);
        assert_eq!(told("TRUE", &rows), [true; 4]);
    }

    #[test]
    fn text_is_in_the_order_of_the_database() {
        let conn = Connection::open_in_memory().unwrap();
        let sql = "PRAGMA encoding = 'UTF-16le'; CREATE TABLE mods (id INTEGER, ok ANY) STRICT";
        conn.execute_batch(sql).unwrap();
        let schema = TableSchema { table: TableName::bare("mods"), ..schema() };
        let column = Column { sql_type: "ANY".to_owned(), kind: Kind::Other, ..schema.columns[1].clone() };
        let schema = TableSchema { columns: vec![schema.columns[0].clone(), column], ..schema };
        let filter = Filter::parse("ok < 'z' AND typeof(ok) = 'text'", Engine::SQLITE, &schema, &|_| None).unwrap();
        let values = ["\u{100}", "\u{e9}", "5"];
        for (form, told) in [(TextForm::Utf16Le, [true, false, true]), (TextForm::Utf8, [false, false, true])] {
            let condition = Condition::beside(&conn, &schema, &filter, &schema, form).unwrap();
            let rows = values.map(|text| row::encode(&[Value::Int(1), Value::Text(text.as_bytes().to_vec())]));
            assert_eq!(condition.matching(&mut Given(rows.iter(), &[])).unwrap(), told);
        }
    }
}

//! Rows of any engine in a SQLite database of our own, to be queried: in memory, spilled to a nameless file where that
//! does not suffice, or in a new file for somebody else.
//!
//! Tables and columns have the names of the source; a PostgreSQL table outside `public` is called `schema.table`, in
//! one name. Values of SQLite keep their class. Of PostgreSQL, integers, floats and `bytea` are what they are, booleans
//! 1 and 0, `numeric` a number, and everything else the server's text.

use super::error::failed;
use super::interrupt::limited;
use super::like;
use super::scratch_form::{bind, definition, key};
use super::sql::quote;
use crate::codec::{TableSchema, ValueRef};
use crate::db::{DbError, Dialect, Engine};
use crate::monitor::Monitor;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection, OpenFlags, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Kibibytes of pages kept in memory, for queries and while tables are loaded: rows come in key order, and a long one
/// has its copies beside.
const CACHE: u32 = 32 * 1024;
const LOADING: u32 = 8 * 1024;

/// Bytes that SQLite may use while a query runs.
const MEMORY: u64 = 2 << 30;

/// A database of our own.
#[derive(Debug)]
pub struct Scratch {
    pub(super) conn: Connection,
}

impl Scratch {
    /// An empty one that nobody else sees.
    ///
    /// # Errors
    /// If SQLite has no memory or room for temporary files.
    pub fn temporary() -> Result<Scratch, DbError> {
        // the empty name stands for a private file that has none and is written only where memory does not suffice
        let conn = Connection::open("").map_err(|error| failed("opening a temporary database", error))?;
        Scratch::configured(conn)
    }

    /// A new file at `path`.
    ///
    /// # Errors
    /// If it exists, or cannot be made.
    pub fn create(path: &Path) -> Result<Scratch, DbError> {
        let refuse = |reason: String| DbError::Connect { target: path.display().to_string(), reason, absent: false };
        // made here, so that nothing that exists is ever opened
        std::fs::File::create_new(path).map_err(|error| refuse(error.to_string()))?;
        let path = dunce::canonicalize(path).map_err(|error| refuse(error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|error| failed("opening the new file", error))?;
        Scratch::configured(conn)
    }

    fn configured(conn: Connection) -> Result<Scratch, DbError> {
        conn.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE}; \
             PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = OFF;"
        ))
        .map_err(|error| failed("configuring a database of our own", error))?;
        like::never_match_blobs(&conn)?;
        Ok(Scratch { conn })
    }

    /// Makes the table of `schema`, empty, with its key where the values that stand for it tell rows apart as the
    /// source does.
    ///
    /// # Errors
    /// If SQLite does not take such a table.
    pub fn table(&self, schema: &TableSchema, engine: Engine) -> Result<(), DbError> {
        let dialect = engine.info().dialect;
        let mut parts: Vec<String> = schema.columns.iter().map(|column| definition(column, dialect)).collect();
        parts.extend(key(schema, dialect));
        if parts.is_empty() {
            // SQLite knows no table without columns
            parts.push("\"\"".to_owned());
        }
        let sql = format!("CREATE TABLE main.{} ({})", quote(&table_name(schema)), parts.join(", "));
        self.conn.execute_batch(&sql).map_err(|error| failed(&format!("making table {}", schema.table), error))
    }

    /// Makes a view that shows the columns of all rows of the tables `parts`.
    ///
    /// # Errors
    /// If SQLite does not take such a view.
    pub fn view(&self, name: &str, columns: &[String], parts: &[String]) -> Result<(), DbError> {
        let columns: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let columns = if columns.is_empty() { "NULL".to_owned() } else { columns.join(", ") };
        let parts: Vec<String> = parts.iter().map(|part| format!("SELECT {columns} FROM {}", quote(part))).collect();
        let sql = format!("CREATE VIEW main.{} AS {}", quote(name), parts.join(" UNION ALL "));
        self.conn.execute_batch(&sql).map_err(|error| failed(&format!("making a view of {name}"), error))
    }

    /// Loads rows into the table of `schema` by way of `rows`, which gives each to the statement it is given. All or
    /// none come in.
    ///
    /// # Errors
    /// If SQLite refuses a row, and what `rows` returns.
    pub fn load<E: From<DbError>>(
        &self,
        schema: &TableSchema,
        engine: Engine,
        rows: impl FnOnce(&mut Insert<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let loading = |error| failed(&format!("loading table {}", schema.table), error);
        let places: Vec<String> = (1..=schema.columns.len().max(1)).map(|nth| format!("?{nth}")).collect();
        let sql = format!("INSERT INTO main.{} VALUES ({})", quote(&table_name(schema)), places.join(", "));
        self.conn.execute_batch(&format!("PRAGMA cache_size = -{LOADING}; BEGIN")).map_err(loading)?;
        let statement = self.conn.prepare(&sql).map_err(loading)?;
        let mut insert = Insert { statement, schema, dialect: engine.info().dialect };
        rows(&mut insert)?;
        drop(insert);
        self.conn.execute_batch(&format!("COMMIT; PRAGMA cache_size = -{CACHE}")).map_err(loading)?;
        Ok(())
    }

    /// The names of tables that `query` reads. It must be one statement that only reads.
    ///
    /// They are those whose pages the compiled statement opens: a table can be read without a column being named.
    ///
    /// # Errors
    /// [`DbError::Filter`] if it is not, or SQLite does not understand it.
    pub fn tables_read(&mut self, query: &str) -> Result<BTreeSet<String>, DbError> {
        let pages = self.pages()?;
        self.guard()?;
        let opened = self.opened(query);
        self.unguard()?;
        let opened = opened?;
        // it reads the pages of every table, and opens none
        let everything = query.to_ascii_lowercase().contains("dbstat");
        Ok(pages.into_iter().filter(|(page, _)| everything || opened.contains(page)).map(|(_, table)| table).collect())
    }

    /// The table of each root page, its own or that of an index.
    fn pages(&self) -> Result<BTreeMap<i64, String>, DbError> {
        let listing = |error| failed("listing the tables of a database of our own", error);
        let mut pages = self.conn.prepare("SELECT rootpage, tbl_name FROM main.sqlite_schema").map_err(listing)?;
        let pages = pages.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(listing)?;
        pages.collect::<rusqlite::Result<_>>().map_err(listing)
    }

    /// The root pages that the program of `query` opens.
    fn opened(&self, query: &str) -> Result<BTreeSet<i64>, DbError> {
        if self.prepare(query)?.is_explain() != 0 {
            // it shows the program and runs nothing
            return Ok(BTreeSet::new());
        }
        let reading = |error| asked("reading it", error);
        let mut program = self.conn.prepare(&format!("EXPLAIN {query}")).map_err(reading)?;
        let mut steps = program.query([]).map_err(reading)?;
        let mut opened = BTreeSet::new();
        while let Some(step) = steps.next().map_err(reading)? {
            // addr, opcode, p1, p2 (the root page), p3 (the database)
            let opcode: String = step.get(1).map_err(reading)?;
            if ["OpenRead", "ReopenIdx"].contains(&opcode.as_str()) && step.get::<_, i64>(4).map_err(reading)? == 0 {
                opened.insert(step.get(3).map_err(reading)?);
            }
        }
        Ok(opened)
    }

    /// Runs `query`, which must be one statement that only reads. Gives `begin` the names of its columns and `row` each
    /// row until that returns `false`. A query can be without end, or ask for any amount of memory: it ends after
    /// `limit`, when the monitor wants to stop, and when SQLite's memory is used up.
    ///
    /// # Errors
    /// As [`Scratch::tables_read`], and what `row` returns.
    pub fn query<E: From<DbError>>(
        &mut self,
        query: &str,
        limit: Option<Duration>,
        monitor: &dyn Monitor,
        begin: impl FnOnce(&[String]) -> Result<(), E>,
        mut row: impl FnMut(&[ValueRef<'_>]) -> Result<bool, E>,
    ) -> Result<(), E> {
        let bound = format!("PRAGMA hard_heap_limit = {MEMORY}");
        self.conn
            .query_row(&bound, [], |_| Ok(()))
            .map_err(|error| failed("limiting the memory of the query", error))?;
        self.guard()?;
        limited(&self.conn, monitor, limit, || {
            let mut statement = self.prepare(query)?;
            let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
            begin(&names)?;
            let querying = |error| asked("running the query", error);
            let mut rows = statement.raw_query();
            while let Some(found) = rows.next().map_err(querying)? {
                let mut values = Vec::with_capacity(names.len());
                for at in 0..names.len() {
                    values.push(super::text::value(found.get_ref(at).map_err(querying)?));
                }
                if !row(&values)? {
                    break;
                }
            }
            Ok(())
        })
    }

    fn prepare(&self, query: &str) -> Result<Statement<'_>, DbError> {
        let refused = |reason: &str| DbError::Filter { reason: reason.to_owned() };
        let mut batch = Batch::new(&self.conn, query);
        let statement = batch.next().map_err(|error| asked("reading it", error))?;
        let statement = statement.ok_or_else(|| refused("it is empty"))?;
        match batch.next() {
            Ok(None) => {}
            _ => return Err(refused("it is more than one statement")),
        }
        if statement.readonly() && statement.column_count() > 0 {
            Ok(statement)
        } else {
            Err(refused("it is not a SELECT"))
        }
    }

    /// Lets nothing happen but reading.
    fn guard(&mut self) -> Result<(), DbError> {
        let decide = |context: AuthContext<'_>| match context.action {
            AuthAction::Select | AuthAction::Recursive | AuthAction::Read { .. } => Authorization::Allow,
            AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
                Authorization::Allow
            }
            _ => Authorization::Deny,
        };
        self.conn.authorizer(Some(decide)).map_err(|error| failed("guarding the query", error))
    }

    fn unguard(&mut self) -> Result<(), DbError> {
        self.conn
            .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
            .map_err(|error| failed("guarding the query", error))
    }
}

/// Inserts rows into one table.
pub struct Insert<'s> {
    statement: Statement<'s>,
    schema: &'s TableSchema,
    dialect: Dialect,
}

impl Insert<'_> {
    /// Takes the values of the next row. They are copied: the caller need not keep them.
    ///
    /// # Errors
    /// If SQLite refuses one.
    pub fn take(&mut self, values: &[ValueRef<'_>]) -> Result<(), DbError> {
        let bound = values.iter().zip(&self.schema.columns).enumerate();
        for (nth, (value, column)) in bound {
            bind(&mut self.statement, nth + 1, *value, column, self.dialect)
                .map_err(|error| failed(&format!("loading table {}", self.schema.table), error))?;
        }
        Ok(())
    }

    /// Inserts the row that was taken.
    ///
    /// # Errors
    /// If SQLite refuses it.
    pub fn run(&mut self) -> Result<(), DbError> {
        let run = self.statement.raw_execute();
        run.map(drop).map_err(|error| failed(&format!("loading table {}", self.schema.table), error))
    }
}

/// A query's error is the user's own text at fault, as a filter's is.
fn asked(doing: &str, error: rusqlite::Error) -> DbError {
    match failed(doing, error) {
        DbError::Query { message, .. } => DbError::Filter { reason: message },
        other => other,
    }
}

/// The name of the table in a database of our own. SQLite keeps names that begin with `sqlite_` to itself.
pub fn table_name(schema: &TableSchema) -> String {
    let name = schema.table.to_string();
    match &schema.table.schema {
        Some(of) if name.to_ascii_lowercase().starts_with("sqlite_") => format!("{of}.{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::condition::tests::schema;
    use super::*;

    #[test]
    fn only_one_reading_statement_runs() {
        let mut scratch = Scratch::temporary().unwrap();
        scratch.table(&schema(), Engine::SQLITE).unwrap();
        assert_eq!(
            scratch.tables_read("SELECT count(*) FROM \"shop.mods\"").unwrap().into_iter().collect::<Vec<_>>(),
            ["shop.mods"]
        );
        for hostile in [
            "",
            "DELETE FROM \"shop.mods\"",
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE \"shop.mods\"",
            "ATTACH '/tmp/x' AS x",
            "PRAGMA query_only",
            "SELECT load_extension('x')",
            "WITH t AS (SELECT 1) INSERT INTO \"shop.mods\" SELECT 1, 1",
            "EXPLAIN DELETE FROM \"shop.mods\"",
            "VACUUM INTO '/tmp/y'",
        ] {
            assert!(matches!(scratch.tables_read(hostile), Err(DbError::Filter { .. })), "{hostile}");
        }
    }
}

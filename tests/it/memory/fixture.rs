//! What fills the databases of the tests: the engine has no SQL, so statements run in a SQLite file whose tables are
//! then copied.

use super::engine::{Memory, Table};
use crate::conformance::{Collected, Fixture};
use dbsnap::codec::{Column, RowReader, TableSchema, ValueRef};
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{Engine, OpenOptions, Sink, TableId, TableRead};
use dbsnap::monitor::Silent;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef as SqlValue};
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;

/// A database in memory, and the file that statements run in.
pub struct MemoryFixture {
    pub database: Memory,
    directory: TempDir,
    session: Connection,
}

impl MemoryFixture {
    /// An empty database.
    pub fn new() -> MemoryFixture {
        let directory = tempfile::tempdir().unwrap();
        let session = Connection::open(directory.path().join("statements.db")).unwrap();
        session.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF;").unwrap();
        MemoryFixture { database: Memory::new("shop"), directory, session }
    }

    /// Makes a table in the file that a restore has made in memory.
    fn make(&self, name: &str, schema: &TableSchema) {
        let column = |column: &Column| {
            let key = if column.identity.is_some() { " PRIMARY KEY AUTOINCREMENT" } else { "" };
            format!("\"{}\" {}{key}", column.name.replace('"', "\"\""), column.sql_type)
        };
        let columns: Vec<String> = schema.columns.iter().map(column).collect();
        self.session.execute(&format!("CREATE TABLE IF NOT EXISTS {name} ({})", columns.join(", ")), []).unwrap();
    }

    /// Gives the file the rows that are in memory.
    fn write_rows(&self) {
        self.session.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
        for (name, table) in &self.database.state().tables {
            let name = format!("\"{}\"", name.replace('"', "\"\""));
            self.make(&name, &table.schema);
            self.session.execute(&format!("DELETE FROM {name}"), []).unwrap();
            let columns: Vec<String> =
                table.schema.columns.iter().map(|column| format!("\"{}\"", column.name.replace('"', "\"\""))).collect();
            let sql =
                format!("INSERT INTO {name} ({}) VALUES ({})", columns.join(", "), vec!["?"; columns.len()].join(", "));
            let mut insert = self.session.prepare(&sql).unwrap();
            for row in &table.rows {
                let values = RowReader::values(row, columns.len()).unwrap();
                let values = values.into_iter().map(|value| {
                    ToSqlOutput::Borrowed(match value {
                        ValueRef::Null => SqlValue::Null,
                        ValueRef::Int(int) => SqlValue::Integer(int),
                        ValueRef::Real(real) => SqlValue::Real(real),
                        ValueRef::Text(text) => SqlValue::Text(text),
                        ValueRef::Blob(blob) => SqlValue::Blob(blob),
                    })
                });
                insert.execute(params_from_iter(values)).unwrap();
            }
            if let Some(counter) = &table.counter {
                let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = ?2";
                self.session.execute(sql, (counter.last, &counter.name)).unwrap();
            }
        }
        self.session.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true).unwrap();
    }

    /// Gives memory the tables that are in the file.
    fn read_tables(&self) {
        let path = self.directory.path().join("statements.db");
        let mut file = Sqlite::open(&path, &OpenOptions::default()).unwrap();
        let catalog = file.catalog().unwrap();
        let whole = |schema| TableRead { schema, filter: None };
        let reads: Vec<TableRead> = catalog.tables.into_iter().map(|info| whole(info.schema)).collect();
        let mut snapshot = file.snapshot(&reads, &Silent).unwrap();
        let mut state = self.database.state();
        assert!(!state.locked, "a restore writes to this database");
        state.not_captured = catalog.not_captured;
        state.tables.clear();
        for (at, read) in reads.iter().enumerate() {
            let mut rows = Collected::default();
            snapshot.read(TableId::at(at), &mut rows).unwrap();
            let counter = snapshot.counters(TableId::at(at)).unwrap().pop();
            let table = Table { schema: read.schema.clone(), rows: rows.rows, counter };
            state.tables.insert(read.schema.table.name.clone(), table);
        }
    }
}

impl Fixture for MemoryFixture {
    fn engine(&self) -> Engine {
        super::engine::engine()
    }

    fn exec(&mut self, sql: &str) {
        self.write_rows();
        self.session.execute_batch(sql).unwrap();
        self.read_tables();
    }

    fn open(&self) -> Box<dyn Sink> {
        Box::new(self.database.clone())
    }

    fn dump(&self, table: &str) -> Vec<String> {
        let state = self.database.state();
        let table = &state.tables[table];
        let shown = |row: &Vec<u8>| format!("{:?}", RowReader::values(row, table.schema.columns.len()).unwrap());
        let mut rows: Vec<String> = table.rows.iter().map(shown).collect();
        rows.sort();
        rows
    }
}

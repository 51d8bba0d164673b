//! An open transaction over some tables: locked, pinned, and checked against what the caller planned with.

use super::catalog::{self, Scope};
use super::client::{Connection, Failure};
use super::definition::{self, After};
use super::identity;
use super::lock::{self, Mode};
use super::quote;
use super::session_settings::{self, Purpose};
use crate::codec::{Definition, Key, TableName, TableSchema};
use crate::db::{DbError, Filter, Making, TableRead};
use crate::monitor::Monitor;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// One table of the transaction.
#[derive(Debug)]
pub(super) struct OpenTable {
    /// Its oid.
    pub(super) oid: u32,
    /// As the database has it now; columns and key are as planned.
    pub(super) schema: TableSchema,
    /// Only rows for which this holds are read.
    pub(super) filter: Option<Filter>,
    /// Its quoted name.
    pub(super) sql_name: String,
}

impl OpenTable {
    /// The table's name for messages.
    pub(super) fn table(&self) -> &TableName {
        &self.schema.table
    }
}

/// What a transaction needs to know beyond its tables.
pub(super) struct Opening<'o> {
    /// The server's major version.
    pub(super) version: u32,
    /// How long to wait for locks.
    pub(super) wait: Duration,
    /// Oids that the last look at the catalog found.
    pub(super) known: &'o HashMap<TableName, u32>,
    /// What is made first.
    pub(super) making: Option<&'o Making>,
}

/// The transaction. It is rolled back when this is dropped, unless it was ended before.
pub(super) struct Session<'s> {
    /// The connection it runs on.
    pub(super) connection: &'s mut Connection,
    /// Asked whether to go on.
    pub(super) monitor: &'s dyn Monitor,
    /// Its tables, in the order asked for.
    pub(super) tables: Vec<OpenTable>,
    /// The server's major version.
    pub(super) version: u32,
    /// How long to wait for locks.
    wait: Duration,
    /// What is made when the rows are there.
    pub(super) after: After,
    /// Definitions of the tables, if they were asked for.
    definitions: HashMap<u32, Definition>,
}

impl<'s> Session<'s> {
    /// Opens it: locks first, then the snapshot, then the checks.
    pub(super) fn open(
        connection: &'s mut Connection,
        tables: &[TableRead],
        purpose: Purpose,
        opening: &Opening<'_>,
        monitor: &'s dyn Monitor,
    ) -> Result<Session<'s>, DbError> {
        let mut session = Session {
            connection,
            monitor,
            tables: Vec::new(),
            version: opening.version,
            wait: opening.wait,
            after: After::default(),
            definitions: HashMap::new(),
        };
        session.lock(tables, purpose, opening)?;
        let changed = session_settings::check(session.connection, purpose, session.version, monitor)
            .map_err(|failure| failure.during("reading the settings back"))?;
        if let Some(setting) = changed {
            return Err(DbError::Unsupported(format!("the server does not let this session set {setting}")));
        }
        session.tables = session.planned(tables, opening.known)?;
        Ok(session)
    }

    /// Runs `work`, in which functions of the database's own may be called, under the search path that they are written
    /// for.
    pub(super) fn on_their_path<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.connection.execute(session_settings::THEIR_PATH, self.monitor)?;
        // after a failure only a rollback can follow, which brings the pinned path back too
        let done = work(self)?;
        self.connection.execute(session_settings::NO_PATH, self.monitor)?;
        Ok(done)
    }

    /// Takes further tables in, locked against writers.
    pub(super) fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        let names: Vec<TableName> = tables.iter().map(|table| table.schema.table.clone()).collect();
        if let Err(failure) = lock::tables(self.connection, &names, Mode::Exclusive, self.wait, self.monitor) {
            if lock::timed_out(&failure) {
                return Err(lock::explain(self.connection, &names, Mode::Exclusive, self.wait, self.version));
            }
            return Err(lock::refused(failure, "locking the tables that foreign keys reach"));
        }
        let opened = self.planned(tables, &HashMap::new())?;
        self.tables.extend(opened);
        Ok(())
    }

    fn lock(&mut self, tables: &[TableRead], purpose: Purpose, opening: &Opening<'_>) -> Result<(), DbError> {
        let names: Vec<TableName> = tables.iter().map(|table| table.schema.table.clone()).collect();
        let mode = if purpose == Purpose::Restore { Mode::Exclusive } else { Mode::Share };
        if let Err(failure) =
            session_settings::begin(self.connection, purpose, self.version, opening.wait, self.monitor)
        {
            self.connection.rollback();
            return Err(match purpose == Purpose::Restore && identity::is_standby(self.connection) {
                true => identity::standby(),
                false => failure.during("beginning a transaction"),
            });
        }
        if let Some(making) = opening.making {
            self.after = definition::make(self.connection, making, self.monitor)?;
        }
        let Err(failure) = lock::tables(self.connection, &names, mode, opening.wait, self.monitor) else {
            return Ok(());
        };
        if lock::timed_out(&failure) {
            return Err(lock::explain(self.connection, &names, mode, opening.wait, self.version));
        }
        // the transaction has failed: what is wrong with the tables is asked in another
        self.connection.rollback();
        if failure.code().is_some() {
            let begun =
                session_settings::begin(self.connection, Purpose::Catalog, self.version, opening.wait, self.monitor);
            if begun.is_ok() {
                self.planned(tables, opening.known)?;
            }
        }
        Err(lock::refused(failure, "locking the tables"))
    }

    /// Looks the tables up again and holds them against what was planned.
    fn planned(&mut self, tables: &[TableRead], known: &HashMap<TableName, u32>) -> Result<Vec<OpenTable>, DbError> {
        let names: Vec<TableName> = tables.iter().map(|table| table.schema.table.clone()).collect();
        let found = catalog::tables(self.connection, Scope::Only(&names), self.monitor)
            .map_err(|failure| failure.during("reading the catalog"))?;
        let found: HashMap<TableName, _> =
            found.into_iter().map(|found| (found.info.schema.table.clone(), found)).collect();
        let mut opened = Vec::with_capacity(tables.len());
        for read in tables {
            let table = &read.schema.table;
            let changed = |what: &str| DbError::Changed { table: table.clone(), what: what.into() };
            // A table can be read twice, once with a filter.
            let now = found.get(table).ok_or_else(|| changed("was dropped"))?;
            if let Some(what) = now.info.refusal.clone() {
                return Err(DbError::Denied { what });
            }
            if known.get(table).is_some_and(|&oid| oid != now.oid) {
                return Err(changed("was dropped and made anew"));
            }
            if !same_rows(&read.schema, &now.info.schema) {
                return Err(changed("has other columns or another key than planned"));
            }
            let sql_name = quote::table(table);
            let mut schema = now.info.schema.clone();
            // a table with a key can be taken as one without
            if read.schema.key == Key::Rows {
                schema.key = Key::Rows;
            }
            opened.push(OpenTable { oid: now.oid, schema, filter: read.filter.clone(), sql_name });
        }
        Ok(opened)
    }

    /// What it takes to make the table at `index` again.
    pub(super) fn definition(&mut self, index: usize) -> Result<Definition, DbError> {
        let oid = self.open_table(index)?.oid;
        if !self.definitions.contains_key(&oid) {
            let missing = self.tables.iter().map(|open| open.oid).filter(|oid| !self.definitions.contains_key(oid));
            let mut missing: Vec<u32> = missing.collect();
            missing.sort_unstable();
            missing.dedup();
            self.definitions.extend(definition::settled(self.connection, self.version, &missing, self.monitor)?);
        }
        let found = self.definitions.get(&oid).cloned();
        found.ok_or_else(|| DbError::Unsupported(format!("the server tells nothing of table number {index}")))
    }

    /// What it takes to make an empty database like this one.
    pub(super) fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        let told = definition::database_settings(self.connection, self.monitor);
        told.map_err(|failure| failure.during("asking how the database was made"))
    }

    /// The name of the table with this oid.
    pub(super) fn relation_name(&mut self, oid: u32) -> Result<TableName, Failure> {
        let mut name = None;
        let sql = format!(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {oid}"
        );
        self.connection.query(&sql, self.monitor, &mut |row| {
            name = Some(TableName::qualified(row.required(0)?, row.required(1)?));
            Ok(())
        })?;
        name.ok_or_else(|| Failure::Protocol(format!("no table has the oid {oid}")))
    }

    /// The table at `index`.
    pub(super) fn open_table(&self, index: usize) -> Result<&OpenTable, DbError> {
        self.tables.get(index).ok_or_else(|| DbError::Unsupported(format!("there is no table number {index} here")))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.connection.rollback();
    }
}

/// Whether rows of the two have the same form and the same keys, as far as `planned` looks at keys.
fn same_rows(planned: &TableSchema, now: &TableSchema) -> bool {
    let key = |schema: &TableSchema| match &schema.key {
        Key::Columns { columns, .. } => Some(columns.clone()),
        Key::Rows => None,
    };
    planned.columns.len() == now.columns.len()
        && (planned.key == Key::Rows || key(planned) == key(now))
        && planned.columns.iter().zip(&now.columns).all(|(planned, now)| {
            planned.name == now.name
                && planned.sql_type == now.sql_type
                && planned.kind == now.kind
                && planned.array == now.array
        })
}

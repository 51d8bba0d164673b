//! Making tables within a transaction.

use super::allowed;
use crate::codec::{Part, PartKind};
use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::quote;
use crate::db::{DbError, Making};
use crate::monitor::Monitor;

/// Functions may name what is made after them; nothing is made where somebody's settings say.
const SETTINGS: &str = "SET LOCAL check_function_bodies = off; SET LOCAL default_tablespace = ''; \
                        SET LOCAL default_table_access_method = heap";

/// Foreign keys that wait for the rows.
#[derive(Debug, Default)]
pub(in crate::db::postgres) struct After(Vec<Part>);

/// Makes what is to be there before the rows, and sets the counters. What is left comes after them. What is beside rows
/// and cannot be made is told to the monitor.
pub(in crate::db::postgres) fn make(
    connection: &mut Connection,
    making: &Making,
    monitor: &dyn Monitor,
) -> Result<After, DbError> {
    if making.is_empty() {
        return Ok(After::default());
    }
    let mut maker = Maker::begin(connection, monitor)?;
    maker.carry_out(&making.before)?;
    for counter in &making.counters {
        let (value, is_called) = match (counter.last, counter.next) {
            (Some(last), _) => (last, true),
            (None, Some(next)) => (next, false),
            (None, None) => continue,
        };
        // the sequence was made in this transaction, and goes with it if it is rolled back
        let sql = format!("SELECT pg_catalog.setval({}, {value}, {is_called})", quote::literal(&counter.name));
        let set = maker.connection.execute(&sql, monitor);
        set.map_err(|failure| failure.during(format!("setting the sequence {}", counter.name)))?;
    }
    maker.end()?;
    Ok(After(making.after.clone()))
}

impl After {
    /// Makes what is left. A foreign key that rows which are there do not satisfy holds for new rows only, or is left
    /// out; the monitor is told.
    pub(in crate::db::postgres) fn make(
        &self,
        connection: &mut Connection,
        monitor: &dyn Monitor,
    ) -> Result<(), DbError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut maker = Maker::begin(connection, monitor)?;
        for part in &self.0 {
            let Err(error) = maker.attempt(part, &part.sql)? else { continue };
            if has_code(&error, "55P03") {
                return Err(locked(part));
            }
            let unvalidated = format!("{} NOT VALID", part.sql.trim_end_matches(" NOT VALID"));
            match maker.attempt(part, &unvalidated)? {
                Ok(()) => monitor.warn(&format!(
                    "the {part} is NOT VALID: it holds for new rows only, because rows that are there break it ({error})"
                )),
                Err(error) => monitor.warn(&format!("the {part} is left out ({error}); to add it: {}", part.sql)),
            }
        }
        maker.end()
    }
}

/// Makes parts in one transaction, which must be the same to the end.
struct Maker<'m> {
    connection: &'m mut Connection,
    monitor: &'m dyn Monitor,
    transaction: String,
    /// Whether new objects come with privileges that nobody asked for.
    has_default_privileges: bool,
}

impl<'m> Maker<'m> {
    fn begin(connection: &'m mut Connection, monitor: &'m dyn Monitor) -> Result<Maker<'m>, DbError> {
        let beginning = |failure: Failure| failure.during("beginning to make tables");
        connection.execute(SETTINGS, monitor).map_err(beginning)?;
        let transaction = transaction(connection, monitor)?;
        let mut has_default_privileges = false;
        let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_default_acl)";
        let asked = connection.query(sql, monitor, &mut |row| {
            has_default_privileges = row.flag(0)?;
            Ok(())
        });
        asked.map_err(beginning)?;
        Ok(Maker { connection, monitor, transaction, has_default_privileges })
    }

    /// Looks whether all was done in one transaction.
    fn end(&mut self) -> Result<(), DbError> {
        match transaction(self.connection, self.monitor)? == self.transaction {
            true => Ok(()),
            false => Err(ended("a statement")),
        }
    }

    /// Makes all of `parts`. What needs something that comes later (a function of a table's rows, a column of another
    /// table's type) is tried again after it.
    fn carry_out(&mut self, parts: &[Part]) -> Result<(), DbError> {
        let mut open: Vec<&Part> = parts.iter().collect();
        while !open.is_empty() {
            let mut waiting = Vec::new();
            for part in &open {
                match self.make(part)? {
                    Err(error) if lacks_something(&error) => waiting.push((*part, error)),
                    made => self.settle(part, made)?,
                }
            }
            if waiting.len() == open.len() {
                return waiting.into_iter().try_for_each(|(part, error)| self.settle(part, Err(error)));
            }
            open = waiting.into_iter().map(|(part, _)| part).collect();
        }
        Ok(())
    }

    /// What cannot be made ends the restore, unless it is beside rows: then it is told.
    fn settle(&self, part: &Part, made: Result<(), DbError>) -> Result<(), DbError> {
        match made {
            Err(error) if part.kind.is_beside_rows() => {
                self.monitor.warn(&format!("the {part} could not be made: {error}"));
                Ok(())
            }
            Err(error) if has_code(&error, "42501") => Err(DbError::Denied { what: error.to_string() }),
            Err(error) if has_code(&error, "55P03") => Err(locked(part)),
            made => made,
        }
    }

    fn make(&mut self, part: &Part) -> Result<Result<(), DbError>, DbError> {
        if let Err(error) = self.attempt(part, &part.sql)? {
            return Ok(Err(error));
        }
        if self.has_default_privileges {
            self.take_back_privileges(part)?;
        }
        for sql in &part.then {
            if let Err(error) = self.attempt(part, sql)? {
                self.monitor.warn(&format!("what belongs to {part} could not be made: {error}; {sql}"));
            }
        }
        Ok(Ok(()))
    }

    /// Carries out what may fail. The outer error is that the transaction cannot go on.
    fn attempt(&mut self, part: &Part, sql: &str) -> Result<Result<(), DbError>, DbError> {
        let savepoint = |failure: Failure| failure.during("setting a savepoint");
        self.connection.execute("SAVEPOINT dbsnap_part", self.monitor).map_err(savepoint)?;
        let error = match self.execute(part, sql)? {
            Ok(()) => None,
            Err(Failure::Server(error)) if !error.is_fatal() => {
                self.connection.execute("ROLLBACK TO SAVEPOINT dbsnap_part", self.monitor).map_err(savepoint)?;
                Some(Failure::Server(error).during(format!("making {part}")))
            }
            Err(failure) => return Err(failure.during(format!("making {part}"))),
        };
        self.connection.execute("RELEASE SAVEPOINT dbsnap_part", self.monitor).map_err(savepoint)?;
        Ok(error.map_or(Ok(()), Err))
    }

    /// Carries out one statement, of a sort that makes such a part. The outer error is that it is not that.
    fn execute(&mut self, part: &Part, sql: &str) -> Result<Result<(), Failure>, DbError> {
        if !allowed::makes(part, sql) {
            return Err(DbError::Unsupported(format!("the snapshot has for {part} what does not make one: {sql}")));
        }
        // the server itself tells whether it is one statement
        if let Err(failure) = self.connection.parse(sql) {
            return Ok(Err(failure));
        }
        let done = self.connection.execute(sql, self.monitor).map(drop);
        match self.connection.in_transaction() {
            true => Ok(done),
            false => {
                Err(done.err().map_or_else(|| ended(&part.to_string()), |failure| failure.during("making tables")))
            }
        }
    }

    /// Takes back what default privileges gave to others than the owner: a table that is made again has what it had.
    fn take_back_privileges(&mut self, part: &Part) -> Result<(), DbError> {
        let name = match (&part.table, part.kind) {
            (Some(table), PartKind::Table) => quote::table(table),
            (None, PartKind::Sequence | PartKind::Function) => part.name.clone(),
            (None, PartKind::Schema) => quote::identifier(&part.name),
            _ => return Ok(()),
        };
        let literal = quote::literal(&name);
        let (word, from) = match part.kind {
            // everybody may call a function unless that is taken back, which the part itself says
            PartKind::Function => (
                "ROUTINE",
                format!(
                    "pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace, pg_catalog.aclexplode(o.proacl) AS g \
                     WHERE g.grantee NOT IN (0, o.proowner) AND {literal} = pg_catalog.format('%I.%I(%s)', n.nspname, o.proname, \
                     pg_catalog.pg_get_function_identity_arguments(o.oid))"
                ),
            ),
            PartKind::Schema => (
                "SCHEMA",
                format!(
                    "pg_namespace o, pg_catalog.aclexplode(o.nspacl) AS g WHERE g.grantee <> o.nspowner \
                     AND o.oid = {literal}::pg_catalog.regnamespace"
                ),
            ),
            _ => (
                if part.kind == PartKind::Sequence { "SEQUENCE" } else { "TABLE" },
                format!(
                    "pg_class o, pg_catalog.aclexplode(o.relacl) AS g WHERE g.grantee <> o.relowner \
                     AND o.oid = {literal}::pg_catalog.regclass"
                ),
            ),
        };
        let sql = format!(
            "SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END \
             FROM pg_catalog.{from}"
        );
        let failed = |failure: Failure| failure.during(format!("taking default privileges of {part} back"));
        let mut grantees: Vec<String> = Vec::new();
        let asked = self.connection.query(&sql, self.monitor, &mut |row| {
            grantees.push(row.required(0)?.to_owned());
            Ok(())
        });
        asked.map_err(failed)?;
        for grantee in grantees {
            let revoke = format!("REVOKE ALL ON {word} {name} FROM {grantee} CASCADE");
            self.connection.execute(&revoke, self.monitor).map_err(failed)?;
        }
        Ok(())
    }
}

fn transaction(connection: &mut Connection, monitor: &dyn Monitor) -> Result<String, DbError> {
    let mut id = None;
    let asked = connection.query("SELECT pg_catalog.pg_current_xact_id()", monitor, &mut |row| {
        id = Some(row.required(0)?.to_owned());
        Ok(())
    });
    asked.map_err(|failure| failure.during("asking which transaction it is"))?;
    id.ok_or_else(|| ended("the server"))
}

fn has_code(error: &DbError, wanted: &str) -> bool {
    matches!(error, DbError::Query { code: Some(code), .. } if code == wanted)
}

/// Whether a type, a function, a table or a schema is not there, perhaps not yet.
fn lacks_something(error: &DbError) -> bool {
    ["42704", "42883", "42P01", "3F000"].iter().any(|code| has_code(error, code))
}

fn locked(part: &Part) -> DbError {
    DbError::Busy { what: format!("making {part}: a table is locked by another session") }
}

fn ended(by: &str) -> DbError {
    DbError::Unsupported(format!("{by} ended the transaction in which tables are made"))
}

//! Writing tables: one transaction, locked against other writers, in which only the given differences are written.
//!
//! Rows arrive in settings of the transaction ([`staging`]) and go from there to their table in one statement. Tables
//! that reference each other (or themselves) are held back until the next read, counter or commit and are then all
//! written in ONE statement ([`statement`]): foreign keys are checked and their actions fire at its end, so no order of
//! rows or tables is wrong, cycles pass, and no action finds a row to take along that is not going itself. This needs
//! no privilege beyond writing rows.

mod commit;
mod counters;
mod dangling;
mod defaults;
mod detach;
mod kinds;
mod lift;
mod links;
mod park;
mod staging;
mod statement;
mod triggers;
mod unexpected;
mod values;
mod written;

use super::client::{Connection, Failure};
use super::endpoint::Endpoint;
use super::operators::KeyOperators;
use super::session::{Opening, Session};
use super::session_settings::Purpose;
use crate::codec::{DanglingRows, Definition, TableName, TableSchema};
use crate::db::{
    Changing, Commit, Counter, DbError, Filter, MayDangle, Misfit, RestoreTxn, RowSink, RowStream, Snapshot,
    SourceIdentity, Standing, TableId, TableRead, TableReader, Write, Writing, Written,
};
use crate::monitor::Monitor;
use kinds::ColumnTypes;
use lift::HeldKey;
use links::Links;
use staging::{Slots, Staged, Work};
use std::collections::BTreeMap;
use triggers::UserTriggers;
use unexpected::Booked;

/// Who to ask about a transaction whose end was not heard.
pub(super) struct Witness<'s> {
    pub(super) endpoint: &'s Endpoint,
    pub(super) identity: &'s SourceIdentity,
}

/// A write transaction.
pub(super) struct PostgresRestore<'s> {
    session: Session<'s>,
    /// How many of the session's tables are written; of those after them, foreign keys may take rows along.
    own: usize,
    witness: Witness<'s>,
    /// What this connection had written before.
    before: Booked,
    links: Links,
    operators: KeyOperators,
    types: ColumnTypes,
    triggers: UserTriggers,
    /// Rows that are staged and not yet written.
    pending: Vec<Staged>,
    slots: Slots,
    /// How many temporary tables were made.
    stages: u32,
    /// Whether event triggers may write rows when something is defined.
    heeded: bool,
    /// Whether foreign keys undid what was written before ([`detach`]).
    detaching: bool,
    /// What may refer to nothing, and break constraints.
    allowed: MayDangle,
    /// Foreign keys to look at once more when everything is written.
    held: Vec<HeldKey>,
    /// Whether something failed: then nothing can be committed.
    poisoned: bool,
}

impl<'s> PostgresRestore<'s> {
    /// Begins the transaction. Nothing is written yet.
    pub(super) fn open(
        connection: &'s mut Connection,
        tables: &[TableRead],
        opening: &Opening<'_>,
        witness: Witness<'s>,
        monitor: &'s dyn Monitor,
    ) -> Result<PostgresRestore<'s>, DbError> {
        let mut session = Session::open(connection, tables, Purpose::Restore, opening, monitor)?;
        triggers::require_origin(&mut session)?;
        // what can wait until the end waits; it is checked before COMMIT
        session
            .connection
            .execute("SET CONSTRAINTS ALL DEFERRED", monitor)
            .map_err(|failure| failure.during("deferring constraints"))?;
        let links = Links::load(&mut session).map_err(|failure| failure.during("reading keys and references"))?;
        let operators =
            KeyOperators::load(&mut session).map_err(|failure| failure.during("reading how keys are compared"))?;
        let types =
            ColumnTypes::load(&mut session).map_err(|failure| failure.during("reading the types of columns"))?;
        let triggers = UserTriggers::load(&mut session)?;
        let heeded =
            unexpected::are_heeded(&mut session).map_err(|failure| failure.during("reading event triggers"))?;
        let own = session.tables.len();
        let before = Booked::load(&mut session).map_err(|failure| failure.during("asking what was written before"))?;
        Ok(PostgresRestore {
            session,
            own,
            witness,
            before,
            links,
            operators,
            types,
            triggers,
            pending: Vec::new(),
            slots: Slots::default(),
            stages: 0,
            heeded,
            detaching: false,
            allowed: MayDangle::default(),
            held: Vec::new(),
            poisoned: false,
        })
    }

    /// Runs `work`; after a failure nothing of this transaction can be kept.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, DbError>) -> Result<T, DbError> {
        if self.poisoned {
            return Err(DbError::Query {
                code: None,
                message: "the restore failed before and can only be rolled back".into(),
            });
        }
        let done = work(self);
        self.poisoned = done.is_err();
        done
    }

    /// Stages rows and, unless their table is linked to others, writes them. Returns their number.
    fn take(&mut self, index: usize, work: Work, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.guarded(|restore| {
            let staged = restore.stage(index, work, rows)?;
            if staged == 0 {
                return Ok(0);
            }
            if !restore.links.is_linked(index) {
                // what is held back for linked tables stays held back: more of it may come
                let own = restore.pending.pop();
                let held = std::mem::replace(&mut restore.pending, own.into_iter().collect());
                restore.flush()?;
                restore.pending = held;
            } else if restore.stands_alone(index, work)? != staged {
                return Err(restore.miscounted(index, work, staged, None));
            }
            Ok(staged)
        })
    }

    /// Writes everything that is staged.
    fn flush(&mut self) -> Result<(), DbError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.defining(|restore| restore.triggers.disable(&mut restore.session)).map_err(triggers::altering)?;
        self.unlock_identities()?;
        let pending = std::mem::take(&mut self.pending);
        self.write(&pending)?;
        pending.iter().try_for_each(|staged| self.release(&staged.place))
    }

    /// Runs SQL whose result does not matter.
    fn run(&mut self, sql: &str, doing: &str) -> Result<(), DbError> {
        self.session.connection.execute(sql, self.session.monitor).map(drop).map_err(|failure| failure.during(doing))
    }

    /// That the database did not do what was asked of it.
    fn miscounted(&self, index: usize, work: Work, asked: u64, done: Option<u64>) -> DbError {
        let table = self.table(index);
        let verb = work.verb();
        let message = match done {
            Some(done) => format!("table {table}: {asked} rows were to be {verb} and the database says {done}"),
            None => format!("table {table}: of {asked} rows to be {verb} not every one fits a row that is there"),
        };
        DbError::Query { code: None, message }
    }

    fn table(&self, index: usize) -> TableName {
        self.session.tables.get(index).map_or_else(|| TableName::bare("?"), |open| open.table().clone())
    }
}

impl TableReader for PostgresRestore<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.guarded(|restore| {
            restore.flush()?;
            restore.session.count(table.position())
        })
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.guarded(|restore| {
            restore.flush()?;
            restore.session.read(table.position(), rows)
        })
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.guarded(|restore| restore.session.counters(table.position()))
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        self.guarded(|restore| restore.session.definition(table.position()).map(Some))
    }
}

impl Snapshot for PostgresRestore<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        Ok(Standing::Unknown("this transaction writes".to_owned()))
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        self.guarded(|restore| restore.session.matching(table.position(), filter, schema, rows))
    }

    fn has_rivals(&mut self, table: TableId) -> Result<bool, DbError> {
        self.guarded(|restore| Ok(restore.session.has_rivals(&restore.operators, table.position())))
    }

    fn rivals(&mut self, table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        self.guarded(|restore| {
            restore.flush()?;
            restore.session.rivals(&restore.operators, table.position(), rows)
        })
    }

    fn check_privileges(&mut self, table: TableId, writes: &[Write]) -> Result<(), DbError> {
        self.guarded(|restore| restore.session.check_privileges(table.position(), writes))
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        self.guarded(|restore| restore.session.misfits(&restore.operators, table.position(), writing))
    }

    fn stranded(
        &mut self,
        _table: TableId,
        _writing: Writing<'_>,
    ) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        Ok(Vec::new()) // foreign keys act, so the database refuses it
    }

    fn cascaded_rows(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        self.guarded(|restore| restore.session.cascaded_rows(restore.own, &restore.operators, changes))
    }

    fn newest_migration(&mut self) -> Option<String> {
        self.session.newest_migration()
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        self.guarded(|restore| restore.session.settings())
    }
}

impl RestoreTxn for PostgresRestore<'_> {
    fn foreign_keys_act(&self) -> bool {
        true
    }

    fn dangling(&mut self, changed: &[TableId]) -> Result<Vec<DanglingRows>, DbError> {
        self.guarded(|restore| {
            let oids: Vec<String> = changed
                .iter()
                .map(|table| Ok(restore.session.open_table(table.position())?.oid.to_string()))
                .collect::<Result<_, DbError>>()?;
            if oids.is_empty() {
                return Ok(Vec::new());
            }
            let condition = format!("k.conrelid IN ({})", oids.join(", "));
            let looking = |failure: Failure| failure.during("looking for rows that refer to missing rows");
            let mut found = Vec::new();
            for reference in restore.references(&condition).map_err(looking)? {
                // what this role may not read cannot be known, and will not come back as rows that refer to nothing
                restore.run("SAVEPOINT dbsnap_dangling", "setting a savepoint")?;
                match restore.dangling_by(&[reference]) {
                    Ok(some) => found.extend(some),
                    Err(failure) if failure.code() == Some("42501") => {}
                    Err(failure) => return Err(looking(failure)),
                }
                let end = "ROLLBACK TO SAVEPOINT dbsnap_dangling; RELEASE SAVEPOINT dbsnap_dangling";
                restore.run(end, "going back to a savepoint")?;
            }
            Ok(found)
        })
    }

    fn may_dangle(&mut self, allowed: MayDangle) {
        self.allowed = allowed;
    }

    fn add_tables(&mut self, tables: &[TableRead]) -> Result<(), DbError> {
        self.guarded(|restore| {
            let first = restore.session.tables.len();
            restore.session.add_tables(tables)?;
            restore.triggers.add(&mut restore.session, first)
        })
    }

    fn unexpected_writes(&mut self) -> Result<Vec<TableName>, DbError> {
        self.guarded(|restore| {
            restore.flush()?;
            restore.find_unexpected()
        })
    }

    fn accepts_values(&mut self, table: TableId, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError> {
        self.guarded(|restore| restore.accepts(table.position(), column, rows))
    }

    fn defaults(
        &mut self,
        table: TableId,
        columns: &[usize],
        rows: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), DbError> {
        self.guarded(|restore| restore.evaluate_defaults(table.position(), columns, rows, sink))
    }

    fn delete(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.take(table.position(), Work::Delete, rows)
    }

    fn update(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        if !self.operators.tell_apart(table.position()) {
            let table = self.table(table.position());
            return Err(DbError::Unsupported(format!("table {table} has no key: its rows cannot be updated")));
        }
        self.take(table.position(), Work::Update, rows)
    }

    fn insert(&mut self, table: TableId, rows: &mut dyn RowStream) -> Result<u64, DbError> {
        self.take(table.position(), Work::Insert, rows)
    }

    fn advance_counters(&mut self, table: TableId) -> Result<(), DbError> {
        self.guarded(|restore| {
            restore.flush()?;
            restore.advance(table.position())
        })
    }

    fn retry_detached(&mut self) {
        self.detaching = true;
    }

    fn written(
        &mut self,
        table: TableId,
        gone: &mut dyn RowStream,
        rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        self.guarded(|restore| restore.read_written(table.position(), gone, rows))
    }

    fn commit(self: Box<Self>) -> Result<Commit, DbError> {
        self.finish()
    }
}

/// In words, `table` being written.
fn writing(table: &TableName, failure: Failure) -> DbError {
    match failure.code() {
        Some("42501") => DbError::Denied { what: failure.during(format!("writing table {table}")).to_string() },
        Some("55P03") => DbError::Busy {
            what: format!("a row or table that writing table {table} needs is locked by another session"),
        },
        _ => failure.during(format!("writing table {table}")),
    }
}

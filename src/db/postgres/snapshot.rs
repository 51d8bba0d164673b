//! One instant of some tables.

use super::mark;
use super::operators::KeyOperators;
use super::session::Session;
use crate::codec::{Definition, TableName, TableSchema};
use crate::db::{
    Changing, Counter, DbError, Filter, Misfit, RowSink, RowStream, Snapshot, SourceIdentity, Standing, TableId,
    TableReader, Write, Writing,
};
use std::collections::BTreeMap;

/// A read-only, repeatable-read transaction.
pub(super) struct PostgresSnapshot<'s> {
    session: Session<'s>,
    identity: &'s SourceIdentity,
    before: Standing,
    operators: Option<KeyOperators>,
}

impl<'s> PostgresSnapshot<'s> {
    /// Over an opened session of that database, which stood there `before`.
    pub(super) fn new(session: Session<'s>, identity: &'s SourceIdentity, before: Standing) -> PostgresSnapshot<'s> {
        PostgresSnapshot { session, identity, before, operators: None }
    }
}

impl<'s> PostgresSnapshot<'s> {
    fn with_operators(&mut self) -> Result<(&mut Session<'s>, &KeyOperators), DbError> {
        let operators = match self.operators.take() {
            Some(operators) => operators,
            None => KeyOperators::load(&mut self.session)
                .map_err(|failure| failure.during("reading how keys are compared"))?,
        };
        Ok((&mut self.session, self.operators.insert(operators)))
    }
}

impl TableReader for PostgresSnapshot<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.session.count(table.position())
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.session.read(table.position(), rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.session.counters(table.position())
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        self.session.definition(table.position()).map(Some)
    }
}

impl Snapshot for PostgresSnapshot<'_> {
    fn standing(&mut self) -> Result<Standing, DbError> {
        let now = mark::standing(self.session.connection, self.identity)
            .map_err(|failure| failure.during("asking where the database stands"))?;
        Ok(match (&self.before, &now) {
            (Standing::Marked(before), Standing::Marked(then)) if before != then => {
                Standing::Unknown("a transaction ended while the reading began".to_owned())
            }
            (Standing::Unknown(_), _) => self.before.clone(),
            _ => now,
        })
    }

    fn matching(
        &mut self,
        table: TableId,
        filter: &Filter,
        schema: &TableSchema,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<bool>, DbError> {
        self.session.matching(table.position(), filter, schema, rows)
    }

    fn has_rivals(&mut self, table: TableId) -> Result<bool, DbError> {
        let (session, operators) = self.with_operators()?;
        Ok(session.has_rivals(operators, table.position()))
    }

    fn rivals(&mut self, table: TableId, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let (session, operators) = self.with_operators()?;
        session.rivals(operators, table.position(), rows)
    }

    fn check_privileges(&mut self, table: TableId, writes: &[Write]) -> Result<(), DbError> {
        self.session.check_privileges(table.position(), writes)
    }

    fn misfits(&mut self, table: TableId, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        let (session, operators) = self.with_operators()?;
        session.misfits(operators, table.position(), writing)
    }

    fn stranded(
        &mut self,
        _table: TableId,
        _writing: Writing<'_>,
    ) -> Result<Vec<(TableName, TableName, u64)>, DbError> {
        Ok(Vec::new()) // foreign keys act, so the database refuses it
    }

    fn cascaded_rows(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        let own = self.session.tables.len();
        let (session, operators) = self.with_operators()?;
        session.cascaded_rows(own, operators, changes)
    }

    fn newest_migration(&mut self) -> Option<String> {
        self.session.newest_migration()
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DbError> {
        self.session.settings()
    }
}

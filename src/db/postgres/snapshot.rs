//! One instant of some tables.

use super::operators::KeyOperators;
use super::session::Session;
use crate::codec::{TableName, TableSchema};
use crate::db::{Changing, Counter, DbError, Filter, Misfit, RowSink, Snapshot, Writing};

/// A read-only, repeatable-read transaction.
pub(super) struct PostgresSnapshot<'s> {
    session: Session<'s>,
    operators: Option<KeyOperators>,
}

impl<'s> PostgresSnapshot<'s> {
    /// Over an opened session.
    pub(super) fn new(session: Session<'s>) -> PostgresSnapshot<'s> {
        PostgresSnapshot { session, operators: None }
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

impl Snapshot for PostgresSnapshot<'_> {
    fn count(&mut self, index: usize) -> Result<u64, DbError> {
        self.session.count(index)
    }

    fn read(&mut self, index: usize, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.session.read(index, rows)
    }

    fn judge(
        &mut self,
        index: usize,
        filter: &Filter,
        schema: &TableSchema,
        rows: &[&[u8]],
    ) -> Result<Vec<bool>, DbError> {
        self.session.judge(index, filter, schema, rows)
    }

    fn rivals(&mut self, index: usize, rows: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let (session, operators) = self.with_operators()?;
        session.rivals(operators, index, rows)
    }

    fn misfits(&mut self, index: usize, writing: Writing<'_>) -> Result<Vec<Misfit>, DbError> {
        let (session, operators) = self.with_operators()?;
        session.misfits(operators, index, writing)
    }

    fn counters(&mut self, index: usize) -> Result<Vec<Counter>, DbError> {
        self.session.counters(index)
    }

    fn bystanders(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        let own = self.session.plans.len();
        let (session, operators) = self.with_operators()?;
        session.bystanders(own, operators, changes)
    }

    fn migration(&mut self) -> Option<String> {
        self.session.migration()
    }
}

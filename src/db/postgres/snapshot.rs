//! One instant of some tables.

use super::operators::KeyOperators;
use super::session::Session;
use crate::codec::{TableName, TableSchema};
use crate::db::{Changing, Counter, DbError, Filter, RowSink, Snapshot};

/// A read-only, repeatable-read transaction.
pub(super) struct PostgresSnapshot<'s> {
    session: Session<'s>,
}

impl<'s> PostgresSnapshot<'s> {
    /// Over an opened session.
    pub(super) fn new(session: Session<'s>) -> PostgresSnapshot<'s> {
        PostgresSnapshot { session }
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

    fn counters(&mut self, index: usize) -> Result<Vec<Counter>, DbError> {
        self.session.counters(index)
    }

    fn bystanders(&mut self, changes: &mut [Changing<'_>]) -> Result<Vec<(TableName, u64)>, DbError> {
        let operators =
            KeyOperators::load(&mut self.session).map_err(|failure| failure.during("reading how keys are compared"))?;
        self.session.bystanders(self.session.plans.len(), &operators, changes)
    }

    fn migration(&mut self) -> Option<String> {
        self.session.migration()
    }
}

//! One instant of some tables.

use super::session::Session;
use crate::db::{Counter, DbError, RowSink, Snapshot};

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

    fn counters(&mut self, index: usize) -> Result<Vec<Counter>, DbError> {
        self.session.counters(index)
    }

    fn migration(&mut self) -> Option<String> {
        self.session.migration()
    }
}

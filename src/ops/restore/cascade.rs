//! Rows of other tables that foreign keys take along: counted, refused unless they may go, and kept so that `undo`
//! brings them back.

use super::CascadedRows;
use super::changes::Changes;
use super::perform::Work;
use super::plan::Prepared;
use super::spool::SpoolStream;
use crate::codec::{Definition, TableName};
use crate::db::{Change, Changing, Counter, DbError, RestoreTxn, RowSink, Snapshot, TableId, TableRead, TableReader};
use crate::ops::OpError;
use crate::ops::wording::counted;
use crate::store::Session;

impl Work<'_> {
    /// Counts the rows of other tables that the changes take along. If they may go, their tables are captured beside
    /// the live ones.
    pub(super) fn take_along(
        &self,
        txn: &mut dyn RestoreTxn,
        session: &Session<'_>,
        prepared: &mut Prepared,
    ) -> Result<(), OpError> {
        let mut reads: Vec<TableRead> = Vec::new();
        // Counted until all tables that are reached are locked: until then others can write them.
        let found = loop {
            let found = self.reached(&mut *txn, &mut prepared.changes)?;
            self.may_go(&found, &prepared.changes)?;
            let new: Vec<TableRead> = found
                .iter()
                .filter(|(table, _)| reads.iter().all(|read| read.schema.table != *table))
                .map(|(table, _)| self.read_of(table))
                .collect::<Result<_, _>>()?;
            if new.is_empty() {
                break found;
            }
            txn.add_tables(&new)?;
            reads.extend(new);
        };
        if !reads.is_empty() {
            let expected = vec![(None, None); reads.len()];
            let mut beyond = Beyond { txn, first: self.targets.reads.len() };
            prepared.live.extend(self.taking(session).capture(&mut beyond, &reads, &expected)?);
        }
        prepared.plan.cascaded = CascadedRows::all(&found);
        Ok(())
    }

    /// The rows of other tables that all changes together take along.
    pub(super) fn reached(
        &self,
        live: &mut dyn Snapshot,
        changes: &mut [Changes],
    ) -> Result<Vec<(TableName, u64)>, OpError> {
        let mut streams: Vec<(TableId, Change, SpoolStream<'_>)> = Vec::new();
        for (index, changes) in changes.iter_mut().enumerate() {
            for (change, spool) in [(Change::Deleted, &mut changes.delete), (Change::Updated, &mut changes.update)] {
                if spool.rows() > 0 {
                    streams.push((TableId::at(index), change, spool.stream()?));
                }
            }
        }
        let mut changing: Vec<Changing<'_>> =
            streams.iter_mut().map(|(table, change, rows)| Changing { table: *table, change: *change, rows }).collect();
        match live.cascaded_rows(&mut changing) {
            Ok(found) => Ok(found),
            Err(error) => match streams.iter_mut().find(|(_, _, rows)| rows.has_failed()) {
                Some((_, _, rows)) => Err(rows.explain(error)),
                None => Err(error.into()),
            },
        }
    }

    /// Refuses rows of other tables that would be taken along, unless they may.
    pub(super) fn may_go(&self, found: &[(TableName, u64)], changes: &[Changes]) -> Result<(), OpError> {
        if found.is_empty() || self.options.cascade {
            return Ok(());
        }
        let list: Vec<String> =
            found.iter().map(|(table, rows)| format!("{} of {table}", counted(*rows, "row"))).collect();
        let list = list.join(", ");
        let updates = changes.iter().any(|changes| changes.update.rows() > 0);
        let doing = if updates { "restoring" } else { "deleting" };
        let what = format!("{doing} rows would also delete or change {list}");
        Err(OpError::Refused { what, allow: Some("--cascade") })
    }

    /// How a table is read whose rows are taken along.
    fn read_of(&self, table: &TableName) -> Result<TableRead, OpError> {
        let kept = |why: &str| {
            let what = format!("rows of {table} would go along and cannot be kept: {why}");
            OpError::Refused { what, allow: None }
        };
        let info = self.catalog.table(table).ok_or_else(|| kept("the table cannot be read"))?;
        match &info.refusal {
            Some(why) => Err(kept(why)),
            None => Ok(TableRead { schema: info.schema.clone(), filter: None }),
        }
    }
}

impl CascadedRows {
    pub(super) fn all(found: &[(TableName, u64)]) -> Vec<CascadedRows> {
        found.iter().map(|(table, rows)| CascadedRows { table: table.to_string(), rows: *rows }).collect()
    }
}

/// That no row of another table was written, as the database counts them.
///
/// # Errors
/// If one was.
pub(super) fn nothing_else(txn: &mut dyn RestoreTxn) -> Result<(), OpError> {
    let unexpected: Vec<String> = txn.unexpected_writes()?.iter().map(ToString::to_string).collect();
    if unexpected.is_empty() {
        return Ok(());
    }
    Err(OpError::NotAsPlanned(format!(
        "rows of {} were written too, which the plan does not say (by a foreign key, a trigger or a function); everything was rolled back",
        unexpected.join(", ")
    )))
}

/// Tables that were taken into a transaction after the first.
struct Beyond<'t> {
    txn: &'t mut dyn RestoreTxn,
    first: usize,
}

impl Beyond<'_> {
    fn nth(&self, table: TableId) -> TableId {
        TableId::at(self.first + table.position())
    }
}

impl TableReader for Beyond<'_> {
    fn count(&mut self, table: TableId) -> Result<u64, DbError> {
        self.txn.count(self.nth(table))
    }

    fn read(&mut self, table: TableId, rows: &mut dyn RowSink) -> Result<u64, DbError> {
        self.txn.read(self.nth(table), rows)
    }

    fn counters(&mut self, table: TableId) -> Result<Vec<Counter>, DbError> {
        self.txn.counters(self.nth(table))
    }

    fn definition(&mut self, table: TableId) -> Result<Option<Definition>, DbError> {
        self.txn.definition(self.nth(table))
    }
}

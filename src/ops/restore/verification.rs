//! The verification that reads only what was written, where the database can tell what that is.
//!
//! `docs/decisions/0002-verification-of-what-was-written.md` says why it is enough.

use super::changes::{Changes, Digest};
use super::spool::Spool;
use crate::db::{DbError, RestoreTxn, RowSink, RowStream, TableId};
use crate::hash::Hash;
use crate::monitor::{Monitor, Silent};
use crate::ops::OpError;
use crate::tree::Entry;

/// Whether the table at `index` is what the plan says, as far as that can be told without reading all of it. `false`
/// says nothing: then the whole table is to be read.
///
/// # Errors
/// If the database cannot be read, or the disk.
pub(super) fn is_as_planned(
    txn: &mut dyn RestoreTxn,
    index: usize,
    changes: &mut Changes,
    monitor: &dyn Monitor,
) -> Result<bool, OpError> {
    let mut found = Rows { digest: Digest::default(), monitor };
    let mut gone = changes.delete.stream()?.watched(monitor);
    let Some(written) = txn.written(TableId::at(index), &mut gone, &mut found).map_err(|error| gone.explain(error))?
    else {
        return Ok(false);
    };
    let mut planned = Rows { digest: Digest::default(), monitor: &Silent };
    planned.add_all(&mut changes.update)?;
    planned.add_all(&mut changes.insert)?;
    let total = (changes.live_rows + changes.insert.rows()).checked_sub(changes.delete.rows());
    Ok(written.left == 0 && Some(written.total) == total && found.digest.finish() == planned.digest.finish())
}

/// Rows of one table, whatever their order.
struct Rows<'m> {
    digest: Digest,
    monitor: &'m dyn Monitor,
}

impl Rows<'_> {
    fn add(&mut self, row: &[u8]) {
        self.monitor.advance(1, row.len() as u64);
        // The key is part of the row.
        self.digest.add(None, Some(Entry { key: &[], id: Hash::of(row), row, count: 1 }));
    }

    fn add_all(&mut self, spool: &mut Spool) -> Result<(), OpError> {
        let mut rows = spool.stream()?;
        loop {
            match rows.next_row() {
                Ok(Some(row)) => self.add(row),
                Ok(None) => return Ok(()),
                Err(error) => return Err(rows.explain(error)),
            }
        }
    }
}

impl RowSink for Rows<'_> {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        self.add(row);
        Ok(())
    }
}

//! What is found out before the first write: whether the user may write, and whether columns take the values.

use super::changes::Changes;
use super::perform::Work;
use crate::db::{RestoreTxn, Write};
use crate::ops::OpError;

impl Work<'_> {
    /// Refuses what the database would refuse in the middle: writes that the user may not do, and values that a column's type takes
    /// no more.
    pub(super) fn can_be_written(&self, txn: &mut dyn RestoreTxn, changes: &mut [Changes]) -> Result<(), OpError> {
        for (index, changes) in changes.iter().enumerate() {
            let rows =
                [(Write::Delete, &changes.delete), (Write::Update, &changes.update), (Write::Insert, &changes.insert)];
            let writes: Vec<Write> =
                rows.into_iter().filter(|(_, rows)| rows.rows() > 0).map(|(write, _)| write).collect();
            if !writes.is_empty() {
                txn.may(index, &writes)?;
            }
        }
        for (index, changes) in changes.iter_mut().enumerate() {
            self.fits(txn, index, changes)?;
        }
        Ok(())
    }

    fn fits(&self, txn: &mut dyn RestoreTxn, index: usize, changes: &mut Changes) -> Result<(), OpError> {
        let target = &self.targets.tables[index];
        let mut differences = Vec::new();
        for (at, column) in target.read.schema.columns.iter().enumerate() {
            // a type that somebody made: the only ones that are named with their schema
            if !column.sql_type.contains('.') || target.defaulted.contains(&at) {
                continue;
            }
            for spool in [&mut changes.update, &mut changes.insert] {
                if spool.rows() == 0 {
                    continue;
                }
                let mut rows = spool.stream()?;
                if !txn.takes(index, at, &mut rows).map_err(|error| rows.explain(error))? {
                    differences.push(format!(
                        "column {} ({}) takes values of the snapshot no more: labels or rules of its type have changed",
                        column.name, column.sql_type
                    ));
                    break;
                }
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(OpError::Drift { table: target.entry.table.clone(), differences })
    }
}

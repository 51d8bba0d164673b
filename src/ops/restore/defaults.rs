//! Defaults of columns that the snapshot does not have, for rows that come back.
//!
//! The database is asked for them before it is written to, so that what is written is known in full and can be verified.

use super::changes::Changes;
use super::spool::Spool;
use crate::codec::{KeySpec, RowReader, RowWriter};
use crate::db::{DbError, RestoreTxn, RowSink, RowStream, TableId};
use crate::ops::OpError;
use std::path::Path;

/// Gives rows to be inserted into the table at `index` the defaults of its columns at `positions`; rows have `width`
/// columns.
///
/// # Errors
/// If the database cannot evaluate them, or the disk refuses.
pub(super) fn fill(
    txn: &mut dyn RestoreTxn,
    index: usize,
    positions: &[usize],
    (spec, width): (&KeySpec, usize),
    changes: &mut Changes,
    scratch: &Path,
) -> Result<(), OpError> {
    let rows = changes.insert.rows();
    if rows == 0 || positions.is_empty() {
        return Ok(());
    }
    let mut defaults = Gathered { spool: Spool::new(scratch)?, failed: None };
    let asked = txn.defaults(TableId::at(index), positions, rows, &mut defaults);
    if let Some(failed) = defaults.failed {
        return Err(failed);
    }
    asked?;
    let mut defaults = defaults.spool;
    let mut filled = Spool::new(scratch)?;
    let (mut row, mut key) = (Vec::new(), Vec::new());
    {
        let (mut bare, mut given) = (changes.insert.stream()?, defaults.stream()?);
        while let Some(old) = bare.next_row()? {
            let Some(default) = given.next_row()? else {
                return Err(OpError::Verification("the database gave fewer defaults than were asked for".to_owned()));
            };
            let (old_values, values) = (RowReader::values(old, width)?, RowReader::values(default, positions.len())?);
            row.clear();
            let mut writer = RowWriter::new(&mut row);
            for (at, value) in old_values.iter().enumerate() {
                let place = positions.iter().position(|position| *position == at);
                writer.value(place.and_then(|place| values.get(place)).copied().unwrap_or(*value));
            }
            key.clear();
            spec.key_of(old, &mut key)?;
            changes.tally.replace_added(&key, old, &row);
            filled.push(&row, 1)?;
        }
    }
    changes.insert = filled;
    changes.digest = changes.tally.finish();
    Ok(())
}

struct Gathered {
    spool: Spool,
    failed: Option<OpError>,
}

impl RowSink for Gathered {
    fn row(&mut self, row: &[u8]) -> Result<(), DbError> {
        self.spool.push(row, 1).map_err(|error| {
            self.failed = Some(error);
            DbError::Stopped
        })
    }
}

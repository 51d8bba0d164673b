//! Tables whose rows only the database can tell apart: by generated columns, by columns that can be NULL, or by a key
//! whose values can be equal in ways that its encoding does not know.
//!
//! In the difference of two trees a changed row of such a table is one that goes and one that comes. The database says
//! which belong together, and those rows are updated: nothing that refers to them goes along.

use super::Mode;
use super::changes::Changes;
use super::spool::Spool;
use crate::codec::KeySpec;
use crate::db::{RowStream, Snapshot, TableId};
use crate::hash::Hash;
use crate::ops::OpError;
use crate::tree::Entry;
use std::collections::HashMap;
use std::path::Path;

/// Rows, and bytes of them, that are asked about at once.
pub(super) const MOST_ROWS: usize = 20_000;
pub(super) const MOST_BYTES: usize = 8 << 20;

/// Whether a row is to take the place of a live one; given both, the live one second.
pub(super) type Replaces<'r> = dyn FnMut(&[u8], &[u8]) -> Result<bool, OpError> + 'r;

impl Changes {
    /// Makes updates of the rows to be inserted into the table at `index` for which the database has another row. Of
    /// each such row a hash and the key are kept in memory.
    ///
    /// # Errors
    /// If the database cannot tell, or the disk refuses.
    pub fn pair(
        &mut self,
        live: &mut dyn Snapshot,
        (index, spec): (usize, &KeySpec),
        mode: Mode,
        scratch: &Path,
    ) -> Result<(), OpError> {
        self.pair_where(live, (index, spec), scratch, &mut |_, _| Ok(mode != Mode::Missing))
    }

    /// The same for those of which `replaces` says so, given the row and the live one; the others are not inserted.
    ///
    /// # Errors
    /// If the database cannot tell, the disk refuses, and what `replaces` returns.
    pub fn pair_where(
        &mut self,
        live: &mut dyn Snapshot,
        (index, spec): (usize, &KeySpec),
        scratch: &Path,
        replaces: &mut Replaces<'_>,
    ) -> Result<(), OpError> {
        if self.insert.rows() == 0 || !live.has_rivals(TableId::at(index))? {
            return Ok(());
        }
        let inserted = std::mem::replace(&mut self.insert, Spool::new(scratch)?);
        let mut displaced = HashMap::new();
        self.part(inserted, &mut displaced, live, (index, spec), replaces)?;
        if !displaced.is_empty() {
            self.keep(displaced, scratch)?;
        }
        self.digest = self.tally.finish();
        Ok(())
    }

    /// Takes rows that get other values out of those to be deleted. If one was to stay as it is, it is in the tally
    /// from now on.
    fn keep(&mut self, mut displaced: HashMap<Hash, Vec<u8>>, scratch: &Path) -> Result<(), OpError> {
        let mut deleted = std::mem::replace(&mut self.delete, Spool::new(scratch)?);
        let mut rows = deleted.stream()?;
        loop {
            let row = match rows.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return Err(rows.explain(error)),
            };
            if displaced.remove(&Hash::of(row)).is_none() {
                self.delete.push(row, 1)?;
            }
        }
        for (id, key) in displaced {
            self.left = self.left.saturating_sub(1);
            self.tally.add(Some(Entry { key: &key, id, row: &[], count: 1 }), None);
        }
        Ok(())
    }

    /// Parts rows that are to be inserted from those that are updates, and notes what these replace.
    fn part(
        &mut self,
        mut inserted: Spool,
        displaced: &mut HashMap<Hash, Vec<u8>>,
        live: &mut dyn Snapshot,
        (index, spec): (usize, &KeySpec),
        replaces: &mut Replaces<'_>,
    ) -> Result<(), OpError> {
        let mut stream = inserted.stream()?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        loop {
            let row = match stream.next_row() {
                Ok(row) => row.map(<[u8]>::to_vec),
                Err(error) => return Err(stream.explain(error)),
            };
            let ended = row.is_none();
            bytes += row.as_ref().map_or(0, Vec::len);
            rows.extend(row);
            if ended || rows.len() >= MOST_ROWS || bytes >= MOST_BYTES {
                let given: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
                for (row, rival) in given.iter().zip(live.rivals(TableId::at(index), &given)?) {
                    match rival.filter(|rival| rival != row) {
                        None => self.insert.push(row, 1)?,
                        Some(rival) if replaces(row, &rival)? => {
                            self.update.push(row, 1)?;
                            displaced.insert(Hash::of(&rival), key_of(spec, &rival)?);
                        }
                        // it is there, as far as the database is concerned
                        Some(_) => {
                            let key = key_of(spec, row)?;
                            self.tally.remove(None, Some(Entry { key: &key, id: Hash::of(row), row, count: 1 }));
                        }
                    }
                }
                bytes = 0;
                rows.clear();
            }
            if ended {
                return Ok(());
            }
        }
    }
}

fn key_of(spec: &KeySpec, row: &[u8]) -> Result<Vec<u8>, OpError> {
    let mut key = Vec::new();
    spec.key_of(row, &mut key)?;
    Ok(key)
}

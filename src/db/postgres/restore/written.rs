//! Reading back what this transaction wrote.

use super::PostgresRestore;
use crate::codec::{Key, KeyColumn};
use crate::db::{DbError, RowSink, RowStream, Written};

/// Holds for every row version that this transaction or a part of it made. `age` counts back from the transaction's own
/// id, and parts of it (savepoints) have later ids. A row so old that its id has come round again may be taken for one
/// of ours.
const OURS: &str = "pg_catalog.age(xmin) <= 0";

impl PostgresRestore<'_> {
    /// Gives `rows` what was written; see [`crate::db::RestoreTxn::written`].
    pub(super) fn read_written(
        &mut self,
        index: usize,
        gone: &mut dyn RowStream,
        rows: &mut dyn RowSink,
    ) -> Result<Option<Written>, DbError> {
        self.flush()?;
        let open = self.session.open_table(index)?;
        let Key::Columns { columns, .. } = &open.schema.key else { return Ok(None) };
        let positions = positions(columns);
        if open.filter.is_some() || !self.is_heap(index)? {
            return Ok(None);
        }
        let left = self.still_there(index, &positions, gone)?;
        let total = self.session.count(index)?;
        self.session.read_where(index, OURS, rows)?;
        Ok(Some(Written { total, left }))
    }

    /// Whether the table is kept by PostgreSQL's own access method, of which it is known what `xmin` means.
    fn is_heap(&mut self, index: usize) -> Result<bool, DbError> {
        let oid = self.session.open_table(index)?.oid;
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam \
             WHERE c.oid = {oid} AND a.amname = 'heap'"
        );
        let found = self.session.number(&sql).map_err(|failure| failure.during("looking up an access method"))?;
        Ok(found == 1)
    }

    /// How many rows of the table have the key of one in `gone`.
    fn still_there(&mut self, index: usize, positions: &[usize], gone: &mut dyn RowStream) -> Result<u64, DbError> {
        let (stage, staged, place) = self.fill(index, positions, gone)?;
        let mut left = 0;
        if staged > 0 {
            let open = self.session.open_table(index)?;
            let doing = format!("looking for deleted rows of table {}", open.table());
            let sql = format!(
                "SELECT pg_catalog.count(*) FROM ONLY {} AS t, {stage} AS s WHERE {}",
                open.sql_name,
                self.key_match(index, "t", "s")
            );
            left = self.session.number(&sql).map_err(|failure| failure.during(doing))?;
        }
        self.release(&place)?;
        Ok(left)
    }
}

/// The positions of the columns of a key, each once.
pub(super) fn positions(columns: &[KeyColumn]) -> Vec<usize> {
    let mut positions: Vec<usize> = columns.iter().map(|column| column.column as usize).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

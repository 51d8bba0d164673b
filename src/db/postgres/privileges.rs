//! Whether this role may write.

use super::session::Session;
use crate::db::{DbError, Write};

impl Session<'_> {
    /// That the role may do all of `writes` to rows of the table at `index`. A privilege on some columns is taken for
    /// one on all: whether it is enough is seen when rows are written.
    pub(super) fn check_privileges(&mut self, index: usize, writes: &[Write]) -> Result<(), DbError> {
        let open = self.open_table(index)?;
        let (oid, table) = (open.oid, open.table().clone());
        let sql = format!(
            "SELECT pg_catalog.has_table_privilege({oid}::pg_catalog.oid, 'DELETE'), \
             pg_catalog.has_any_column_privilege({oid}::pg_catalog.oid, 'UPDATE'), \
             pg_catalog.has_any_column_privilege({oid}::pg_catalog.oid, 'INSERT')"
        );
        let mut missing: Vec<&str> = Vec::new();
        let asked = self.connection.query(&sql, self.monitor, &mut |row| {
            for (at, (write, name)) in [(Write::Delete, "DELETE"), (Write::Update, "UPDATE"), (Write::Insert, "INSERT")]
                .into_iter()
                .enumerate()
            {
                if writes.contains(&write) && !row.flag(at)? {
                    missing.push(name);
                }
            }
            Ok(())
        });
        asked.map_err(|failure| failure.during("asking for privileges"))?;
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join(", ");
        Err(DbError::Denied { what: format!("this role has no {missing} on table {table}; grant it that") })
    }
}

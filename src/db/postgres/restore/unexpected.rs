//! Whether anything was written that nobody asked for: the server counts the rows that a transaction writes, table by
//! table.

use super::PostgresRestore;
use crate::codec::TableName;
use crate::db::DbError;
use crate::db::postgres::client::Failure;
use crate::db::postgres::session::Session;
use std::collections::HashMap;

/// Rows written by this connection that the server has not booked yet, by table. With `track_counts` off there are
/// none.
#[derive(Debug, Default)]
pub(super) struct Booked(HashMap<u32, (TableName, u64)>);

impl Booked {
    pub(super) fn load(session: &mut Session<'_>) -> Result<Booked, Failure> {
        let mut written = HashMap::new();
        let sql = "SELECT s.relid, s.schemaname, s.relname, s.n_tup_ins + s.n_tup_upd + s.n_tup_del \
                   FROM pg_catalog.pg_stat_xact_user_tables s JOIN pg_catalog.pg_class c ON c.oid = s.relid \
                   WHERE c.relpersistence <> 't' AND s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0";
        session.connection.query(sql, session.monitor, &mut |row| {
            let table = TableName::qualified(row.required(1)?, row.required(2)?);
            written.insert(row.required_number(0)?, (table, row.required_number(3)?));
            Ok(())
        })?;
        Ok(Booked(written))
    }
}

/// Whether the database has event triggers that fire.
pub(super) fn are_heeded(session: &mut Session<'_>) -> Result<bool, Failure> {
    let sql = "SELECT pg_catalog.count(*) FROM pg_catalog.pg_event_trigger t WHERE t.evtenabled IN ('O', 'A')";
    session.number(sql).map(|count| count > 0)
}

impl PostgresRestore<'_> {
    /// Runs `work`, which defines something or makes it anew. Rows that event triggers write then, a log of such
    /// statements, are theirs.
    pub(super) fn defining<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        if !self.heeded {
            return work(self);
        }
        let before = Booked::load(&mut self.session)?;
        let done = work(self)?;
        for (oid, (table, rows)) in Booked::load(&mut self.session)?.0 {
            let written = rows.saturating_sub(before.0.get(&oid).map_or(0, |(_, rows)| *rows));
            self.before.0.entry(oid).or_insert((table, 0)).1 += written;
        }
        Ok(done)
    }

    /// Tables outside of this transaction of which it has written rows.
    pub(super) fn find_unexpected(&mut self) -> Result<Vec<TableName>, DbError> {
        let now = Booked::load(&mut self.session).map_err(|failure| failure.during("asking what was written"))?;
        let before = |oid: &u32| self.before.0.get(oid).map_or(0, |(_, rows)| *rows);
        let ours = |oid: &u32| self.session.tables.iter().any(|open| open.oid == *oid);
        let unexpected = now.0.iter().filter(|(oid, (_, rows))| !ours(oid) && *rows > before(oid));
        let mut tables: Vec<TableName> = unexpected.map(|(_, (table, _))| table.clone()).collect();
        tables.sort();
        Ok(tables)
    }
}

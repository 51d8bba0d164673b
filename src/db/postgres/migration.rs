//! Which of Prisma's migrations a database is at.

use super::client::Failure;
use super::quote;
use super::session::Session;
use crate::codec::TableName;

impl Session<'_> {
    /// The newest applied migration; `None` if there is no such list or it cannot be read now. Leaves the transaction
    /// whole.
    pub(super) fn newest_migration(&mut self) -> Option<String> {
        self.connection.execute("SAVEPOINT dbsnap_migration", self.monitor).ok()?;
        let found = self.ask_newest_migration();
        if found.is_err() {
            let _ = self.connection.execute("ROLLBACK TO SAVEPOINT dbsnap_migration", self.monitor);
        }
        found.ok().flatten()
    }

    fn ask_newest_migration(&mut self) -> Result<Option<String>, Failure> {
        // nobody waits for a list that a migration holds just now
        self.connection.execute("SET LOCAL lock_timeout = 200", self.monitor)?;
        let mut list = None;
        self.connection.query(
            "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relname = '_prisma_migrations' AND c.relkind = 'r' \
             AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
             ORDER BY n.nspname <> 'public', n.nspname LIMIT 1",
            self.monitor,
            &mut |row| {
                list = Some(TableName::qualified(row.required(0)?, "_prisma_migrations"));
                Ok(())
            },
        )?;
        let Some(list) = list else { return Ok(None) };
        let sql = format!(
            "SELECT migration_name FROM {} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL \
             ORDER BY finished_at DESC, migration_name DESC LIMIT 1",
            quote::table(&list)
        );
        let mut newest = None;
        self.connection.query(&sql, self.monitor, &mut |row| {
            newest = Some(row.required(0)?.to_string());
            Ok(())
        })?;
        Ok(newest)
    }
}

//! What is asked before the first write: whether this role may write, and whether columns take the values.

use super::{PostgresRestore, writing};
use crate::db::postgres::{lifting, quote};
use crate::db::{DbError, RowStream, Rule, Write};

impl PostgresRestore<'_> {
    /// That the role may do all of `writes` to rows of the table at `index`. A privilege on some columns is taken for one on all:
    /// whether it is enough is seen when rows are written.
    pub(super) fn privileged(&mut self, index: usize, writes: &[Write]) -> Result<(), DbError> {
        let oid = self.session.plan(index)?.oid;
        let sql = format!(
            "SELECT pg_catalog.has_table_privilege({oid}::pg_catalog.oid, 'DELETE'), \
             pg_catalog.has_any_column_privilege({oid}::pg_catalog.oid, 'UPDATE'), \
             pg_catalog.has_any_column_privilege({oid}::pg_catalog.oid, 'INSERT')"
        );
        let mut missing: Vec<&str> = Vec::new();
        let asked = self.session.connection.query(&sql, self.session.monitor, &mut |row| {
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
        Err(DbError::Denied {
            what: format!("this role has no {missing} on table {}; grant it that", self.table(index)),
        })
    }

    /// Whether the column at `column` takes each value that `rows` have in it.
    pub(super) fn fits(&mut self, index: usize, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError> {
        let slots = self.slots.clone();
        self.run("SAVEPOINT dbsnap_fit", "setting a savepoint")?;
        self.without_rules(index, column)?;
        let filled = self.converted(index, column, rows);
        // data exceptions, and violated rules of a domain
        let fits = match filled {
            Ok(_) => true,
            Err(DbError::Constraint { rule: Rule::NotNull | Rule::Check, .. }) => false,
            Err(DbError::Query { code: Some(code), .. }) if code.starts_with("22") => false,
            Err(other) => return Err(other),
        };
        self.run("ROLLBACK TO SAVEPOINT dbsnap_fit; RELEASE SAVEPOINT dbsnap_fit", "going back to a savepoint")?;
        self.slots = slots;
        Ok(fits)
    }

    /// Takes off what the type of a column asks of new values only.
    fn without_rules(&mut self, index: usize, column: usize) -> Result<(), DbError> {
        let plan = self.session.plan(index)?;
        let name = plan.schema.columns.get(column).map_or("", |column| column.name.as_str());
        let rules = lifting::domain_checks_older_than(&format!(
            "a.attrelid = {} AND a.attname = {}",
            plan.oid,
            quote::literal(name)
        ));
        let off = self.texts(&rules).map_err(|failure| failure.during("reading the rules of domains"))?;
        off.iter().try_for_each(|off| self.run(off, "leaving a rule of a domain aside"))
    }

    /// Makes values of the column's own type of those that rows have in it.
    fn converted(&mut self, index: usize, column: usize, rows: &mut dyn RowStream) -> Result<(), DbError> {
        let (source, count, _) = self.fill(index, &[column], rows)?;
        let Some(own) = self.types.of(index, column).map(|kind| kind.own.clone()).filter(|_| count > 0) else {
            return Ok(());
        };
        let sql = format!("SELECT pg_catalog.count(s.c{column}::{own}) FROM {source} AS s");
        let counted = self.session.number(&sql);
        counted.map(drop).map_err(|failure| writing(&self.table(index), failure))
    }
}

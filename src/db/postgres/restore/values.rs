//! What is asked before the first write: whether columns take the values.

use super::{PostgresRestore, writing};
use crate::db::postgres::{lifting, quote};
use crate::db::{DbError, RowStream, Rule};

impl PostgresRestore<'_> {
    /// Whether the column at `column` takes each value that `rows` have in it.
    pub(super) fn accepts(&mut self, index: usize, column: usize, rows: &mut dyn RowStream) -> Result<bool, DbError> {
        let slots = self.slots.clone();
        self.run("SAVEPOINT dbsnap_values", "setting a savepoint")?;
        self.without_rules(index, column)?;
        let filled = self.converted(index, column, rows);
        // data exceptions, and violated rules of a domain
        let accepted = match filled {
            Ok(_) => true,
            Err(DbError::Constraint { rule: Rule::NotNull | Rule::Check, .. }) => false,
            Err(DbError::Query { code: Some(code), .. }) if code.starts_with("22") => false,
            Err(other) => return Err(other),
        };
        self.run("ROLLBACK TO SAVEPOINT dbsnap_values; RELEASE SAVEPOINT dbsnap_values", "going back to a savepoint")?;
        self.slots = slots;
        Ok(accepted)
    }

    /// Takes off what the type of a column asks of new values only.
    fn without_rules(&mut self, index: usize, column: usize) -> Result<(), DbError> {
        let open = self.session.open_table(index)?;
        let name = open.schema.columns.get(column).map_or("", |column| column.name.as_str());
        let column = format!("a.attrelid = {} AND a.attname = {}", open.oid, quote::literal(name));
        let rules = lifting::domain_checks_of(&column, !self.allowed.unchecked.is_empty());
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

//! Which rows of other tables would go, or change, with rows that are deleted.

use super::PostgresRestore;
use crate::codec::TableName;
use crate::db::postgres::quote;
use crate::db::postgres::wire::Failure;
use crate::db::{DbError, RowStream};
use std::collections::{BTreeMap, HashSet};

/// Actions that change or delete rows, as the catalog abbreviates them.
const ACTING: &str = "'c', 'n', 'd'";

/// A foreign key whose action does something to the rows that reference a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) child_name: String,
    /// Whether the child rows are deleted (and so have bystanders themselves).
    deletes: bool,
    /// `p.parent_column OPERATOR(...) c.child_column AND ...`
    pub(super) matches: String,
}

impl PostgresRestore<'_> {
    /// Counts, through all cascades, the rows of tables outside the transaction that an action would reach. What it makes for
    /// that is taken back.
    pub(super) fn count_bystanders(
        &mut self,
        index: usize,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<(TableName, u64)>, DbError> {
        let plan = self.session.plan(index)?;
        let (oid, name, table) = (plan.oid, plan.sql_name.clone(), plan.table().clone());
        let all: Vec<usize> = (0..plan.schema.columns.len()).collect();
        let failed = |failure: Failure| failure.during(format!("counting what references table {table}"));
        if self.actions(oid, ACTING).map_err(failed)?.is_empty() {
            return Ok(Vec::new());
        }
        self.run("SAVEPOINT dbsnap_bystanders", "setting a savepoint")?;
        let (stage, _) = self.fill(index, &all, rows)?;
        let reached = self.reach(oid, &name, index, &stage).map_err(failed)?;
        self.run(
            "ROLLBACK TO SAVEPOINT dbsnap_bystanders; RELEASE SAVEPOINT dbsnap_bystanders",
            "going back to a savepoint",
        )?;
        Ok(reached)
    }

    /// Follows the actions from table to table, remembering the place of each row it reaches.
    fn reach(&mut self, oid: u32, name: &str, index: usize, stage: &str) -> Result<Vec<(TableName, u64)>, Failure> {
        self.session.connection.execute(
            "CREATE TEMPORARY TABLE pg_temp.dbsnap_reached \
             (tab pg_catalog.oid, place pg_catalog.tid, step pg_catalog.int4, deleted pg_catalog.bool)",
            self.session.monitor,
        )?;
        // the rows themselves, found by what is staged of them
        let found = self.places(oid, name, index, stage);
        self.session.connection.execute(&found, self.session.monitor)?;
        let ours: HashSet<u32> = self.session.plans.iter().map(|plan| plan.oid).collect();
        let ours: Vec<String> = ours.iter().map(u32::to_string).collect();
        let ours = ours.join(", ");
        let mut frontier = vec![oid];
        for step in 1.. {
            let mut next = HashSet::new();
            for parent in std::mem::take(&mut frontier) {
                for action in self.actions(parent, ACTING)? {
                    let sql = format!(
                        "INSERT INTO pg_temp.dbsnap_reached SELECT DISTINCT c.tableoid, c.ctid, {step}, {} \
                         FROM pg_temp.dbsnap_reached AS r JOIN ONLY {} AS p ON r.tab = {parent} AND r.step = {} \
                         AND r.deleted AND p.ctid = r.place JOIN {} AS c ON {} \
                         WHERE c.tableoid NOT IN ({ours}) AND NOT EXISTS (SELECT FROM pg_temp.dbsnap_reached AS o \
                         WHERE o.tab = c.tableoid AND o.place = c.ctid AND (o.deleted OR NOT {}))",
                        action.deletes,
                        self.relation_name(parent)?,
                        step - 1,
                        action.child_name,
                        action.matches,
                        action.deletes,
                    );
                    self.session.connection.execute(&sql, self.session.monitor)?;
                }
            }
            let sql =
                format!("SELECT DISTINCT r.tab FROM pg_temp.dbsnap_reached AS r WHERE r.step = {step} AND r.deleted");
            self.session.connection.query(&sql, self.session.monitor, &mut |row| {
                next.insert(row.required_number(0)?);
                Ok(())
            })?;
            if next.is_empty() {
                break;
            }
            frontier = next.into_iter().collect();
        }
        self.reached()
    }

    /// Puts the places of the staged rows into the list, as deleted.
    fn places(&self, oid: u32, name: &str, index: usize, stage: &str) -> String {
        let insert = format!("INSERT INTO pg_temp.dbsnap_reached SELECT {oid}, t.ctid, 0, true FROM ONLY {name} AS t");
        let keyed = self.session.plans.get(index).is_some_and(|plan| !plan.schema.key_names().is_empty());
        if keyed {
            return format!("{insert}, {stage} AS s WHERE {}", self.key_match(index, "t", "s"));
        }
        let columns = self.session.plans.get(index).map_or(&[][..], |plan| &plan.schema.columns);
        let live: Vec<String> = columns.iter().map(|column| format!("t.{}", quote::identifier(&column.name))).collect();
        let staged: Vec<String> = (0..columns.len()).map(|position| format!("s.c{position}")).collect();
        format!(
            "{insert} WHERE ROW({})::pg_catalog.text IN (SELECT ROW({})::pg_catalog.text FROM {stage} AS s)",
            live.join(", "),
            staged.join(", ")
        )
    }

    fn reached(&mut self) -> Result<Vec<(TableName, u64)>, Failure> {
        let mut counts = BTreeMap::new();
        let sql = "SELECT n.nspname, c.relname, pg_catalog.count(DISTINCT r.place) FROM pg_temp.dbsnap_reached AS r \
                   JOIN pg_catalog.pg_class c ON c.oid = r.tab JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE r.step > 0 GROUP BY n.nspname, c.relname";
        self.session.connection.query(sql, self.session.monitor, &mut |row| {
            counts.insert(TableName::qualified(row.required(0)?, row.required(1)?), row.required_number(2)?);
            Ok(())
        })?;
        Ok(counts.into_iter().collect())
    }

    pub(super) fn relation_name(&mut self, oid: u32) -> Result<String, Failure> {
        let mut name = String::new();
        let sql = format!(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {oid}"
        );
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            name = quote::table(&TableName::qualified(row.required(0)?, row.required(1)?));
            Ok(())
        })?;
        Ok(name)
    }

    /// What happens to rows that reference deleted rows of the table with this oid, by foreign keys with `which` actions. Partitions of a referencing table are reached
    /// through the table they belong to.
    pub(super) fn actions(&mut self, parent: u32, which: &str) -> Result<Vec<Action>, Failure> {
        let sql = format!(
            "SELECT k.oid, k.conrelid, n.nspname, c.relname, k.confdeltype = 'c', pa.attname, ca.attname, \
             pg_catalog.quote_ident(opn.nspname), op.oprname \
             FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND NOT c.relispartition \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), \
             pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS pair (child, parent, operator, n) \
             JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
             JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
             JOIN pg_catalog.pg_operator op ON op.oid = pair.operator \
             JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace \
             WHERE k.contype = 'f' AND k.confrelid = {parent} AND k.confdeltype IN ({which}) ORDER BY k.oid, pair.n"
        );
        let mut actions: Vec<(u32, Action)> = Vec::new();
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            let constraint = row.required_number(0)?;
            let part = format!(
                "p.{} OPERATOR({}.{}) c.{}",
                quote::identifier(row.required(5)?),
                row.required(7)?,
                row.required(8)?,
                quote::identifier(row.required(6)?)
            );
            match actions.last_mut() {
                Some((last, action)) if *last == constraint => {
                    action.matches.push_str(" AND ");
                    action.matches.push_str(&part);
                }
                _ => actions.push((
                    constraint,
                    Action {
                        child_name: quote::table(&TableName::qualified(row.required(2)?, row.required(3)?)),
                        deletes: row.flag(4)?,
                        matches: part,
                    },
                )),
            }
            Ok(())
        })?;
        Ok(actions.into_iter().map(|(_, action)| action).collect())
    }
}

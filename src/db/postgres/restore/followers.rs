//! Which rows of other tables would change with values that they refer to.

use super::PostgresRestore;
use crate::codec::TableName;
use crate::db::postgres::quote;
use crate::db::postgres::wire::Failure;
use crate::db::{DbError, RowStream};

/// A foreign key of another table that acts when what it refers to is updated.
struct Follower {
    child: TableName,
    /// Referencing and referenced columns.
    pairs: Vec<(String, String)>,
}

impl PostgresRestore<'_> {
    /// Counts rows of tables outside the transaction that refer to values which the rows given change. What it makes for that is
    /// taken back.
    pub(super) fn count_followers(
        &mut self,
        index: usize,
        rows: &mut dyn RowStream,
    ) -> Result<Vec<(TableName, u64)>, DbError> {
        let table = self.table(index);
        let failed = |failure: Failure| failure.during(format!("counting what refers to table {table}"));
        let mut followers = self.followers(index).map_err(failed)?;
        let key: Vec<String> = self.session.plan(index)?.schema.key_names().into_iter().map(str::to_owned).collect();
        // the key of a row that is updated stays
        followers.retain(|follower| follower.pairs.iter().any(|(_, referenced)| !key.contains(referenced)));
        if followers.is_empty() {
            return Ok(Vec::new());
        }
        self.run("SAVEPOINT dbsnap_followers", "setting a savepoint")?;
        let all: Vec<usize> = (0..self.session.plan(index)?.schema.columns.len()).collect();
        let (stage, _) = self.fill(index, &all, rows)?;
        let mut counts = Vec::new();
        for follower in followers {
            let Some(sql) = self.counting(index, &stage, &follower) else { continue };
            let count = self.session.number(&sql).map_err(failed)?;
            if count > 0 {
                counts.push((follower.child, count));
            }
        }
        self.run(
            "ROLLBACK TO SAVEPOINT dbsnap_followers; RELEASE SAVEPOINT dbsnap_followers",
            "going back to a savepoint",
        )?;
        Ok(counts)
    }

    fn counting(&self, index: usize, stage: &str, follower: &Follower) -> Option<String> {
        let plan = self.session.plans.get(index)?;
        let (mut refers, mut changes) = (Vec::new(), Vec::new());
        for (child, referenced) in &follower.pairs {
            let at = plan.schema.columns.iter().position(|column| column.name == *referenced)?;
            let referenced = quote::identifier(referenced);
            refers.push(format!("c.{} OPERATOR(pg_catalog.=) p.{referenced}", quote::identifier(child)));
            changes.push(format!("p.{referenced} IS DISTINCT FROM s.c{at}"));
        }
        Some(format!(
            "SELECT pg_catalog.count(*) FROM {} AS c, ONLY {} AS p, {stage} AS s WHERE {} AND {} AND ({})",
            quote::table(&follower.child),
            plan.sql_name,
            self.key_match(index, "p", "s"),
            refers.join(" AND "),
            changes.join(" OR ")
        ))
    }

    fn followers(&mut self, index: usize) -> Result<Vec<Follower>, Failure> {
        let ours: Vec<String> = self.session.plans.iter().map(|plan| plan.oid.to_string()).collect();
        let Some(oid) = self.session.plans.get(index).map(|plan| plan.oid) else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT k.oid, n.nspname, c.relname, ca.attname, pa.attname \
             FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND NOT c.relispartition \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) \
             WITH ORDINALITY AS pair (child, parent, n) \
             JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
             JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
             WHERE k.contype = 'f' AND k.confrelid = {oid} AND k.confupdtype IN ('c', 'n', 'd') \
             AND k.conrelid NOT IN ({}) ORDER BY k.oid, pair.n",
            ours.join(", ")
        );
        let mut followers: Vec<(u32, Follower)> = Vec::new();
        self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            let constraint = row.required_number(0)?;
            let pair = (row.required(3)?.to_string(), row.required(4)?.to_string());
            match followers.last_mut() {
                Some((last, follower)) if *last == constraint => follower.pairs.push(pair),
                _ => {
                    let child = TableName::qualified(row.required(1)?, row.required(2)?);
                    followers.push((constraint, Follower { child, pairs: vec![pair] }));
                }
            }
            Ok(())
        })?;
        Ok(followers.into_iter().map(|(_, follower)| follower).collect())
    }
}

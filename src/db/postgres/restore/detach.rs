//! Values that rows refer to, moved from one row to another, where foreign keys act on whoever refers to them.
//!
//! PostgreSQL acts on the references to a row that is deleted or changed at the end of the statement, even if by then
//! another row has the value. So the rows that are to be deleted or updated go in one statement together with all rows
//! of the restore's tables that refer to them, directly or through others: whatever then acts finds nothing. The next
//! statement inserts all that is to be there.

use super::PostgresRestore;
use super::staging::{Staged, StagedAt, Work};
use super::statement::Updating;
use crate::db::postgres::client::Failure;
use crate::db::postgres::quote;
use crate::db::postgres::reach::actions::{self, Which};
use std::collections::HashSet;

impl PostgresRestore<'_> {
    /// Writes `pending`; the rows that each part wrote, in the database's word. `None`, and nothing is written, if rows
    /// of tables outside of the restore would be taken along.
    pub(super) fn detach(&mut self, pending: &[Staged]) -> Result<Option<Vec<u64>>, Failure> {
        let monitor = self.session.monitor;
        let create = "CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.dbsnap_detached \
                      (tab pg_catalog.oid, place pg_catalog.tid, step pg_catalog.int4) ON COMMIT DROP";
        self.defining(|restore| restore.session.connection.execute(create, monitor))?;
        let mut asked = Vec::with_capacity(pending.len());
        for staged in pending {
            if staged.work == Work::Insert {
                asked.push(0);
                continue;
            }
            let oid = self.session.tables.get(staged.index).map_or(0, |open| open.oid);
            asked.push(self.session.number(&format!(
                "WITH i AS (INSERT INTO pg_temp.dbsnap_detached SELECT {oid}, d.place, 0 FROM ({}) AS d RETURNING 1) \
                 SELECT pg_catalog.count(*) FROM i",
                self.doomed(staged)
            ))?);
        }
        self.follow_references()?;
        let mut tables = Vec::new();
        for index in 0..self.own {
            let oid = self.session.tables[index].oid;
            let sql = format!(
                "SELECT pg_catalog.count(*) FROM pg_temp.dbsnap_detached AS u WHERE u.tab OPERATOR(pg_catalog.=) {oid}"
            );
            if self.session.number(&sql)? > 0 {
                tables.push(index);
            }
        }
        let mut counts = None;
        if tables.iter().all(|&index| self.links.stays_within(index)) || !self.reaches_out()? {
            counts = Some(self.take_out_and_put_back(pending, &tables, asked)?);
        }
        // it goes at COMMIT, which no event trigger sees
        self.session.connection.execute("DELETE FROM pg_temp.dbsnap_detached", monitor)?;
        Ok(counts)
    }

    /// Adds all rows of the restore's tables that refer to rows which are detached already.
    fn follow_references(&mut self) -> Result<(), Failure> {
        let ours: Vec<u32> = self.session.tables.iter().take(self.own).map(|open| open.oid).collect();
        let list: Vec<String> = ours.iter().map(u32::to_string).collect::<HashSet<_>>().into_iter().collect();
        let list = list.join(", ");
        for step in 1.. {
            let mut added = 0u64;
            for &parent in &ours {
                for action in actions::load(&mut self.session, parent, Which::All)? {
                    let sql = format!(
                        "WITH i AS (INSERT INTO pg_temp.dbsnap_detached SELECT DISTINCT c.tableoid, c.ctid, {step} \
                         FROM pg_temp.dbsnap_detached AS r JOIN ONLY {} AS p \
                         ON r.tab OPERATOR(pg_catalog.=) {parent} AND r.step OPERATOR(pg_catalog.=) {} AND p.ctid OPERATOR(pg_catalog.=) r.place JOIN {} AS c ON {} \
                         WHERE c.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY[{list}]::pg_catalog._oid) AND NOT EXISTS (SELECT FROM pg_temp.dbsnap_detached AS o \
                         WHERE o.tab OPERATOR(pg_catalog.=) c.tableoid AND o.place OPERATOR(pg_catalog.=) c.ctid) RETURNING 1) SELECT pg_catalog.count(*) FROM i",
                        quote::table(&self.session.relation_name(parent)?),
                        step - 1,
                        action.child,
                        action.matches,
                    );
                    added += self.session.number(&sql)?;
                }
            }
            if added == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Whether a row of a table outside of the restore refers to one that is detached.
    fn reaches_out(&mut self) -> Result<bool, Failure> {
        let ours: HashSet<u32> = self.session.tables.iter().take(self.own).map(|open| open.oid).collect();
        let list = ours.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        for parent in ours {
            for action in actions::load(&mut self.session, parent, Which::All)? {
                let sql = format!(
                    "SELECT pg_catalog.count(*) FROM pg_temp.dbsnap_detached AS r JOIN ONLY {} AS p \
                     ON r.tab OPERATOR(pg_catalog.=) {parent} AND p.ctid OPERATOR(pg_catalog.=) r.place JOIN {} AS c ON {} \
                     WHERE NOT c.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY[{list}]::pg_catalog._oid)",
                    quote::table(&self.session.relation_name(parent)?),
                    action.child,
                    action.matches,
                );
                if self.session.number(&sql)? > 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn take_out_and_put_back(
        &mut self,
        pending: &[Staged],
        tables: &[usize],
        asked: Vec<u64>,
    ) -> Result<Vec<u64>, Failure> {
        let monitor = self.session.monitor;
        let mut back: Vec<Staged> =
            pending.iter().map(|staged| Staged { work: Work::Insert, ..staged.clone() }).collect();
        back.retain(|staged| pending.iter().any(|one| one.name == staged.name && one.work != Work::Delete));
        let mut out = Vec::new();
        for &index in tables {
            let Some(open) = self.session.tables.get(index) else { continue };
            let (oid, table) = (open.oid, &open.sql_name);
            let name = format!("pg_temp.dbsnap_stage_{}", self.stages);
            self.stages += 1;
            let columns = open.schema.columns.iter().enumerate();
            let columns: Vec<String> =
                columns.map(|(at, column)| format!("t.{} AS c{at}", quote::identifier(&column.name))).collect();
            // those that nobody asked for come back as they are
            let create = format!(
                "CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {} FROM ONLY {table} AS t WITH NO DATA",
                columns.join(", ")
            );
            let keep = format!(
                "WITH i AS (INSERT INTO {name} SELECT {} FROM ONLY {table} AS t JOIN pg_temp.dbsnap_detached AS u \
                 ON u.tab OPERATOR(pg_catalog.=) {oid} AND u.step OPERATOR(pg_catalog.>) 0 AND t.ctid OPERATOR(pg_catalog.=) u.place RETURNING 1) SELECT pg_catalog.count(*) FROM i",
                columns.join(", ")
            );
            out.push(format!(
                "o{index} AS (DELETE FROM ONLY {table} AS t USING pg_temp.dbsnap_detached AS u \
                 WHERE u.tab OPERATOR(pg_catalog.=) {oid} AND t.ctid OPERATOR(pg_catalog.=) u.place)"
            ));
            self.defining(|restore| restore.session.connection.execute(&create, monitor))?;
            let rows = self.session.number(&keep)?;
            back.push(Staged { index, work: Work::Insert, name, rows, place: StagedAt::default() });
        }
        if !out.is_empty() {
            self.session.number(&format!("WITH {} SELECT 0", out.join(", ")))?;
        }
        let written = self.counts(&back, Updating::InPlace)?;
        let written = |staged: &Staged| back.iter().zip(&written).find(|(one, _)| one.name == staged.name);
        let counts = pending.iter().zip(asked).map(|(staged, gone)| match (staged.work, written(staged)) {
            (Work::Delete, _) | (_, None) => gone,
            // a row that was to be updated and was not there must not come back unnoticed
            (Work::Update, Some((_, &come))) if gone != come => gone.min(come),
            (_, Some((_, &come))) => come,
        });
        Ok(counts.collect())
    }
}

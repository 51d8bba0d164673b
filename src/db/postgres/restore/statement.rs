//! The one statement that writes what is staged.

use super::staging::{Staged, Work};
use super::triggers::altering;
use super::{PostgresRestore, writing};
use crate::codec::{Column, Identity, Key, TableSchema};
use crate::db::DbError;
use crate::db::postgres::client::Failure;
use crate::db::postgres::operators::has_many_forms;
use crate::db::postgres::quote;

const PLUS: &str = "OPERATOR(pg_catalog.+)";

/// How rows with new values get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Updating {
    /// By UPDATE.
    InPlace,
    /// By DELETE and INSERT: rows may swap unique values then, because all old ones are gone before a new one comes.
    Replacing,
}

impl PostgresRestore<'_> {
    /// Writes `pending`: all deletions, then all updates, then all insertions, in one statement.
    pub(super) fn write(&mut self, pending: &[Staged]) -> Result<(), DbError> {
        let mut pending = pending.to_vec();
        pending.sort_by_key(|staged| staged.work);
        let counts = self.lifting(&pending, |restore| {
            let counts = restore.by_some_way(&pending)?;
            restore.keeps_deferred_keys(&pending).map(|()| counts)
        })?;
        self.check(&pending, &counts)
    }

    /// Writes `pending` in place, or, where rows exchange unique values, in whatever way takes nothing else along.
    fn by_some_way(&mut self, pending: &[Staged]) -> Result<Vec<u64>, Failure> {
        if self.detaching
            && let Some(counts) = self.detach(pending)?
        {
            return Ok(counts);
        }
        let updates = || pending.iter().filter(|staged| staged.work == Work::Update);
        if updates().next().is_none() {
            return self.counts(pending, Updating::InPlace);
        }
        let monitor = self.session.monitor;
        let back = "ROLLBACK TO SAVEPOINT dbsnap_in_place";
        self.session.connection.execute("SAVEPOINT dbsnap_in_place", monitor)?;
        let failure = match self.counts(pending, Updating::InPlace) {
            // unique or exclusion constraint: some row has, for a moment, what another is to have
            Err(failure) if matches!(failure.code(), Some("23505" | "23P01")) => failure,
            other => return other,
        };
        self.session.connection.execute(back, monitor)?;
        if updates().all(|staged| self.links.is_replaceable(staged.index)) {
            return self.counts(pending, Updating::Replacing);
        }
        match self.detach(pending) {
            Ok(Some(counts)) => return Ok(counts),
            Ok(None) => {}
            // whichever way is taken, the rows break this rule: it is what is to be lifted first
            Err(broken) if broken.code() == Some("23514") => return Err(broken),
            Err(Failure::Server(error)) if !error.is_fatal() => {
                self.session.connection.execute(back, monitor)?;
            }
            Err(failure) => return Err(failure),
        }
        match self.parking(pending) {
            // no value was free, or none that the column takes; the first failure names what is to be lifted
            Err(Failure::Server(error)) if !error.is_fatal() => {
                self.session.connection.execute(back, monitor)?;
                Err(failure)
            }
            other => other,
        }
    }

    /// Lets rows that are to be updated give up what is unique of them, and then updates them.
    fn parking(&mut self, pending: &[Staged]) -> Result<Vec<u64>, Failure> {
        for staged in pending.iter().filter(|staged| staged.work == Work::Update) {
            self.park_values(staged)?;
        }
        self.counts(pending, Updating::InPlace)
    }

    pub(super) fn explain(&self, pending: &[Staged], failure: Failure) -> DbError {
        match pending {
            [staged] => writing(&self.table(staged.index), failure),
            _ => {
                let mut tables: Vec<String> =
                    pending.iter().map(|staged| self.table(staged.index).to_string()).collect();
                tables.dedup();
                match failure.code() {
                    Some("42501") => DbError::Denied { what: failure.during("writing").to_string() },
                    _ => failure.during(format!("writing tables {}", tables.join(", "))),
                }
            }
        }
    }

    /// Runs the statement; the rows that each part wrote, in the database's word.
    pub(super) fn counts(&mut self, pending: &[Staged], updating: Updating) -> Result<Vec<u64>, Failure> {
        let sql = self.statement(pending, updating);
        let mut counts = vec![0; pending.len()];
        self.session.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                if let Some(count) = counts.get_mut(row.required_number::<usize>(0)?) {
                    *count = row.required_number(1)?;
                }
                Ok(())
            })
        })?;
        Ok(counts)
    }

    fn check(&self, pending: &[Staged], counts: &[u64]) -> Result<(), DbError> {
        match pending.iter().zip(counts).find(|(staged, count)| staged.rows != **count) {
            Some((staged, &count)) => Err(self.miscounted(staged.index, staged.work, staged.rows, Some(count))),
            None => Ok(()),
        }
    }

    /// `WITH` one part for each staged set of rows; parts that come later wait for the counts of those before.
    fn statement(&self, pending: &[Staged], updating: Updating) -> String {
        let (mut deletions, mut updates, mut insertions) = (Vec::new(), Vec::new(), Vec::new());
        let mut counts = Vec::new();
        for (number, staged) in pending.iter().enumerate() {
            let part = format!("w{number}");
            counts.push(format!("SELECT {number}, pg_catalog.count(*) FROM {part}"));
            match staged.work {
                Work::Delete => deletions.push((part, self.deletion(staged))),
                Work::Update if updating == Updating::Replacing => {
                    deletions.push((format!("r{number}"), self.deletion(staged)));
                    insertions.push((part, self.insertion(staged)));
                }
                Work::Update => updates.push((part, self.in_place(staged))),
                Work::Insert => insertions.push((part, self.insertion(staged))),
            }
        }
        deletions.push(("deleted".into(), format!("SELECT {} AS n", sum(&deletions))));
        updates.push(("updated".into(), format!("SELECT (SELECT n FROM deleted) {PLUS} {} AS n", sum(&updates))));
        let parts: Vec<String> = deletions
            .into_iter()
            .chain(updates)
            .chain(insertions)
            .map(|(part, body)| format!("{part} AS MATERIALIZED ({body})"))
            .collect();
        format!("WITH {} {}", parts.join(", "), counts.join(" UNION ALL "))
    }

    /// Deletes rows by key, or, where there is none, as many copies of each row as are staged.
    fn deletion(&self, staged: &Staged) -> String {
        let Some(open) = self.session.tables.get(staged.index) else { return String::new() };
        let (table, stage) = (&open.sql_name, &staged.name);
        if staged.work.is_by_key(&open.schema) {
            let matches = self.key_match(staged.index, "t", "s");
            return format!("DELETE FROM ONLY {table} AS t USING {stage} AS s WHERE {matches} RETURNING 1");
        }
        let doomed = self.doomed(staged);
        format!(
            "DELETE FROM ONLY {table} AS t USING ({doomed}) AS d WHERE t.ctid OPERATOR(pg_catalog.=) d.place RETURNING 1"
        )
    }

    /// The places of the rows that are staged to be deleted or updated, as a query.
    pub(super) fn doomed(&self, staged: &Staged) -> String {
        let Some(open) = self.session.tables.get(staged.index) else { return String::new() };
        let (table, stage) = (&open.sql_name, &staged.name);
        if staged.work.is_by_key(&open.schema) {
            let matches = self.key_match(staged.index, "t", "s");
            return format!("SELECT t.ctid AS place FROM ONLY {table} AS t, {stage} AS s WHERE {matches}");
        }
        // the text of whole rows, by the types' own output functions, because not every type has equality
        let columns: Vec<String> =
            open.schema.columns.iter().map(|column| format!("x.{}", quote::identifier(&column.name))).collect();
        let stages: Vec<String> = (0..columns.len()).map(|position| format!("s.c{position}")).collect();
        format!(
            "SELECT live.place FROM \
             (SELECT y.place, y.body, pg_catalog.row_number() OVER (PARTITION BY y.body) AS n FROM \
             (SELECT x.ctid AS place, ROW({})::pg_catalog.text COLLATE pg_catalog.\"C\" AS body FROM ONLY {table} AS x) AS y) AS live \
             JOIN (SELECT z.body, pg_catalog.count(*) AS n FROM \
             (SELECT ROW({})::pg_catalog.text COLLATE pg_catalog.\"C\" AS body FROM {stage} AS s) AS z GROUP BY z.body) AS gone \
             ON gone.body OPERATOR(pg_catalog.=) live.body AND live.n OPERATOR(pg_catalog.<=) gone.n",
            columns.join(", "),
            stages.join(", ")
        )
    }

    fn in_place(&self, staged: &Staged) -> String {
        let Some(open) = self.session.tables.get(staged.index) else { return String::new() };
        let matches = self.key_match(staged.index, "t", "s");
        let (table, stage) = (&open.sql_name, &staged.name);
        let wait = "(SELECT n FROM deleted) OPERATOR(pg_catalog.>=) 0::pg_catalog.int8";
        let set: Vec<String> = open
            .schema
            .columns
            .iter()
            .enumerate()
            .filter(|(position, column)| is_set(&open.schema, *position, column))
            .map(|(position, column)| format!("{} = s.c{position}", quote::identifier(&column.name)))
            .collect();
        if set.is_empty() {
            // rows that are nothing but their key and have it already
            return format!("SELECT 1 FROM ONLY {table} AS t, {stage} AS s WHERE {matches} AND {wait}");
        }
        let set = set.join(", ");
        format!("UPDATE ONLY {table} AS t SET {set} FROM {stage} AS s WHERE {matches} AND {wait} RETURNING 1")
    }

    fn insertion(&self, staged: &Staged) -> String {
        let Some(open) = self.session.tables.get(staged.index) else { return String::new() };
        let columns: Vec<String> = open.schema.columns.iter().map(|column| quote::identifier(&column.name)).collect();
        let stages: Vec<String> = (0..columns.len()).map(|position| format!("s.c{position}")).collect();
        let list = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
        format!(
            "INSERT INTO {}{list} OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS s \
             WHERE (SELECT n FROM updated) OPERATOR(pg_catalog.>=) 0::pg_catalog.int8 RETURNING 1",
            open.sql_name,
            stages.join(", "),
            staged.name
        )
    }

    /// An identity column that is GENERATED ALWAYS cannot be updated. Where a staged row changes one that is not part
    /// of the key, the column is made BY DEFAULT until COMMIT.
    pub(super) fn unlock_identities(&mut self) -> Result<(), DbError> {
        let updates: Vec<Staged> = self.pending.iter().filter(|staged| staged.work == Work::Update).cloned().collect();
        for staged in updates {
            let open = self.session.open_table(staged.index)?;
            let names: Vec<(usize, String)> = open
                .schema
                .columns
                .iter()
                .enumerate()
                .filter(|(position, column)| {
                    column.identity == Some(Identity::Always) && !is_key(&open.schema, *position)
                })
                .map(|(position, column)| (position, quote::identifier(&column.name)))
                .collect();
            let table = open.sql_name.clone();
            let matches = self.key_match(staged.index, "t", "s");
            for (position, name) in names {
                let sql = format!(
                    "SELECT pg_catalog.count(*) FROM ONLY {table} AS t, {} AS s \
                     WHERE {matches} AND t.{name} IS DISTINCT FROM s.c{position}",
                    staged.name
                );
                let changed = self.session.number(&sql).map_err(|failure| failure.during("comparing identities"))?;
                if changed > 0 {
                    let off = format!("ALTER TABLE ONLY {table} ALTER COLUMN {name} SET GENERATED BY DEFAULT");
                    let on = format!("ALTER TABLE ONLY {table} ALTER COLUMN {name} SET GENERATED ALWAYS");
                    self.defining(|restore| restore.triggers.leave_off(&mut restore.session, &off, on))
                        .map_err(altering)?;
                    if let Some(column) =
                        self.session.tables.get_mut(staged.index).and_then(|open| open.schema.columns.get_mut(position))
                    {
                        column.identity = Some(Identity::ByDefault);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The number of rows that these parts write, which is known only when they are done.
fn sum(parts: &[(String, String)]) -> String {
    let counts = parts.iter().map(|(part, _)| format!("(SELECT pg_catalog.count(*) FROM {part})"));
    ["0::pg_catalog.int8".to_string()].into_iter().chain(counts).collect::<Vec<_>>().join(&format!(" {PLUS} "))
}

fn is_key(schema: &TableSchema, position: usize) -> bool {
    match &schema.key {
        Key::Columns { columns, .. } => columns.iter().any(|key| key.column as usize == position),
        Key::Rows => false,
    }
}

/// Whether UPDATE sets this column: those of the key only where equal values can look different (1.1 and 1.10).
pub(super) fn is_set(schema: &TableSchema, position: usize, column: &Column) -> bool {
    let Key::Columns { columns, .. } = &schema.key else { return column.identity != Some(Identity::Always) };
    match columns.iter().find(|key| key.column as usize == position) {
        None => column.identity != Some(Identity::Always),
        Some(key) => has_many_forms(key.order, column),
    }
}

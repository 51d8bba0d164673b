//! Foreign keys do not act while a restore writes, so they are checked before and after: it may leave no dangling
//! reference that was not there before, unless it dangled in the state that is restored.

use super::error::{extended_code, failed};
use super::foreign_keys::{foreign_keys, key_columns};
use super::interrupt::interruptible;
use super::sql;
use crate::codec::{DanglingRows, ForeignKey, TableName};
use crate::db::{DbError, MayDangle, TableRead};
use crate::hash::Hasher;
use crate::monitor::Monitor;
use rusqlite::{Connection, ffi};
use std::collections::{BTreeMap, HashSet};

/// The tables whose foreign keys a restore can break: those it writes, and those that reference them.
#[derive(Debug)]
pub(super) struct References {
    children: Vec<String>,
}

/// Dangling references, by referencing table and foreign key.
#[derive(Debug, Default)]
pub(super) struct Violations {
    groups: BTreeMap<(String, i64), Group>,
    unchecked: HashSet<String>,
}

#[derive(Debug, Default)]
struct Group {
    parent: String,
    rowids: HashSet<i64>,
    /// Rows of WITHOUT ROWID tables, of which SQLite tells only that there is one.
    unnamed: u64,
}

impl References {
    /// The foreign keys from and to `tables`.
    pub(super) fn around(conn: &Connection, tables: &[TableRead]) -> Result<References, DbError> {
        let listing = |error| failed("listing foreign keys", error);
        let sql = "SELECT DISTINCT t.name, f.\"table\" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name, 'main') AS f \
                   WHERE t.schema = 'main' AND t.type = 'table' ORDER BY 1";
        let mut statement = conn.prepare(sql).map_err(listing)?;
        let mut rows = statement.query([]).map_err(listing)?;
        let mut children = Vec::new();
        while let Some(row) = rows.next().map_err(listing)? {
            let (child, parent): (String, String) = (row.get(0).map_err(listing)?, row.get(1).map_err(listing)?);
            let is_written = |name: &str| tables.iter().any(|read| read.schema.table.name.eq_ignore_ascii_case(name));
            if children.last() != Some(&child) && (is_written(&child) || is_written(&parent)) {
                children.push(child);
            }
        }
        Ok(References { children })
    }

    /// All that dangles now.
    pub(super) fn violations(&self, conn: &Connection, monitor: &dyn Monitor) -> Result<Violations, DbError> {
        interruptible(conn, monitor, || {
            let mut violations = Violations::default();
            for child in &self.children {
                match violations.check(conn, child) {
                    Ok(()) => {}
                    // A foreign key onto columns that are no key: no row of such a table can be checked, by SQLite
                    // either.
                    Err(error) if extended_code(&error) == Some(ffi::SQLITE_ERROR) => {
                        monitor.warn(&format!("the foreign keys of {child} cannot be checked: {error}"));
                        violations.unchecked.insert(child.clone());
                    }
                    Err(error) => return Err(failed(&format!("checking the foreign keys of {child}"), error)),
                }
            }
            Ok(violations)
        })
    }
}

impl Group {
    fn rows(&self) -> u64 {
        self.rowids.len() as u64 + self.unnamed
    }

    /// Rows that dangle and did not before.
    fn new_since(&self, before: Option<&Group>) -> u64 {
        before.map_or(self.rows(), |old| {
            self.rowids.difference(&old.rowids).count() as u64 + self.unnamed.saturating_sub(old.unnamed)
        })
    }
}

impl Violations {
    fn check(&mut self, conn: &Connection, child: &str) -> rusqlite::Result<()> {
        let mut statement = conn.prepare("SELECT rowid, parent, fkid FROM pragma_foreign_key_check(?1, 'main')")?;
        let mut rows = statement.query([child])?;
        while let Some(row) = rows.next()? {
            let group = self.groups.entry((child.to_owned(), row.get(2)?)).or_default();
            match row.get(0)? {
                Some(rowid) => {
                    group.rowids.insert(rowid);
                }
                None => group.unnamed += 1,
            }
            if group.parent.is_empty() {
                group.parent = row.get(1)?;
            }
        }
        Ok(())
    }

    /// What dangles, with digests by which it can be known again.
    pub(super) fn told(&self, conn: &Connection, monitor: &dyn Monitor) -> Result<Vec<DanglingRows>, DbError> {
        interruptible(conn, monitor, || self.groups.iter().map(|(key, group)| tell(conn, key, group)).collect())
    }

    /// Fails if something dangles that did not `before` and may not. Says what may.
    pub(super) fn refuse_new(
        &self,
        before: &Violations,
        allowed: &MayDangle,
        conn: &Connection,
        monitor: &dyn Monitor,
    ) -> Result<(), DbError> {
        let mut dangling = Vec::new();
        for (key, group) in &self.groups {
            let new = group.new_since(before.groups.get(key));
            if new == 0 || before.unchecked.contains(&key.0) {
                continue;
            }
            let told = interruptible(conn, monitor, || tell(conn, key, group))?;
            match allowed.reason(&told) {
                Some(why) => monitor.warn(&told.warning(new, why)),
                None => dangling.push((told.table, told.references, new)),
            }
        }
        if dangling.is_empty() { Ok(()) } else { Err(DbError::Dangling(dangling)) }
    }
}

fn tell(conn: &Connection, (child, fkid): &(String, i64), group: &Group) -> Result<DanglingRows, DbError> {
    let telling = |error| failed(&format!("looking at the foreign keys of {child}"), error);
    // SQLite numbers them from the last declared one.
    let keys = foreign_keys(conn, child).map_err(telling)?;
    let key = usize::try_from(*fkid).ok().and_then(|id| keys.iter().rev().nth(id));
    let digest = match key {
        Some(key) => digest(conn, child, key, group.rows()).map_err(telling)?,
        None => None,
    };
    Ok(DanglingRows {
        table: TableName::bare(child),
        columns: key.map(|key| key.columns.clone()).unwrap_or_default(),
        references: TableName::bare(&group.parent),
        rows: group.rows(),
        digest,
    })
}

/// A digest of what the columns of the dangling rows hold; `None` if these are not the `expected` number of rows.
fn digest(conn: &Connection, child: &str, key: &ForeignKey, expected: u64) -> rusqlite::Result<Option<String>> {
    let columns: Vec<String> = key.columns.iter().map(|column| format!("c.{}", sql::quote(column))).collect();
    let mut holds: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let parent = key_columns(conn, key)?;
    if !parent.is_empty() {
        let pairs = parent.iter().zip(&columns).map(|(to, from)| format!("p.{} = {from}", sql::quote(to)));
        let pairs: Vec<String> = pairs.collect();
        let parent = sql::table(&key.table.name);
        holds.push(format!("NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {})", pairs.join(" AND ")));
    }
    let values: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
    let places: Vec<String> = (1..=columns.len()).map(|at| at.to_string()).collect();
    let (values, places) = (values.join(", "), places.join(", "));
    let text = format!(
        "SELECT {values}, count(*) FROM {} AS c WHERE {} GROUP BY {places} ORDER BY {places}",
        sql::table(child),
        holds.join(" AND ")
    );
    let mut statement = conn.prepare(&text)?;
    let mut rows = statement.query([])?;
    let (mut hasher, mut found) = (Hasher::new(), 0u64);
    while let Some(row) = rows.next()? {
        for at in 0..columns.len() {
            let value = row.get_ref(at)?.as_bytes().unwrap_or_default();
            hasher.update(&(value.len() as u64).to_le_bytes()).update(value);
        }
        let count = u64::try_from(row.get::<_, i64>(columns.len())?).unwrap_or_default();
        hasher.update(&count.to_le_bytes());
        found += count;
    }
    Ok((found == expected).then(|| hasher.finish().to_hex()))
}

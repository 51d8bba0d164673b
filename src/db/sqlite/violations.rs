//! Foreign keys do not act while a restore writes, so they are checked before and after: it may leave no dangling reference
//! that was not there before.

use super::error::{extended_code, failed};
use super::interrupt::interruptible;
use crate::codec::TableName;
use crate::db::{DbError, TableRead};
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
                    // A foreign key onto columns that are no key: no row of such a table can be checked, by SQLite either.
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

    /// Fails if something dangles that did not `before`.
    pub(super) fn refuse_new(&self, before: &Violations) -> Result<(), DbError> {
        let mut dangling = Vec::new();
        for (key, group) in &self.groups {
            let (child, _) = key;
            if before.unchecked.contains(child) {
                continue;
            }
            let new = match before.groups.get(key) {
                None => group.rowids.len() as u64 + group.unnamed,
                Some(old) => {
                    let rowids = group.rowids.difference(&old.rowids).count() as u64;
                    rowids + group.unnamed.saturating_sub(old.unnamed)
                }
            };
            if new > 0 {
                dangling.push((TableName::bare(child), TableName::bare(&group.parent), new));
            }
        }
        if dangling.is_empty() { Ok(()) } else { Err(DbError::Dangling(dangling)) }
    }
}

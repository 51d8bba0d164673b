//! The clean-up script of the demo, which destroys more than it was meant to.

use super::database::{DemoError, TABLES};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection, OpenFlags};
use std::path::Path;

/// The clean-up, as SQL.
pub const CLEANUP_SQL: &str = include_str!("cleanup.sql");

/// What the clean-up did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanupReport {
    /// Rows of `mods` that it deleted.
    pub deleted: u64,
    /// Rows of `mods` that it changed.
    pub changed: u64,
    /// Rows that are gone, by table; cascades included, tables without a loss left out.
    pub lost: Vec<(&'static str, u64)>,
}

/// Runs the clean-up on the demo database `path`, as an app would: in one transaction, with foreign keys enforced.
///
/// # Errors
/// [`DemoError::Sqlite`] if it is not the demo database or SQLite refuses; nothing is changed then.
pub fn run_cleanup(path: &Path) -> Result<CleanupReport, DemoError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction()?;
    let before = counts(&transaction)?;
    let mut changed = 0;
    let mut batch = Batch::new(&transaction, CLEANUP_SQL);
    while let Some(mut statement) = batch.next()? {
        // Comments at the end of the text are a statement without effect.
        let is_update = statement.expanded_sql().is_some_and(|sql| sql.contains("UPDATE mods"));
        let rows = statement.execute([])?;
        if is_update {
            changed = rows as u64;
        }
    }
    let after = counts(&transaction)?;
    transaction.commit()?;
    let lost: Vec<(&'static str, u64)> = TABLES
        .into_iter()
        .zip(before.iter().zip(&after))
        .map(|(table, (before, after))| (table, before.saturating_sub(*after)))
        .filter(|(_, lost)| *lost > 0)
        .collect();
    let deleted = lost.iter().find(|(table, _)| *table == "mods").map_or(0, |(_, lost)| *lost);
    Ok(CleanupReport { deleted, changed, lost })
}

fn counts(connection: &Connection) -> Result<Vec<u64>, DemoError> {
    let count = |table| {
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    };
    TABLES.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::create_database;
    use tempfile::TempDir;

    /// What the whole of a table hashes to is the same on every machine; SQLite's own sum over the quoted values stands
    /// for it.
    fn fingerprint(connection: &Connection, table: &str) -> (i64, i64) {
        let sql = format!("SELECT count(*), sum(rowid * length(hex(id))) FROM \"{table}\"");
        connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    #[test]
    fn the_database_has_the_plans_tables_at_their_sizes_and_is_sound() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("demo.db");
        create_database(&path).unwrap();
        assert!(matches!(create_database(&path), Err(DemoError::Exists(_))));
        let connection = Connection::open(&path).unwrap();
        let counted = counts(&connection).unwrap();
        let sizes: Vec<(&str, u64)> = TABLES.into_iter().zip(counted).take(10).collect();
        let wanted = [
            ("users", 1_000),
            ("creator_profiles", 100),
            ("content_sources", 10),
            ("categories", 50),
            ("facet_definitions", 100),
            ("scraping_jobs", 500),
            ("mods", 10_000),
            ("collections", 500),
            ("reviews", 2_000),
            ("favorites", 5_000),
        ];
        assert_eq!(sizes, wanted);
        let broken = connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
        assert!(!broken);
        let odd =
            "SELECT 1 FROM mods WHERE json_valid(tags) = 0 OR json_valid(metadata) = 0 OR datetime(created_at) IS NULL";
        assert!(!connection.prepare(odd).unwrap().exists([]).unwrap());
        let odd = "SELECT 1 FROM scraping_jobs WHERE finished_at < started_at OR json_valid(errors) = 0";
        assert!(!connection.prepare(odd).unwrap().exists([]).unwrap());
        let again = dir.path().join("again.db");
        create_database(&again).unwrap();
        let again = Connection::open(again).unwrap();
        assert_eq!(fingerprint(&connection, "mods"), fingerprint(&again, "mods"));
    }

    #[test]
    fn the_cleanup_destroys_a_part_and_says_how_much() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("demo.db");
        create_database(&path).unwrap();
        let report = run_cleanup(&path).unwrap();
        assert!((1_000..7_000).contains(&report.deleted), "{report:?}");
        assert!((500..3_000).contains(&report.changed), "{report:?}");
        let tables: Vec<&str> = report.lost.iter().map(|(table, _)| *table).collect();
        assert_eq!(tables, ["facet_definitions", "mods", "reviews", "favorites", "_CategoryToMod", "_CollectionToMod"]);
        assert!(report.lost.contains(&("facet_definitions", 3)));
        assert!(run_cleanup(&dir.path().join("none.db")).is_err());
    }
}

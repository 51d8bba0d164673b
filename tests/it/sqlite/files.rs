//! Paths, files beside the database, and what a snapshot leaves behind (Q8, Q10, I8).

use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, read};
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{DbError, OpenOptions, Sink};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

fn open(path: &Path) -> Result<Sqlite, DbError> {
    Sqlite::open(path, &OpenOptions::default())
}

/// Every file of a directory with its bytes.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn what_is_no_database_file_is_refused_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.db");
    assert!(matches!(open(&missing), Err(DbError::Connect { reason, .. }) if reason.contains("no such file")));
    assert!(matches!(open(directory.path()), Err(DbError::Connect { reason, .. }) if reason.contains("directory")));
    assert!(matches!(open(Path::new("/dev/null")), Err(DbError::Connect { .. })));
    assert!(open(Path::new(":memory:")).is_err());
    assert!(open(Path::new("file:x.db?mode=memory")).is_err());
    let text = directory.path().join("text.db");
    std::fs::write(&text, "not a database, but longer than a header would be: ".repeat(40)).unwrap();
    assert!(matches!(open(&text), Err(DbError::Unsupported(message)) if message.contains("not a SQLite database")));
    assert_eq!(files(directory.path()).len(), 1);
}

#[test]
fn an_empty_file_is_an_empty_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty.db");
    std::fs::write(&path, "").unwrap();
    assert!(open(&path).unwrap().catalog().unwrap().tables.is_empty());
    assert_eq!(files(directory.path()), BTreeMap::from([("empty.db".to_owned(), Vec::new())]));
}

#[test]
fn paths_are_literal() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a?mode=memory.db", "b#c.db", "d%20e.db", "file:f.db", "g h'\".db"] {
        let path = directory.path().join(name);
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)").unwrap();
        let mut database = open(&path).unwrap();
        assert_eq!(database.catalog().unwrap().tables.len(), 1, "{name}");
        assert!(database.identity().database.ends_with(name));
    }
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_the_database_and_its_journal() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(fixture.path(), &link).unwrap();
    let mut database = open(&link).unwrap();
    assert_eq!(database.catalog().unwrap().tables[0].estimated_rows, Some(1), "the WAL beside the target is seen");
    assert_eq!(database.identity().database, std::fs::canonicalize(fixture.path()).unwrap().display().to_string());
}

#[test]
fn snapshots_change_no_byte_and_leave_no_file() {
    for pragmas in ["PRAGMA journal_mode = DELETE;", "PRAGMA journal_mode = WAL;"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dev.db");
        let session = Connection::open(&path).unwrap();
        session.execute_batch(pragmas).unwrap();
        session.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);").unwrap();
        drop(session);
        let before = files(directory.path());
        assert_eq!(before.len(), 1);
        assert_eq!(open(&path).unwrap().catalog().unwrap().tables.len(), 1);
        assert_eq!(files(directory.path()), before, "{pragmas}");
    }
}

#[test]
fn a_log_left_by_a_crash_is_read_and_left_as_it_is() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);");
    let crashed = tempfile::tempdir().unwrap();
    for name in ["dev.db", "dev.db-wal"] {
        std::fs::copy(fixture.path().with_file_name(name), crashed.path().join(name)).unwrap();
    }
    let mut before = files(crashed.path());
    assert!(!before["dev.db-wal"].is_empty());
    let mut database = open(&crashed.path().join("dev.db")).unwrap();
    assert_eq!(database.catalog().unwrap().tables[0].estimated_rows, Some(2), "rows that only the log holds");
    drop(database);
    let mut after = files(crashed.path());
    // The index of the log is rebuilt by whoever comes next.
    before.remove("dev.db-shm");
    after.remove("dev.db-shm");
    assert_eq!(after, before);
}

#[test]
fn a_hot_journal_is_rolled_back_by_sqlite_and_by_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let (live, crashed) = (directory.path().join("live.db"), directory.path().join("crashed.db"));
    let session = Connection::open(&live).unwrap();
    session
        .execute_batch(
            "PRAGMA cache_size = 5; CREATE TABLE t (id INTEGER PRIMARY KEY, v);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 'old' FROM n;
             BEGIN IMMEDIATE; UPDATE t SET v = 'new, and longer than the old one';",
        )
        .unwrap();
    std::fs::copy(&live, &crashed).unwrap();
    std::fs::copy(directory.path().join("live.db-journal"), directory.path().join("crashed.db-journal")).unwrap();
    drop(session);
    let mut database = open(&crashed).unwrap();
    assert_eq!(database.catalog().unwrap().tables[0].estimated_rows, Some(3000));
    drop(database);
    let session = Connection::open(&crashed).unwrap();
    let new: i64 = session.query_row("SELECT count(*) FROM t WHERE v <> 'old'", [], |row| row.get(0)).unwrap();
    assert_eq!(new, 0, "no half of the transaction is left");
}

#[test]
fn reading_does_not_write() {
    let mut fixture = SqliteFixture::with("");
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    let before = std::fs::read(fixture.path()).unwrap();
    assert_eq!(read(&fixture, "t").1.len(), 1);
    assert_eq!(std::fs::read(fixture.path()).unwrap(), before);
}

#[test]
fn a_write_ahead_log_on_a_read_only_disk_is_read_whole_or_refused() {
    let disk = crate::support::disk::Disk::new("size=8m");
    let round = crate::gauntlet::round::Round::new(format!("file:{}", disk.path().join("x.db").display()));
    let script = "sqlite3 x.db 'PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)' && \
                  sqlite3 x.db '.dbconfig no_ckpt_on_close on' 'INSERT INTO t VALUES (2)' && ls x.db*";
    let made = disk.inside(&round.project.program("sh", ["-c", script]).dir(disk.path())).run().success();
    assert!(made.stdout().contains("x.db-wal"), "{made}");
    let snap = || disk.inside(&round.invocation(&["snap", "--all", "-m", "x"])).run();
    let listing = || {
        let entries = std::fs::read_dir(disk.seen_from_outside()).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        found.sort();
        found
    };
    let before = listing();
    disk.remount("ro");
    let run = snap();
    match run.code() {
        Some(0) => assert!(run.stdout().contains("\"rows\":2"), "{run}"),
        Some(1..=12) => assert_eq!(round.json(&["log"])["snapshots"].as_array().unwrap().len(), 0, "{run}"),
        _ => panic!("{run}"),
    }
    assert!(listing() == before);
    disk.remount("rw");
    assert!(snap().success().stdout().contains("\"rows\":2"));
}

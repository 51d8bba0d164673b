//! Locks of others are waited for, then told (Q6, Q7); an interruption ends a wait for rows.

use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Collected, Fixture, Given, all, reads};
use crate::support::watched::Watched;
use crate::support::witness::Witness;
use dbsnap::codec::{Value, row};
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{Commit, DbError, OpenOptions, Sink, TableId};
use dbsnap::monitor::{Monitor, Silent};
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn impatient(fixture: &SqliteFixture) -> Watched<Sqlite> {
    fixture.open_with(&OpenOptions { lock_wait: Duration::from_millis(200), ..OpenOptions::default() })
}

#[test]
fn an_exclusive_holder_is_busy_and_the_wait_is_bounded() {
    let mut fixture = SqliteFixture::with("PRAGMA journal_mode = DELETE;");
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY);");
    let mut sink = impatient(&fixture);
    let reads = reads(&fixture, &mut sink, &["t"]);
    let before = Witness::of_file(&fixture.path());
    let other = Connection::open(fixture.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let start = Instant::now();
    assert!(matches!(sink.snapshot(&reads, &Silent), Err(DbError::Busy { .. })));
    assert!(matches!(sink.unwatched().restore(&reads, &Silent), Err(DbError::Busy { .. })));
    assert!(matches!(sink.catalog(), Err(DbError::Busy { .. })));
    assert!(matches!(
        Sqlite::open(&fixture.path(), &OpenOptions { lock_wait: Duration::ZERO, ..OpenOptions::default() }),
        Err(DbError::Busy { .. })
    ));
    assert!(start.elapsed() < Duration::from_secs(10));
    other.execute_batch("ROLLBACK").unwrap();
    before.same(&Witness::of_file(&fixture.path()));
    assert!(sink.snapshot(&reads, &Silent).is_ok());
}

#[test]
fn a_writer_keeps_a_restore_waiting_but_not_a_snapshot() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY);");
    let mut sink = impatient(&fixture);
    let reads = reads(&fixture, &mut sink, &["t"]);
    fixture.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (1);");
    assert!(matches!(sink.restore(&reads, &Silent), Err(DbError::Busy { .. })));
    assert_eq!(all(sink.snapshot(&reads, &Silent).unwrap().as_mut(), 0).len(), 0);
    fixture.exec("COMMIT");
    assert!(sink.restore(&reads, &Silent).is_ok());
}

#[test]
fn a_reader_that_does_not_end_keeps_a_restore_from_committing() {
    let mut fixture = SqliteFixture::with("PRAGMA journal_mode = DELETE;");
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    let before = fixture.dump("t");
    let mut sink = impatient(&fixture);
    let reads = reads(&fixture, &mut sink, &["t"]);
    let other = Connection::open(fixture.path()).unwrap();
    let five = || Given::new([row::encode(&[Value::Int(5)])]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.insert(TableId::at(0), &mut five()).unwrap();
        other.execute_batch("BEGIN; SELECT * FROM t;").unwrap();
        assert!(matches!(txn.commit(), Err(DbError::Busy { .. })));
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(fixture.dump("t"), before);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(TableId::at(0), &mut five()).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
}

#[test]
fn beside_a_writer_that_commits_a_snapshot_is_one_instant() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);");
    let mut source = fixture.open();
    let reads = reads(&fixture, source.as_mut(), &["a", "b"]);
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    fixture.exec("BEGIN; INSERT INTO a VALUES (2); INSERT INTO b VALUES (2); COMMIT;");
    assert_eq!((all(snapshot.as_mut(), 0).len(), all(snapshot.as_mut(), 1).len()), (1, 1));
    drop(snapshot);
    assert_eq!(all(source.snapshot(&reads, &Silent).unwrap().as_mut(), 1).len(), 2);
}

#[test]
fn in_a_rollback_journal_database_a_snapshot_is_one_instant_too() {
    let mut fixture = SqliteFixture::with("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0;");
    fixture.exec("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    let mut source = fixture.open();
    let reads = reads(&fixture, source.as_mut(), &["t"]);
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    assert!(fixture.session().execute_batch("INSERT INTO t VALUES (2)").is_err(), "the writer waits");
    assert_eq!(all(snapshot.as_mut(), 0).len(), 1);
    drop(snapshot);
    fixture.exec("INSERT INTO t VALUES (2)");
}

/// Interrupts at the `n`th question.
struct Interrupt(AtomicU64, u64);

impl Monitor for Interrupt {
    fn interrupted(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) + 1 >= self.1
    }
}

#[test]
fn an_interruption_stops_reading_counting_and_writing() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO t SELECT i, 'v' FROM n;",
    );
    let mut sink = fixture.open();
    let mut reads = reads(&fixture, sink.as_mut(), &["t"]);
    let second = Interrupt(AtomicU64::new(0), 2);
    let mut collected = Collected::default();
    assert!(matches!(
        sink.snapshot(&reads, &second).unwrap().read(TableId::at(0), &mut collected),
        Err(DbError::Stopped)
    ));
    assert_eq!(collected.rows.len(), 2048);
    let at_once = Interrupt(AtomicU64::new(0), 1);
    {
        let mut txn = sink.restore(&reads, &at_once).unwrap();
        assert!(matches!(txn.update(TableId::at(0), &mut Given::new(collected.rows)), Err(DbError::Stopped)));
    }
    // A count that would take hours.
    let sql = "(SELECT count(*) FROM t AS a, t AS b, t AS c, t AS d) > 1".to_owned();
    reads[0].filter = Some(dbsnap::db::Filter { typed: sql.clone(), sql, columns: Vec::new() });
    let start = Instant::now();
    assert!(matches!(sink.snapshot(&reads, &at_once).unwrap().count(TableId::at(0)), Err(DbError::Stopped)));
    assert!(start.elapsed() < Duration::from_secs(30));
}

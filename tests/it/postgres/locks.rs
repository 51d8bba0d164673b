//! Locks: bounded waiting, holders named, writers kept out.

use super::rows::{Given, gather, reads};
use crate::support::place::{Place, on_postgres, on_server};
use crate::support::postgres::PgServer;
use crate::support::watched::Watched;
use dbsnap::codec::Value;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Commit, DbError, OpenOptions, Sink, TableId};
use dbsnap::monitor::{Monitor, Silent};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

fn impatient(place: &Place) -> Watched<Postgres> {
    place.open_with(&OpenOptions { lock_wait: Duration::from_millis(700), ..OpenOptions::default() })
}

#[test]
fn waiting_is_bounded_and_the_holder_named() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        let mut sink = impatient(place);
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["b", "a"]);
        let before = place.witness();
        let mut holder = db.session();
        let pid = holder.run("SELECT pg_backend_pid()");
        holder.run("BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE");
        let begun = Instant::now();
        let refused = sink.unwatched().restore(&reads, &Silent).err().unwrap();
        for refused in [sink.snapshot(&reads, &Silent).err().unwrap(), refused] {
            let DbError::Busy { what } = &refused else { panic!("{refused:?}") };
            assert!(what.contains("table b") && what.contains(&pid) && what.contains("dbsnap-tests"), "{what}");
        }
        assert!(begun.elapsed() < Duration::from_secs(15));
        holder.run("ROLLBACK");
        before.same(&place.witness());
        holder.run("BEGIN; INSERT INTO b VALUES (1)");
        assert!(sink.snapshot(&reads, &Silent).is_ok(), "a writer does not keep a reader out");
        assert!(
            matches!(sink.restore(&reads, &Silent).err(), Some(DbError::Busy { .. })),
            "but it keeps a restore out"
        );
        holder.run("COMMIT");
        assert!(sink.restore(&reads, &Silent).is_ok());
    });
}

#[test]
fn writers_wait_for_a_restore_and_readers_do_not() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let mut writer = db.session();
        writer.send("INSERT INTO t VALUES (99)");
        assert_eq!(place.sql("SELECT count(*) FROM t"), "1");
        txn.delete(TableId::at(0), &mut Given::values(&[&[Value::Int(1)]])).unwrap();
        txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(2)]])).unwrap();
        assert_eq!(gather(txn.as_mut(), 0).len(), 1);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        writer.run("SELECT 1");
        assert_eq!(place.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"), "2,99");
    });
}

#[test]
fn two_restores_do_not_deadlock() {
    on_postgres(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        let (mut one, mut two) = (place.open(), impatient(place));
        let catalog = one.catalog().unwrap();
        let first = one.restore(&reads(&catalog, &["a", "b"]), &Silent).unwrap();
        assert!(matches!(two.restore(&reads(&catalog, &["b", "a"]), &Silent).err(), Some(DbError::Busy { .. })));
        assert_eq!(first.commit().unwrap(), Commit::Done);
        assert!(two.restore(&reads(&catalog, &["b", "a"]), &Silent).is_ok());
    });
}

/// Says stop after some questions.
struct Later(AtomicU32);

impl Monitor for Later {
    fn interrupted(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= 3
    }
}

#[test]
fn an_interrupt_cancels_what_the_server_does() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut holder = db.session();
        holder.run("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
        let begun = Instant::now();
        let stop = Later(AtomicU32::new(0));
        assert!(matches!(sink.snapshot(&reads, &stop).err(), Some(DbError::Stopped)));
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        assert_eq!(place.sql(waiting), "0", "nobody waits for the lock any more");
        holder.run("ROLLBACK");
        assert!(sink.snapshot(&reads, &Silent).is_ok(), "the connection is of use afterwards");
    });
}

/// A lock table of a hundred entries, of which each of the tables with its two indexes and its sequence takes four: a
/// restore takes no more of them than the snapshot did, such as for temporary tables.
#[test]
fn what_a_full_lock_table_lets_be_taken_it_lets_be_restored() {
    const TABLES: usize = 16;
    let small = [
        "max_locks_per_transaction=10",
        "max_connections=10",
        "max_prepared_transactions=0",
        "max_wal_senders=0",
        "max_worker_processes=0",
        "autovacuum_max_workers=1",
        "shared_buffers=1MB",
    ];
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&small, &[])));
    on_server(server, |place| {
        // statement by statement, each of which lets its locks go
        let each = |sql: &str| -> String {
            let all: Vec<String> = (0..TABLES).map(|table| sql.replace("T#", &format!("t{table}"))).collect();
            place.sql(&all.join(";\n"))
        };
        each("CREATE TABLE T# (id serial PRIMARY KEY, name text UNIQUE, n int)");
        each("INSERT INTO T# (name, n) SELECT 'x' || n, n FROM generate_series(1, 100) AS n");
        let rows = || each("SELECT * FROM T# ORDER BY id");
        let whole = rows();
        let snap = place.round.snap(&["--all"]).id;
        place.round.json(&["export", &snap]);
        each(
            "DELETE FROM T# WHERE id % 3 = 0; UPDATE T# SET n = -n WHERE id % 3 = 1; INSERT INTO T# (name) VALUES ('new')",
        );
        let damaged = rows();
        place.round.json(&["restore", &snap, "--mode", "exact", "-y"]);
        assert_eq!(rows(), whole);
        place.round.json(&["undo", "-y"]);
        assert_eq!(rows(), damaged);
    });
    // of many more than the server has room for, its own hint is passed on
    on_server(server, |place| {
        let all =
            (0..TABLES * 16).map(|table| format!("CREATE TABLE t{table} (id serial PRIMARY KEY, name text UNIQUE);\n"));
        place.sql(&all.collect::<String>());
        let run = place.round.plain(&["snap", "--all"]).run();
        assert!(run.code() == Some(1) && run.stderr().contains("max_locks_per_transaction"), "{run}");
    });
}

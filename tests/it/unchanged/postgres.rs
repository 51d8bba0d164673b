//! PostgreSQL: each step of the argument in `docs/decisions/0006-nothing-has-changed.md`, and what tries to break it.

use super::{mark, refusal};
use crate::support::postgres::{Db, PgServer, Pooler};
use dbsnap::codec::Mark;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Host, OpenOptions, PostgresTarget};
use std::process::Command;
use std::time::Duration;

/// A server of its own: transactions of other tests are changes too.
fn server(settings: &[&str]) -> &'static PgServer {
    Box::leak(Box::new(PgServer::start(&[settings, &["autovacuum=off"]].concat(), &[])))
}

/// A database with a table, of which no session of ours has anything to write.
fn filled(server: &'static PgServer) -> Db {
    let db = server.database();
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, 500) n",
    );
    db
}

/// What a new connection says.
fn now(db: &Db) -> Mark {
    mark(&mut db.open())
}

#[test]
fn who_only_reads_changes_nothing_whoever_asks() {
    let server = server(&[]);
    let db = filled(server);
    let before = now(&db);
    // the first reader of new rows writes hint bits into their pages
    db.sql("SELECT sum(length(w)) FROM t; BEGIN READ ONLY; SELECT * FROM t LIMIT 1; COMMIT; EXPLAIN ANALYZE SELECT * FROM t");
    db.sql("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE; SELECT pg_advisory_lock(1); LISTEN x; CHECKPOINT; ROLLBACK; VACUUM t");
    assert_eq!(now(&db), before);

    // one connection, or a new one; a role without any right; by way of a pooler
    let mut kept = db.open();
    assert_eq!((mark(&mut kept), mark(&mut kept)), (before.clone(), before.clone()));
    let settings = "SET timezone = 'Asia/Kathmandu'; SET datestyle = 'German'";
    db.sql(&format!("{settings}; SELECT 1"));
    let role = db.role("nobody", "");
    let before = now(&db);
    assert_eq!(mark(&mut db.open_as(&role)), before);
    let pooler = Pooler::start(server, &role, 1);
    let target = PostgresTarget { hosts: vec![(Host::Tcp("127.0.0.1".into()), pooler.port)], ..db.target_as(&role) };
    assert_eq!(mark(&mut Postgres::open(&target, &OpenOptions::default()).unwrap()), before);
    assert_eq!(now(&db), before);
}

#[test]
fn whatever_is_committed_is_noticed() {
    let server = server(&["max_prepared_transactions=5"]);
    let db = filled(server);
    db.sql(
        "CREATE UNLOGGED TABLE u (id int); CREATE TYPE mood AS ENUM ('low'); CREATE SEQUENCE s; \
            CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    );
    let has_merge = db.sql("SELECT current_setting('server_version_num')::int >= 150000") == "t";
    for change in [
        "INSERT INTO t VALUES (0, 'new')",
        "UPDATE t SET w = 'x' WHERE id = 1",
        "DELETE FROM t WHERE id = 2",
        "INSERT INTO u VALUES (1)",
        "INSERT INTO p VALUES (1)",
        "MERGE INTO t USING (VALUES (3)) v (id) ON t.id = v.id WHEN MATCHED THEN DELETE",
        "COPY t FROM PROGRAM 'printf \"9001\\tcopied\\n\"'",
        "BEGIN; SAVEPOINT one; INSERT INTO t VALUES (9002, ''); RELEASE one; COMMIT",
        "BEGIN; INSERT INTO t VALUES (9003, ''); SAVEPOINT one; DELETE FROM t; ROLLBACK TO one; COMMIT",
        "DO $$ BEGIN INSERT INTO t VALUES (9004, ''); BEGIN DELETE FROM t; RAISE 'no'; EXCEPTION WHEN others THEN END; END $$",
        "WITH gone AS (DELETE FROM t WHERE id = 4 RETURNING id) SELECT count(*) FROM gone",
        "SET synchronous_commit = off; DELETE FROM t WHERE id = 5",
        "SET session_replication_role = replica; DELETE FROM t WHERE id = 6",
        "TRUNCATE u",
        "ALTER TYPE mood RENAME VALUE 'low' TO 'high'",
        "ALTER TABLE p DETACH PARTITION p1",
        "ALTER TABLE t ADD COLUMN more int DEFAULT 7",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t SET UNLOGGED",
        "VACUUM FULL t",
        "TRUNCATE t",
        "DROP TABLE t",
    ] {
        if change.starts_with("MERGE") && !has_merge {
            continue;
        }
        let before = now(&db);
        db.sql(change);
        assert_eq!(before.lost(&now(&db)), ["transactions"], "{change}");
    }
}

#[test]
fn transactions_that_are_open_count_when_they_are_committed() {
    let server = server(&["max_prepared_transactions=5"]);
    let db = filled(server);
    let (mut one, mut two) = (db.session(), db.session());

    // the rows are written before the mark and come into force after it
    one.run("BEGIN; DELETE FROM t WHERE id = 1");
    let before = now(&db);
    assert_eq!(now(&db), before, "who has not committed has changed nothing");
    one.run("COMMIT");
    assert_ne!(now(&db), before);

    // also behind a transaction with a later number that is through already, and behind another one that stays open
    one.run("BEGIN; DELETE FROM t WHERE id = 2");
    two.run("BEGIN; SAVEPOINT sub; DELETE FROM t WHERE id = 3; RELEASE sub");
    db.sql("DELETE FROM t WHERE id = 4");
    let before = now(&db);
    assert_eq!(now(&db), before);
    two.run("COMMIT");
    let between = now(&db);
    assert_ne!(between, before);
    one.run("COMMIT");
    assert_ne!(now(&db), between);

    // a transaction that waits, prepared, without a session
    db.sql("BEGIN; DELETE FROM t WHERE id = 5; PREPARE TRANSACTION 'later'");
    db.sql("DELETE FROM t WHERE id = 6");
    let before = now(&db);
    assert_eq!(now(&db), before);
    db.sql("COMMIT PREPARED 'later'");
    assert_ne!(now(&db), before);
}

/// A backend in VACUUM is in no snapshot's list, and an index can make it run a function that writes.
#[test]
fn what_vacuum_writes_is_not_passed_over() {
    for shows_its_progress in ["on", "off"] {
        let server = server(&[]);
        let db = filled(server);
        db.sql(
            "CREATE FUNCTION note(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
                INSERT INTO public.t VALUES (90000 + n, 'by vacuum'); PERFORM pg_advisory_lock(7); RETURN n; END $$; \
             CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN \
                IF current_setting('test.loud', true) = 'on' THEN PERFORM public.note(n); END IF; RETURN n; END $$; \
             CREATE TABLE b (n int); CREATE INDEX ON b USING brin (f(n)) WITH (pages_per_range = 1); \
             INSERT INTO b SELECT generate_series(1, 1000)",
        );
        let (mut gate, mut vacuum) = (db.session(), db.session());
        gate.run("SELECT pg_advisory_lock(7)");
        vacuum.send(&format!("SET track_activities = {shows_its_progress}; SET test.loud = 'on'; VACUUM b"));
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        while db.sql(waiting) != "1" {
            std::thread::sleep(Duration::from_millis(20));
        }
        // one with a higher id ends: the id of VACUUM is below the end of snapshots now
        db.sql("INSERT INTO t VALUES (80000, '')");
        assert!(refusal(&mut db.open()).contains("VACUUM"), "progress {shows_its_progress}");
        let count = "SELECT count(*) FROM t WHERE w = 'by vacuum'";
        let (snapshot, rows) = (db.sql("SELECT pg_current_snapshot()"), db.sql(count));
        gate.run("SELECT pg_advisory_unlock(7)");
        vacuum.run("SELECT 1");
        if db.sql("SELECT pg_current_snapshot()") == snapshot {
            assert_ne!(db.sql(count), rows, "the test is to show other rows in an equal snapshot");
        }
        now(&db);
    }
}

#[test]
fn another_database_under_the_same_name_is_another() {
    let server = server(&[]);
    let db = filled(server);
    let before = now(&db);
    let name = &db.name;
    server.psql("postgres", "postgres", &format!("CREATE DATABASE copy TEMPLATE {name}")).unwrap();
    server
        .psql(
            "postgres",
            "postgres",
            &format!("ALTER DATABASE {name} RENAME TO old; ALTER DATABASE copy RENAME TO {name}"),
        )
        .unwrap();
    let lost: Vec<String> = before.lost(&now(&db)).into_iter().map(str::to_owned).collect();
    assert_eq!(lost, ["database", "transactions"]);
}

/// Kills a process of the server, which starts all others anew and goes on itself.
fn crash(db: &Db) {
    let mut session = db.session();
    let pid = session.run("SELECT pg_backend_pid()");
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(300));
    db.server.until_it_answers();
}

/// It empties tables without a transaction.
#[test]
fn a_crash_is_noticed_though_the_server_goes_on() {
    let server = server(&[]);
    let db = filled(server);
    db.sql("CREATE UNLOGGED TABLE u AS SELECT n FROM generate_series(1, 10) n; CHECKPOINT");
    let before = now(&db);
    crash(&db);
    assert_eq!(db.sql("SELECT count(*) FROM u"), "0");
    let lost: Vec<String> = before.lost(&now(&db)).into_iter().map(str::to_owned).collect();
    assert!(lost.contains(&"recovered".to_owned()) && !lost.contains(&"started".to_owned()), "{lost:?}");
}

/// It takes back what was committed and not yet written, and gives its transaction's number to another one.
#[test]
fn a_commit_that_a_crash_takes_back_is_not_taken_for_another_one() {
    let server = server(&["synchronous_commit=off", "wal_writer_delay=10s"]);
    let db = filled(server);
    for _ in 0..5 {
        db.sql("CHECKPOINT");
        db.sql("UPDATE t SET w = 'read by a snapshot' WHERE id = 1");
        let before = now(&db);
        crash(&db);
        // unless it was written all the same
        if db.sql("SELECT w FROM t WHERE id = 1") == "read by a snapshot" {
            db.sql("UPDATE t SET w = 'w1' WHERE id = 1");
            continue;
        }
        db.sql("UPDATE t SET w = 'another' WHERE id = 1");
        assert_eq!(before.lost(&now(&db)), ["recovered"]);
        return;
    }
    panic!("no crash took a commit back");
}

/// Two copies of a cluster from which the same number of transactions went on agree in every number that it counts.
#[test]
fn a_copy_of_the_cluster_that_went_another_way_is_another() {
    let server = server(&[]);
    let db = filled(server);
    server.restart_after("cp -a data before");
    db.sql("UPDATE t SET w = 'one way' WHERE id = 1");
    let before = now(&db);
    let count = "SELECT pg_current_snapshot()::text || system_identifier || oid FROM pg_control_system(), pg_database \
                 WHERE datname = current_database()";
    let numbers = db.sql(count);
    server.restart_after("rm -rf data; mv before data");
    db.sql("UPDATE t SET w = 'another' WHERE id = 1");
    assert_eq!(db.sql(count), numbers, "the test is to show two histories with the same numbers");
    assert_eq!(before.lost(&now(&db)), ["started"]);
}

#[test]
fn a_standby_does_not_tell_and_is_another_server_when_it_takes_over() {
    let primary = server(&[]);
    let db = filled(primary);
    let before = now(&db);
    let standby: &'static PgServer = Box::leak(Box::new(primary.start_standby()));
    let copy = std::mem::ManuallyDrop::new(Db::new(standby, db.name.clone()));
    assert!(refusal(&mut copy.open()).contains("standby"));
    standby.promote();
    assert!(before.lost(&now(&copy)).contains(&"started"));
    assert_eq!(now(&db), before);
}

#[test]
fn rows_that_other_programs_keep_are_not_told() {
    let server = server(&[]);
    let db = filled(server);
    db.sql("CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE o (id int) USING other");
    assert!(refusal(&mut db.open()).contains("not stored as PostgreSQL stores"));
    db.sql("DROP TABLE o");
    now(&db);
    db.sql(
        "SET allow_system_table_mods = on; INSERT INTO pg_extension SELECT 9999, 'citus', extowner, extnamespace, \
            extrelocatable, extversion, extconfig, extcondition FROM pg_extension WHERE extname = 'plpgsql'",
    );
    assert!(refusal(&mut db.open()).contains("Citus"));
    db.sql("SET allow_system_table_mods = on; DELETE FROM pg_extension WHERE extname = 'citus'");

    for catalog in ["gp_segment_configuration", "pgxc_node"] {
        db.sql(&format!("SET allow_system_table_mods = on; CREATE TABLE pg_catalog.{catalog} (id int)"));
        assert!(refusal(&mut db.open()).contains("other servers"), "{catalog}");
        db.sql(&format!("SET allow_system_table_mods = on; DROP TABLE pg_catalog.{catalog}"));
    }
    now(&db);

    // what may not be asked is not taken for an answer, and does not spoil the connection
    db.sql("REVOKE EXECUTE ON FUNCTION pg_stat_get_bgwriter_stat_reset_time() FROM PUBLIC");
    let role = db.role("nobody", "");
    let mut connection = db.open_as(&role);
    assert!(refusal(&mut connection).contains("permission denied"));
    assert!(refusal(&mut connection).contains("permission denied"));
    db.sql("GRANT EXECUTE ON FUNCTION pg_stat_get_bgwriter_stat_reset_time() TO PUBLIC");
    assert_eq!(mark(&mut connection), now(&db));
}

/// Counters are not promised: a sequence moves on without a transaction that counts.
#[test]
fn a_counter_may_move_where_nothing_has_changed() {
    let server = server(&[]);
    let db = filled(server);
    db.sql("CREATE SEQUENCE s");
    db.sql("SELECT nextval('s')");
    let before = now(&db);
    assert_eq!(db.sql("SELECT nextval('s')"), "2");
    assert_eq!(now(&db), before);
}

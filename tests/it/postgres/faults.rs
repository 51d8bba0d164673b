//! Servers, sessions and schemas that change or die in the middle.

use super::rows::{Given, Rows, gather, public, reads, rows_of};
use crate::support::place::on_postgres;
use crate::support::postgres::PgServer;
use dbsnap::codec::Value;
use dbsnap::db::{Commit, DbError, RowSink, Sink, TableId};
use dbsnap::monitor::Silent;

/// Runs something after some rows.
struct AfterRows<F: FnMut()> {
    rows: u64,
    after: u64,
    then: F,
}

impl<F: FnMut()> RowSink for AfterRows<F> {
    fn row(&mut self, _row: &[u8]) -> Result<(), DbError> {
        self.rows += 1;
        if self.rows == self.after {
            (self.then)();
        }
        Ok(())
    }
}

#[test]
fn a_table_cannot_be_emptied_or_rewritten_under_a_snapshot() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b SELECT generate_series(1, 1000)");
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let reads = reads(&catalog, &["a", "b"]);
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        for change in [
            "TRUNCATE b",
            "ALTER TABLE b ALTER id TYPE bigint",
            "ALTER TABLE b ADD COLUMN x int",
            "ALTER TABLE b RENAME TO c",
            "DROP TABLE b",
        ] {
            assert!(db.sql_as(place.user(), &format!("SET lock_timeout = '100ms'; {change}")).is_err(), "{change}");
        }
        assert_eq!(gather(snapshot.as_mut(), 0).len(), 1);
        assert_eq!(gather(snapshot.as_mut(), 1).len(), 1000);
    });
}

#[test]
fn partitions_that_come_and_go_do_not_change_a_snapshot() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF p FOR VALUES FROM (0) TO (10);
             CREATE TABLE high PARTITION OF p FOR VALUES FROM (10) TO (20); CREATE TABLE more (id int PRIMARY KEY);
             INSERT INTO p SELECT generate_series(0, 19); INSERT INTO more VALUES (25)",
        );
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let reads = reads(&catalog, &["low", "high"]);
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        for change in ["ALTER TABLE p DETACH PARTITION high", "DROP TABLE p", "ALTER TABLE p RENAME COLUMN id TO x"] {
            let sql = format!("SET lock_timeout = '100ms'; {change}");
            let done = place.db().sql_as(place.user(), &sql);
            // before version 14 a partition is detached while others read it
            let may_go = change.contains("DETACH") && place.sql("SHOW server_version_num").as_str() < "140000";
            assert!(done.is_err() || may_go, "{change}");
        }
        place.sql("ALTER TABLE p ATTACH PARTITION more FOR VALUES FROM (20) TO (30); CREATE TABLE rest PARTITION OF p FOR VALUES FROM (30) TO (40)");
        assert_eq!((gather(snapshot.as_mut(), 0).len(), gather(snapshot.as_mut(), 1).len()), (10, 10));
    });
}

#[test]
fn a_truncate_that_commits_while_we_wait_is_seen_whole_or_refused() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1); INSERT INTO b SELECT n, n FROM generate_series(1, 1000) n");
        for change in ["TRUNCATE b; INSERT INTO b VALUES (5, 5)", "ALTER TABLE b ALTER n TYPE bigint"] {
            let mut source = place.open();
            let catalog = source.catalog().unwrap();
            let reads = reads(&catalog, &["a", "b"]);
            let mut writer = db.session();
            writer.run(&format!("BEGIN; {change}"));
            let committed = std::thread::scope(|scope| {
                let waiting = scope
                    .spawn(|| source.snapshot(&reads, &Silent).map(|mut snapshot| gather(snapshot.as_mut(), 1).len()));
                let asks = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'b'::regclass";
                while place.sql(asks) == "0" {}
                writer.run("COMMIT");
                waiting.join().unwrap()
            });
            match committed {
                Ok(rows) => assert_eq!(rows, 1, "{change}"),
                Err(DbError::Changed { table, .. }) => assert_eq!((table, &change[..5]), (public("b"), "ALTER")),
                Err(other) => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_renamed_schema_is_noticed() {
    on_postgres(|place| {
        place.sql("CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY); INSERT INTO s.t VALUES (1)");
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let read = super::rows::read_of(&catalog, &dbsnap::codec::TableName::qualified("s", "t"));
        let mut snapshot = source.snapshot(std::slice::from_ref(&read), &Silent).unwrap();
        place.sql("ALTER SCHEMA s RENAME TO old; CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY); INSERT INTO s.t VALUES (7)");
        assert!(matches!(snapshot.read(TableId::at(0), &mut Rows::default()), Err(DbError::Changed { .. })));
        drop(snapshot);
        assert!(
            matches!(source.snapshot(&[read], &Silent).err(), Some(DbError::Changed { .. })),
            "another table by that name"
        );
    });
}

#[test]
fn a_backend_that_dies_in_the_middle_is_an_error() {
    on_postgres(|place| {
        place.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) n");
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        {
            let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbsnap' AND datname = current_database()";
            let mut sink = AfterRows { rows: 0, after: 100, then: || drop(place.sql(kill)) };
            let lost = snapshot.read(TableId::at(0), &mut sink);
            assert!(matches!(lost, Err(DbError::Lost(_))), "{lost:?}");
            assert!(sink.rows < 50_000);
            assert!(snapshot.count(TableId::at(0)).is_err(), "nothing more comes of it");
        }
        assert_eq!(rows_of(&mut source, &public("t")).len(), 50_000, "the next snapshot connects again");
    });
}

#[test]
fn timeouts_and_defaults_of_the_role_do_not_apply() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, repeat('x', 200) FROM generate_series(1, 200000) n");
        for setting in [
            "statement_timeout = 50",
            "idle_in_transaction_session_timeout = 50",
            "lock_timeout = 1",
            "default_transaction_read_only = on",
            "synchronous_commit = off",
            "default_transaction_deferrable = on",
        ] {
            db.sql(&format!("ALTER ROLE {} SET {setting}", place.user()));
        }
        // servers before 17 do not have it
        let _ = db.sql_as(&db.server.user, &format!("ALTER ROLE {} SET transaction_timeout = 50", place.user()));
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        {
            let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert_eq!(gather(snapshot.as_mut(), 0).len(), 200_000);
        }
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(-1), Value::Null]])).unwrap();
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    });
}

#[test]
fn a_giver_that_fails_in_the_middle_leaves_nothing() {
    on_postgres(|place| {
        struct Broken(u32);
        impl dbsnap::db::RowStream for Broken {
            fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
                self.0 += 1;
                if self.0 > 3 { Err(DbError::Stopped) } else { Ok(Some(&[1, 2])) }
            }

            fn again(&mut self) -> Result<&[u8], DbError> {
                Ok(&[1, 2])
            }
        }
        place.sql("CREATE TABLE t (id int)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(matches!(txn.insert(TableId::at(0), &mut Broken(0)), Err(DbError::Stopped)));
        assert_eq!(txn.commit().unwrap(), Commit::RolledBack);
        assert_eq!(place.sql("SELECT count(*) FROM t"), "0");
        assert_eq!(rows_of(&mut sink, &public("t")).len(), 0, "the connection is of use afterwards");
    });
}

#[test]
fn a_catalog_of_a_thousand_tables_is_read_at_once() {
    let db = PgServer::shared().database();
    db.sql("DO $$ BEGIN FOR n IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, a text UNIQUE, b int REFERENCES t%s)', n, greatest(n - 1, 1)); END LOOP; END $$");
    let mut source = db.open();
    let begun = std::time::Instant::now();
    let catalog = source.catalog().unwrap();
    assert_eq!(catalog.tables.len(), 1000);
    assert!(catalog.tables.iter().all(|info| info.schema.columns.len() == 3 && info.schema.foreign_keys.len() == 1));
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    let reads: Vec<_> = catalog.tables.iter().map(|info| super::rows::read_of(&catalog, &info.schema.table)).collect();
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    assert_eq!(snapshot.count(TableId::at(999)).unwrap(), 0);
}

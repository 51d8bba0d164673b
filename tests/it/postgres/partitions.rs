//! Partitions that are not what they were when the snapshot was taken.

use super::rows::dump;
use crate::gauntlet::round::{Round, Snap};
use crate::support::postgres::{Db, PgServer};

const TABLES: [&str; 3] = ["low", "high", "rest"];

fn partitioned() -> (Db, Round, Snap) {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE TABLE p (id int PRIMARY KEY, w text) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF p FOR VALUES FROM (0) TO (10); \
         CREATE TABLE high PARTITION OF p FOR VALUES FROM (10) TO (20); CREATE TABLE rest PARTITION OF p DEFAULT; \
         INSERT INTO p SELECT n, 'w' || n FROM generate_series(0, 29) n",
    );
    let round = Round::new(db.url());
    let snap = round.snap(&["--all"]);
    (db, round, snap)
}

fn rows(db: &Db) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| dump(db, table)).collect()
}

/// Torment: R8
#[test]
fn rows_come_back_into_partitions_that_still_take_them() {
    for change in [
        "ALTER TABLE p DETACH PARTITION high",
        "ALTER TABLE p DETACH PARTITION rest",
        "ALTER TABLE p DETACH PARTITION low; ALTER TABLE p ATTACH PARTITION low FOR VALUES FROM (-5) TO (10)",
        "ALTER TABLE p RENAME TO q",
    ] {
        let (db, round, snap) = partitioned();
        let before = rows(&db);
        db.sql(change);
        for damage in ["DELETE FROM low WHERE id < 5; UPDATE high SET w = 'x'", "DELETE FROM rest"] {
            db.sql(damage);
            round.restore(&snap);
            assert_eq!(rows(&db), before, "{change}");
        }
    }
}

/// Torment: R8
#[test]
fn rows_that_a_partition_no_longer_takes_are_refused() {
    for (change, table) in [
        // narrower than the rows of the snapshot are
        (
            "DELETE FROM high; ALTER TABLE p DETACH PARTITION high; ALTER TABLE p ATTACH PARTITION high FOR VALUES FROM (10) TO (15)",
            "high",
        ),
        // what was in the default partition has one of its own
        ("DELETE FROM rest WHERE id < 25; CREATE TABLE more PARTITION OF p FOR VALUES FROM (20) TO (25)", "rest"),
        // a table by that name, whose key and columns are others
        ("DROP TABLE high; CREATE TABLE high (id int, w text)", "high"),
        ("DROP TABLE high", "high"),
    ] {
        let (db, round, snap) = partitioned();
        db.sql(change);
        db.sql("UPDATE low SET w = 'changed'");
        let before = db.sql("SELECT tableoid::regclass, * FROM p ORDER BY id");
        let run = round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]).run();
        assert!(matches!(run.code(), Some(1..=12)), "{change}: {run}");
        assert!(run.stderr().contains(table), "{change}: {run}");
        assert_eq!(db.sql("SELECT tableoid::regclass, * FROM p ORDER BY id"), before, "{change}");
        assert_eq!(round.json(&["log"])["snapshots"].as_array().unwrap().len(), 1, "{change}");
    }
}

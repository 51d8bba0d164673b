//! Partitions that are not what they were when the snapshot was taken.

use super::rows::dump;
use crate::support::place::{Place, on_postgres};

const TABLES: [&str; 3] = ["low", "high", "rest"];

/// Makes a partitioned table anew and snapshots it.
fn partitioned(place: &Place) -> String {
    place.sql(
        "DROP TABLE IF EXISTS p, q, high, rest, low; CREATE TABLE p (id int PRIMARY KEY, w text) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF p FOR VALUES FROM (0) TO (10); \
         CREATE TABLE high PARTITION OF p FOR VALUES FROM (10) TO (20); CREATE TABLE rest PARTITION OF p DEFAULT; \
         INSERT INTO p SELECT n, 'w' || n FROM generate_series(0, 29) n",
    );
    place.snap()
}

fn rows(place: &Place) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| dump(place.db(), table)).collect()
}

#[test]
fn rows_come_back_into_partitions_that_still_take_them() {
    on_postgres(|place| {
        for change in [
            "ALTER TABLE p DETACH PARTITION high",
            "ALTER TABLE p DETACH PARTITION rest",
            "ALTER TABLE p DETACH PARTITION low; ALTER TABLE p ATTACH PARTITION low FOR VALUES FROM (-5) TO (10)",
            "ALTER TABLE p RENAME TO q",
        ] {
            let snap = partitioned(place);
            let before = rows(place);
            place.sql(change);
            for damage in ["DELETE FROM low WHERE id < 5; UPDATE high SET w = 'x'", "DELETE FROM rest"] {
                place.sql(damage);
                place.restore_exactly(&snap);
                assert_eq!(rows(place), before, "{change}");
            }
        }
    });
}

#[test]
fn rows_that_a_partition_no_longer_takes_are_refused() {
    on_postgres(|place| {
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
            let snap = partitioned(place);
            place.sql(change);
            place.sql("UPDATE low SET w = 'changed'");
            let (_, error) = place.refused(&[&snap, "--mode", "exact"]);
            assert!(error.contains(table), "{change}: {error}");
        }
    });
}

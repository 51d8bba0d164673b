//! Tables of unusual shape.

use super::rows::{Given, Rows, dump, gather, public, reads, round_trip, rows_of, text};
use crate::support::place::on_postgres;
use crate::support::postgres::PgServer;
use dbsnap::codec::{Key, Value};
use dbsnap::db::{Commit, DbError, Sink, TableId};
use dbsnap::monitor::Silent;

#[test]
fn partitions_and_children_are_tables_of_their_own() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE p (id int, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
            CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu') PARTITION BY RANGE (id);
            CREATE TABLE p_eu1 PARTITION OF p_eu FOR VALUES FROM (0) TO (10);
            CREATE TABLE p_rest (note text, region text NOT NULL, id int NOT NULL);
            ALTER TABLE p ATTACH PARTITION p_rest DEFAULT;
            INSERT INTO p VALUES (1, 'eu', 'a'), (2, 'eu', 'b'), (1, 'us', 'c');
            CREATE TABLE base (id int PRIMARY KEY, v text); CREATE TABLE derived (extra int) INHERITS (base);
            INSERT INTO base VALUES (1, 'base'); INSERT INTO derived VALUES (2, 'derived', 3);",
        );
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let names: Vec<_> = catalog.tables.iter().map(|info| info.schema.table.name.as_str()).collect();
        assert_eq!(names, ["base", "derived", "p_eu1", "p_rest"]);
        let parent = public("p");
        let leaves: Vec<_> = catalog.partitions_of(&parent).map(|info| info.schema.table.name.as_str()).collect();
        assert_eq!(leaves, ["p_eu1", "p_rest"]);
        assert_eq!(rows_of(&mut sink, &public("base")).len(), 1, "without those of its children");
        assert_eq!(rows_of(&mut sink, &public("p_eu1")).len(), 2);
        round_trip(db, &mut sink, &["p_eu1", "p_rest"], "TRUNCATE p");
        // restoring the parent leaves the child's rows alone
        let derived = dump(db, "derived");
        round_trip(db, &mut sink, &["base"], "DELETE FROM ONLY base");
        assert_eq!(dump(db, "derived"), derived);
    });
}

#[test]
fn tables_with_very_many_columns_and_with_none() {
    on_postgres(|place| {
        let db = place.db();
        let columns: Vec<String> = (1..1600).map(|n| format!("c{n} int2 DEFAULT {n}")).collect();
        place.sql(&format!(
            "CREATE TABLE wide (id int PRIMARY KEY, {}); INSERT INTO wide VALUES (1), (2)",
            columns.join(", ")
        ));
        place.sql("CREATE TABLE none (); INSERT INTO none SELECT FROM generate_series(1, 3);
            CREATE TABLE computed (g int GENERATED ALWAYS AS (1) STORED); INSERT INTO computed DEFAULT VALUES;
            CREATE TABLE dropped (a int, b int PRIMARY KEY, c int); INSERT INTO dropped VALUES (1, 2, 3);
            ALTER TABLE dropped DROP COLUMN a; ALTER TABLE dropped DROP COLUMN c; ALTER TABLE dropped ADD COLUMN c text DEFAULT 'x'");
        let mut sink = place.open();
        round_trip(db, &mut sink, &["wide", "none", "computed", "dropped"], "TRUNCATE wide, none, computed, dropped");
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["wide", "none"]);
        let rows = rows_of(&mut sink, &public("wide"));
        place.sql("UPDATE wide SET c7 = 0, c1599 = 0");
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.update(TableId::at(0), &mut Given::new(&rows)).unwrap(), 2);
        assert_eq!(txn.delete(TableId::at(1), &mut Given::new(&[vec![], vec![]])).unwrap(), 2);
        assert_eq!(gather(txn.as_mut(), 0), rows);
        assert_eq!(gather(txn.as_mut(), 1).len(), 1);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    });
}

#[test]
fn tables_without_a_key_are_multisets() {
    on_postgres(|place| {
        place.sql("CREATE TABLE bag (j json, c char(3), t text); CREATE UNIQUE INDEX ON bag (t);
            INSERT INTO bag VALUES ('{\"a\":1}', 'x', NULL), ('{\"a\":1}', 'x', NULL), ('{\"a\": 1}', 'x', NULL), (NULL, NULL, NULL), (NULL, NULL, NULL)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["bag"]);
        assert_eq!(reads[0].schema.key, Key::Rows);
        let rows = rows_of(&mut sink, &public("bag"));
        place.sql("UPDATE bag SET c = c"); // moves every row
        assert_eq!(rows_of(&mut sink, &public("bag")), rows, "whatever the order on disk");
        let one = [text("{\"a\":1}"), text("x  "), Value::Null];
        let nothing = [Value::Null, Value::Null, Value::Null];
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.delete(TableId::at(0), &mut Given::values(&[&one, &nothing])).unwrap(), 2);
        assert_eq!(gather(txn.as_mut(), 0).len(), 3);
        assert_eq!(txn.insert(TableId::at(0), &mut Given::values(&[&one, &nothing])).unwrap(), 2);
        assert_eq!(gather(txn.as_mut(), 0), rows);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(
            txn.delete(TableId::at(0), &mut Given::values(&[&nothing, &nothing, &nothing])).is_err(),
            "there are two"
        );
        assert_eq!(txn.commit().unwrap(), Commit::RolledBack);
    });
}

#[test]
fn a_value_too_large_to_send_is_named() {
    let db = PgServer::shared().database();
    // 540 MB: its text form is beyond what the server can make
    db.sql("CREATE TABLE t (id int PRIMARY KEY, b bytea); ALTER TABLE t ALTER b SET STORAGE EXTENDED;
            INSERT INTO t VALUES (1, 'x'), (77, ('\\x' || repeat('00', 255))::bytea);
            UPDATE t SET b = (SELECT string_agg(o.b, '') FROM t o, generate_series(1, 2200000) WHERE o.id = 77) WHERE id = 77");
    let mut source = db.open();
    let catalog = source.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
    let refused = snapshot.read(TableId::at(0), &mut Rows::default()).unwrap_err();
    assert!(
        matches!(&refused, DbError::Unsupported(what) if what.contains("table t") && what.contains("77")),
        "{refused}"
    );
}

#[test]
fn values_of_some_megabytes_pass() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY, b bytea, w text);
            INSERT INTO t SELECT n, convert_to(repeat(md5(n::text), 200000), 'UTF8'), repeat(md5(n::text), 100000) FROM generate_series(1, 3) n");
        round_trip(db, &mut place.open(), &["t"], "DELETE FROM t");
    });
}

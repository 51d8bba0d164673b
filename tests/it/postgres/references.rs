//! Foreign keys: any order works, nothing is taken along unasked.

use super::rows::{Given, dump, gather, public, reads, round_trip, rows_of};
use crate::support::place::{as_each_role, on_postgres};
use dbsnap::codec::{TableName, Value};
use dbsnap::db::{Change, Changing, Commit, DbError, Rule, Sink, TableId};
use dbsnap::monitor::Silent;

const WEB: &str = "
    CREATE TABLE a (id int PRIMARY KEY, b int, up int REFERENCES a ON DELETE CASCADE, UNIQUE (id, b));
    CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a ON DELETE CASCADE, a2 int, b2 int,
      FOREIGN KEY (a2, b2) REFERENCES a (id, b) ON DELETE SET NULL);
    ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b ON DELETE RESTRICT;
    INSERT INTO a VALUES (1, NULL, 2), (2, NULL, 3), (3, NULL, NULL); INSERT INTO b VALUES (1, 1, NULL, NULL), (2, 1, NULL, NULL);
    UPDATE a SET b = 1 WHERE id = 1; UPDATE a SET b = 2 WHERE id = 2; UPDATE b SET a2 = 2, b2 = 2 WHERE id = 2;";

#[test]
fn cycles_and_self_references_pass() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(WEB);
        for tables in [["a", "b"], ["b", "a"]] {
            round_trip(db, &mut place.open(), &tables, "TRUNCATE a, b");
        }
    });
}

#[test]
fn rows_change_places_across_cascades() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE p (id int PRIMARY KEY, w text); CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p ON DELETE CASCADE, w text);
            INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (10, 1, 'x'), (11, 2, 'y')");
        let before = (dump(db, "p"), dump(db, "c"));
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["p", "c"]);
        let (p, c) = (rows_of(&mut sink, &public("p")), rows_of(&mut sink, &public("c")));
        // a child moved to a new parent, its old parent gone: the update needs the insert, the delete must not cascade
        // to it
        place.sql("INSERT INTO p VALUES (3, 'new'); UPDATE c SET p = 3; DELETE FROM p WHERE id = 1");
        let live = rows_of(&mut sink, &public("p"));
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new(&live[1..])).unwrap(), 1);
        assert_eq!(txn.update(TableId::at(1), &mut Given::new(&c)).unwrap(), 2);
        assert_eq!(txn.insert(TableId::at(0), &mut Given::new(&p[..1])).unwrap(), 1);
        assert_eq!((gather(txn.as_mut(), 0), gather(txn.as_mut(), 1)), (p, c));
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        assert_eq!((dump(db, "p"), dump(db, "c")), before);
    });
}

#[test]
fn linked_tables_report_rows_that_do_not_fit_at_once() {
    on_postgres(|place| {
        place.sql(WEB);
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["a", "b"]);
        let a = rows_of(&mut sink, &public("a"));
        let absent: [&[Value]; 1] = [&[Value::Int(9), Value::Null, Value::Null]];
        assert!(sink.restore(&reads, &Silent).unwrap().delete(TableId::at(0), &mut Given::values(&absent)).is_err());
        assert!(sink.restore(&reads, &Silent).unwrap().update(TableId::at(0), &mut Given::values(&absent)).is_err());
        assert!(sink.restore(&reads, &Silent).unwrap().insert(TableId::at(0), &mut Given::new(&a[..1])).is_err());
    });
}

#[test]
fn a_session_that_skips_foreign_keys_does_not_skip_them_here() {
    as_each_role(|place| {
        place.sql("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p)");
        place.db().sql(&format!("ALTER ROLE {} SET session_replication_role = replica", place.user()));
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["c"]);
        if !place.is_superuser() {
            // a superuser gave it such a session, and it cannot leave it
            let refused = sink.restore(&reads, &Silent).err().unwrap();
            assert!(
                matches!(&refused, DbError::Denied { what } if what.contains("session_replication_role")),
                "{refused}"
            );
            return;
        }
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(1), Value::Int(7)]])).is_err());
        assert_eq!(txn.commit().unwrap(), Commit::RolledBack);
    });
}

#[test]
fn a_deferred_constraint_that_fails_refuses_the_commit() {
    on_postgres(|place| {
        let db = place.db();
        place.sql(
            "CREATE TABLE p (id int PRIMARY KEY);
            CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
        );
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["c"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(1), Value::Int(7)]])).unwrap();
        let refused = txn.commit().unwrap_err();
        let DbError::Constraint { rule: Rule::Reference, code, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(code.as_deref(), Some("23503"));
        assert!(dump(db, "c").is_empty());
    });
}

#[test]
fn rows_older_than_a_constraint_come_back() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, -1);
            ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
        );
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let rows = rows_of(&mut sink, &public("t"));
        place.sql("DELETE FROM t");
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.insert(TableId::at(0), &mut Given::new(&rows)).unwrap(), 1);
    });
}

#[test]
fn cascaded_rows_are_counted_through_everything() {
    on_postgres(|place| {
        place.sql("CREATE SCHEMA other;
            CREATE TABLE root (x int, y int, w text, PRIMARY KEY (x, y), UNIQUE (w));
            CREATE TABLE child (id int PRIMARY KEY, rx int, ry int, FOREIGN KEY (ry, rx) REFERENCES root (y, x) ON DELETE CASCADE) ;
            CREATE TABLE other.grand (id int PRIMARY KEY, c int REFERENCES child ON DELETE CASCADE, self int REFERENCES other.grand ON DELETE CASCADE);
            CREATE TABLE note (id int, w text REFERENCES root (w) ON DELETE SET NULL);
            CREATE TABLE defaulted (id int, w text DEFAULT 'z' REFERENCES root (w) ON DELETE SET DEFAULT);
            CREATE TABLE strict (id int, w text REFERENCES root (w));
            CREATE TABLE parts (id int, x int, y int, FOREIGN KEY (x, y) REFERENCES root ON DELETE CASCADE) PARTITION BY LIST (id);
            CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE part2 PARTITION OF parts DEFAULT;
            INSERT INTO root VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'z');
            INSERT INTO child VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1);
            INSERT INTO other.grand VALUES (1, 1, NULL), (2, NULL, 1), (3, NULL, 2), (4, 3, NULL); UPDATE other.grand SET self = 3 WHERE id = 1;
            INSERT INTO note VALUES (1, 'a'), (2, 'a'), (3, 'z'); INSERT INTO defaulted VALUES (1, 'b');
            INSERT INTO parts VALUES (1, 1, 1), (2, 1, 1), (3, 2, 1)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["root"]);
        let rows = rows_of(&mut sink, &public("root"));
        let doomed: Vec<_> = rows.iter().filter(|row| super::rows::values(row)[0] == Value::Int(1)).cloned().collect();
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let mut deleted = || {
            let mut rows = Given::new(&doomed);
            txn.cascaded_rows(&mut [Changing { table: TableId::at(0), change: Change::Deleted, rows: &mut rows }])
                .unwrap()
        };
        let told = deleted();
        let expected = [
            (TableName::qualified("other", "grand"), 3),
            (public("child"), 2),
            (public("defaulted"), 1),
            (public("note"), 2),
            (public("part1"), 1),
            (public("part2"), 1),
        ];
        assert_eq!(told, expected);
        assert_eq!(deleted(), expected, "counting leaves nothing behind");
        assert_eq!(gather(txn.as_mut(), 0), rows);
        // and it is what happens
        let before = place.sql("SELECT (SELECT count(*) FROM child) || ' ' || (SELECT count(*) FROM other.grand) || ' ' || (SELECT count(*) FROM parts)");
        txn.delete(TableId::at(0), &mut Given::new(&doomed)).unwrap();
        txn.commit().unwrap();
        let after = place.sql("SELECT (SELECT count(*) FROM child) || ' ' || (SELECT count(*) FROM other.grand) || ' ' || (SELECT count(*) FROM parts)");
        assert_eq!((before.as_str(), after.as_str()), ("3 4 3", "1 1 1"));
    });
}

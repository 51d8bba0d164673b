//! One instant across tables, and tables that are no longer what was planned.

use crate::conformance::{Fixture, all, reads};
use dbsnap::db::{DbError, TableId};
use dbsnap::monitor::Silent;

pub fn sees_one_instant_under_a_writer(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY);
         INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);",
    );
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["a", "b"]);
    {
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        fixture.exec("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2);");
        assert_eq!(all(snapshot.as_mut(), 0).len(), 1);
        fixture.exec("INSERT INTO a VALUES (3); INSERT INTO b VALUES (3);");
        assert_eq!(all(snapshot.as_mut(), 1).len(), 1);
        assert_eq!(snapshot.count(TableId::at(0)).unwrap(), 1);
    }
    let mut later = source.snapshot(&reads, &Silent).unwrap();
    assert_eq!(all(later.as_mut(), 0).len(), 3);
    assert_eq!(all(later.as_mut(), 1).len(), 3);
}

pub fn refuses_a_dropped_table(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY);");
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["a", "b"]);
    fixture.exec("DROP TABLE b;");
    let gone = fixture.table("b");
    assert!(matches!(source.snapshot(&reads, &Silent), Err(DbError::Changed { table, .. }) if table == gone));
    assert!(matches!(source.restore(&reads, &Silent), Err(DbError::Changed { table, .. }) if table == gone));
}

pub fn refuses_an_added_column(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY);");
    let mut source = fixture.open();
    let reads = reads(fixture, source.as_mut(), &["a"]);
    fixture.exec("ALTER TABLE a ADD COLUMN word TEXT;");
    let changed = fixture.table("a");
    assert!(matches!(source.snapshot(&reads, &Silent), Err(DbError::Changed { table, .. }) if table == changed));
    assert!(matches!(source.restore(&reads, &Silent), Err(DbError::Changed { table, .. }) if table == changed));
}

//! Restores by every sort of key.

use crate::conformance::{Fixture, Given, all, find, read, reads};
use dbsnap::codec::{Key, Value, row};
use dbsnap::db::{Commit, TableId};
use dbsnap::monitor::Silent;

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

pub fn restores_by_composite_keys(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (a INTEGER NOT NULL, b TEXT NOT NULL, n INTEGER, PRIMARY KEY (b, a));
         INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3), (2, 'y', 4);",
    );
    let before = fixture.dump("t");
    let (_, then) = read(fixture, "t");
    fixture.exec("UPDATE t SET n = 0 WHERE a = 1 AND b = 'y'; DELETE FROM t WHERE a = 2 AND b = 'x'; INSERT INTO t VALUES (3, 'x', 5);");
    let row = |a, b, n| row::encode(&[Value::Int(a), text(b), Value::Int(n)]);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.delete(TableId::at(0), &mut Given::new([row(3, "x", 5)])).unwrap();
    txn.update(TableId::at(0), &mut Given::new([row(1, "y", 2)])).unwrap();
    txn.insert(TableId::at(0), &mut Given::new([row(2, "x", 3)])).unwrap();
    assert_eq!(all(txn.as_mut(), 0), then);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

pub fn restores_a_multiset(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (a INTEGER, b TEXT);
         INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL), (2, NULL);",
    );
    let (schema, then) = read(fixture, "t");
    assert_eq!(schema.key, Key::Rows);
    assert_eq!(then.len(), 6, "duplicates are rows");
    let one = row::encode(&[Value::Int(1), text("x")]);
    let none = row::encode(&[Value::Null, Value::Null]);
    let two = row::encode(&[Value::Int(2), Value::Null]);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(
            txn.delete(TableId::at(0), &mut Given::new([one.clone(), none.clone(), one.clone()])).unwrap(),
            3,
            "one each"
        );
        assert_eq!(all(txn.as_mut(), 0).len(), 3);
        assert_eq!(txn.insert(TableId::at(0), &mut Given::new([two.clone(), two])).unwrap(), 2);
        let left = all(txn.as_mut(), 0);
        assert_eq!((left.len(), left.iter().filter(|row| **row == one).count()), (5, 1));
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    }
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert!(txn.delete(TableId::at(0), &mut Given::new([one.clone(), one])).is_err(), "only one is left");
}

pub fn restores_by_a_unique_index(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (a INTEGER NOT NULL, word TEXT NOT NULL); CREATE UNIQUE INDEX t_word ON t (word);
         INSERT INTO t VALUES (1, 'x'), (2, 'y');",
    );
    let before = fixture.dump("t");
    let (schema, then) = read(fixture, "t");
    fixture.exec("UPDATE t SET a = 9 WHERE word = 'y'; DELETE FROM t WHERE word = 'x';");
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.update(TableId::at(0), &mut Given::new(find(&schema, &then, "word", &text("y")))).unwrap();
    txn.insert(TableId::at(0), &mut Given::new(find(&schema, &then, "word", &text("x")))).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

pub fn swaps_unique_values(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, slug TEXT NOT NULL UNIQUE, n INTEGER);
         INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3), (4, 'w', 4);",
    );
    let before = fixture.dump("t");
    let (_, then) = read(fixture, "t");
    fixture.exec(
        "UPDATE t SET slug = slug || '_'; UPDATE t SET slug = 'y', n = 0 WHERE id = 1; UPDATE t SET slug = 'z' WHERE id = 2;
         UPDATE t SET slug = 'x' WHERE id = 3;",
    );
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert_eq!(txn.update(TableId::at(0), &mut Given::new(then.clone())).unwrap(), 4);
    assert_eq!(all(txn.as_mut(), 0), then);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

pub fn restores_quoted_names(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE \"We\"\"ird]'; --\" (\"Id\" INTEGER NOT NULL, \"select\" TEXT, \"a\"\"b\" TEXT, PRIMARY KEY (\"Id\"));
         INSERT INTO \"We\"\"ird]'; --\" VALUES (1, 'a', 'b'), (2, 'c', 'd');",
    );
    let table = "We\"ird]'; --";
    let before = fixture.dump(table);
    let (schema, then) = read(fixture, table);
    fixture.exec("DELETE FROM \"We\"\"ird]'; --\" WHERE \"Id\" = 1; UPDATE \"We\"\"ird]'; --\" SET \"a\"\"b\" = NULL;");
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &[table]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.update(TableId::at(0), &mut Given::new(find(&schema, &then, "Id", &Value::Int(2)))).unwrap();
    txn.insert(TableId::at(0), &mut Given::new(find(&schema, &then, "Id", &Value::Int(1)))).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump(table), before);
}

//! Every storage class in every sort of column comes back bit for bit (Q1).

use super::empty_and_restore;
use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, Given, all, find, read, reads};
use dbsnap::codec::{RowReader, Value, ValueRef};
use dbsnap::db::{Commit, TableId};
use dbsnap::monitor::Silent;

/// Values as SQL that no literal of one class covers.
const VALUES: [&str; 34] = [
    "NULL",
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740993",
    "0.1",
    "-0.0",
    "1.0",
    "1e999",
    "-1e999",
    "5e-324",
    "1.7976931348623157e308",
    "9223372036854775808.0",
    "-9223372036854775808.0",
    "9007199254740992.0",
    "''",
    "'5'",
    "' 5 '",
    "'0x10'",
    "'1e3'",
    "'9223372036854775808'",
    "'abc'",
    "'ü€😀'",
    "CAST(x'61006200' AS TEXT)",
    "CAST(x'fffe00' AS TEXT)",
    "CAST(x'eda080' AS TEXT)",
    "CAST(x'00' AS TEXT)",
    "x''",
    "x'35'",
    "x'00ff'",
    "zeroblob(70000)",
    "hex(zeroblob(40000))",
    "'true'",
];

fn gauntlet(pragmas: &str, skip: &[&str]) -> SqliteFixture {
    let mut fixture = SqliteFixture::with(pragmas);
    fixture.exec("CREATE TABLE t (i INTEGER, t TEXT, b BLOB, r REAL, n NUMERIC, none, d DATETIME, bool BOOLEAN);");
    for value in VALUES.iter().filter(|value| !skip.contains(value)) {
        fixture.exec(&format!("INSERT INTO t VALUES ({});", [*value; 8].join(", ")));
    }
    fixture
}

#[test]
fn values_of_every_class_come_back_in_columns_of_every_affinity() {
    let mut fixture = gauntlet("PRAGMA journal_mode = WAL;", &[]);
    empty_and_restore(&mut fixture, "t");
}

#[test]
fn in_a_rollback_journal_database_too() {
    let mut fixture = gauntlet("PRAGMA journal_mode = DELETE;", &[]);
    empty_and_restore(&mut fixture, "t");
}

#[test]
fn values_of_every_class_are_told_apart_in_a_multiset() {
    let fixture = gauntlet("", &["zeroblob(70000)", "hex(zeroblob(40000))"]);
    let before = fixture.dump("t");
    let (_, rows) = read(&fixture, "t");
    for row in &rows {
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new([row.clone()])).unwrap(), 1);
        let left = all(txn.as_mut(), 0);
        assert_eq!(left.len(), rows.len() - 1);
        assert!(rows.iter().filter(|other| *other == row).count() == 1 && !left.contains(row), "exactly that row");
        txn.insert(TableId::at(0), &mut Given::new([row.clone()])).unwrap();
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    }
    assert_eq!(fixture.dump("t"), before);
}

#[test]
fn values_of_every_class_can_be_keys() {
    for rowid in ["", "WITHOUT ROWID"] {
        let mut fixture = SqliteFixture::new();
        fixture.exec(&format!("CREATE TABLE t (k BLOB NOT NULL, n INTEGER NOT NULL, v, PRIMARY KEY (k)) {rowid};"));
        // -0.0 and the real -2^63 are the keys 0 and the integer -2^63 once more.
        for value in VALUES.iter().filter(|value| !["NULL", "-0.0", "-9223372036854775808.0"].contains(value)) {
            fixture.exec(&format!("INSERT INTO t VALUES ({value}, 1, {value});"));
        }
        let before = fixture.dump("t");
        let (_, then) = read(&fixture, "t");
        fixture.exec("UPDATE t SET v = NULL, n = 2;");
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.update(TableId::at(0), &mut Given::new(then.clone())).unwrap(), then.len() as u64);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        assert_eq!(fixture.dump("t"), before);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new(then.clone())).unwrap(), then.len() as u64);
        assert_eq!(txn.insert(TableId::at(0), &mut Given::new(then)).unwrap(), before.len() as u64);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        assert_eq!(fixture.dump("t"), before);
    }
}

#[test]
fn an_update_changes_class_and_bits_where_the_key_does_not() {
    let mut fixture = SqliteFixture::new();
    fixture
        .exec("CREATE TABLE t (k NOT NULL PRIMARY KEY, v); INSERT INTO t VALUES (1.0, -0.0), (-0.0, '5'), (x'35', 5);");
    let before = fixture.dump("t");
    let (schema, then) = read(&fixture, "t");
    fixture.exec("UPDATE t SET k = 1, v = 0.0 WHERE k = 1; UPDATE t SET k = 0, v = x'35' WHERE k = 0;");
    assert_ne!(fixture.dump("t"), before);
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    let changed =
        [find(&schema, &then, "k", &Value::Real(1.0)), find(&schema, &then, "k", &Value::Real(-0.0))].concat();
    assert_eq!(txn.update(TableId::at(0), &mut Given::new(changed)).unwrap(), 2);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

#[test]
fn utf16_text_comes_back_lone_surrogates_and_all() {
    for (encoding, raw) in
        [("UTF-16le", ["3dd8", "00de", "fffe", "fdff"]), ("UTF-16be", ["d83d", "de00", "feff", "fffd"])]
    {
        let mut fixture = gauntlet(
            &format!("PRAGMA encoding = '{encoding}'; PRAGMA journal_mode = WAL;"),
            &["CAST(x'fffe00' AS TEXT)", "CAST(x'eda080' AS TEXT)", "CAST(x'00' AS TEXT)"],
        );
        for unit in raw {
            fixture
                .exec(&format!("INSERT INTO t (t, none) VALUES (CAST(x'{unit}' AS TEXT), CAST(x'{unit}' AS TEXT));"));
        }
        fixture.exec("INSERT INTO t (t) VALUES ('a' || char(0xffff) || char(0xfffe) || char(0xfeff));");
        empty_and_restore(&mut fixture, "t");
        fixture.exec(
            "CREATE TABLE k (id TEXT NOT NULL PRIMARY KEY, v TEXT); INSERT INTO k VALUES ('ü', 'a'), ('😀', NULL);",
        );
        let (schema, rows) = read(&fixture, "k");
        let row = find(&schema, &rows, "id", &Value::Text("😀".as_bytes().to_vec()));
        assert_eq!(row.len(), 1, "text is UTF-8 in rows, whatever the database keeps");
        assert_eq!(RowReader::values(&row[0], 2).unwrap()[1], ValueRef::Null);
        empty_and_restore(&mut fixture, "k");
        let before = fixture.dump("k");
        fixture.exec("UPDATE k SET v = 'x'");
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &["k"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.update(TableId::at(0), &mut Given::new(rows)).unwrap(), 2);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        assert_eq!(fixture.dump("k"), before);
    }
}

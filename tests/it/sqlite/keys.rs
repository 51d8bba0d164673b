//! Odd keys and rowids (Q2).

use super::empty_and_restore;
use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, Given, all, find, read, reads};
use dbsnap::codec::{Key, KeyColumn, KeyOrder, KeySource, Value, row};
use dbsnap::db::{Commit, TableId};
use dbsnap::monitor::Silent;

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

fn primary(columns: &[(u32, KeyOrder)]) -> Key {
    let columns = columns.iter().map(|&(column, order)| KeyColumn { column, order }).collect();
    Key::Columns { source: KeySource::Primary, columns }
}

fn key_of(fixture: &SqliteFixture, table: &str) -> Key {
    read(fixture, table).0.key
}

#[test]
fn a_null_in_the_primary_key_makes_it_no_key() {
    let mut fixture = SqliteFixture::new();
    fixture.exec("CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES ('a', 1);");
    assert_eq!(key_of(&fixture, "t"), primary(&[(0, KeyOrder::Storage)]));
    fixture.exec("INSERT INTO t VALUES (NULL, 1), (NULL, 1);");
    assert_eq!(key_of(&fixture, "t"), Key::Rows);
    empty_and_restore(&mut fixture, "t");
    fixture.exec("CREATE TABLE u (id TEXT PRIMARY KEY, n INTEGER NOT NULL UNIQUE); INSERT INTO u VALUES (NULL, 1);");
    assert!(matches!(key_of(&fixture, "u"), Key::Columns { source: KeySource::Unique(_), .. }), "another key will do");
}

#[test]
fn collations_of_the_keys_index_decide() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (a TEXT COLLATE NOCASE, b TEXT COLLATE rtrim, c TEXT, v INTEGER, PRIMARY KEY (a, b, c)) WITHOUT ROWID;
         CREATE TABLE u (a TEXT NOT NULL, v INTEGER); CREATE UNIQUE INDEX u_a ON u (a COLLATE NOCASE);
         INSERT INTO t VALUES ('A', 'x ', 'C', 1); INSERT INTO u VALUES ('Abc', 1), ('xyz', 2);",
    );
    assert_eq!(key_of(&fixture, "t"), primary(&[(0, KeyOrder::NoCase), (1, KeyOrder::Rtrim), (2, KeyOrder::Storage)]));
    for table in ["t", "u"] {
        let before = fixture.dump(table);
        let (_, then) = read(&fixture, table);
        fixture.exec(&format!("UPDATE {table} SET a = upper(a), v = 9"));
        if table == "t" {
            fixture.exec("UPDATE t SET a = 'a', b = 'x'");
        }
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &[table]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.update(TableId::at(0), &mut Given::new(then.clone())).unwrap(), then.len() as u64);
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        assert_eq!(fixture.dump(table), before, "the spelling of the key comes back too");
    }
}

#[test]
fn updates_and_deletes_use_the_keys_index() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v); CREATE TABLE b (id TEXT NOT NULL PRIMARY KEY, v);
         CREATE TABLE c (x, y, v, PRIMARY KEY (x, y)) WITHOUT ROWID;
         CREATE TABLE d (x TEXT NOT NULL, v); CREATE UNIQUE INDEX d_x ON d (x COLLATE NOCASE);",
    );
    // Each takes milliseconds by index; without, 20,000 x 20,000 rows would take minutes.
    for table in ["a", "b", "d"] {
        fixture.exec(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO {table} SELECT i, 'v' FROM n"
        ));
    }
    fixture.exec("INSERT INTO c SELECT id, id, v FROM a");
    for table in ["a", "b", "c", "d"] {
        let (_, rows) = read(&fixture, table);
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &[table]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let start = std::time::Instant::now();
        assert_eq!(txn.update(TableId::at(0), &mut Given::new(rows.clone())).unwrap(), 20000);
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new(rows)).unwrap(), 20000);
        assert!(start.elapsed().as_secs() < 20, "{table}: {:?}", start.elapsed());
    }
}

#[test]
fn integer_primary_key_desc_is_not_the_rowid() {
    let mut fixture = SqliteFixture::new();
    fixture
        .exec("CREATE TABLE t (id INTEGER PRIMARY KEY DESC, v); INSERT INTO t VALUES (3, 'a'), (1, 'b'), ('x', 'c');");
    assert_eq!(key_of(&fixture, "t"), primary(&[(0, KeyOrder::Storage)]));
    empty_and_restore(&mut fixture, "t");
    fixture.exec("INSERT INTO t VALUES (NULL, 'd')");
    assert_eq!(key_of(&fixture, "t"), Key::Rows, "it may hold NULL");
}

#[test]
fn rows_come_in_key_order_where_that_is_free() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v INTEGER); CREATE INDEX a_v ON a (v, id);
         INSERT INTO a VALUES (3, 1), (1, 3), (2, 2);
         CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO w VALUES ('c'), ('a'), ('b');",
    );
    for table in ["a", "w"] {
        let mut source = fixture.open();
        let reads = reads(&fixture, source.as_mut(), &[table]);
        let mut snapshot = source.snapshot(&reads, &Silent).unwrap();
        let mut given = crate::conformance::Collected::default();
        snapshot.read(TableId::at(0), &mut given).unwrap();
        assert!(given.rows.is_sorted(), "{table}");
    }
}

#[test]
fn columns_may_be_named_like_the_rowid() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE one (rowid TEXT, _rowid_ TEXT); INSERT INTO one VALUES ('a', 'b'), ('a', 'b'), (NULL, NULL);
         CREATE TABLE all_three (ROWID TEXT, _rowid_, oid TEXT); INSERT INTO all_three VALUES ('a', 1, x'00'), ('a', 1, x'00'), (NULL, 2, 3);
         CREATE TABLE keyed (oid INTEGER PRIMARY KEY, rowid TEXT UNIQUE, _rowid_); INSERT INTO keyed VALUES (7, 'x', 'y'), (8, 'y', 'z');",
    );
    for table in ["one", "all_three", "keyed"] {
        empty_and_restore(&mut fixture, table);
    }
    for table in ["one", "all_three"] {
        let (schema, rows) = read(&fixture, table);
        assert_eq!(schema.key, Key::Rows);
        let twice = find(&schema, &rows, &schema.columns[0].name.clone(), &text("a"));
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &[table]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new([twice[0].clone()])).unwrap(), 1);
        assert_eq!(all(txn.as_mut(), 0).len(), 2);
        assert_eq!(txn.delete(TableId::at(0), &mut Given::new([twice[0].clone()])).unwrap(), 1);
        assert!(txn.delete(TableId::at(0), &mut Given::new([twice[0].clone()])).is_err());
    }
}

#[test]
fn rows_that_collide_keep_their_rowids() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, slug TEXT UNIQUE);
         INSERT INTO t (rowid, id, slug) VALUES (10, 'a', 'x'), (20, 'b', 'y'), (30, 'c', 'z');",
    );
    let rowids = |fixture: &SqliteFixture| -> Vec<(i64, String, String)> {
        let mut statement = fixture.session().prepare("SELECT rowid, id, slug FROM t ORDER BY 1").unwrap();
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let before = rowids(&fixture);
    let (_, then) = read(&fixture, "t");
    fixture.exec("UPDATE t SET slug = slug || '_'; UPDATE t SET slug = 'y' WHERE id = 'a'; UPDATE t SET slug = 'x' WHERE id = 'b';");
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert_eq!(txn.update(TableId::at(0), &mut Given::new(then)).unwrap(), 3);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(rowids(&fixture), before);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    let clash = row::encode(&[text("a"), text("z")]);
    assert!(txn.update(TableId::at(0), &mut Given::new([clash])).is_err(), "z belongs to a row that stays");
    drop(txn);
    assert_eq!(rowids(&fixture), before);
}

#[test]
fn conflict_clauses_of_constraints_do_not_act() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, slug TEXT UNIQUE ON CONFLICT REPLACE, n INTEGER NOT NULL ON CONFLICT IGNORE);
         INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2);",
    );
    let before = fixture.dump("t");
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["t"]);
    for (id, slug, n) in [(1, "z", Value::Int(1)), (3, "x", Value::Int(1)), (3, "z", Value::Null)] {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(txn.insert(TableId::at(0), &mut Given::new([row::encode(&[Value::Int(id), text(slug), n])])).is_err());
    }
    assert_eq!(fixture.dump("t"), before);
}

#[test]
fn the_autoincrement_counter_never_moves_back() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO t (v) VALUES (1), (2), (3);
         DELETE FROM t WHERE id = 3; CREATE TABLE plain (id INTEGER PRIMARY KEY);",
    );
    let seq = |fixture: &SqliteFixture| -> i64 {
        fixture.session().query_row("SELECT seq FROM sqlite_sequence WHERE name = 't'", [], |row| row.get(0)).unwrap()
    };
    let mut sink = fixture.open();
    let both = reads(&fixture, sink.as_mut(), &["t", "plain"]);
    let reads = |rows: Vec<Vec<u8>>, sink: &mut Box<dyn dbsnap::db::Sink>| {
        let mut txn = sink.restore(&both, &Silent).unwrap();
        assert_eq!(txn.counters(TableId::at(0)).unwrap().len(), 1);
        assert!(txn.counters(TableId::at(1)).unwrap().is_empty());
        txn.insert(TableId::at(0), &mut Given::new(rows)).unwrap();
        txn.advance_counters(TableId::at(0)).unwrap();
        txn.advance_counters(TableId::at(1)).unwrap();
        assert_eq!(txn.commit().unwrap(), Commit::Done);
    };
    reads(vec![], &mut sink);
    assert_eq!(seq(&fixture), 3);
    reads(vec![row::encode(&[Value::Int(9), Value::Null])], &mut sink);
    assert_eq!(seq(&fixture), 9);
    fixture.exec("UPDATE sqlite_sequence SET seq = 1");
    reads(vec![], &mut sink);
    assert_eq!(seq(&fixture), 9, "a counter that was set back is moved forward");
}

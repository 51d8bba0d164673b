//! What a restore transaction writes, and what it leaves alone.

use crate::conformance::{Fixture, Given, all, find, read, reads};
use dbsnap::codec::{TableName, Value, row};
use dbsnap::db::{Change, Changing, Commit, DbError, RestoreTxn, TableId};
use dbsnap::monitor::Silent;

const SHOP: &str = "CREATE TABLE mods (id INTEGER NOT NULL PRIMARY KEY, title TEXT NOT NULL, price INTEGER);
    CREATE TABLE reviews (id INTEGER NOT NULL PRIMARY KEY, \
        mod_id INTEGER REFERENCES mods (id) ON DELETE CASCADE, body TEXT);
    CREATE TABLE picks (id INTEGER NOT NULL PRIMARY KEY, \
        mod_id INTEGER REFERENCES mods (id) ON DELETE SET NULL);
    CREATE TABLE replies (id INTEGER NOT NULL PRIMARY KEY, \
        review_id INTEGER NOT NULL REFERENCES reviews (id) ON DELETE CASCADE);
    INSERT INTO mods VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', NULL), (4, 'four', 40);
    INSERT INTO reviews VALUES (1, 1, 'good'), (2, 1, 'bad'), (3, 2, 'fine');
    INSERT INTO picks VALUES (1, 1), (2, 2);
    INSERT INTO replies VALUES (1, 1), (2, 1), (3, 3);";

fn dumps(fixture: &dyn Fixture) -> Vec<Vec<String>> {
    ["mods", "reviews", "picks", "replies"].map(|table| fixture.dump(table)).to_vec()
}

pub fn brings_rows_back(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let (schema, then) = read(fixture, "mods");
    fixture.exec(
        "UPDATE mods SET title = 'other', price = NULL WHERE id = 1; UPDATE mods SET price = 1 WHERE id = 3;
         INSERT INTO mods VALUES (5, 'new', 50); DELETE FROM mods WHERE id = 4;",
    );
    let (_, now) = read(fixture, "mods");
    let row = |rows: &[Vec<u8>], id| find(&schema, rows, "id", &Value::Int(id));
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["mods"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert_eq!(all(txn.as_mut(), 0), now);
    assert_eq!(txn.delete(TableId::at(0), &mut Given::new(row(&now, 5))).unwrap(), 1);
    let changed = [row(&then, 1), row(&then, 3)].concat();
    assert_eq!(txn.update(TableId::at(0), &mut Given::new(changed)).unwrap(), 2);
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(row(&then, 4))).unwrap(), 1);
    assert_eq!(txn.delete(TableId::at(0), &mut Given::new([])).unwrap(), 0);
    txn.advance_counters(TableId::at(0)).unwrap();
    assert_eq!(all(txn.as_mut(), 0), then, "the verification reads what the transaction wrote");
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(dumps(fixture), before, "and no other table was touched");
}

pub fn rolls_back_when_dropped(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let (schema, rows) = read(fixture, "mods");
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["mods"]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.delete(TableId::at(0), &mut Given::new(find(&schema, &rows, "id", &Value::Int(4)))).unwrap();
        txn.insert(
            TableId::at(0),
            &mut Given::new([row::encode(&[Value::Int(9), Value::Text(b"nine".to_vec()), Value::Null])]),
        )
        .unwrap();
        assert_ne!(all(txn.as_mut(), 0), rows);
    }
    assert_eq!(dumps(fixture), before);
    fixture.exec("INSERT INTO mods VALUES (6, 'six', 6);");
}

pub fn refuses_a_row_that_is_not_there(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let absent = || Given::new([row::encode(&[Value::Int(77), Value::Text(b"x".to_vec()), Value::Null])]);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["mods"]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(txn.update(TableId::at(0), &mut absent()).is_err());
    }
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        assert!(txn.delete(TableId::at(0), &mut absent()).is_err());
    }
    assert_eq!(dumps(fixture), before);
}

pub fn refuses_an_insert_that_is_there(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["mods"]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let twice = row::encode(&[Value::Int(1), Value::Text(b"s3cr3t".to_vec()), Value::Null]);
        let error = txn.insert(TableId::at(0), &mut Given::new([twice])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
    assert_eq!(dumps(fixture), before);
}

pub fn keeps_triggers_silent(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, word TEXT); CREATE TABLE log (what TEXT);");
    fixture.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b');");
    fixture.log_changes("t", "log");
    let row = |id, word: &str| row::encode(&[Value::Int(id), Value::Text(word.as_bytes().to_vec())]);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.delete(TableId::at(0), &mut Given::new([row(1, "a")])).unwrap();
    txn.update(TableId::at(0), &mut Given::new([row(2, "B")])).unwrap();
    txn.insert(TableId::at(0), &mut Given::new([row(3, "c")])).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert!(fixture.dump("log").is_empty(), "{:?}", fixture.dump("log"));
    fixture.exec("INSERT INTO t VALUES (9, 'x');");
    assert_eq!(fixture.dump("log").len(), 1, "the triggers are still there");
}

pub fn writes_around_generated_columns(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (a INTEGER NOT NULL PRIMARY KEY, twice INTEGER GENERATED ALWAYS AS (b * 2) STORED, b INTEGER);
         INSERT INTO t (a, b) VALUES (1, 4), (2, 5);",
    );
    let before = fixture.dump("t");
    let (schema, then) = read(fixture, "t");
    fixture.exec("UPDATE t SET b = 0 WHERE a = 1; DELETE FROM t WHERE a = 2;");
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.update(TableId::at(0), &mut Given::new(find(&schema, &then, "a", &Value::Int(1)))).unwrap();
    txn.insert(TableId::at(0), &mut Given::new(find(&schema, &then, "a", &Value::Int(2)))).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

fn deleting(txn: &mut dyn RestoreTxn, mut rows: Given) -> Vec<(TableName, u64)> {
    txn.cascaded_rows(&mut [Changing { table: TableId::at(0), change: Change::Deleted, rows: &mut rows }]).unwrap()
}

pub fn tells_what_other_tables_would_lose(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let (schema, rows) = read(fixture, "mods");
    let doomed = || Given::new(find(&schema, &rows, "id", &Value::Int(1)));
    let mut sink = fixture.open();
    let alone = reads(fixture, sink.as_mut(), &["mods"]);
    let act = sink.restore(&alone, &Silent).unwrap().foreign_keys_act();
    if !act {
        // the database is asked when all is written, and what is lost stays
        let mut txn = sink.restore(&alone, &Silent).unwrap();
        assert!(deleting(txn.as_mut(), doomed()).is_empty());
        txn.delete(TableId::at(0), &mut doomed()).unwrap();
        let Err(DbError::Dangling(mut told)) = txn.commit() else { panic!("not refused") };
        told.sort();
        let mods = fixture.table("mods");
        assert_eq!(told, [("picks", 1), ("reviews", 2)].map(|(name, rows)| (fixture.table(name), mods.clone(), rows)));
        assert_eq!(dumps(fixture), before);
        let mut txn = sink.restore(&alone, &Silent).unwrap();
        txn.delete(TableId::at(0), &mut doomed()).unwrap();
        txn.insert(TableId::at(0), &mut doomed()).unwrap();
        assert_eq!(txn.commit().unwrap(), Commit::Done, "what comes back is not missed");
        assert_eq!(dumps(fixture), before);
        return;
    }
    let with_reviews = reads(fixture, sink.as_mut(), &["mods", "reviews"]);
    {
        let mut txn = sink.restore(&alone, &Silent).unwrap();
        let told = deleting(txn.as_mut(), doomed());
        let expected = [("picks", 1), ("replies", 2), ("reviews", 2)].map(|(name, rows)| (fixture.table(name), rows));
        assert_eq!(told, expected, "recursively");
        assert!(deleting(txn.as_mut(), Given::new(find(&schema, &rows, "id", &Value::Int(4)))).is_empty());
        assert_eq!(all(txn.as_mut(), 0), rows, "nothing was written");
    }
    {
        let mut txn = sink.restore(&with_reviews, &Silent).unwrap();
        let told = deleting(txn.as_mut(), doomed());
        assert!(told.contains(&(fixture.table("picks"), 1)), "{told:?}");
        assert!(told.iter().all(|(table, _)| *table != fixture.table("reviews")), "of other tables only: {told:?}");
    }
    assert_eq!(dumps(fixture), before);
}

pub fn restores_values_of_every_class(fixture: &mut dyn Fixture) {
    let (blob, bytes, empty) = (fixture.blob_type(), fixture.blob("00ff27"), fixture.blob(""));
    fixture.exec(&format!(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, word TEXT, big BIGINT, ratio DOUBLE PRECISION, bytes {blob});
         INSERT INTO t VALUES (1, 'O''Brien \\ \"x\" \t ü', 9223372036854775807, 0.1, {bytes}), \
             (2, '', -9223372036854775807, -1.5e300, {empty}), (3, NULL, NULL, NULL, NULL);"
    ));
    let before = fixture.dump("t");
    let (_, then) = read(fixture, "t");
    fixture.exec("DELETE FROM t;");
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(then.clone())).unwrap(), 3);
    assert_eq!(all(txn.as_mut(), 0), then);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!(fixture.dump("t"), before);
}

pub fn refuses_a_dangling_reference(fixture: &mut dyn Fixture) {
    fixture.exec(SHOP);
    let before = dumps(fixture);
    let mut sink = fixture.open();
    let reads = reads(fixture, sink.as_mut(), &["reviews"]);
    let orphan = row::encode(&[Value::Int(8), Value::Int(99), Value::Null]);
    {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let refused = match txn.insert(TableId::at(0), &mut Given::new([orphan])) {
            Err(error) => error,
            Ok(_) => txn.commit().unwrap_err(),
        };
        assert!(!matches!(refused, DbError::Unknown(_)), "{refused:?}");
    }
    assert_eq!(dumps(fixture), before);
}

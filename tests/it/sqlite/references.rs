//! Foreign keys do not act during a restore, and nothing new dangles after it (Q4, R12).

use crate::conformance::sqlite::SqliteFixture;
use crate::conformance::{Fixture, Given, find, read, reads};
use dbsnap::codec::{Value, row};
use dbsnap::db::{Commit, DbError, TableId};
use dbsnap::monitor::Silent;

#[test]
fn children_stay_while_their_parent_is_replaced() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, slug TEXT UNIQUE);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE);
         INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1, 1), (2, 2);",
    );
    let (parents, children) = (fixture.dump("p"), fixture.dump("c"));
    let (_, then) = read(&fixture, "p");
    fixture.exec("UPDATE p SET slug = slug || '_'; UPDATE p SET slug = 'b' WHERE id = 1;");
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["p"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.update(TableId::at(0), &mut Given::new(then.clone())).unwrap();
    assert_eq!(txn.delete(TableId::at(0), &mut Given::new(then.clone())).unwrap(), 2);
    assert_eq!(txn.insert(TableId::at(0), &mut Given::new(then)).unwrap(), 2);
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!((fixture.dump("p"), fixture.dump("c")), (parents, children));
}

#[test]
fn what_dangled_before_may_go_on_dangling() {
    let mut fixture = SqliteFixture::with("PRAGMA foreign_keys = OFF;");
    fixture.exec(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, v);
         CREATE TABLE w (id TEXT PRIMARY KEY, p INTEGER REFERENCES p, v) WITHOUT ROWID;
         INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 99, 'old'), (2, 1, 'x'); INSERT INTO w VALUES ('a', 99, 'old');",
    );
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["c", "w"]);
    let text = |text: &str| Value::Text(text.as_bytes().to_vec());
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.update(TableId::at(0), &mut Given::new([row::encode(&[Value::Int(1), Value::Int(99), text("new")])])).unwrap();
    txn.update(TableId::at(1), &mut Given::new([row::encode(&[text("a"), Value::Int(99), text("new")])])).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    for (index, id) in [(0, Value::Int(2)), (1, text("b"))] {
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let dangling = || Given::new([row::encode(&[id.clone(), Value::Int(98), text("v")])]);
        if index == 0 {
            txn.update(TableId::at(index), &mut dangling())
        } else {
            txn.insert(TableId::at(index), &mut dangling())
        }
        .unwrap();
        assert!(
            matches!(txn.commit(), Err(DbError::Dangling(told)) if told.iter().all(|(_, to, rows)| to.name == "p" && *rows == 1))
        );
    }
}

#[test]
fn a_deletion_that_leaves_children_behind_is_refused() {
    let mut fixture = SqliteFixture::new();
    for action in ["", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE RESTRICT"] {
        fixture.exec(&format!(
            "DROP TABLE IF EXISTS c; DROP TABLE IF EXISTS p; CREATE TABLE p (id INTEGER PRIMARY KEY);
             CREATE TABLE c (p INTEGER REFERENCES P {action}); INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1);"
        ));
        let (schema, rows) = read(&fixture, "p");
        let mut sink = fixture.open();
        let reads = reads(&fixture, sink.as_mut(), &["p"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.delete(TableId::at(0), &mut Given::new(find(&schema, &rows, "id", &Value::Int(2)))).unwrap();
        txn.delete(TableId::at(0), &mut Given::new(find(&schema, &rows, "id", &Value::Int(1)))).unwrap();
        assert!(matches!(txn.commit(), Err(DbError::Dangling(_))), "{action}");
        assert_eq!((fixture.dump("p").len(), fixture.dump("c").len()), (2, 1));
    }
}

#[test]
fn cyclic_and_self_references_come_back_whole() {
    let mut fixture = SqliteFixture::new();
    fixture.exec(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b, up INTEGER REFERENCES a);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a);
         PRAGMA foreign_keys = OFF; INSERT INTO a VALUES (1, 1, 2), (2, 2, 1); INSERT INTO b VALUES (1, 2), (2, 1);",
    );
    let before = (fixture.dump("a"), fixture.dump("b"));
    let rows = [read(&fixture, "a").1, read(&fixture, "b").1];
    fixture.exec("DELETE FROM a; DELETE FROM b;");
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["a", "b"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    for (index, rows) in rows.into_iter().enumerate() {
        txn.insert(TableId::at(index), &mut Given::new(rows)).unwrap();
    }
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    assert_eq!((fixture.dump("a"), fixture.dump("b")), before);
}

#[test]
fn a_foreign_key_onto_no_key_is_no_reason_to_fail() {
    let mut fixture = SqliteFixture::with("PRAGMA foreign_keys = OFF;");
    fixture
        .exec("CREATE TABLE p (id INTEGER); CREATE TABLE c (p INTEGER REFERENCES p (id)); INSERT INTO p VALUES (1);");
    let mut sink = fixture.open();
    let reads = reads(&fixture, sink.as_mut(), &["c"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(TableId::at(0), &mut Given::new([row::encode(&[Value::Int(1)])])).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
}

//! Sequences behind columns.

use super::rows::{Given, reads};
use crate::support::postgres::{Db, PgServer};
use dbsnap::codec::Value;
use dbsnap::db::{Commit, DbError, Sink, Source};
use dbsnap::monitor::Silent;

/// Inserts `id` into `t` by a restore and moves the counters; `commit` or not.
fn insert(db: &Db, sink: &mut dyn Sink, id: i64, commit: bool) -> Result<(), DbError> {
    let catalog = sink.catalog()?;
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent)?;
    txn.insert(0, &mut Given::values(&[&[Value::Int(id)]]))?;
    txn.advance_counters(0)?;
    if commit {
        assert_eq!(txn.commit()?, Commit::Done);
    }
    let _ = db;
    Ok(())
}

fn state(db: &Db) -> String {
    db.sql("SELECT last_value, is_called FROM s")
}

/// Torment: R6
#[test]
fn counters_move_forward_only_and_only_with_the_commit() {
    let db = PgServer::shared().database();
    db.sql("CREATE SEQUENCE s; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'))");
    let mut sink = db.open();
    insert(&db, &mut sink, 50, false).unwrap();
    assert_eq!(state(&db), "1|f", "a restore that is not committed moves nothing");
    insert(&db, &mut sink, 50, true).unwrap();
    assert_eq!(db.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "51");
    db.sql("SELECT setval('s', 100)");
    insert(&db, &mut sink, 70, true).unwrap();
    assert_eq!(state(&db), "100|t", "never backward");
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
    let counters = snapshot.counters(0).unwrap();
    assert_eq!(
        (counters[0].name.as_str(), counters[0].column.as_str(), counters[0].last),
        ("public.s", "id", Some(100))
    );
}

/// Torment: R6
#[test]
fn sequences_at_their_ends_and_downward() {
    let db = PgServer::shared().database();
    db.sql("CREATE SEQUENCE s MAXVALUE 9; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'))");
    let mut sink = db.open();
    insert(&db, &mut sink, 8, true).unwrap();
    assert_eq!(state(&db), "9|f");
    insert(&db, &mut sink, 9, true).unwrap();
    assert_eq!(state(&db), "9|f", "there is no value after the last");
    db.sql("DROP TABLE t; DROP SEQUENCE s; CREATE SEQUENCE s INCREMENT -10 MINVALUE -100 MAXVALUE -1 CYCLE; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'))");
    insert(&db, &mut sink, -31, true).unwrap();
    assert_eq!(db.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "-41");
    db.sql(
        "DROP TABLE t; DROP SEQUENCE s; CREATE SEQUENCE s; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'))",
    );
    insert(&db, &mut sink, i64::MAX, true).unwrap();
    assert_eq!(state(&db), "1|f");
    db.sql("DROP TABLE t; CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 5) PRIMARY KEY)");
    insert(&db, &mut sink, 7, true).unwrap();
    assert_eq!(db.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "8");
}

/// Torment: R6
#[test]
fn a_sequence_that_is_not_ours_is_named_and_only_if_it_is_behind() {
    let db = PgServer::shared().database();
    let guest = db.role("guest", "");
    db.sql(&format!(
        "CREATE SEQUENCE s; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s')); SELECT setval('s', 10);
                     GRANT ALL ON t, s TO {guest}"
    ));
    let mut sink = db.open_as(&guest);
    insert(&db, &mut sink, 5, true).unwrap();
    let refused = insert(&db, &mut sink, 11, true).unwrap_err();
    assert!(matches!(&refused, DbError::Denied { what } if what.contains("sequence s ")), "{refused}");
    assert_eq!(db.sql("SELECT count(*) FROM t"), "1");
}

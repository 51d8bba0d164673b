//! Sequences behind columns.

use super::rows::{Given, reads};
use crate::support::place::{Place, on_postgres};
use crate::support::postgres::Db;
use dbsnap::codec::Value;
use dbsnap::db::{Commit, DbError, Sink, TableId};
use dbsnap::monitor::Silent;

/// Inserts `id` into `t` by a restore and moves the counters; `commit` or not.
fn insert(sink: &mut dyn Sink, id: i64, commit: bool) -> Result<(), DbError> {
    let catalog = sink.catalog()?;
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent)?;
    txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(id)]]))?;
    txn.advance_counters(TableId::at(0))?;
    if commit {
        assert_eq!(txn.commit()?, Commit::Done);
    }
    Ok(())
}

fn state(db: &Db) -> String {
    db.sql("SELECT last_value, is_called FROM s")
}

#[test]
fn counters_move_forward_only_and_only_with_the_commit() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE SEQUENCE s; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'))");
        let mut sink = place.open();
        insert(&mut sink, 50, false).unwrap();
        assert_eq!(state(db), "1|f", "a restore that is not committed moves nothing");
        insert(&mut sink, 50, true).unwrap();
        assert_eq!(place.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "51");
        place.sql("SELECT setval('s', 100)");
        insert(&mut sink, 70, true).unwrap();
        assert_eq!(state(db), "100|t", "never backward");
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut snapshot = sink.snapshot(&reads, &Silent).unwrap();
        let counters = snapshot.counters(TableId::at(0)).unwrap();
        assert_eq!(
            (counters[0].name.as_str(), counters[0].column.as_str(), counters[0].last),
            ("public.s", "id", Some(100))
        );
    });
}

#[test]
fn sequences_at_their_ends_and_downward() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE SEQUENCE s MAXVALUE 9; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'))");
        let mut sink = place.open();
        insert(&mut sink, 8, true).unwrap();
        assert_eq!(state(db), "9|f");
        insert(&mut sink, 9, true).unwrap();
        assert_eq!(state(db), "9|f", "there is no value after the last");
        place.sql("DROP TABLE t; DROP SEQUENCE s; CREATE SEQUENCE s INCREMENT -10 MINVALUE -100 MAXVALUE -1 CYCLE; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'))");
        insert(&mut sink, -31, true).unwrap();
        assert_eq!(place.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "-41");
        place.sql(
        "DROP TABLE t; DROP SEQUENCE s; CREATE SEQUENCE s; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'))",
    );
        insert(&mut sink, i64::MAX, true).unwrap();
        assert_eq!(state(db), "1|f");
        place.sql("DROP TABLE t; CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 5) PRIMARY KEY)");
        insert(&mut sink, 7, true).unwrap();
        assert_eq!(place.sql("INSERT INTO t DEFAULT VALUES RETURNING id"), "8");
    });
}

#[test]
fn a_sequence_that_is_not_ours_is_named_and_only_if_it_is_behind() {
    let place = Place::owner();
    let guest = place.db().role("guest", "");
    place.sql(&format!(
        "CREATE SEQUENCE s; CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s')); SELECT setval('s', 10);
                     GRANT ALL ON t, s TO {guest}"
    ));
    let mut sink = place.open_as(&guest);
    insert(&mut sink, 5, true).unwrap();
    let refused = insert(&mut sink, 11, true).unwrap_err();
    assert!(matches!(&refused, DbError::Denied { what } if what.contains("sequence s ")), "{refused}");
    assert_eq!(place.sql("SELECT count(*) FROM t"), "1");
}

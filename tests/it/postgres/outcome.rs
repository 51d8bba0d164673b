//! What becomes of a COMMIT.

use super::rows::{Given, dump, reads};
use crate::support::place::{Place, on_postgres, on_server};
use crate::support::postgres::PgServer;
use crate::support::proxy::{Fault, proxy};
use dbsnap::codec::Value;
use dbsnap::db::{Commit, DbError, Sink, TableId};
use dbsnap::monitor::Silent;

fn commit_through(place: &Place, fault: Fault) -> Result<Commit, DbError> {
    let mut sink = place.open_by(proxy(place.db().server, fault));
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(1)]])).unwrap();
    txn.commit()
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY)");
        assert_eq!(commit_through(place, Fault::CutBefore).unwrap(), Commit::RolledBack);
        assert!(dump(db, "t").is_empty());
        assert_eq!(commit_through(place, Fault::CutAfter).unwrap(), Commit::Done);
        assert_eq!(dump(db, "t").len(), 1);
    });
}

#[test]
fn a_commit_answered_by_rollback_is_no_commit() {
    on_postgres(|place| {
        let db = place.db();
        place.sql("CREATE TABLE t (id int PRIMARY KEY)");
        assert_eq!(commit_through(place, Fault::Rollback).unwrap(), Commit::RolledBack);
        assert!(dump(db, "t").is_empty());
    });
}

#[test]
fn a_server_that_crashes_keeps_what_was_committed_and_nothing_else() {
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&["fsync=on"], &[])));
    on_server(server, |place| {
        let db = place.db();
        place.sql(&format!(
            "CREATE TABLE t (id int PRIMARY KEY); ALTER ROLE {} SET synchronous_commit = off",
            place.user()
        ));
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(1)]])).unwrap();
        assert_eq!(txn.commit().unwrap(), Commit::Done);
        server.crash_and_restart();
        assert_eq!(dump(db, "t"), ["(1)"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.insert(TableId::at(0), &mut Given::values(&[&[Value::Int(2)]])).unwrap();
        server.crash_and_restart();
        let lost = txn.commit();
        assert!(matches!(lost, Err(DbError::Lost(_)) | Ok(Commit::RolledBack)), "{lost:?}");
        assert_eq!(dump(db, "t"), ["(1)"]);
    });
}

#[test]
fn a_client_that_is_gone_leaves_no_lock() {
    on_postgres(|place| {
        place.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        let mut sink = place.open();
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        txn.delete(TableId::at(0), &mut Given::values(&[&[Value::Int(1)]])).unwrap();
        drop(txn);
        drop(sink);
        assert_eq!(place.sql("SET lock_timeout = '5s'; INSERT INTO t VALUES (2); SELECT count(*) FROM t"), "2");
    });
}

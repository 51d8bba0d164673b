//! What becomes of a COMMIT.

use super::rows::{Given, dump, reads};
use crate::support::postgres::{Db, PgServer};
use dbsnap::codec::Value;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Commit, DbError, Host, OpenOptions, Sink, Source};
use dbsnap::monitor::Silent;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What a proxy does with the first COMMIT that comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Cuts the connection before the server gets it.
    CutBefore,
    /// Lets it through and cuts the connection before the answer comes back.
    CutAfter,
    /// Makes a ROLLBACK of it.
    Rollback,
    /// As `CutAfter`, and nobody answers any more.
    CutForGood,
}

/// Passes connections on to the test server; its port.
fn proxy(server: &'static PgServer, fault: Fault) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(upstream)) = (client, TcpStream::connect((server.host.as_str(), server.port))) else {
                return;
            };
            let (mut from_server, mut to_client) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            let answers = std::thread::spawn(move || drop(std::io::copy(&mut from_server, &mut to_client)));
            if pass(client, upstream, fault) && fault == Fault::CutForGood {
                return;
            }
            answers.join().unwrap();
        }
    });
    port
}

/// Passes on what the client says until it ends or says COMMIT; true if it said COMMIT.
fn pass(mut client: TcpStream, mut upstream: TcpStream, fault: Fault) -> bool {
    let mut buffer = [0; 65536];
    loop {
        let count = client.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            let _ = upstream.shutdown(Shutdown::Both);
            return false;
        }
        if &buffer[..count] == COMMIT {
            match fault {
                Fault::Rollback => upstream.write_all(b"Q\0\0\0\x0dROLLBACK\0").unwrap(),
                _ => {
                    let _ = client.shutdown(Shutdown::Both);
                    if fault != Fault::CutBefore {
                        upstream.write_all(COMMIT).unwrap();
                        // a session that is told to end after it ends when it is done
                        upstream.write_all(b"X\0\0\0\x04").unwrap();
                    } else {
                        let _ = upstream.shutdown(Shutdown::Both);
                    }
                    return true;
                }
            }
            continue;
        }
        upstream.write_all(&buffer[..count]).unwrap();
    }
}

fn commit_through(db: &Db, fault: Fault) -> Result<Commit, DbError> {
    let mut target = db.target();
    target.hosts = vec![(Host::Tcp("127.0.0.1".into()), proxy(db.server, fault))];
    let mut sink = Postgres::open(&target, &OpenOptions::default()).unwrap();
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(0, &mut Given::values(&[&[Value::Int(1)]])).unwrap();
    txn.commit()
}

/// Torment: F4
#[test]
fn a_lost_answer_is_asked_for_again() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY)");
    assert_eq!(commit_through(&db, Fault::CutBefore).unwrap(), Commit::RolledBack);
    assert!(dump(&db, "t").is_empty());
    assert_eq!(commit_through(&db, Fault::CutAfter).unwrap(), Commit::Done);
    assert_eq!(dump(&db, "t").len(), 1);
}

/// Torment: F4
#[test]
fn an_answer_that_cannot_be_had_is_unknown() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY)");
    let unknown = commit_through(&db, Fault::CutForGood);
    assert!(matches!(&unknown, Err(DbError::Unknown(how)) if how.contains("pg_xact_status")), "{unknown:?}");
}

/// Torment: F5
#[test]
fn a_commit_answered_by_rollback_is_no_commit() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY)");
    assert_eq!(commit_through(&db, Fault::Rollback).unwrap(), Commit::RolledBack);
    assert!(dump(&db, "t").is_empty());
}

/// Torment: F3, F19
#[test]
fn a_server_that_crashes_keeps_what_was_committed_and_nothing_else() {
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&["fsync=on"], &[])));
    let db = server.database();
    let owner = db.role("owner", "");
    db.sql(&format!("CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t OWNER TO {owner}; ALTER ROLE {owner} SET synchronous_commit = off"));
    let mut sink = db.open_as(&owner);
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(0, &mut Given::values(&[&[Value::Int(1)]])).unwrap();
    assert_eq!(txn.commit().unwrap(), Commit::Done);
    server.crash_and_restart();
    assert_eq!(dump(&db, "t"), ["(1)"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.insert(0, &mut Given::values(&[&[Value::Int(2)]])).unwrap();
    server.crash_and_restart();
    let lost = txn.commit();
    assert!(matches!(lost, Err(DbError::Lost(_)) | Ok(Commit::RolledBack)), "{lost:?}");
    assert_eq!(dump(&db, "t"), ["(1)"]);
}

/// Torment: C8
#[test]
fn a_client_that_is_gone_leaves_no_lock() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let mut sink = db.open();
    let catalog = sink.catalog().unwrap();
    let reads = reads(&catalog, &["t"]);
    let mut txn = sink.restore(&reads, &Silent).unwrap();
    txn.delete(0, &mut Given::values(&[&[Value::Int(1)]])).unwrap();
    drop(txn);
    drop(sink);
    assert_eq!(db.sql("SET lock_timeout = '5s'; INSERT INTO t VALUES (2); SELECT count(*) FROM t"), "2");
}

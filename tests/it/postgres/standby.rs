//! A standby, and one that takes over.

use super::rows::dump;
use crate::gauntlet::round::Round;
use crate::support::liar::{Message, Way, liar_before};
use crate::support::postgres::{Db, PgServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Torment: F13
#[test]
fn a_standby_is_read_and_never_written_and_one_that_takes_over_is_not_believed() {
    let primary: &'static PgServer = Box::leak(Box::new(PgServer::start(&[], &[])));
    let db = primary.database();
    db.sql(
        "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, 100) n",
    );
    let round = Round::new(db.url());
    let snap = round.snap(&["--all"]);
    let standby: &'static PgServer = Box::leak(Box::new(primary.start_standby()));
    let copy = std::mem::ManuallyDrop::new(Db { server: standby, name: db.name.clone() });
    until("the standby has the rows", || {
        copy.sql_as("postgres", "SELECT count(*) FROM t").is_ok_and(|count| count == "100")
    });

    // it can be read
    let round = round.with(copy.url());
    assert_eq!(round.snap(&["--all"]).roots(), snap.roots());
    assert_eq!(round.json(&["restore", &snap.id, "--dry-run"])["applied"], false);

    // it refuses to be written before anything is done
    db.sql("DELETE FROM t WHERE id > 10");
    until("the standby follows", || copy.sql("SELECT count(*) FROM t") == "10");
    let run = round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]).run();
    assert!(matches!(run.code(), Some(1..=12)), "{run}");
    assert!(run.stderr().contains("standby"), "{run}");
    assert_eq!(copy.sql("SELECT count(*) FROM t"), "10");
    assert_eq!(round.json(&["log"])["snapshots"].as_array().unwrap().len(), 2);

    // it takes over while COMMIT is on its way; there the same transaction id is another transaction's
    let now = Arc::new(AtomicU16::new(primary.port));
    let (chosen, name) = (Arc::clone(&now), db.name.clone());
    let port = liar_before(
        move || ("127.0.0.1".to_owned(), chosen.load(Ordering::Relaxed)),
        move |query, way, message| {
            if (way, message.tag, query) != (Way::ToServer, b'Q', "COMMIT") {
                return message.bytes();
            }
            standby.promote();
            standby.psql(&name, "postgres", &"CREATE TABLE x (); DROP TABLE x;".repeat(20)).unwrap();
            now.store(standby.port, Ordering::Relaxed);
            Message::new(b'X', []).bytes()
        },
    );
    let round = round.with(db.url_by(port));
    let begun = Instant::now();
    let run = round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]).run();
    assert_eq!(copy.sql("SELECT count(*) FROM t"), "10");
    assert_ne!(run.code(), Some(0), "{run}");
    assert!(run.stderr().contains("not known whether"), "{run}");
    assert!(run.stderr().contains("another server has taken over"), "{run}");
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(dump(&db, "t").len(), 10, "the old server rolled back");
    assert_eq!(round.json(&["log"])["snapshots"].as_array().unwrap().len(), 3, "the safety snapshot may be needed");
}

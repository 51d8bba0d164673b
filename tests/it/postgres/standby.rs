//! A standby, and one that takes over.

use crate::gauntlet::round::url;
use crate::support::liar::{Message, Way, liar_before};
use crate::support::place::{Place, Role};
use crate::support::postgres::{Db, PgServer};
use crate::support::witness::Witness;
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

#[test]
fn a_standby_is_read_and_never_written_and_one_that_takes_over_is_not_believed() {
    // a server that has taken over is no standby any more: each role has its own
    for role in Role::BOTH {
        eprintln!("{role:?}");
        let primary: &'static PgServer = Box::leak(Box::new(PgServer::start(&[], &[])));
        never_written(&Place::on(primary.database(), role));
    }
}

fn never_written(place: &Place) {
    let (db, user) = place.database();
    let primary = db.server;
    place.sql(
        "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, 100) n; \
         CREATE TABLE beside (id serial, w text); INSERT INTO beside (w) VALUES ('one')",
    );
    let snap = place.round.snap(&["t"]);
    let standby: &'static PgServer = Box::leak(Box::new(primary.start_standby()));
    let copy = std::mem::ManuallyDrop::new(Db::new(standby, db.name.clone()));
    until("the standby has the rows", || {
        copy.sql_as("postgres", "SELECT count(*) FROM t").is_ok_and(|count| count == "100")
    });

    // it can be read
    place.round.turn(url(&copy, user));
    assert_eq!(place.round.snap(&["t"]).roots(), snap.roots());
    assert_eq!(place.done(&["restore", &snap.id, "--dry-run"])["applied"], false);

    // it refuses to be written before anything is done
    place.sql("DELETE FROM t WHERE id > 10");
    until("the standby follows", || copy.sql("SELECT count(*) FROM t") == "10");
    let (_, error) = place.refused(&[&snap.id, "--mode", "exact"]);
    assert!(error.contains("standby"), "{error}");
    assert_eq!(copy.sql("SELECT count(*) FROM t"), "10");

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
    place.by(port);
    let (before, begun) = (place.witness(), Instant::now());
    let run = place.round.plain(&["restore", &snap.id, "--mode", "exact", "-y"]).run();
    assert_eq!(run.code(), Some(6), "{run}");
    assert!(run.stderr().contains("not known whether"), "{run}");
    assert!(run.stderr().contains("another server has taken over"), "{run}");
    assert!(begun.elapsed() < Duration::from_secs(15));
    before.same(&place.witness());
    before.same(&Witness::of(&copy));
    assert_eq!(place.listed(), 3, "the safety snapshot may be needed");
}

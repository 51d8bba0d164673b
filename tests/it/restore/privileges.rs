//! A role that may not do all that a restore needs: refused before the first write, with what is missing.

use super::place::Place;
use crate::gauntlet::round::url;
use crate::support::liar::{Way, liar};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A snapshot of `other` and `t`, whose rows are then changed so that rows are to be inserted, updated and deleted.
fn damaged() -> (Place, String) {
    let place = Place::owner();
    place.sql(
        "CREATE TABLE beside (id serial, w text); INSERT INTO beside (w) VALUES ('one');
         CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1);
         CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    );
    let snap = place.round.snap(&["other", "t"]).id;
    place.sql("DELETE FROM other; DELETE FROM t WHERE id = 1; UPDATE t SET w = 'x'; INSERT INTO t VALUES (3, 'new')");
    (place, snap)
}

#[test]
fn what_is_missing_is_said_before_the_first_write() {
    let (place, snap) = damaged();
    let guest = place.db().role("guest", "");
    place.sql(&format!("GRANT ALL ON other TO {guest}"));
    for (rights, missing) in [
        ("SELECT", "locking a table needs a privilege"),
        ("SELECT, UPDATE, DELETE", "INSERT on table t"),
        ("SELECT, INSERT, UPDATE", "DELETE on table t"),
        ("SELECT, INSERT, DELETE", "UPDATE on table t"),
        ("INSERT, UPDATE, DELETE", "SELECT"),
    ] {
        place.sql(&format!("REVOKE ALL ON t FROM {guest}; GRANT {rights} ON t TO {guest}"));
        if rights.starts_with("SELECT, ") {
            place.round.turn(url(place.db(), &guest));
            let dry = place.done(&["restore", &snap, "--mode", "exact", "--dry-run"]);
            assert!(dry["refused"].as_str().is_some_and(|refused| refused.contains(missing)), "{rights}: {dry}");
        }
        let written = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&written);
        let port = liar(place.db().server, move |query, way, message| {
            if way == Way::ToServer && query.contains("updated AS MATERIALIZED (") {
                seen.store(true, Ordering::Relaxed);
            }
            message.bytes()
        });
        place.round.turn(crate::gauntlet::round::url_by(place.db(), &guest, "127.0.0.1", port));
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert_eq!(code, Some(4), "{rights}: {error}");
        assert!(error.contains(missing) && error.contains('t'), "{rights}: {error}");
        assert!(!written.load(Ordering::Relaxed), "{rights}: something was written");
    }
    // nothing more than what the plan needs is asked for
    place.sql(&format!("REVOKE ALL ON t FROM {guest}; GRANT SELECT, INSERT, UPDATE ON t TO {guest}"));
    place.round.turn(url(place.db(), &guest));
    place.done(&["restore", &snap]);
    assert_eq!(place.sql("SELECT * FROM t ORDER BY id"), "1|a\n2|b\n3|new");
}

#[test]
fn a_database_without_temporary_tables_is_restored() {
    let (place, snap) = damaged();
    let db = place.db();
    db.sql(&format!("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", db.name));
    place.restore_exactly(&snap);
    assert_eq!(place.sql("SELECT * FROM t ORDER BY id"), "1|a\n2|b");
}

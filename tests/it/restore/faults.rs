//! Locks, connections and servers that fail a restore in the middle: everything is as it was, and what is said of it is
//! true.

use super::place::{Place, Role, on_both, on_postgres, on_server};
use crate::support::liar::{Way, liar};
use crate::support::postgres::PgServer;
use crate::support::proxy::{Fault, proxy};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

const SHOP: &str = "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE tags (mod_id INTEGER REFERENCES mods, tag TEXT);
    CREATE TABLE beside (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO beside VALUES (1, 'one');
    INSERT INTO mods VALUES (1, 'Lamp'), (2, 'Chair'); INSERT INTO tags VALUES (1, 'light'), (2, 'wood')";
const DAMAGE: &str =
    "DELETE FROM tags; DELETE FROM mods WHERE id = 1; UPDATE mods SET title = 'x'; INSERT INTO mods VALUES (3, 'New')";

fn damaged(place: &Place) -> String {
    place.sql(SHOP);
    let snap = place.round.snap(&["mods", "tags"]).id;
    place.sql(DAMAGE);
    snap
}

/// Said when rows are on their way.
const STAGED: &str = "set_config('dbsnap.rows_";

/// The moments of a restore, by what is said to the server then: rows are on their way, they are written, they are
/// verified.
const MOMENTS: [&str; 3] = [STAGED, "updated AS MATERIALIZED (", "age(xmin)"];

/// Ends the sessions of every dbsnap in a database.
const KILL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbsnap' AND datname = current_database()";

/// From now on `then` happens the first time that dbsnap says such a thing, before the server hears it.
fn when_said(place: &Place, what: &'static str, mut then: impl FnMut() + Send + 'static) {
    let mut waiting = true;
    let port = liar(place.db().server, move |query, way, message| {
        if waiting && way == Way::ToServer && message.tag == b'Q' && query.contains(what) {
            waiting = false;
            then();
        }
        message.bytes()
    });
    place.by(port);
}

#[test]
fn a_connection_that_dies_under_a_snapshot_lists_nothing() {
    on_postgres(|place| {
        place.sql("CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n");
        let (server, name) = (place.db().server, place.db().name.clone());
        let mut rows = 0;
        place.by(liar(server, move |query, way, message| {
            rows += u32::from(way == Way::ToClient && message.tag == b'D' && query.starts_with("SELECT \"id\""));
            if rows == 300 {
                rows += 1;
                server.psql(&name, &server.user, KILL).unwrap();
            }
            message.bytes()
        }));
        let run = place.unchanged(&place.round.plain(&["snap", "--all", "-m", "cut"]));
        assert!(run.code() == Some(1) && run.stderr().contains("connection"), "{run}");
        place.directly();
        assert_eq!(place.round.snap(&["--all"]).tables["t"].rows, 20_000);
    });
}

#[test]
fn a_connection_that_dies_changes_nothing() {
    on_postgres(|place| {
        let snap = damaged(place);
        for moment in MOMENTS {
            let (server, name) = (place.db().server, place.db().name.clone());
            when_said(place, moment, move || {
                server.psql(&name, &server.user, KILL).unwrap();
            });
            let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
            assert_eq!(code, Some(1), "{moment}: {error}");
            assert!(error.contains("connection"), "{moment}: {error}");
        }
        place.directly();
        place.restore_exactly(&snap);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp\n2|Chair");
    });
}

#[test]
fn a_server_that_stops_at_once_changes_nothing() {
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&["fsync=on"], &[])));
    on_server(server, |place| {
        let snap = damaged(place);
        for moment in MOMENTS {
            let (before, (tell, told)) = (place.witness(), mpsc::channel());
            when_said(place, moment, move || {
                server.crash_and_restart();
                tell.send(()).unwrap();
            });
            let run = place.round.plain(&["restore", &snap, "--mode", "exact", "-y"]).run();
            assert!(run.code() == Some(1) && run.stderr().contains("connection"), "{moment}: {run}");
            told.recv().unwrap();
            before.same(&place.witness());
            assert_eq!(place.listed(), 1, "{moment}");
        }
        place.directly();
        place.restore_exactly(&snap);
    });
}

#[test]
fn a_connection_lost_at_commit_is_told_as_it_ended() {
    on_postgres(|place| {
        let snap = damaged(place);
        let server = place.db().server;
        for fault in [Fault::CutBefore, Fault::Rollback] {
            place.by(proxy(server, fault));
            let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
            assert!(code == Some(5) && error.contains("nothing was changed"), "{fault:?}: {code:?} {error}");
        }
        place.by(proxy(server, Fault::CutAfter));
        assert_eq!(place.restore_exactly(&snap)["applied"], true);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp\n2|Chair");
        place.directly();
        place.undo(&[]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "2|x\n3|New");
    });
}

/// Nobody answers any more: the exit says that it is not known, and how to find out. It takes half a minute of asking.
#[test]
fn an_end_that_cannot_be_learnt_is_unknown() {
    let one = |role| {
        let place = Place::on(PgServer::shared().database(), role);
        let snap = damaged(&place);
        let before = place.witness();
        place.by(proxy(place.db().server, Fault::CutForGood));
        let run = place.round.plain(&["restore", &snap, "--mode", "exact", "-y"]).run();
        assert_eq!(run.code(), Some(6), "{run}");
        let said = run.stderr();
        let begin = said.find("SELECT pg_xact_status(").expect(said);
        let query = &said[begin..begin + said[begin..].find("')").expect(said) + 2];
        assert_eq!(place.db().sql(query), "committed", "{run}");
        before.same_but(&place.witness(), &["mods".to_owned(), "tags".to_owned()]);
        assert_eq!(place.listed(), 2, "the way back is there");
        place.directly();
        place.undo(&[]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "2|x\n3|New");
    };
    std::thread::scope(|scope| Role::BOTH.map(|role| scope.spawn(move || one(role))).map(|role| role.join().unwrap()));
}

#[test]
fn a_lock_is_waited_for_and_its_holder_named() {
    on_postgres(|place| {
        let snap = damaged(place);
        let db = place.db();
        let mut holder = db.session();
        let pid = holder.run("SELECT pg_backend_pid()");
        holder.run("BEGIN; LOCK TABLE tags IN ROW EXCLUSIVE MODE");
        let begun = Instant::now();
        let (code, error) = std::thread::scope(|scope| {
            // a writer that comes while we wait stands behind us: no longer than we do
            scope.spawn(|| {
                let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tags'::regclass";
                while db.sql(waiting) == "0" {
                    assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits");
                }
                db.sql("SET lock_timeout = '8s'; BEGIN; LOCK TABLE tags IN ROW EXCLUSIVE MODE; COMMIT");
            });
            place.refused(&[&snap, "--mode", "exact"])
        });
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(&format!("table tags is locked by process {pid} (dbsnap-tests)")), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        holder.run("ROLLBACK");
        place.restore_exactly(&snap);
    });
    let place = Place::sqlite();
    let snap = damaged(&place);
    let holder = rusqlite::Connection::open(place.round.project.path().join("data.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE; INSERT INTO tags VALUES (2, 'other')").unwrap();
    let begun = Instant::now();
    let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("locked"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    holder.execute_batch("ROLLBACK").unwrap();
    place.restore_exactly(&snap);
}

#[test]
fn a_constraint_that_fails_at_commit_changes_nothing() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE beside (id serial PRIMARY KEY, w text); INSERT INTO beside (w) VALUES ('one');
             CREATE TABLE c (id serial PRIMARY KEY, p int CONSTRAINT to_p REFERENCES p DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO p VALUES (1), (2); INSERT INTO c (p) VALUES (1), (2)",
        );
        let snap = place.round.snap(&["p", "c"]).id;
        place.sql("DELETE FROM c; DELETE FROM p; ALTER SEQUENCE c_id_seq RESTART");
        let (code, error) = place.refused(&[&snap, "c"]);
        assert!(code == Some(1) && error.contains("to_p"), "{code:?} {error}");
        place.restore_exactly(&snap);
        assert_eq!(place.sql("INSERT INTO c (p) VALUES (2) RETURNING id"), "3");
    });
}

#[test]
fn the_way_back_is_there_before_the_first_write() {
    on_postgres(|place| {
        let snap = damaged(place);
        let snapshots = place.round.project.path().join(".dbsnap/snapshots");
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        when_said(place, STAGED, move || {
            counted.store(fs::read_dir(&snapshots).unwrap().count(), Ordering::Relaxed);
        });
        let report = place.restore_exactly(&snap);
        assert_eq!(seen.load(Ordering::Relaxed), 2);
        let log = place.round.json(&["log"]);
        let newest = &log["snapshots"][0];
        assert_eq!(
            (newest["id"].clone(), newest["kind"].clone()),
            (report["safety"].clone(), "safety".into()),
            "{log}"
        );
        assert_eq!(newest["pinned"], true, "{log}");
    });
}

#[test]
fn without_a_way_back_nothing_is_written() {
    let disk = crate::support::disk::Disk::new("size=1m");
    let store = disk.path().join("store");
    on_both(|place| {
        place.sql(SHOP);
        let inside = |args: &[&str]| disk.inside(&place.round.plain(args).arg("--store").arg(&store));
        inside(&["init"]).run().success();
        let snap = inside(&["snap", "mods", "tags", "-q"]).run().success().stdout().trim().to_owned();
        place.sql(DAMAGE);
        disk.fill("filler");
        let run = place.unchanged(&inside(&["restore", &snap, "--mode", "exact", "-y"]));
        assert!(run.stderr().contains("No space left on device"), "{run}");
        fs::remove_file(disk.seen_from_outside().join("filler")).unwrap();
        let before = place.witness();
        inside(&["restore", &snap, "--mode", "exact", "-y"]).run().success();
        before.same_but(&place.witness(), &["mods".to_owned(), "tags".to_owned()]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp\n2|Chair");
        fs::remove_dir_all(disk.seen_from_outside().join("store")).unwrap();
    });
}

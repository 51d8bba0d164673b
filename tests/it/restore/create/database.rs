//! Databases that are gone: a file that was removed, a database that was dropped.

use crate::support::place::{Place, on_postgres};
use std::sync::atomic::{AtomicBool, Ordering};

const SHOP: &str = "CREATE TABLE a (id integer PRIMARY KEY, w text DEFAULT 'x'); CREATE INDEX a_w ON a (w);
    CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a); INSERT INTO a VALUES (1, 'one'), (2, 'two'); INSERT INTO b VALUES (7, 2);";

#[test]
fn a_file_that_was_removed() {
    for pragmas in [
        "",
        "PRAGMA encoding = 'UTF-16le'; PRAGMA page_size = 8192; PRAGMA application_id = 77; PRAGMA user_version = 12; PRAGMA auto_vacuum = 1;",
        "PRAGMA journal_mode = WAL;",
    ] {
        let place = Place::sqlite();
        place.sql(&format!("{pragmas} {SHOP}"));
        let told = |place: &Place| {
            ["encoding", "page_size", "application_id", "user_version", "auto_vacuum", "journal_mode"]
                .map(|pragma| place.sql(&format!("PRAGMA {pragma}")))
        };
        let snap = place.snap();
        let (schema, rows, settings) = (place.schema(), place.sorted_rows(), told(&place));
        let file = place.round.project.path().join("data.db");
        std::fs::remove_file(&file).unwrap();
        let without = place.round.plain(&["restore", &snap, "-y"]).run();
        assert!(without.code() == Some(1) && without.stderr().contains("--create makes it again"), "{without}");
        let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
        assert_eq!(plan["createsDatabase"], true);
        assert!(!file.exists(), "a plan makes nothing");
        let digest = plan["digest"].as_str().unwrap();
        place.round.json(&["restore", &snap, "--create", "--digest", digest]);
        assert_eq!((place.schema(), place.sorted_rows(), told(&place)), (schema, rows, settings), "{pragmas}");
        let left = std::fs::read_dir(place.round.project.path()).unwrap().flatten();
        let left: Vec<_> =
            left.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().starts_with(".dbsnap-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_is_left_of_a_file_is_not_taken_for_the_new_ones() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let snap = place.snap();
    let file = place.round.project.path().join("data.db");
    std::fs::remove_file(&file).unwrap();
    let log = place.round.project.write("data.db-wal", "not a log");
    let refused = place.round.plain(&["restore", &snap, "--create", "-y"]).run();
    assert!(refused.code() == Some(4) && refused.stderr().contains("data.db-wal is left"), "{refused}");
    assert!(!file.exists());
    std::fs::remove_file(log).unwrap();
    place.round.json(&["restore", &snap, "--create", "-y"]);
}

#[test]
fn only_the_file_that_the_snapshot_is_of_is_made() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let snap = place.snap();
    let other = place.round.project.path().join("other.db");
    let wrong = place.round.plain(&["restore", &snap, "--create", "-y", "--url", "file:other.db"]).run();
    assert!(wrong.code() == Some(4) && wrong.stderr().contains("--other-database"), "{wrong}");
    assert!(!other.exists());
    place.round.json(&["restore", &snap, "--create", "-y", "--url", "file:other.db", "--other-database"]);
    assert!(other.exists());
    let nowhere = place.round.plain(&["restore", &snap, "--create", "-y", "--to", "file:no/where.db"]).run();
    assert!(nowhere.code() == Some(1) && nowhere.stderr().contains("there is no such file"), "{nowhere}");
}

#[test]
fn a_database_that_was_dropped() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.snap();
        // privileges on schemas are not kept
        let kept = |place: &Place| -> Vec<String> {
            let is_kept = |line: &String| {
                !matches!(line.as_str(), "" | "--")
                    && !line.contains("Name: SCHEMA public; Type: ACL")
                    && !line.contains("ON SCHEMA public TO")
            };
            place.schema().into_iter().filter(is_kept).collect()
        };
        let (schema, rows) = (kept(place), place.sorted_rows());
        let (db, user) = place.database();
        db.server
            .psql(
                "postgres",
                &db.server.user,
                &format!("DROP DATABASE {} WITH (FORCE); ALTER ROLE {user} CREATEDB", db.name),
            )
            .unwrap();
        let without = place.round.plain(&["restore", &snap, "-y"]).run();
        assert!(without.code() == Some(1) && without.stderr().contains("--create makes it again"), "{without}");
        let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
        assert_eq!(plan["createsDatabase"], true);
        let digest = plan["digest"].as_str().unwrap();
        place.round.json(&["restore", &snap, "--create", "--digest", digest]);
        super::similar_asserts(&kept(place), &schema);
        assert_eq!(place.sorted_rows(), rows);
    });
}

#[test]
fn a_database_that_cannot_be_filled_is_dropped_again() {
    let place = Place::owner();
    place.sql("CREATE TABLE a (id integer PRIMARY KEY)");
    let (db, user) = place.database();
    // what only a superuser may make
    db.sql(&format!(
        "CREATE FUNCTION f() RETURNS text LANGUAGE internal AS 'pg_backend_pid'; ALTER FUNCTION f() OWNER TO {user}"
    ));
    place.sql("CREATE TABLE b (id integer PRIMARY KEY, w text DEFAULT f())");
    let snap = place.snap();
    let drop = format!("DROP DATABASE {} WITH (FORCE); ALTER ROLE {user} CREATEDB", db.name);
    db.server.psql("postgres", &db.server.user, &drop).unwrap();
    let is_over = AtomicBool::new(false);
    let refused = std::thread::scope(|scope| {
        // somebody connects to the new database as soon as it is there, and stays
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                let _ = db.server.psql(&db.name, user, "SELECT pg_sleep(20)");
            }
        });
        let refused = place.round.plain(&["restore", &snap, "--create", "-y"]).run();
        is_over.store(true, Ordering::SeqCst);
        refused
    });
    assert!(refused.code() == Some(4) && refused.stderr().contains("making function public.f()"), "{refused}");
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", db.name);
    assert_eq!(db.server.psql("postgres", &db.server.user, &left).unwrap().trim(), "0");
}

//! Databases that are gone: a file that was removed, a database that was dropped.

use crate::support::kill;
use crate::support::place::{Place, on_postgres};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
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
        assert_eq!(temporary(&place), [""; 0]);
    }
}

#[test]
fn what_is_left_of_a_file_is_moved_away_and_kept() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let (snap, rows) = (place.snap(), place.sorted_rows());
    let project = &place.round.project;
    std::fs::remove_file(project.path().join("data.db")).unwrap();
    for (name, text) in [("data.db-wal", "not a log"), ("data.db-journal", "no journal"), ("data.db-wal.old", "older")]
    {
        project.write(name, text);
    }
    let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
    let notes = plan["notes"].to_string();
    assert!(
        notes.contains("it becomes data.db-wal.old2") && notes.contains("it becomes data.db-journal.old\""),
        "{plan}"
    );
    assert_eq!(std::fs::read(project.path().join("data.db-wal")).unwrap(), b"not a log", "a plan moves nothing");
    let digest = plan["digest"].as_str().unwrap();
    let report = place.round.json(&["restore", &snap, "--create", "--digest", digest]);
    assert_eq!(report["notes"], plan["notes"]);
    assert_eq!(place.sorted_rows(), rows);
    for (name, text) in
        [("data.db-wal.old", "older"), ("data.db-wal.old2", "not a log"), ("data.db-journal.old", "no journal")]
    {
        assert_eq!(std::fs::read_to_string(project.path().join(name)).unwrap(), text, "{name}");
    }
    assert!(!project.path().join("data.db-wal").exists());
}

#[test]
fn a_file_is_as_private_as_it_was_and_what_a_killed_restore_left_is_cleared() {
    for mode in [0o600, 0o640, 0o644] {
        let place = Place::sqlite();
        place.sql(SHOP);
        let project = &place.round.project;
        let file = project.path().join("data.db");
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let snap = place.snap();
        std::fs::remove_file(&file).unwrap();
        let restoring = || place.round.plain(&["restore", &snap, "--create", "-y"]);
        let made = kill::calls_made(&restoring(), "linkat");
        std::fs::remove_file(&file).unwrap();
        let stopped = kill::at_call(&restoring(), kill::points(&made, 100, 1).last().unwrap());
        assert!(stopped.code().is_none(), "{stopped}");
        let left = temporary(&place);
        assert_eq!(left.len(), 1, "{left:?}");
        std::fs::remove_file(&file).unwrap_or_default();
        place.round.json(&["restore", &snap, "--create", "-y"]);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(temporary(&place), [""; 0]);
    }
}

#[test]
fn a_directory_that_was_removed_with_the_file() {
    let place = Place::sqlite();
    let project = &place.round.project;
    std::fs::create_dir_all(project.path().join("data/dev")).unwrap();
    place.round.turn("file:data/dev/data.db".to_owned());
    let fill = || project.program("sqlite3", ["data/dev/data.db", SHOP]).run().success();
    fill();
    let snap = place.snap();
    std::fs::remove_dir_all(project.path().join("data")).unwrap();
    let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
    assert_eq!(plan["createsDatabase"], true);
    assert!(!project.path().join("data").exists(), "a plan makes nothing");
    place.round.json(&["restore", &snap, "--create", "-y"]);
    let told = project.program("sqlite3", ["data/dev/data.db", "SELECT count(*) FROM b"]).run().success();
    assert_eq!(told.stdout().trim(), "1");
    // where a file stands in the way nothing is made
    std::fs::remove_dir_all(project.path().join("data")).unwrap();
    project.write("data", "a file");
    let refused = place.round.plain(&["restore", &snap, "--create", "-y"]).run();
    assert_eq!(refused.code(), Some(1), "{refused}");
}

/// Views, triggers on them, and full-text indexes over tables come back with the file; what cannot is named.
#[test]
fn views_and_full_text_indexes_of_a_file_that_was_removed() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); CREATE VIEW recent AS SELECT id, body FROM docs;
         CREATE TRIGGER by_view INSTEAD OF INSERT ON Recent BEGIN INSERT INTO docs (body) VALUES (NEW.body); END;
         CREATE VIRTUAL TABLE found USING fts5(body, content='docs', content_rowid='id');
         CREATE TRIGGER indexed AFTER INSERT ON docs BEGIN INSERT INTO found (rowid, body) VALUES (NEW.id, NEW.body); END;
         CREATE VIRTUAL TABLE notes USING fts5(words); INSERT INTO notes VALUES ('of its own');
         INSERT INTO docs (body) VALUES ('red lamp'), ('blue rug')",
    );
    let (snap, file) = (place.snap(), place.round.project.path().join("data.db"));
    std::fs::remove_file(&file).unwrap();
    let report = place.round.json(&["restore", &snap, "--create", "-y"]);
    assert_eq!(report["notes"].as_array().unwrap().len(), 1, "{report}");
    assert!(report["notes"][0].as_str().unwrap().starts_with("virtual table notes is not made again"), "{report}");
    assert_eq!(place.sql("SELECT body FROM found WHERE found MATCH 'lamp'"), "red lamp");
    place.sql("INSERT INTO recent (body) VALUES ('green lamp')");
    assert_eq!(place.sql("SELECT count(*) FROM found WHERE found MATCH 'lamp'"), "2");
}

/// The names of temporary files.
fn temporary(place: &Place) -> Vec<String> {
    let left = std::fs::read_dir(place.round.project.path()).unwrap().flatten();
    let names = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".dbsnap-")).collect()
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
    // another one may be restored into if it is there, and is not made
    std::fs::remove_file(place.round.project.path().join("data.db")).unwrap();
    for flags in [&["--url", "file:other.db", "--other-database"][..], &["--to", "file:other.db"]] {
        let args = [&["restore", &snap, "--create", "-y"], flags].concat();
        let absent = place.round.plain(&args).run();
        assert!(absent.code() == Some(1) && absent.stderr().contains("there is no such file"), "{absent}");
        assert!(!other.exists());
    }
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

//! What cannot be made again, and what is shown before it is.

use crate::support::place::{Place, on_both, on_postgres};

#[test]
fn without_create_the_error_names_it() {
    on_both(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        let snap = place.snap();
        place.sql("DROP TABLE a");
        let (code, error) = place.refused(&[&snap]);
        assert_eq!(code, Some(12), "{error}");
        assert!(error.contains("--create makes it again"), "{error}");
        let (code, error) = place.refused(&[&snap, "a", "--create", "--where", "id = 1"]);
        assert_eq!(code, Some(2), "{error}");
    });
}

#[test]
fn a_plan_shows_what_is_made_and_its_digest_holds() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE a (id int PRIMARY KEY, w varchar(5)); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
             CREATE INDEX a_w ON a (w); INSERT INTO a VALUES (1, 'x'), (2, 'y'); INSERT INTO b VALUES (1, 2)",
        );
        let snap = place.snap();
        place.sql(if place.is_file() { "DROP TABLE a" } else { "DROP TABLE a CASCADE" });
        let plan = place.done(&["restore", &snap, "--create", "--dry-run"]);
        let created: Vec<&str> =
            plan["created"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        let expected: &[&str] = if place.is_file() { &["a", "a_w"] } else { &["a", "a_pkey", "a_w", "b_a_fkey"] };
        assert_eq!(created, expected);
        let table = plan["tables"].as_array().unwrap().iter().find(|table| table["table"] == "a").unwrap().clone();
        assert_eq!((table["created"].as_bool(), table["insert"].as_u64()), (Some(true), Some(2)));
        let digest = plan["digest"].as_str().unwrap();
        let report = place.round.json(&["restore", &snap, "--create", "--digest", digest]);
        assert_eq!(report["tables"], plan["tables"]);
        // it does not hold twice
        let again = place.round.plain(&["restore", &snap, "--create", "--digest", digest]).run();
        assert_eq!(again.code(), Some(7), "{again}");
    });
}

#[test]
fn what_is_there_and_is_something_else_is_refused() {
    on_postgres(|place| {
        place.sql(
            "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE SEQUENCE s; CREATE TABLE t (id int DEFAULT nextval('s'), m mood);
             INSERT INTO t (m) VALUES ('b')",
        );
        let snap = place.snap();
        place.sql("DROP TABLE t; DROP TYPE mood; CREATE TYPE mood AS ENUM ('b', 'a')");
        let (code, error) = place.refused(&[&snap, "--create"]);
        assert_eq!(code, Some(4), "{error}");
        assert!(error.contains("type public.mood is there, and is not what it was"), "{error}");
        place.sql("DROP TYPE mood; ALTER SEQUENCE s INCREMENT 7");
        let (code, error) = place.refused(&[&snap, "--create"]);
        assert_eq!(code, Some(4), "{error}");
        assert!(error.contains("sequence public.s is there"), "{error}");
        place.sql("ALTER SEQUENCE s INCREMENT 1");
        place.round.json(&["restore", &snap, "--create", "-y"]);
        assert_eq!(place.sql("SELECT id, m FROM t"), "1|b");
    });
}

#[test]
fn a_table_that_refers_to_one_that_is_gone_is_refused_alone() {
    let place = Place::superuser();
    place.sql(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
         INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1)",
    );
    let snap = place.snap();
    place.sql("DROP TABLE a, b");
    let (code, error) = place.refused(&[&snap, "b", "--create"]);
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("refers to a, which is not there: restore it as well"), "{error}");
    place.round.json(&["restore", &snap, "b", "a", "--create", "-y"]);
}

#[test]
fn what_inherits_is_refused() {
    let place = Place::superuser();
    place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (w int) INHERITS (a)");
    let snap = place.snap();
    place.sql("DROP TABLE b");
    let (code, error) = place.refused(&[&snap, "b", "--create"]);
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("inherits"), "{error}");
}

/// The foreign key came back with the table, and rows that were there without it cannot be had back without it.
#[test]
fn an_undo_that_a_foreign_key_forbids_is_refused_before_it_begins() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
             INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, NULL)",
        );
        let snap = place.snap();
        place.sql("DROP TABLE a CASCADE; UPDATE b SET a = 77 WHERE id = 2");
        place.round.json(&["restore", &snap, "--create", "-y"]);
        let rows = place.rows();
        for how in ["--dry-run", "-y"] {
            let refused = place.round.plain(&["undo", how]).run();
            let said = format!("{}{}", refused.stdout(), refused.stderr());
            assert!(refused.code() == Some(4) && said.contains("DROP TABLE a CASCADE, and then"), "{how} {refused}");
        }
        assert_eq!(place.rows(), rows);
        // what it says can be done
        let refused = place.round.plain(&["undo", "-y"]).run();
        let (_, command) = refused.stderr().split_once("and then dbsnap ").unwrap();
        place.sql("DROP TABLE a CASCADE");
        let words: Vec<&str> = command.lines().next().unwrap().split_whitespace().chain(["-y"]).collect();
        place.round.plain(&words).run().success();
        assert_eq!(place.sql("SELECT a FROM b ORDER BY id"), "1\n77");
    });
}

#[test]
fn an_undo_leaves_tables_that_were_made_without_rows() {
    on_both(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE c (id int PRIMARY KEY); INSERT INTO a VALUES (1, 2); INSERT INTO c VALUES (5)");
        let snap = place.snap();
        place.sql("DROP TABLE a; UPDATE c SET id = 6");
        place.round.json(&["restore", &snap, "--create", "--mode", "exact", "-y"]);
        place.round.json(&["undo", "--dry-run"]);
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sql("SELECT count(*), (SELECT max(id) FROM c) FROM a"), "0|6");
        // and it can be undone
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sql("SELECT count(*), (SELECT max(id) FROM c) FROM a"), "1|5");
    });
}

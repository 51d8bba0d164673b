//! What is beside rows never holds them back: privileges, text that reads otherwise, foreign keys, what is there already.

use crate::support::place::{Place, on_postgres};
use crate::support::process::Run;

/// Restores with `--create` and gives what was printed.
fn restored(place: &Place, args: &[&str]) -> Run {
    place.round.plain(&[&["restore"], args, &["--create", "-y"]].concat()).run().success()
}

#[test]
fn expressions_that_the_server_writes_otherwise_once_it_has_read_them() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, s varchar(9) DEFAULT ('a'::varchar)::text CHECK (s IN ('a', 'b')), \
             g boolean GENERATED ALWAYS AS (s IN ('a', 'c')) STORED, b boolean DEFAULT ('a'::varchar IN ('a', 'b')));
             CREATE INDEX t_s ON t (s) WHERE s IN ('a', 'b'); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        );
        let snap = place.comes_back("DROP TABLE t");
        place.sql("DROP TABLE t");
        let run = restored(place, &[&snap]);
        assert!(!run.stderr().contains("reads otherwise"), "{run}");
        assert!(place.db().sql_as(place.user(), "INSERT INTO t VALUES (3, 'x')").is_err());
    });
}

#[test]
fn privileges_come_back_whatever_the_default_is_and_whoever_granted_them() {
    let place = Place::superuser();
    let [one, two, gone] = ["one", "two", "gone"].map(|name| place.db().role(name, ""));
    place.sql(&format!(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {one}, PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {two};
         CREATE TABLE t (id serial PRIMARY KEY, w text); REVOKE ALL ON t FROM {one}, PUBLIC; REVOKE ALL ON SEQUENCE t_id_seq FROM {two};
         GRANT USAGE ON SEQUENCE t_id_seq TO {one}; INSERT INTO t (w) VALUES ('x')"
    ));
    place.comes_back("DROP TABLE t");

    // by two grantors, to who is the owner then, and to a role that is gone
    let owner = place.db().role("former", "");
    place.sql(&format!(
        "GRANT SELECT ON t TO {one} WITH GRANT OPTION; SET ROLE {one}; GRANT SELECT ON t TO {two}; RESET ROLE; GRANT SELECT ON t TO {two};
         ALTER TABLE t OWNER TO {owner}; GRANT INSERT ON t TO {}; GRANT UPDATE (w) ON t TO {gone}",
        place.user()
    ));
    let snap = place.snap();
    place.sql(&format!("DROP TABLE t; DROP OWNED BY {gone}; DROP ROLE {gone}"));
    let run = restored(&place, &[&snap]);
    assert!(run.stderr().contains(&format!("privilege {gone} on w of t could not be made")), "{run}");
    let may = |role: &str| place.sql(&format!("SELECT has_table_privilege('{role}', 't', 'SELECT')"));
    assert_eq!((may(&one), may(&two), may(&owner)), ("t".into(), "t".into(), "f".into()));
    assert_eq!(place.sql("SELECT w FROM t"), "x");
}

#[test]
fn functions_that_not_everybody_may_call_come_back_as_that() {
    let place = Place::superuser();
    let role = place.db().role("caller", "");
    place.sql(&format!(
        "CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO {role}; COMMENT ON SCHEMA s IS 'it''s';
         CREATE FUNCTION s.f(a int, b text DEFAULT 'x') RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT b';
         REVOKE ALL ON FUNCTION s.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION s.f TO {role}; COMMENT ON FUNCTION s.f IS 'f';
         CREATE TYPE s.mood AS ENUM ('a'); COMMENT ON TYPE s.mood IS 'm'; CREATE SEQUENCE s.q; GRANT SELECT ON SEQUENCE s.q TO {role};
         CREATE DOMAIN s.d AS int; ALTER DOMAIN s.d ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
         CREATE TABLE s.t (id int DEFAULT nextval('s.q'), w text DEFAULT s.f(1), m s.mood, d s.d); INSERT INTO s.t DEFAULT VALUES"
    ));
    place.comes_back("DROP SCHEMA s CASCADE");
    assert_eq!(place.sql(&format!("SELECT has_function_privilege('{role}', 's.f(int, text)', 'EXECUTE')")), "t");
}

#[test]
fn sequences_stand_where_they_stood_also_if_nothing_was_drawn() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY, c serial, d serial); INSERT INTO t (c) VALUES (0);
             ALTER TABLE t ALTER b RESTART WITH 1000; SELECT setval('t_a_seq', 77, false); SELECT setval('t_d_seq', 9)",
        );
        let told = |place: &Place| {
            ["a", "b", "c", "d"].map(|column| place.sql(&format!("SELECT last_value, is_called FROM t_{column}_seq")))
        };
        let before = told(place);
        assert_eq!(before, ["77|f", "1000|f", "1|f", "9|t"]);
        place.comes_back("DROP TABLE t");
        assert_eq!(told(place), before);
    });
}

#[test]
fn a_sequence_that_is_another_tables_stays_that() {
    on_postgres(|place| {
        place.sql("CREATE TABLE a (id serial); INSERT INTO a DEFAULT VALUES");
        let snap = place.snap();
        place.sql(
            "ALTER SEQUENCE a_id_seq OWNED BY NONE; CREATE TABLE b (id int DEFAULT nextval('a_id_seq')); DROP TABLE a;
             ALTER SEQUENCE a_id_seq OWNED BY b.id",
        );
        let plan = place.round.json(&["restore", &snap, "--create", "--dry-run"]);
        assert!(plan["warnings"][0].as_str().unwrap().contains("sequence public.a_id_seq is there"), "{plan}");
        restored(place, &[&snap]);
        place.sql("DROP TABLE a");
        assert_eq!(place.sql("INSERT INTO b DEFAULT VALUES RETURNING id"), "2");
    });
}

#[test]
fn a_table_that_cannot_be_made_does_not_keep_the_others_away() {
    let place = Place::superuser();
    place.sql(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (w int PRIMARY KEY) INHERITS (a); CREATE TABLE c (id int REFERENCES b);
         CREATE TABLE \"d d\" (id int); INSERT INTO \"d d\" VALUES (7)",
    );
    let snap = place.snap();
    place.sql("DROP TABLE a, b, c, \"d d\"");
    let (code, error) = place.refused(&[&snap, "--create"]);
    assert_eq!(code, Some(4), "{error}");
    let (_, command) = error.split_once("to restore the others: dbsnap ").unwrap();
    let command = command.lines().next().unwrap();
    assert!(command.contains("--exclude a --exclude b --exclude c"), "{error}");
    let words: Vec<&str> = command.split(' ').chain(["-y"]).collect();
    place.round.json(&words);
    assert_eq!(place.sql("SELECT id FROM \"d d\""), "7");
    place.sql("DROP TABLE \"d d\"");
    let (_, error) = place.refused(&[&snap, "d d", "b", "--create"]);
    assert!(error.contains("'d d' --create"), "{error}");
}

#[test]
fn a_foreign_key_that_live_rows_break_holds_for_new_ones() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE); INSERT INTO a VALUES (1);
             INSERT INTO b VALUES (1)",
        );
        let snap = place.snap();
        place.sql("DROP TABLE a CASCADE; INSERT INTO b VALUES (9)");
        let run = restored(place, &[&snap, "a"]);
        assert!(run.stderr().contains("foreign key b_a_fkey of b is NOT VALID"), "{run}");
        assert_eq!(place.sql("SELECT convalidated FROM pg_constraint WHERE conname = 'b_a_fkey'"), "f");
        assert!(place.db().sql_as(place.user(), "INSERT INTO b VALUES (8)").is_err());
    });
}

#[test]
fn a_function_that_was_changed_is_used_as_it_is() {
    on_postgres(|place| {
        place.sql(
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 1::text'; CREATE TABLE t (id int, w text DEFAULT f());
             INSERT INTO t VALUES (1)",
        );
        let snap = place.snap();
        place.sql("DROP TABLE t; CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 2::text'");
        let run = restored(place, &[&snap]);
        assert!(run.stdout().contains("function public.f() is there, and is not what it was"), "{run}");
        assert_eq!(place.sql("SELECT w, f() FROM t"), "1|2");
    });
}

#[test]
fn what_has_a_wanted_name_is_told_by_the_plan() {
    on_postgres(|place| {
        place.sql("CREATE TABLE a (id int CONSTRAINT a_key PRIMARY KEY, w int); CREATE INDEX a_w ON a (w); CREATE TABLE b (w int)");
        let snap = place.snap();
        for (there, name) in [
            ("VIEW a AS SELECT 1", "view public.a"),
            ("INDEX a_w ON b (w)", "index public.a_w"),
            ("SEQUENCE a_key", "sequence public.a_key"),
        ] {
            place.sql(&format!("DROP TABLE a; CREATE {there}"));
            let planned = place.round.plain(&["restore", &snap, "--create", "--dry-run"]).run();
            assert!(planned.code() == Some(4) && planned.stderr().contains(name), "{planned}");
            let what = there.split(' ').take(2).collect::<Vec<_>>().join(" ");
            place.sql(&format!("DROP {what}"));
            place.round.json(&["restore", &snap, "--create", "-y"]);
        }
    });
}

#[test]
fn what_is_not_kept_is_used_if_it_is_there() {
    let place = Place::superuser();
    place.sql(
        "CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
         CREATE TABLE t (id int, w text, v tsvector GENERATED ALWAYS AS (to_tsvector('public.words'::regconfig, w)) STORED);
         INSERT INTO t VALUES (1, 'one')",
    );
    let snap = place.comes_back("DROP TABLE t");
    place.sql("DROP TABLE t; DROP TEXT SEARCH CONFIGURATION words");
    let (code, error) = place.refused(&[&snap, "--create"]);
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("text search configuration public.words is needed, is not there"), "{error}");
}

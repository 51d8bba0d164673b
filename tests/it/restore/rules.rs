//! Rules that rows of a snapshot break: a dry run says so, and the restore says what to do.

use super::place::{Place, on_postgres};

/// Holds a dry run and the restore itself against what they are to say; then the rule goes, and the restore succeeds.
fn is_refused(place: &Place, mode: &str, told: &str, hint: &str) {
    let snap = ["latest:t", "--mode", mode];
    let plan = place.done(&[&["restore"], &snap[..], &["--dry-run"]].concat());
    let refused = plan["refused"].as_str().unwrap_or_else(|| panic!("{told}: {plan}"));
    assert!(refused.contains(told) && refused.contains(hint), "{told}: {refused}");
    let (code, error) = place.refused(&snap);
    assert!(matches!(code, Some(1 | 4)) && error.contains("hint: "), "{told}: {code:?}: {error}");
}

/// A rule, what takes it away again, and what is said of it.
const RULES: [(&str, &str, &str, &str); 6] = [
    (
        "ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0)",
        "ALTER TABLE t DROP CONSTRAINT pos",
        "the constraint pos (2 rows)",
        "NOT VALID",
    ),
    (
        "ALTER TABLE t ADD CHECK (twice(g) > 0)",
        "ALTER TABLE t DROP CONSTRAINT t_g_check",
        "the constraint t_g_check (2 rows)",
        "loosen",
    ),
    (
        "ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(VALUE) < 3)",
        "ALTER DOMAIN code DROP CONSTRAINT short",
        "column c",
        "loosen",
    ),
    ("ALTER TYPE mood RENAME VALUE 'a' TO 'z'", "ALTER TYPE mood RENAME VALUE 'z' TO 'a'", "column m", "loosen"),
    ("DELETE FROM parent", "INSERT INTO parent VALUES (7)", "the foreign key t_p_fkey (1 row)", "together"),
    (
        "INSERT INTO t VALUES (9, 9, 'b', 'x', 'one')",
        "DELETE FROM t WHERE id = 9",
        "the unique index t_u_key (1 row)",
        "--mode exact",
    ),
];

#[test]
fn of_postgres() {
    on_postgres(|place| {
        place.sql(
            "CREATE FUNCTION inner_twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
             CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN inner_twice($1); END';
             CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN code AS text; CREATE TABLE parent (id int PRIMARY KEY);
             CREATE TABLE t (id int PRIMARY KEY, n int, m mood, c code, u text UNIQUE, p int REFERENCES parent, g int GENERATED ALWAYS AS (n * 3) STORED);
             INSERT INTO parent VALUES (7); INSERT INTO t VALUES (1, -1, 'a', 'long', 'one', 7), (2, -2, 'a', 'x', NULL, NULL), (3, 3, 'b', 'y', NULL, NULL)",
        );
        place.round.snap(&["t"]);
        place.sql("DELETE FROM t WHERE id IN (1, 2)");
        for (rule, away, told, hint) in RULES {
            place.sql(rule);
            is_refused(place, "upsert", told, hint);
            place.sql(away);
        }
        // what goes with the restore is in nobody's way
        place.sql("INSERT INTO t VALUES (9, 9, 'b', 'x', 'one')");
        for dry in [&["--dry-run"][..], &[]] {
            let report = place.done(&[&["restore", "latest:t", "--mode", "exact"], dry].concat());
            assert_eq!(report["refused"], serde_json::Value::Null, "{report}");
        }
        assert_eq!(place.sql("SELECT count(*) FROM t"), "3");
    });
}

#[test]
fn of_sqlite() {
    let place = Place::sqlite();
    let make = |rules: &str| {
        place.sql(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id INTEGER PRIMARY KEY, n, u TEXT{rules});"));
    };
    make("");
    place.sql("INSERT INTO t VALUES (1, -1, 'one'), (2, -2, NULL), (3, 3, 'two');");
    place.round.snap(&["t"]);
    make(", CONSTRAINT pos CHECK (n > 0)");
    is_refused(&place, "upsert", "CHECK constraint failed: pos (2 rows)", "loosen");
    make(", UNIQUE (u)");
    place.sql("INSERT INTO t VALUES (9, 9, 'one');");
    is_refused(&place, "upsert", "UNIQUE constraint failed: t.u (1 row)", "another row");
    place.done(&["restore", "latest:t", "--mode", "exact"]);
    assert_eq!(place.sql("SELECT count(*) FROM t;"), "3");
    // of an index that was made since: NOCASE, and of rows of the snapshot among themselves
    make("");
    place.sql("INSERT INTO t VALUES (1, 1, 'one'), (4, 4, 'ONE'), (5, 5, 'x'), (6, 5, 'y');");
    place.round.snap(&["t"]);
    place.sql("DELETE FROM t; CREATE UNIQUE INDEX letters ON t (u COLLATE NOCASE); INSERT INTO t VALUES (7, 7, 'X'), (8, 8, 'z');");
    is_refused(&place, "upsert", "(2 rows)", "another row");
    is_refused(&place, "exact", "UNIQUE constraint failed: t.u (1 row)", "another row");
    place.sql("DROP INDEX letters; CREATE UNIQUE INDEX numbers ON t (n) WHERE n < 7;");
    is_refused(&place, "upsert", "(1 row)", "another row");
    place.sql("DROP INDEX numbers; CREATE UNIQUE INDEX numbers ON t (n, u);");
    // values that rows exchange are in nobody's way
    place.sql("INSERT INTO t VALUES (1, 4, 'ONE'), (4, 1, 'one');");
    agrees(&place, &["latest:t"], None);
}

/// A dry run says of foreign keys what the restore says, or both say nothing.
fn agrees(place: &Place, args: &[&str], told: Option<&str>) {
    let plan = place.done(&[&["restore"], args, &["--dry-run"]].concat());
    let Some(told) = told else {
        assert_eq!(plan["refused"], serde_json::Value::Null, "{args:?}");
        place.done(&[&["restore"], args].concat());
        return;
    };
    let refused = plan["refused"].as_str().unwrap_or_else(|| panic!("{told}: {plan}"));
    assert!(refused.contains(told) && refused.contains("--allow-dangling"), "{told}: {refused}");
    let (code, error) = place.refused(args);
    assert!(code == Some(4) && error.contains(told), "{told}: {code:?}: {error}");
}

#[test]
fn of_references_in_sqlite() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE UNIQUE);
         CREATE TABLE t (id INTEGER PRIMARY KEY, p REFERENCES parent, c TEXT REFERENCES parent (code), n);
         CREATE TABLE child (id INTEGER PRIMARY KEY, t REFERENCES t);
         CREATE TABLE loose (a, b, FOREIGN KEY (a) REFERENCES t ON DELETE CASCADE);
         INSERT INTO parent VALUES (1, 'a'), (2, 'b');
         INSERT INTO t VALUES (1, 1, 'A', 0), (2, '2', NULL, 0), (3, NULL, 'b', 0);
         INSERT INTO child VALUES (1, 1), (2, 2);",
    );
    let snap = place.round.snap(&["--all"]).id;
    // rows that come back without what they refer to
    place.sql("DELETE FROM child; DELETE FROM t WHERE id < 3; DELETE FROM parent WHERE id = 1;");
    agrees(&place, &[&snap, "t"], Some("1 row of t referring to missing rows of parent"));
    agrees(&place, &[&snap, "t", "--where", "id = 2"], None);
    place.sql("INSERT INTO parent VALUES (1, 'x');");
    agrees(&place, &[&snap, "t"], Some("1 row of t referring to missing rows of parent"));
    agrees(&place, &[&snap, "t", "--allow-dangling"], None);
    // one that dangles already gets other values
    place.sql("UPDATE t SET n = 5;");
    agrees(&place, &[&snap, "t"], None);
    agrees(&place, &[&snap, "t", "parent", "child"], None);
    // rows that others refer to go, or get other keys
    place.sql("INSERT INTO t VALUES (4, 1, 'a', 0); INSERT INTO loose VALUES (4, 1), ('4', 2), (NULL, 3);");
    agrees(&place, &[&snap, "t", "--mode", "exact"], Some("2 rows of loose referring to missing rows of t"));
    place.sql("UPDATE loose SET a = 3;");
    agrees(&place, &[&snap, "t", "--mode", "exact"], None);
    place.sql("UPDATE parent SET code = 'new' WHERE id = 2; UPDATE t SET c = 'NEW' WHERE id = 3;");
    agrees(&place, &[&snap, "parent"], Some("1 row of t referring to missing rows of parent"));
    agrees(&place, &[&snap, "parent", "t"], None);
    // the same key in another row
    place.sql("UPDATE parent SET code = id; UPDATE parent SET code = CASE id WHEN 1 THEN 'b' ELSE 'a' END;");
    agrees(&place, &[&snap, "parent"], None);
}

/// A CHECK whose function reads another table holds in one database and not in another, until that table is there too.
#[test]
fn a_check_that_reads_another_table_in_another_database() {
    on_postgres(|place| {
        for tables in [["allowed", "t"], ["t", "zones"]] {
            let allowed = tables.into_iter().find(|table| *table != "t").unwrap();
            let other = place.another();
            let schema = format!(
                "DROP TABLE IF EXISTS t; CREATE TABLE {allowed} (n int PRIMARY KEY);
                 CREATE OR REPLACE FUNCTION is_allowed(int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.{allowed} WHERE n = $1)';
                 CREATE TABLE t (id int PRIMARY KEY, n int CONSTRAINT \"one of them\" CHECK (is_allowed(n)))"
            );
            for place in [place, &other] {
                place.sql(&schema);
            }
            place.sql(&format!("INSERT INTO {allowed} VALUES (1), (2); INSERT INTO t VALUES (1, 1), (2, 2)"));
            let snap = place.round.snap(&tables).id;
            let (to, empty) = (other.round.url(), other.witness());
            let (code, error) = place.refused(&[&snap, "t", "--to", &to]);
            assert!(code == Some(1) && error.contains("one of them") && error.contains("hint: "), "{code:?}: {error}");
            empty.same(&other.witness());
            place.done(&["restore", &snap, allowed, "--to", &to]);
            place.done(&["restore", &snap, "t", "--to", &to]);
            assert_eq!(other.sql("SELECT sum(n) FROM t"), "3");
            // both at once: nobody tells what a function reads, so the wrong one can come first
            other.sql(&format!("DELETE FROM t; DELETE FROM {allowed}"));
            let empty = other.witness();
            let run = place.round.plain(&["restore", &snap, "--to", &to, "-y"]).run();
            if tables[0] == allowed {
                assert_eq!((run.code(), other.sql("SELECT sum(n) FROM t").as_str()), (Some(0), "3"), "{run}");
            } else {
                assert!(run.code() == Some(1) && run.stderr().contains("one of them"), "{run}");
                assert!(run.stderr().contains("if it reads another table, restore that one first"), "{run}");
                empty.same(&other.witness());
            }
        }
    });
}

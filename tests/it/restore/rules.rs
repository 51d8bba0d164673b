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

/// Torment: R10, R17
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

/// Torment: R10, R17
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
    let (code, error) = place.refused(&["latest:t", "--mode", "upsert"]);
    assert!(code == Some(1) && error.contains("UNIQUE") && error.contains("hint: another row"), "{error}");
    place.done(&["restore", "latest:t", "--mode", "exact"]);
    assert_eq!(place.sql("SELECT count(*) FROM t;"), "3");
}

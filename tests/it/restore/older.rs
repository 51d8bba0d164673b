//! Rows that are older than a constraint which was added as NOT VALID: what the database once held it takes again.

use super::place::{Place, on_both, on_postgres};

#[test]
fn rows_that_no_check_would_take() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, n int, w text); INSERT INTO t VALUES (1, -1, 'a'), (2, 2, 'b'), (3, -3, 'c');
             ALTER TABLE t ADD CONSTRAINT \"is pos\" CHECK (n > 0) NOT VALID; COMMENT ON CONSTRAINT \"is pos\" ON t IS 'new rows';
             ALTER TABLE t ADD CONSTRAINT short CHECK (length(w) < 9), ADD CONSTRAINT lone CHECK (n <> -3) NO INHERIT NOT VALID",
        );
        place.goes_there_and_back(&["t"], "DELETE FROM t WHERE id IN (1, 3); UPDATE t SET w = 'x' WHERE id = 2");
        place.goes_there_and_back(&["t"], "DELETE FROM t");
    });
}

#[test]
fn values_that_no_domain_would_take() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE DOMAIN code AS text CHECK (VALUE <> ''); CREATE DOMAIN \"old code\" AS code;
             CREATE TYPE pair AS (a code, n int); CREATE TABLE t (id int PRIMARY KEY, c \"old code\" NOT NULL, all_of code[], p pair);
             INSERT INTO t VALUES (1, 'long one', '{long one, x}', '(long one,1)'), (2, 'b', '{}', NULL), (3, 'c', NULL, NULL);
             ALTER DOMAIN code ADD CONSTRAINT \"is short\" CHECK (length(VALUE) < 5) NOT VALID;
             COMMENT ON CONSTRAINT \"is short\" ON DOMAIN code IS 'it''s new';
             ALTER DOMAIN \"old code\" ADD CONSTRAINT low CHECK (VALUE = lower(VALUE))",
        );
        let rules = "SELECT conname, convalidated, pg_get_constraintdef(oid), obj_description(oid) FROM pg_constraint \
                     WHERE contypid <> 0 ORDER BY 1";
        let before = place.sql(rules);
        place.goes_there_and_back(&["t"], "DELETE FROM t WHERE id = 1; UPDATE t SET c = 'x' WHERE id = 2");
        place.goes_there_and_back(&["t"], "DELETE FROM t");
        assert_eq!(place.sql(rules), before);
        let snap = place.round.snap(&["t"]).id;
        place.sql("DELETE FROM t WHERE id = 3; ALTER DOMAIN \"old code\" ADD CONSTRAINT no_c CHECK (VALUE <> 'c')");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert!(code == Some(4) && error.contains("column c"), "{code:?}: {error}");
    });
}

#[test]
fn rows_of_partitions() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
             CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE rest PARTITION OF t DEFAULT;
             INSERT INTO t VALUES (1, -1), (11, -2); ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
             COMMENT ON CONSTRAINT pos ON low IS 'of the low ones'",
        );
        place.goes_there_and_back(&["t"], "DELETE FROM t");
    });
}

const ORPHANS: &str = "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2);
     CREATE TABLE child (id int PRIMARY KEY, parent int, w text); INSERT INTO child VALUES (1, 1, 'a'), (2, 7, 'b'), (3, 8, 'c');
     ALTER TABLE child ADD CONSTRAINT \"to parent\" FOREIGN KEY (parent) REFERENCES parent ON DELETE CASCADE NOT VALID;
     COMMENT ON CONSTRAINT \"to parent\" ON child IS 'from now on'";

#[test]
fn rows_that_refer_to_nothing() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(ORPHANS);
        for deferral in ["DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED", "NOT DEFERRABLE"] {
            place.sql(&format!("ALTER TABLE child ALTER CONSTRAINT \"to parent\" {deferral}"));
            place.goes_there_and_back(&["child"], "DELETE FROM child WHERE id > 1");
        }
        place.goes_there_and_back(
            &["child", "parent"],
            "DELETE FROM child; DELETE FROM parent WHERE id = 2; UPDATE parent SET id = 3 WHERE id = 1",
        );
    });
}

/// A row that had something to refer to is not left without it: the constraint holds for it.
#[test]
fn rows_that_would_be_left_behind() {
    on_postgres(|place| {
        place.sql(&ORPHANS.replace("ON DELETE CASCADE", ""));
        let snap = place.round.snap(&["parent"]).id;
        place.sql("INSERT INTO parent VALUES (9); INSERT INTO child VALUES (9, 9, 'd')");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert!(code == Some(1) && error.contains("23503"), "{code:?}: {error}");
    });
}

/// What is in a table that inherits from the parent is not in the parent: it does not keep a row from being left behind.
#[test]
fn rows_that_only_a_table_below_the_parent_has() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE derived () INHERITS (base); INSERT INTO base VALUES (1);
             INSERT INTO derived VALUES (5); CREATE TABLE uses (id int PRIMARY KEY, base int); INSERT INTO uses VALUES (1, 1), (2, 5), (3, 9);
             ALTER TABLE uses ADD CONSTRAINT \"to base\" FOREIGN KEY (base) REFERENCES base NOT VALID",
        );
        let snap = place.round.snap(&["base", "uses"]).id;
        place.sql("INSERT INTO base VALUES (5); DELETE FROM uses WHERE id = 3");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert!(code == Some(1) && error.contains("23503"), "{code:?}: {error}");
    });
}

/// A row of some values of the snapshot and some of today was never there: a CHECK refuses it.
#[test]
fn mixed_rows_are_checked() {
    on_both(|place| {
        place.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, price INT, cost INT, CHECK (price >= cost)); INSERT INTO t VALUES (1, 10, 5)");
        let snap = place.snap();
        place.sql("UPDATE t SET price = 20, cost = 15");
        let run = place.unchanged(&place.round.plain(&["restore", &snap, "t", "--columns", "price", "-y"]));
        assert_eq!(run.code(), Some(1), "{run}");
    });
}

/// A row comes back that is older than a CHECK, beside rows that exchange what it refers to.
#[test]
fn rows_beside_those_that_exchange_values() {
    on_postgres(|place| {
        place.may_make_again();
        place.sql(
            "CREATE TABLE a (id int PRIMARY KEY, u uuid NOT NULL UNIQUE);
             CREATE TABLE t (code text PRIMARY KEY, v int, u uuid REFERENCES a (u) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO a VALUES (1, '00000000-0000-4000-8000-000000000001'), (2, '00000000-0000-4000-8000-000000000002');
             INSERT INTO t VALUES ('x', -1, '00000000-0000-4000-8000-000000000001'); ALTER TABLE t ADD CHECK (v > 0) NOT VALID",
        );
        place.goes_there_and_back(
            &["a", "t"],
            "DELETE FROM t; UPDATE a SET id = 3 WHERE id = 1; UPDATE a SET id = 1 WHERE id = 2; UPDATE a SET id = 2 WHERE id = 3",
        );
    });
}

/// Rows that were in a table of SQLite under the CHECK that it has come back; under a newer one they do not.
#[test]
fn rows_that_no_check_of_sqlite_would_take() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE late (id INTEGER PRIMARY KEY, v INT, w TEXT); INSERT INTO late VALUES (1, -1, 'a'), (2, 2, 'b'), (3, -3, 'c');
         CREATE TABLE strict (id INTEGER PRIMARY KEY, v INT CHECK (v > 0)); INSERT INTO strict VALUES (1, 1);
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'v INT,', 'v INT CHECK (v > 0),') WHERE name = 'late'",
    );
    place.goes_there_and_back(&["late", "strict"], "DELETE FROM late WHERE id = 1; DELETE FROM strict");
    let snap = place.round.snap(&["late"]).id;
    place.sql("DELETE FROM late WHERE id = 3");
    let dry = place.done(&["restore", &snap, "--dry-run"]);
    assert!(dry.get("refused").is_none(), "{dry}");
    place.sql(
        "CREATE TABLE new (id INTEGER PRIMARY KEY, v INT CHECK (v > -2), w TEXT); INSERT INTO new SELECT * FROM late;
         DROP TABLE late; ALTER TABLE new RENAME TO late",
    );
    let (code, error) = place.refused(&[&snap]);
    assert!(code == Some(1) && error.contains("CHECK constraint failed"), "{code:?}: {error}");
    let dry = place.done(&["restore", &snap, "--dry-run"]);
    assert!(dry["refused"].as_str().is_some_and(|refused| refused.contains("CHECK constraint failed")), "{dry}");
}

/// SQLite has no setting that lets NULL pass where the column's NOT NULL is younger.
#[test]
fn rows_without_a_value_that_sqlite_requires_are_refused() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE late (id INTEGER PRIMARY KEY, v INT); INSERT INTO late VALUES (1, NULL), (2, 2);
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'v INT', 'v INT NOT NULL') WHERE name = 'late'",
    );
    let snap = place.snap();
    place.sql("DELETE FROM late");
    let (code, error) = place.refused(&[&snap, "late"]);
    assert!(code == Some(1) && error.contains("NOT NULL constraint failed: late.v"), "{code:?}: {error}");
    assert!(error.contains("hint: rows of the snapshot have no value where one is required now"), "{error}");
    let dry = place.done(&["restore", &snap, "--dry-run"]);
    assert!(dry["refused"].as_str().is_some_and(|refused| refused.contains("NOT NULL constraint failed")), "{dry}");
}

/// A column that takes the values of another one is under the rules of today, whatever the definition says.
#[test]
fn values_of_another_column_are_under_todays_rules() {
    let place = Place::sqlite();
    place.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, CHECK (a < b)); INSERT INTO t VALUES (1, 1, 2)");
    let snap = place.snap();
    place.sql("DELETE FROM t");
    let (_, error) = place.refused(&[&snap, "--map", "a=b", "--map", "b=a"]);
    assert!(error.contains("CHECK constraint failed: a < b"), "{error}");
}

/// What one database let stand is no reason for another one to take it.
#[test]
fn rows_of_another_database_are_under_the_rules_of_this_one() {
    let place = Place::sqlite();
    let made = "CREATE TABLE t (id INTEGER PRIMARY KEY, v INT";
    place.sql(&format!(
        "{made}); INSERT INTO t VALUES (1, -1); PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'v INT', 'v INT CHECK (v > 0)') WHERE name = 't'"
    ));
    let snap = place.snap();
    let other = place.round.project.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch(&format!("{made} CHECK (v > 0))")).unwrap();
    let (_, error) = place.refused(&[&snap, "--to", &format!("file:{}", other.display())]);
    assert!(error.contains("CHECK constraint failed: v > 0"), "{error}");
}

/// SQLite lets NULL stand in most primary keys, where it tells no rows apart.
#[test]
fn rows_without_a_primary_key_of_sqlite() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE t (code TEXT PRIMARY KEY, v INT); INSERT INTO t VALUES (NULL, 1), (NULL, 1), (NULL, 2), ('x', 3);
         CREATE TABLE pair (a INT, b INT, v INT, PRIMARY KEY (a, b)); INSERT INTO pair VALUES (1, NULL, 1), (NULL, NULL, 2), (1, 1, 3)",
    );
    place.goes_there_and_back(
        &["t", "pair"],
        "DELETE FROM t WHERE code IS NULL; DELETE FROM pair; INSERT INTO pair VALUES (1, 1, 9)",
    );
    place.goes_there_and_back(
        &["t", "pair"],
        "UPDATE t SET code = 'n' || rowid WHERE code IS NULL; UPDATE pair SET a = rowid, b = 4",
    );
}

//! Patches run by sqlite3.

use super::patched::{Patched, SqlitePatched};

const TABLES: &str = include_str!("../gauntlet/sqlite.sql");
const DAMAGE: &str = include_str!("../gauntlet/sqlite_damage.sql");

#[test]
fn every_value_in_every_kind_of_table_is_patched() {
    let data = SqlitePatched::new(TABLES);
    data.goes_back_and_forth(&|| drop(data.sql(DAMAGE)));
}

#[test]
fn whole_tables_go_and_come_back() {
    let data = SqlitePatched::new(TABLES);
    let names = data.sql(
        "SELECT printf('DELETE FROM \"%w\";', name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    data.goes_back_and_forth(&|| drop(data.sql(&names)));
}

#[test]
fn triggers_and_foreign_keys_do_not_act() {
    let data = SqlitePatched::new(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, v); CREATE TABLE said (what);
         CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE, self REFERENCES child ON DELETE SET NULL);
         CREATE TABLE outside (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE);
         INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1, 3), (2, 1, 1), (3, 2, 2);
         INSERT INTO outside VALUES (1, 1);
         CREATE TRIGGER t AFTER INSERT ON parent BEGIN INSERT INTO said VALUES (new.id); UPDATE child SET parent = NULL; END;
         CREATE TRIGGER u BEFORE DELETE ON child BEGIN SELECT RAISE(IGNORE); END;",
    );
    data.goes_back_and_forth(&|| {
        data.sql("PRAGMA foreign_keys = ON; DROP TRIGGER u; INSERT INTO parent VALUES (3, 'c');");
        data.sql("CREATE TRIGGER u BEFORE DELETE ON child BEGIN SELECT RAISE(IGNORE); END;");
        data.sql(
            "UPDATE child SET parent = 3, self = 1 WHERE id = 2; DELETE FROM parent WHERE id = 1; DELETE FROM said;",
        );
    });
}

#[test]
fn a_patch_of_another_state_changes_nothing() {
    let data = SqlitePatched::new("CREATE TABLE t (k INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 1), (2, 2);");
    let first = data.round().snap(&["t"]);
    data.sql("DELETE FROM t WHERE k = 1; INSERT INTO t VALUES (5, 5), (6, 6);");
    let patch = data.patch(&[&first.id, "live"]);
    let before = data.state();
    let error = data.run(&patch).unwrap_err();
    assert!(error.contains("table t does not have the rows that this patch starts from (2)"), "{error}");
    assert_eq!(data.state(), before);
}

#[test]
fn what_is_unique_changes_places_whatever_is_checked() {
    let data = SqlitePatched::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE CHECK (n BETWEEN 1 AND 3), code TEXT NOT NULL CHECK (length(code) = 2),
           live INTEGER NOT NULL CHECK (live IN (0, 1)), r REAL NOT NULL UNIQUE CHECK (r > 0), b BLOB NOT NULL UNIQUE CHECK (length(b) = 1)) STRICT;
         CREATE UNIQUE INDEX lowered ON t (lower(code)); CREATE UNIQUE INDEX one ON t (live) WHERE live;
         INSERT INTO t VALUES (1, 1, 'c1', 1, 0.5, x'01'), (2, 2, 'c2', 0, 1.5, x'02'), (3, 3, 'c3', 0, 2.5, x'03'); CREATE TABLE beside (id INTEGER PRIMARY KEY);",
    );
    data.goes_back_and_forth(&|| {
        data.sql(
            "CREATE TEMP TABLE old AS SELECT * FROM t; DELETE FROM t;
             INSERT INTO t SELECT a.id, b.n, b.code, b.live, b.r, b.b FROM old a JOIN old b ON b.id = a.id % 3 + 1;
             INSERT INTO beside VALUES (1);",
        );
    });
}

#[test]
fn a_patch_whose_counts_are_right_all_the_same() {
    let rows = "INSERT INTO t VALUES (1, 'a', 0.0, NULL), (2, 'b', 1.5, x'00'), (3, 'c', 2, 'x'); INSERT INTO heap VALUES (1), (1), ('1');";
    let change = "UPDATE t SET v = 'new' WHERE k = 1; DELETE FROM t WHERE k = 2; INSERT INTO t VALUES (9, 'n', 1, 1);
        DELETE FROM heap WHERE typeof(a) = 'text'; INSERT INTO heap VALUES (1.5);";
    let data = SqlitePatched::new(&format!(
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE, r, x); CREATE TABLE heap (a); {rows}"
    ));
    let first = data.round().snap(&["--all"]);
    data.sql(change);
    let back = data.patch(&["live", &first.id]);
    let damaged = data.state();
    for meanwhile in [
        "UPDATE t SET v = 'NEW' WHERE k = 1;",
        "UPDATE t SET r = -0.0 WHERE k = 1;",
        "UPDATE t SET r = 0 WHERE k = 1;",
        "UPDATE t SET x = '1' WHERE k = 9;",
        "UPDATE t SET x = '' WHERE k = 1;",
        "UPDATE heap SET a = '1.5' WHERE a = 1.5;",
    ] {
        data.sql(meanwhile);
        let before = data.state();
        let error = data.run(&back).expect_err(meanwhile);
        assert!(error.contains("are not what this patch starts from"), "{meanwhile}: {error}");
        assert_eq!(data.state(), before, "{meanwhile}");
        data.sql(&format!("DELETE FROM t; DELETE FROM heap; {rows} {change}"));
        assert_eq!(data.state(), damaged);
    }
    data.run(&back).unwrap();
    let whole = data.state();
    data.run(&back).unwrap_err();
    assert_eq!(data.state(), whole);
}

#[test]
fn what_sqlite_takes_for_equal_changes_places() {
    let data = SqlitePatched::new(
        "CREATE TABLE folded (id INTEGER PRIMARY KEY, code TEXT NOT NULL COLLATE NOCASE UNIQUE);
         CREATE TABLE padded (id INTEGER PRIMARY KEY, code TEXT NOT NULL COLLATE RTRIM UNIQUE);
         CREATE TABLE numbers (id INTEGER PRIMARY KEY, v NOT NULL UNIQUE);
         CREATE TABLE doubled (id INTEGER PRIMARY KEY, n INT NOT NULL, twice INT GENERATED ALWAYS AS (n * 2) STORED UNIQUE);
         CREATE TABLE flags (id INTEGER PRIMARY KEY, owner INT, is_default INT NOT NULL); CREATE UNIQUE INDEX one ON flags (owner) WHERE is_default;
         INSERT INTO folded VALUES (1, 'a'), (2, 'b'), (3, 'C'); INSERT INTO padded VALUES (1, 'a'), (2, 'b '), (3, 'c');
         INSERT INTO numbers VALUES (1, 1), (2, 2.5), (3, 'x'); INSERT INTO doubled (id, n) VALUES (1, 1), (2, 2), (3, 3);
         INSERT INTO flags VALUES (1, 7, 1), (2, 7, 0), (3, 7, 0)",
    );
    data.goes_back_and_forth(&|| {
        data.sql(
            "DELETE FROM folded; INSERT INTO folded VALUES (2, 'A'), (3, 'B'), (1, 'c'); DELETE FROM padded; INSERT INTO padded VALUES (2, 'a '), (3, 'b'), (1, 'c  ');
             DELETE FROM numbers; INSERT INTO numbers VALUES (2, 1.0), (3, 2.5), (1, 'x'); DELETE FROM doubled; INSERT INTO doubled (id, n) VALUES (2, 1), (3, 2), (1, 3);
             UPDATE flags SET is_default = id = 3",
        );
    });
}

/// Rows that a CHECK would refuse today come back by a patch where the table is as it was when they were in it.
#[test]
fn rows_older_than_their_constraints() {
    let data = SqlitePatched::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INT, w TEXT, u INT UNIQUE); INSERT INTO t VALUES (1, -1, 'a', 1), (2, 2, 'b', 2), (3, -3, NULL, 3);
         CREATE TABLE other (id INTEGER PRIMARY KEY, v INT CHECK (v > 0)); INSERT INTO other VALUES (1, 1);
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, 'v INT,', 'v INT CHECK (v > 0),'), 'w TEXT', 'w TEXT NOT NULL')
         WHERE name = 't';",
    );
    let first = data.round().snap(&["--all"]).id;
    let before = data.state();
    data.sql("DELETE FROM t WHERE id = 1; UPDATE t SET v = 3, u = 2 - u WHERE id = 3; UPDATE t SET u = 3 WHERE id = 2; DELETE FROM other;");
    let back = data.patch(&["live", &first]);
    data.run(&back).unwrap_or_else(|error| panic!("{error}\n{back}"));
    assert_eq!(data.state(), before);
    assert_eq!(
        back.matches("PRAGMA ignore_check_constraints = ON").count(),
        back.matches("PRAGMA ignore_check_constraints = OFF").count()
    );

    // a row of `other` is checked: none breaks the rule
    let insertion = back.find("INSERT OR ABORT INTO main.\"other\"").unwrap();
    assert!(!back[..insertion].ends_with("PRAGMA ignore_check_constraints = ON;\n"), "{back}");

    data.sql("DELETE FROM t WHERE id = 3;");
    let refused = data.round().plain(&["diff", "-o", "sql", "live", &first]).run();
    assert_eq!(refused.code(), Some(4), "{refused}");
    assert!(
        refused.stderr().contains("1 row without a value in w, which is NOT NULL, would come to table t"),
        "{refused}"
    );
    assert_eq!(refused.stdout(), "");

    data.sql("CREATE TABLE new (id INTEGER PRIMARY KEY, v INT CHECK (v > -1), w TEXT, u INT UNIQUE); INSERT INTO new SELECT * FROM t WHERE v > 0;
         DROP TABLE t; ALTER TABLE new RENAME TO t;");
    let refused = data.round().plain(&["diff", "-o", "sql", "live", &first]).run();
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(
        refused.stderr().contains("table t would not take rows of this patch: CHECK constraint failed: v > -1"),
        "{refused}"
    );
    assert_eq!(refused.stdout(), "");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn every_value_is_patched_in_utf16() {
        let data = SqlitePatched::new(&format!("PRAGMA encoding = 'UTF-16be'; {TABLES}"));
        data.goes_back_and_forth(&|| drop(data.sql(DAMAGE)));
    }
}

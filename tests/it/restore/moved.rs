//! Values that rows refer to, moved from one row to another, where foreign keys act on what refers to them.

use super::place::on_postgres;

const TABLES: &str = "CREATE TABLE part (id int PRIMARY KEY, code text NOT NULL UNIQUE);
    CREATE TABLE stock (id int PRIMARY KEY, code text REFERENCES part (code) ON UPDATE CASCADE ON DELETE CASCADE);
    INSERT INTO part VALUES (1, 'a'), (2, 'b'); INSERT INTO stock VALUES (1, 'a'), (2, 'b')";
/// The stock stays what it is, and each code goes to the other part.
const SWAP: &str = "UPDATE part SET code = 'x' WHERE id = 1; UPDATE part SET code = 'a' WHERE id = 2;
    UPDATE part SET code = 'b' WHERE id = 1; UPDATE stock SET code = CASE id WHEN 1 THEN 'a' ELSE 'b' END";
const ALL: &str = "SELECT 'part', * FROM part UNION ALL SELECT 'stock', * FROM stock ORDER BY 1, 2";

#[test]
fn what_refers_to_them_is_put_right() {
    on_postgres(|place| {
        place.sql(TABLES);
        let before = place.sql(ALL);
        let snap = place.snap();
        for damage in [
            SWAP,
            "UPDATE stock SET code = NULL WHERE id = 2; DELETE FROM part WHERE id = 2; UPDATE part SET code = 'b'",
        ] {
            place.sql(damage);
            let damaged = place.sql(ALL);
            assert_ne!(damaged, before);
            place.done(&["restore", &snap, "--mode", "exact"]);
            assert_eq!(place.sql(ALL), before);
            place.undo(&[]);
            assert_eq!(place.sql(ALL), damaged);
            let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]).run().success().stdout().to_owned();
            place.sql(&patch);
            assert_eq!(place.sql(ALL), before);
            let made = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'";
            let made = place.sql(made);
            assert_eq!(made, "FOREIGN KEY (code) REFERENCES part(code) ON UPDATE CASCADE ON DELETE CASCADE");
        }
    });
}

#[test]
fn rows_of_other_tables_follow_only_if_they_may() {
    on_postgres(|place| {
        place.sql(TABLES);
        let snap = place.round.snap(&["part"]).id;
        place.sql("UPDATE part SET code = 'c' WHERE id = 2");
        let damaged = place.sql(ALL);
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert_eq!(code, Some(4), "{error}");
        assert!(error.contains("change 1 row of stock") && error.contains("--cascade"), "{error}");
        assert_eq!(place.sql(ALL), damaged);
        let report = place.done(&["restore", &snap, "--mode", "exact", "--cascade"]);
        assert_eq!(report["cascaded"][0]["rows"], 1);
        assert_eq!(place.sql(ALL), "part|1|a\npart|2|b\nstock|1|a\nstock|2|b");
    });
}

/// A row that others fall back on is not there yet when what they refer to goes: it comes with the same restore.
#[test]
fn rows_fall_back_on_one_that_comes_back_with_them() {
    for (action, damage) in [
        (
            "ON DELETE SET DEFAULT",
            "INSERT INTO part VALUES (3, 'c'); DELETE FROM part WHERE code = 'z'; INSERT INTO stock VALUES (1, 'c'), (2, 'a')",
        ),
        (
            "ON UPDATE SET DEFAULT",
            "UPDATE part SET code = 'c' WHERE code = 'a'; DELETE FROM part WHERE code = 'z'; INSERT INTO stock VALUES (1, 'c'), (2, 'b')",
        ),
        (
            "ON UPDATE SET DEFAULT ON DELETE SET DEFAULT",
            "UPDATE part SET code = 'y' WHERE code = 'z'; INSERT INTO part VALUES (3, 'c'); INSERT INTO stock VALUES (1, 'c'), (2, 'a'), (3, 'y')",
        ),
    ] {
        on_postgres(|place| {
            place.sql(&format!(
                "CREATE TABLE part (id int PRIMARY KEY, code text NOT NULL UNIQUE);
                 CREATE TABLE stock (id int PRIMARY KEY, code text DEFAULT 'z' REFERENCES part (code) {action});
                 INSERT INTO part VALUES (1, 'a'), (2, 'b'), (9, 'z')"
            ));
            let before = place.sql("SELECT * FROM part ORDER BY id");
            let snap = place.round.snap(&["part"]).id;
            place.sql(damage);
            let damaged = place.sql(ALL);
            let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
            assert!(code == Some(4) && error.contains("stock") && error.contains("--cascade"), "{action}: {error}");
            place.done(&["restore", &snap, "--mode", "exact", "--cascade"]);
            assert_eq!(place.sql("SELECT * FROM part ORDER BY id"), before, "{action}");
            assert_eq!(place.sql("SELECT code FROM stock WHERE id = 1"), "z", "{action}");
            place.undo(&[]);
            assert_eq!(place.sql(ALL), damaged, "{action}");
        });
    }
}

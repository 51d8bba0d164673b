//! Parts of a snapshot: one row, rows by condition, some columns; and another database.

use super::place::{Place, on_both, on_postgres};

const MODS: &str = "CREATE TABLE mods (id TEXT PRIMARY KEY, kind TEXT NOT NULL, price INTEGER, title TEXT); \
                    INSERT INTO mods VALUES ('a', 'lamp', 1, 'A'), ('b', 'lamp', 2, 'B'), ('c', 'rug', 3, 'C'), ('d', 'rug', 4, 'D')";
const DAMAGE: &str = "DELETE FROM mods WHERE id IN ('a', 'c'); UPDATE mods SET price = 0, title = 'X'; \
                      INSERT INTO mods VALUES ('e', 'lamp', 5, 'E'), ('f', 'rug', 6, 'F')";
const ROWS: &str = "SELECT * FROM mods ORDER BY id";

fn damaged(place: &Place) {
    place.sql(MODS);
    place.snap();
    place.sql(DAMAGE);
}

#[test]
fn one_row_comes_back_and_nothing_else() {
    on_both(|place| {
        damaged(place);
        assert_eq!(place.restore(&["latest:mods:c", "--mode", "exact"])[..3], [1, 0, 0]);
        assert_eq!(place.sql(ROWS), "b|lamp|0|X\nc|rug|3|C\nd|rug|0|X\ne|lamp|5|E\nf|rug|6|F");
        assert_eq!(place.restore(&["latest:mods:b"])[..3], [0, 1, 0]);
        let (code, error) = place.refused(&["latest:mods:nobody"]);
        assert!(code == Some(12) && error.contains("there is no row 'nobody' in table mods of snapshot"), "{error}");
        // A row that was not there goes, if exactly that row is asked for.
        assert_eq!(place.restore(&["latest:mods:e", "--mode", "exact"])[..3], [0, 0, 1]);
        assert_eq!(place.sql(ROWS), "b|lamp|2|B\nc|rug|3|C\nd|rug|0|X\nf|rug|6|F");
    });
}

#[test]
fn rows_for_which_a_condition_holds_come_back() {
    on_both(|place| {
        damaged(place);
        assert_eq!(place.restore(&["latest", "mods", "--where", "kind = 'lamp'"])[..3], [1, 1, 0]);
        assert_eq!(place.sql(ROWS), "a|lamp|1|A\nb|lamp|2|B\nd|rug|0|X\ne|lamp|5|E\nf|rug|6|F");
        assert_eq!(place.restore(&["latest", "mods", "--where", "kind = 'rug'", "--mode", "exact"])[..3], [1, 1, 1]);
        assert_eq!(place.sql(ROWS), "a|lamp|1|A\nb|lamp|2|B\nc|rug|3|C\nd|rug|4|D\ne|lamp|5|E");
        // A row that left the condition is still one of the snapshot's for which it held.
        place.sql("UPDATE mods SET kind = 'odd' WHERE id = 'a'");
        assert_eq!(place.restore(&["latest", "mods", "--where", "kind = 'lamp'"])[..3], [0, 1, 0]);
        let (code, error) = place.refused(&["latest", "mods", "--where", "kind = 'lamp'; DROP TABLE mods"]);
        assert_eq!(code, Some(2), "{error}");
    });
}

#[test]
fn only_some_columns_come_back() {
    on_both(|place| {
        damaged(place);
        assert_eq!(place.restore(&["latest", "mods", "--columns", "price"])[..3], [0, 2, 0]);
        assert_eq!(place.sql(ROWS), "b|lamp|2|X\nd|rug|4|X\ne|lamp|5|E\nf|rug|6|F");
        assert_eq!(
            place.restore(&["latest", "mods", "--columns", "price,title", "--where", "id = 'd'"])[..3],
            [0, 1, 0]
        );
        assert_eq!(place.sql(ROWS), "b|lamp|2|X\nd|rug|4|D\ne|lamp|5|E\nf|rug|6|F");
        for (typed, near) in [("cost", ""), ("prize", "; did you mean price?"), ("Titel", "; did you mean title?")] {
            let (code, error) = place.refused(&["latest", "mods", "--columns", typed]);
            assert_eq!(code, Some(2));
            assert!(error.contains(&format!("table mods has no column '{typed}'{near}\n")), "{error}");
        }
    });
}

#[test]
fn parts_need_one_table() {
    on_both(|place| {
        place.sql("CREATE TABLE other (id INTEGER PRIMARY KEY)");
        damaged(place);
        for args in [["latest", "--where", "id = 'a'"], ["latest", "--columns", "price"]] {
            let (code, error) = place.refused(&args);
            assert_eq!(code, Some(2), "{error}");
        }
        assert!(place.sql(ROWS).contains("b|lamp|0|X"));
    });
}

#[test]
fn only_some_tables_come_back() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE other (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO other VALUES (1, 'one'), (2, 'two')",
        );
        damaged(place);
        place.sql("UPDATE other SET w = 'x'");
        assert_eq!(place.restore(&["latest", "mods", "--mode", "exact"])[..3], [2, 2, 2]);
        assert_eq!(place.sql("SELECT * FROM other ORDER BY id"), "1|x\n2|x");
        assert_eq!(place.restore(&["latest:other"])[..3], [0, 2, 0]);
        assert_eq!(place.sql("SELECT * FROM other ORDER BY id"), "1|one\n2|two");
        let (code, error) = place.refused(&["latest", "nothing"]);
        assert!(code == Some(12) && error.contains("there is no table 'nothing' in snapshot"), "{error}");
    });
}

#[test]
fn another_database_is_written_where_it_is_named() {
    const THERE: &str = "CREATE TABLE mods (id TEXT PRIMARY KEY, kind TEXT NOT NULL, price INTEGER, title TEXT);
                         CREATE TABLE beside (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO beside VALUES (1, 'one')";
    on_both(|place| {
        damaged(place);
        let other = place.another();
        other.sql(THERE);
        let before = other.witness();
        let (code, error) = place.refused(&["latest", "--url", &other.round.url()]);
        assert!(code == Some(4) && error.contains("--other-database"), "{error}");
        before.same(&other.witness());
        assert_eq!(place.restore(&["latest", "--to", &other.round.url()]), [4, 0, 0, 0, 0]);
        before.same_but(&other.witness(), &["mods".to_owned()]);
        assert_eq!(other.sql("SELECT count(*), sum(price) FROM mods"), "4|10");
    });
}

#[test]
fn a_new_table_beside_the_old_one() {
    on_both(|place| {
        damaged(place);
        let before = place.sql(ROWS);
        place.done(&["restore", "latest", "mods", "--into", "mods_before", "--dry-run"]);
        assert_eq!(place.restore(&["latest", "mods", "--into", "mods_before"])[..3], [4, 0, 0]);
        assert_eq!(place.sql("SELECT * FROM mods_before ORDER BY id"), "a|lamp|1|A\nb|lamp|2|B\nc|rug|3|C\nd|rug|4|D");
        assert_eq!(place.sql(ROWS), before);
        let (code, error) = place.refused(&["latest", "mods", "--into", "mods"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("there is a table mods already"), "{error}");
        // It is no restore that could be taken back.
        assert_eq!(place.round.plain(&["undo", "-y"]).run().code(), Some(2));
        // What cannot be made leaves nothing behind.
        place.sql("CREATE VIEW taken AS SELECT 1 AS x");
        let (code, error) = place.refused(&["latest", "mods", "--into", "taken"]);
        assert_eq!(code, Some(1), "{error}");
    });
}

/// A partitioned table is one table, and comes into one.
#[test]
fn a_new_table_of_all_partitions() {
    on_postgres(|place| {
        for key in ["PRIMARY KEY (id)", "CHECK (id > 0)"] {
            place.sql(&format!(
                "DROP TABLE IF EXISTS p, p_new, p_1; CREATE TABLE p (id int, w text, {key}) PARTITION BY HASH (id);
                 CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                 CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
                 INSERT INTO p SELECT n, 'row ' || n FROM generate_series(1, 99) n"
            ));
            let snap = place.round.snap(&["p"]).id;
            place.sql("DELETE FROM p WHERE id > 50");
            assert_eq!(place.restore(&[&snap, "--into", "p_new"])[..3], [99, 0, 0]);
            let differs = "SELECT count(*) FROM (SELECT n, 'row ' || n FROM generate_series(1, 99) n EXCEPT ALL SELECT * FROM p_new) d";
            assert_eq!(place.sql(differs), "0");
            assert_eq!(place.sql("SELECT count(*) FROM p_new"), "99");
            let one: u64 = place
                .sql("SELECT count(*) FROM p_new WHERE satisfies_hash_partition('p'::regclass, 2, 1, id)")
                .parse()
                .unwrap();
            assert_eq!(place.restore(&[&format!("{snap}:p1"), "--into", "p_1"])[..3], [one, 0, 0]);
        }
        place.sql("CREATE TABLE beside (id int PRIMARY KEY)");
        let snap = place.snap();
        let (code, error) = place.refused(&[&snap, "--into", "both"]);
        assert!(code == Some(2) && error.contains("--into takes one table"), "{code:?}: {error}");
        // columns of an attached partition stand in an order of their own
        place.sql("CREATE TABLE p2 (w text, id int); CREATE TABLE q (id int, w text) PARTITION BY LIST (id);
                   CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1); ALTER TABLE q ATTACH PARTITION p2 FOR VALUES IN (2)");
        let snap = place.round.snap(&["q"]).id;
        let (code, error) = place.refused(&[&snap, "--into", "q_new"]);
        assert!(code == Some(4) && error.contains("different columns"), "{code:?}: {error}");
    });
}

/// Columns are listed between commas or one by one; a name with a comma in it stands between quotes.
#[test]
fn columns_are_listed_in_any_way() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, \"c,\"\"d\" INT, e INT); INSERT INTO t VALUES (1, 1, 1, 1, 1)",
        );
        let snap = place.snap();
        for (columns, now) in [
            (&["a,b"][..], "1|1|2|2"),
            (&["a", "b,e"], "1|1|2|1"),
            (&["a , \"c,\"\"d\" , e "], "1|2|1|1"),
            (&["\"c,\"\"d\""], "2|2|1|2"),
        ] {
            place.sql("UPDATE t SET a = 2, b = 2, \"c,\"\"d\" = 2, e = 2");
            let flags: Vec<&str> = columns.iter().flat_map(|list| ["--columns", *list]).collect();
            place.done(&[&["restore", &snap, "t"], &flags[..]].concat());
            assert_eq!(place.sql("SELECT a, b, \"c,\"\"d\", e FROM t"), now, "{columns:?}");
        }
        for list in ["", "a,", ",a", "\"a", "\"a\"b"] {
            let (code, error) = place.refused(&[&snap, "t", "--columns", list]);
            assert!(code == Some(2) && error.contains("--columns"), "{list}: {code:?}: {error}");
        }
    });
}

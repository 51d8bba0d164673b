//! Parts of a snapshot: one row, rows by condition, some columns; and another database.

use super::place::{Place, on_both};

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
        let (code, error) = place.refused(&["latest", "mods", "--columns", "cost"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("there is no column cost"), "{error}");
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

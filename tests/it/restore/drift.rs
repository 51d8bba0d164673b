//! The table is not what it was when the snapshot was taken.

use super::place::{Place, counts, on_both, on_postgres};

const MODS: &str = "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price NUMERIC); \
                    INSERT INTO mods VALUES (1, 'Lamp', 10), (2, 'Chair', 20), (3, 'Rug', NULL)";

fn mods(place: &Place) {
    place.sql(MODS);
    place.snap();
}

#[test]
fn a_new_column_keeps_its_values_and_rows_that_come_back_get_its_default() {
    on_both(|place| {
        mods(place);
        place.sql(
            "ALTER TABLE mods ADD COLUMN note TEXT; ALTER TABLE mods ADD COLUMN stock INTEGER NOT NULL DEFAULT 7; \
             UPDATE mods SET note = 'kept', stock = 1; UPDATE mods SET title = 'Broken' WHERE id = 2; DELETE FROM mods WHERE id = 3",
        );
        let restored = place.done(&["restore", "latest", "--mode", "exact"]);
        assert_eq!(counts(&restored), [1, 1, 0, 1, 0]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp|10|kept|1\n2|Chair|20|kept|1\n3|Rug|||7");
        assert_eq!(place.restore(&["latest", "--mode", "exact"]), [0, 0, 0, 3, 0]);
        // The way back knows the new columns too.
        place.undo(&[restored["safety"].as_str().unwrap()]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp|10|kept|1\n2|Broken|20|kept|1");
    });
}

#[test]
fn defaults_that_differ_from_row_to_row_are_what_an_insert_gives() {
    on_postgres(|place| {
        mods(place);
        place.sql("ALTER TABLE mods ADD COLUMN n serial; ALTER TABLE mods ADD COLUMN made timestamptz NOT NULL DEFAULT now(); DELETE FROM mods WHERE id > 1");
        assert_eq!(place.restore(&["latest"]), [2, 0, 0, 1, 0]);
        assert_eq!(place.sql("SELECT id, n > 3, made IS NOT NULL FROM mods ORDER BY id"), "1|f|t\n2|t|t\n3|t|t");
        assert_eq!(place.sql("SELECT count(DISTINCT n) FROM mods"), "3");
    });
    on_postgres(|other| {
        mods(other);
        other.sql("ALTER TABLE mods ADD COLUMN n integer GENERATED ALWAYS AS IDENTITY; DELETE FROM mods WHERE id = 2");
        assert_eq!(other.restore(&["latest"]), [1, 0, 0, 2, 0]);
        assert_eq!(other.sql("SELECT id, n FROM mods ORDER BY id"), "1|1\n2|4\n3|3");
    });
}

#[test]
fn columns_in_another_order_take_their_own_values() {
    on_both(|place| {
        mods(place);
        place.sql("DROP TABLE mods");
        place.sql("CREATE TABLE mods (price NUMERIC, title TEXT NOT NULL, id INTEGER PRIMARY KEY)");
        assert_eq!(place.restore(&["latest"]), [3, 0, 0, 0, 0]);
        assert_eq!(place.sql("SELECT id, title, price FROM mods ORDER BY id"), "1|Lamp|10\n2|Chair|20\n3|Rug|");
    });
}

#[test]
fn a_table_without_a_key_takes_its_columns_in_another_order() {
    on_both(|place| {
        place.sql("CREATE TABLE log (a TEXT, b INTEGER); INSERT INTO log VALUES ('x', 1), ('x', 1), ('y', 2)");
        place.snap();
        place.sql("DROP TABLE log");
        place.sql("CREATE TABLE log (b INTEGER, a TEXT); INSERT INTO log VALUES (1, 'x'), (9, 'z')");
        assert_eq!(place.restore(&["latest", "--mode", "exact"]), [2, 0, 1, 1, 0]);
        assert_eq!(place.sql("SELECT a, b FROM log ORDER BY a, b"), "x|1\nx|1\ny|2");
        place.sql("ALTER TABLE log ADD COLUMN c INTEGER");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("the table has no key"), "{error}");
    });
}

#[test]
fn a_renamed_or_retyped_column_needs_a_map() {
    on_both(|place| {
        mods(place);
        place.sql("ALTER TABLE mods RENAME COLUMN title TO name; UPDATE mods SET name = 'Broken' WHERE id = 1");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("column title is gone") && error.contains("--map"), "{error}");
        assert_eq!(place.restore(&["latest", "--map", "title=name"]), [0, 1, 0, 2, 0]);
        assert_eq!(place.sql("SELECT id, name FROM mods ORDER BY id"), "1|Lamp\n2|Chair\n3|Rug");
    });
    on_postgres(|place| {
        mods(place);
        place
            .sql("ALTER TABLE mods ALTER COLUMN title TYPE varchar(40); UPDATE mods SET title = 'Broken' WHERE id = 1");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("column title was text and is character varying(40)"), "{error}");
        assert_eq!(place.restore(&["latest", "--map", "title=title"]), [0, 1, 0, 2, 0]);
        assert_eq!(place.sql("SELECT title FROM mods WHERE id = 1"), "Lamp");
    });
}

#[test]
fn a_column_that_is_gone_can_be_left_out() {
    on_both(|place| {
        mods(place);
        place.sql("ALTER TABLE mods DROP COLUMN price; UPDATE mods SET title = 'Broken' WHERE id = 1; DELETE FROM mods WHERE id = 2");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("column price is gone") && error.contains("--ignore-column"), "{error}");
        assert_eq!(place.restore(&["latest", "--ignore-column", "price"]), [1, 1, 0, 1, 0]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp\n2|Chair\n3|Rug");
    });
}

#[test]
fn values_that_a_type_takes_no_more_are_refused() {
    on_postgres(|place| {
        place.sql(
            "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN price AS numeric;
             CREATE TABLE mods (id int PRIMARY KEY, m mood, all_of_them mood[], p price, w text);
             INSERT INTO mods VALUES (1, 'sad', '{sad,glad}', -1, 'a'), (2, 'glad', '{glad}', 2, 'b'), (3, NULL, NULL, NULL, 'c')",
        );
        let snap = place.snap();
        // a label that is gone: the type was made anew
        place.sql(
            "DELETE FROM mods WHERE id = 1; UPDATE mods SET w = 'x'; CREATE TYPE mood_new AS ENUM ('glad', 'mad');
             ALTER TABLE mods ALTER m TYPE mood_new USING m::text::mood_new, ALTER all_of_them TYPE mood_new[] USING all_of_them::text[]::mood_new[];
             DROP TYPE mood; ALTER TYPE mood_new RENAME TO mood; ALTER DOMAIN price ADD CONSTRAINT positive CHECK (VALUE > 0)",
        );
        let (code, error) = place.refused(&[&snap]);
        assert_eq!(code, Some(4), "{error}");
        for column in ["m (public.mood)", "all_of_them (public.mood[])", "p (public.price)"] {
            assert!(
                error.contains(&format!("column {column} takes values of the snapshot no more")),
                "{column}: {error}"
            );
        }
        assert!(error.contains("--ignore-column") && !error.contains("sad"), "{error}");
        // what is asked for is what counts: these rows fit
        assert_eq!(place.restore(&[&snap, "--where", "id > 1"])[..3], [0, 2, 0]);
        let ignored = ["--ignore-column", "m", "--ignore-column", "all_of_them", "--ignore-column", "p"];
        assert_eq!(place.restore(&[&[snap.as_str()][..], &ignored].concat())[..3], [1, 0, 0]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1||||a\n2|glad|{glad}|2|b\n3||||c");
        place.undo(&[]);
        assert_eq!(place.sql("SELECT id FROM mods ORDER BY id"), "2\n3");
    });
}

#[test]
fn a_column_that_is_not_null_now_is_refused() {
    on_both(|place| {
        mods(place);
        place.sql("DROP TABLE mods");
        place.sql("CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price NUMERIC NOT NULL, size INTEGER NOT NULL)");
        place.sql("INSERT INTO mods VALUES (1, 'Broken', 1, 7)");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4), "{error}");
        assert!(error.contains("column price is NOT NULL now"), "{error}");
        assert!(error.contains("column size is new, NOT NULL and without a default"), "{error}");
        let told = place.refused(&["latest", "--ignore-column", "size"]).1;
        assert!(told.contains("price") && !told.contains("size is new"), "{told}");
        let only = ["latest", "--where", "id = 1", "--ignore-column", "size", "--map", "price=price"];
        assert_eq!(place.restore(&only)[..3], [0, 1, 0]);
        assert_eq!(place.sql("SELECT * FROM mods"), "1|Lamp|10|7");
    });
}

#[test]
fn a_new_column_without_a_default_refuses_rows_that_are_gone() {
    on_postgres(|place| {
        mods(place);
        place.sql("ALTER TABLE mods ADD COLUMN owner text; UPDATE mods SET owner = 'ann', title = 'Broken'; ALTER TABLE mods ALTER COLUMN owner SET NOT NULL");
        let (code, error) = place.refused(&["latest"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("column owner is new, NOT NULL and without a default"), "{error}");
        place.sql("DELETE FROM mods WHERE id = 3");
        let (code, error) = place.refused(&["latest", "--ignore-column", "owner"]);
        assert_eq!(code, Some(4));
        assert!(error.contains("1 row cannot be re-inserted: column owner has no value"), "{error}");
        assert_eq!(place.sql("SELECT count(*) FROM mods WHERE title = 'Broken'"), "2");
        place.sql("INSERT INTO mods VALUES (3, 'New', NULL, 'bob')");
        assert_eq!(place.restore(&["latest", "--ignore-column", "owner"]), [0, 3, 0, 0, 0]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp|10|ann\n2|Chair|20|ann\n3|Rug||bob");
    });
}

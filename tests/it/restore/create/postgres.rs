//! Tables of PostgreSQL: `pg_dump` says the same before and after.

use crate::support::place::{Place, on_postgres};

const SHOP: &str = include_str!("shop.sql");

#[test]
fn one_table_and_the_foreign_keys_to_it() {
    on_postgres(|place| {
        place.sql(SHOP);
        place.comes_back("DROP TABLE \"Mods\" CASCADE");
    });
}

#[test]
fn tables_with_foreign_keys_between_them_and_all_that_they_need() {
    for damage in [
        "DROP TABLE owners, \"Mods\", reviews CASCADE",
        "DROP TABLE owners, \"Mods\", reviews CASCADE; DROP TYPE pair; DROP DOMAIN nice CASCADE; DROP TYPE mood CASCADE; DROP FUNCTION is_nice; \
         DROP FUNCTION next_code CASCADE; DROP SEQUENCE shared_seq",
        "DROP SCHEMA \"Ten ant\" CASCADE",
        "DROP TABLE part CASCADE",
        "DROP TABLE part_low",
        "DROP TABLE part_rest",
    ] {
        let place = Place::superuser();
        place.sql(SHOP);
        place.comes_back(damage);
    }
}

#[test]
fn everything() {
    on_postgres(|place| {
        place.sql(SHOP);
        place.comes_back(
            "DROP TABLE owners, \"Mods\", reviews, cache, part CASCADE; DROP SCHEMA \"Ten ant\" CASCADE; DROP SEQUENCE shared_seq CASCADE; \
             DROP FUNCTION touch CASCADE; DROP FUNCTION next_code CASCADE; DROP DOMAIN nice CASCADE; DROP FUNCTION is_nice CASCADE; \
             DROP TYPE mood CASCADE; DROP TYPE pair CASCADE; DROP TYPE frange CASCADE",
        );
        // counters stand where they stood
        assert_eq!(place.sql("INSERT INTO owners (name) VALUES ('Eve') RETURNING id"), "501");
    });
}

#[test]
fn a_restore_that_fails_leaves_nothing_made() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.snap();
        // the rows are not taken by what is there now
        place.sql("DROP TABLE \"Mods\" CASCADE; CREATE OR REPLACE FUNCTION is_nice(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''no''; END'");
        let (code, error) = place.refused(&[&snap, "Mods", "--create"]);
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains("raised an error"), "{error}");
    });
}

#[test]
fn undoing_it_leaves_the_table_empty_and_loses_nothing() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.snap();
        let rows = place.sorted_rows();
        place.sql("DROP TABLE \"Ten ant\".notes; UPDATE owners SET name = 'Z' WHERE id = 1");
        place.round.json(&["restore", &snap, "--create", "-y"]);
        assert_eq!(place.sorted_rows(), rows);
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sql("SELECT count(*) FROM \"Ten ant\".notes"), "0");
        assert_eq!(place.sql("SELECT name FROM owners WHERE id = 1"), "Z");
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sorted_rows(), rows);
    });
}

#[test]
fn tables_whose_rows_are_values_of_others() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE z (id int PRIMARY KEY, w text); CREATE FUNCTION zed(z) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).id';
             CREATE TABLE a (id int PRIMARY KEY, r z, rs z[], CHECK (zed(r) > 0)); INSERT INTO z VALUES (1, 'x');
             CREATE TABLE b (id int, n int DEFAULT zed(ROW(1, 'x')::z)); INSERT INTO a SELECT 1, z, ARRAY[z] FROM z; INSERT INTO b VALUES (1)",
        );
        place.comes_back("DROP TABLE a, b, z CASCADE");
    });
}

//! Tables of a SQLite file.

use crate::support::place::Place;

const SHOP: &str = "CREATE TABLE owners (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE COLLATE NOCASE);
    CREATE TABLE mods (id INTEGER PRIMARY KEY, owner INT NOT NULL REFERENCES owners ON DELETE CASCADE, title TEXT DEFAULT ('no' || 'ne'),
      price REAL CHECK (price >= 0), twice REAL AS (price * 2) STORED, UNIQUE (owner, title));
    CREATE INDEX mods_price ON mods (price DESC) WHERE price > 1; CREATE INDEX \"mods lower\" ON mods (lower(title));
    CREATE TABLE reviews (\"the mod\" INT REFERENCES mods, \"at\" TEXT, PRIMARY KEY (\"the mod\", \"at\")) WITHOUT ROWID;
    CREATE TABLE log (what);
    CREATE TRIGGER logged AFTER INSERT ON mods BEGIN INSERT INTO log VALUES ('mod;' || NEW.id); END;
    CREATE TRIGGER checked BEFORE DELETE ON owners WHEN OLD.id = 1 BEGIN SELECT raise(ABORT, 'no'); END;
    CREATE TABLE strict_one (id INTEGER PRIMARY KEY, b BLOB) STRICT;
    INSERT INTO owners (name) VALUES ('Ann'), ('Bob'); INSERT INTO owners VALUES (70, 'gone'); DELETE FROM owners WHERE id = 70;
    INSERT INTO mods (id, owner, title, price) VALUES (1, 1, 'a', 2), (2, 2, NULL, 0), (3, 1, 'c', 9.5);
    INSERT INTO reviews VALUES (1, 'x'), (2, 'y'); INSERT INTO strict_one VALUES (1, x'00ff');";

#[test]
fn dropped_tables_come_back_with_all_that_was_part_of_them() {
    for damage in [
        "DROP TABLE mods",
        "DROP TABLE owners",
        "DROP TABLE reviews; DROP TABLE mods; DROP TABLE owners",
        "DROP TABLE strict_one; DROP TABLE log; DROP TABLE reviews",
        "DROP TRIGGER checked; DROP TABLE mods; DROP TABLE owners; DROP TABLE log; DROP TABLE reviews; DROP TABLE strict_one",
    ] {
        let place = Place::sqlite();
        place.sql(SHOP);
        place.comes_back(damage);
        place.sql("INSERT INTO owners (name) VALUES ('Eve')");
        assert_eq!(place.sql("SELECT max(id) FROM owners"), "71", "the counter goes on: {damage}");
    }
}

#[test]
fn tables_that_are_there_are_restored_in_the_same_transaction() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let snap = place.snap();
    let rows = place.sorted_rows();
    place.sql("DROP TABLE mods; UPDATE owners SET name = 'Z' WHERE id = 2; DELETE FROM reviews");
    let report = place.round.json(&["restore", &snap, "--create", "-y"]);
    assert_eq!(place.sorted_rows(), rows, "{report}");
    let created: Vec<&str> =
        report["created"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(created, ["mods", "mods_price", "mods lower", "logged"]);
}

#[test]
fn a_file_with_a_key_that_holds_null_and_rows_that_refer_to_nothing() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE a (k TEXT PRIMARY KEY, to_b INT REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY);
         INSERT INTO a VALUES (NULL, 5), (NULL, 6), ('x', 1); INSERT INTO b VALUES (1)",
    );
    place.comes_back("DROP TABLE a; DROP TABLE b");
}

#[test]
fn triggers_and_indexes_whose_table_was_typed_in_another_case() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE Mods (id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE log (what); CREATE INDEX by_title ON MODS (title);
         CREATE TRIGGER logged AFTER INSERT ON mods BEGIN INSERT INTO log VALUES (NEW.id); END; INSERT INTO mods VALUES (1, 'a')",
    );
    place.comes_back("DROP TABLE mods");
    assert_eq!(place.sql("INSERT INTO mods VALUES (2, 'b'); SELECT group_concat(what) FROM log"), "1,2");
}

#[test]
fn a_plan_refuses_names_that_are_taken() {
    let place = Place::sqlite();
    place.sql("CREATE TABLE Mods (id INTEGER PRIMARY KEY, title TEXT); CREATE INDEX by_title ON Mods (title); CREATE TABLE other (a)");
    let snap = place.snap();
    for (damage, there) in [
        ("DROP TABLE Mods; CREATE TABLE mods (id INTEGER)", "there is a table mods already"),
        ("DROP TABLE mods; CREATE VIEW mods AS SELECT 1", "there is a view mods already"),
        ("DROP VIEW mods; CREATE INDEX by_title ON other (a)", "there is an index by_title already"),
    ] {
        place.sql(damage);
        for how in ["--dry-run", "-y"] {
            let refused = place.round.plain(&["restore", &snap, "--create", how]).run();
            assert!(refused.code() == Some(4) && refused.stderr().contains(there), "{how} {refused}");
        }
    }
}

//! `undo`.

use super::place::{Place, counts, on_both};

#[test]
fn a_restore_is_taken_back_and_so_is_that() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO mods VALUES (1, 'Lamp'), (2, 'Chair')",
        );
        let run = place.round.plain(&["undo", "-y"]).run();
        assert_eq!(run.code(), Some(2));
        assert!(run.stderr().contains("no restore into"), "{}", run.stderr());
        let snap = place.snap();
        place.sql("UPDATE mods SET title = 'Broken' WHERE id = 1; DELETE FROM mods WHERE id = 2; INSERT INTO mods VALUES (3, 'New')");
        let damaged = place.sql("SELECT * FROM mods ORDER BY id");
        place.restore(&[&snap, "--mode", "exact"]);
        let whole = place.sql("SELECT * FROM mods ORDER BY id");
        let dry = place.round.json(&["undo", "--dry-run"]);
        assert_eq!(counts(&dry)[..3], [1, 1, 1]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), whole);
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), damaged);
        place.round.json(&["undo", "-y"]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), whole);
        // By the snapshot that was restored, too.
        place.round.json(&["undo", &snap, "-y"]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), damaged);
    });
}

/// Torment: R4
#[test]
fn rows_that_foreign_keys_took_along_come_back_too() {
    let place = Place::postgres();
    place.sql(
        "CREATE TABLE mods (id integer PRIMARY KEY, title text); INSERT INTO mods VALUES (1, 'Lamp'); \
         CREATE TABLE reviews (id serial PRIMARY KEY, mod_id integer REFERENCES mods ON DELETE CASCADE, body text); \
         CREATE TABLE votes (review_id integer REFERENCES reviews ON DELETE SET NULL, n integer)",
    );
    let snap = place.round.snap(&["mods"]).id;
    place.sql(
        "INSERT INTO mods VALUES (2, 'New'); INSERT INTO reviews (mod_id, body) VALUES (1, 'good'), (2, 'new'); \
         INSERT INTO votes VALUES (1, 10), (2, 20)",
    );
    let all = || {
        place.sql("SELECT 'm', id, title FROM mods UNION ALL SELECT 'r', id, mod_id || body FROM reviews UNION ALL SELECT 'v', review_id, n::text FROM votes ORDER BY 1, 2, 3")
    };
    let before = all();
    let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
    assert_eq!(code, Some(4));
    assert!(error.contains("1 rows of reviews") && error.contains("1 rows of votes"), "{error}");
    place.restore(&[&snap, "--mode", "exact", "--cascade"]);
    assert_eq!(all(), "m|1|Lamp\nr|1|1good\nv|1|10\nv||20");
    place.round.json(&["undo", "-y"]);
    assert_eq!(all(), before);
}

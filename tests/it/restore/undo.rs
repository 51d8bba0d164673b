//! `undo`.

use super::place::{counts, on_both};

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

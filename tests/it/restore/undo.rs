//! `undo`.

use super::place::{Place, counts, on_both, on_postgres};

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
        let dry = place.done(&["undo", "--dry-run"]);
        assert_eq!(counts(&dry)[..3], [1, 1, 1]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), whole);
        place.undo(&[]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), damaged);
        place.undo(&[]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), whole);
        // By the snapshot that was restored, too.
        place.undo(&[&snap]);
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), damaged);
    });
}

const SHOP: &str = "CREATE TABLE mods (id integer PRIMARY KEY, code text UNIQUE); INSERT INTO mods VALUES (1, 'lamp'), (4, 'four');
    CREATE TABLE beside (what text);
    CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.beside VALUES (tg_op || tg_table_name); RETURN NULL; END $$;
    CREATE TABLE reviews (id serial PRIMARY KEY, mod_id integer REFERENCES mods ON DELETE CASCADE, body text);
    CREATE TABLE votes (review_id integer REFERENCES reviews ON DELETE SET NULL, n integer);
    CREATE TABLE tags (id integer, code text DEFAULT 'lamp' REFERENCES mods (code) ON UPDATE CASCADE ON DELETE SET DEFAULT, w text,
      UNIQUE (id, code)) PARTITION BY LIST (id);
    CREATE TABLE tags_1 PARTITION OF tags FOR VALUES IN (1); CREATE TABLE tags_rest PARTITION OF tags DEFAULT;
    CREATE TABLE marks (tag integer, code text, FOREIGN KEY (tag, code) REFERENCES tags (id, code) ON UPDATE CASCADE);
    CREATE TRIGGER noise AFTER INSERT OR UPDATE OR DELETE ON reviews FOR EACH ROW EXECUTE FUNCTION noise();
    CREATE TRIGGER noise AFTER INSERT OR UPDATE OR DELETE ON tags FOR EACH ROW EXECUTE FUNCTION noise();
    ALTER TABLE reviews ENABLE ALWAYS TRIGGER noise;";
const MORE: &str = "INSERT INTO mods VALUES (2, 'new'), (3, 'old'); UPDATE mods SET code = 'fore' WHERE id = 4;
    INSERT INTO reviews (mod_id, body) VALUES (1, 'good'), (2, 'new'), (2, 'newer'), (3, 'old');
    INSERT INTO votes VALUES (1, 10), (2, 20), (2, 20), (3, 30), (NULL, 40);
    INSERT INTO tags VALUES (1, 'fore', 'a'), (2, 'fore', 'b'), (3, 'new', 'c'), (4, NULL, 'd');
    INSERT INTO marks VALUES (1, 'fore'), (2, 'fore'), (2, 'fore'), (4, NULL); DELETE FROM beside;";

#[test]
fn rows_that_foreign_keys_took_along_come_back_too() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods"]).id;
        place.sql(MORE);
        let before = place.rows();
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert_eq!(code, Some(4));
        let told = "would also delete or change 3 rows of marks, 3 rows of reviews, 1 row of tags_1, 2 rows of tags_rest, 3 rows of votes";
        assert!(error.contains(told) && error.contains("--cascade allows it"), "{error}");
        // a plan says so too, without being asked to do anything
        let dry = place.done(&["restore", &snap, "--mode", "exact", "--dry-run"]);
        assert!(dry["refused"].as_str().unwrap().contains(told), "{dry}");
        assert_eq!(dry["cascaded"].as_array().unwrap().len(), 5, "{dry}");
        let dry = place.done(&["restore", &snap, "--mode", "exact", "--dry-run", "--cascade"]);
        assert!(dry.get("refused").is_none() && dry["cascaded"].as_array().unwrap().len() == 5, "{dry}");
        place.done(&["restore", &snap, "--mode", "exact", "--cascade"]);
        let restored = place.rows();
        assert_eq!(place.sql("SELECT * FROM reviews"), "1|1|good");
        assert_eq!(place.sql("SELECT * FROM votes ORDER BY n, review_id"), "1|10\n|20\n|20\n|30\n|40");
        assert_eq!(place.sql("SELECT * FROM tags ORDER BY id"), "1|four|a\n2|four|b\n3|lamp|c\n4||d");
        assert_eq!(place.sql("SELECT * FROM marks ORDER BY tag, code"), "1|four\n2|four\n2|four\n4|");
        for wanted in [&before, &restored, &before] {
            // what went along is the undo's own: nothing more goes
            let report = place.undo(&[]);
            assert_eq!(report["cascaded"].as_array().unwrap().len(), 0, "{report}");
            assert_eq!(place.rows(), *wanted);
        }
    });
}

#[test]
fn only_what_can_be_kept_may_go_along() {
    let place = Place::owner();
    place.sql("CREATE TABLE mods (id integer PRIMARY KEY); INSERT INTO mods VALUES (1)");
    let snap = place.round.snap(&["mods"]).id;
    let (db, owner) = place.database();
    db.sql(&format!(
        "CREATE TABLE reviews (id int, mod_id integer REFERENCES mods ON DELETE CASCADE); GRANT REFERENCES ON mods TO PUBLIC;
         GRANT SELECT ON reviews TO {owner}"
    ));
    place.sql("INSERT INTO mods VALUES (2)");
    db.sql("INSERT INTO reviews VALUES (1, 2)");
    // rows of a table that this role may not lock
    let (code, error) = place.refused(&[&snap, "--mode", "exact", "--cascade"]);
    assert!(code == Some(4) && error.contains("reviews"), "{code:?} {error}");
    // rows of which it sees only some
    db.sql(&format!("GRANT ALL ON reviews TO {owner}; ALTER TABLE reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_it ON reviews USING (true)"));
    let (code, error) = place.refused(&[&snap, "--mode", "exact", "--cascade"]);
    assert!(code == Some(4) && error.contains("reviews"), "{code:?} {error}");
    db.sql("ALTER TABLE reviews DISABLE ROW LEVEL SECURITY");
    place.done(&["restore", &snap, "--mode", "exact", "--cascade"]);
    assert_eq!(place.sql("SELECT count(*) FROM reviews"), "0");
    place.undo(&[]);
    assert_eq!(place.sql("SELECT * FROM reviews"), "1|2");
}

/// Only the tables of the restore, only if something was written, only the last few, and in a message that does not
/// grow.
#[test]
fn no_more_is_kept_than_is_needed() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO mods VALUES (1, 'Lamp'), (2, 'Chair');
             CREATE TABLE beside (id INTEGER PRIMARY KEY); INSERT INTO beside VALUES (1)",
        );
        let snap = place.snap();
        place.restore_exactly(&snap);
        assert_eq!(place.listed(), 1, "nothing was written");
        place.sql("UPDATE mods SET title = 'x'");
        place.done(&["restore", &snap, "mods"]);
        for depth in 0..8 {
            let log = place.round.json(&["log"]);
            let newest = &log["snapshots"][0];
            let tables = newest["tables"].as_array().unwrap();
            assert!(tables.len() == 1 && tables[0]["table"] == "mods", "{newest}");
            let message = newest["message"].as_str().unwrap();
            let wanted = format!(
                "{} {}: gauntlet",
                if depth == 0 { "before restoring" } else { "before undoing the restore of" },
                &snap[..8]
            );
            assert_eq!(message, wanted);
            let pinned = log["snapshots"].as_array().unwrap().iter().filter(|one| one["pinned"] == true).count();
            assert_eq!(pinned, 5.min(depth + 1));
            place.undo(&[]);
        }
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|Lamp\n2|Chair");
    });
}

const ALBUMS: &str = "CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE albums (id TEXT PRIMARY KEY, artist INTEGER REFERENCES artists, title TEXT);
    CREATE TABLE tracks (id INTEGER PRIMARY KEY, album TEXT REFERENCES albums (id), n INTEGER) WITHOUT ROWID;
    INSERT INTO artists VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cy');
    INSERT INTO albums VALUES ('a', 1, 'A'), ('b', 2, 'B'), ('c', 2, 'C'), ('d', NULL, 'D');
    INSERT INTO tracks VALUES (1, 'a', 1), (2, 'b', 1), (3, 'b', 2);";

/// SQLite lets rows be without what they refer to unless it is told otherwise.
#[test]
fn a_state_with_rows_that_refer_to_nothing_can_be_gone_back_to() {
    for tables in
        [&["artists"][..], &["albums"], &["tracks"], &["artists", "albums"], &["albums", "tracks"], &["--all"]]
    {
        for damage in [
            "DELETE FROM artists WHERE id > 1; UPDATE albums SET title = title || '?'; UPDATE tracks SET n = n + 10",
            "DELETE FROM albums; DELETE FROM artists; UPDATE tracks SET n = n + 10",
            "UPDATE albums SET id = id || 'x', artist = artist + 7; UPDATE artists SET id = id + 20; INSERT INTO tracks VALUES (4, 'z', 4)",
        ] {
            let place = Place::sqlite();
            place.sql(ALBUMS);
            let snap = place.round.snap(tables).id;
            place.sql(damage);
            let damaged = place.rows();
            place.done(&["restore", &snap, "--mode", "exact", "--allow-dangling"]);
            let restored = place.rows();
            for wanted in [&damaged, &restored, &damaged] {
                place.undo(&[]);
                assert_eq!(place.rows(), *wanted, "{tables:?} {damage}");
            }
        }
    }
}

#[test]
fn what_dangled_in_the_snapshot_comes_back_and_is_told() {
    let place = Place::sqlite();
    place.sql(ALBUMS);
    place.sql("DELETE FROM artists WHERE id = 2");
    let before = place.rows();
    let snap = place.snap();
    place.sql("INSERT INTO artists VALUES (2, 'Bob')");
    let run = place.round.plain(&["restore", &snap, "--mode", "exact", "-y"]).run().success();
    assert!(run.stderr().contains("2 rows of albums refer to missing rows of artists"), "{run}");
    assert_eq!(place.rows(), before);
}

#[test]
fn rows_that_came_since_are_not_left_without_what_they_refer_to_unasked() {
    let place = Place::sqlite();
    place.sql(ALBUMS);
    let snap = place.round.snap(&["artists"]).id;
    place.sql("DELETE FROM artists WHERE id = 3");
    place.restore_exactly(&snap);
    place.sql("INSERT INTO albums VALUES ('e', 3, 'E')");
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert_eq!(run.code(), Some(4), "{run}");
    assert!(run.stderr().contains("1 row of albums") && run.stderr().contains("--allow-dangling"), "{run}");
    place.undo(&["--allow-dangling"]);
    assert_eq!(place.sql("SELECT count(*) FROM artists"), "2");
}

const UNLOOKED: &str = "SET session_replication_role = replica; INSERT INTO child VALUES (2, 77), (3, 78); RESET session_replication_role;
    INSERT INTO checked VALUES (2, 50); CREATE OR REPLACE FUNCTION most() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 10'";

/// Rows that were there before the restore come back whatever the constraints say of them now, for a superuser and for
/// an owner.
#[test]
fn rows_that_constraints_would_refuse_come_back() {
    on_postgres(|place| {
        for key in ["ON DELETE CASCADE", "ON DELETE RESTRICT", "DEFERRABLE INITIALLY DEFERRED"] {
            place.sql(&format!(
                "DROP TABLE IF EXISTS child, parent, checked CASCADE; DROP DOMAIN IF EXISTS few;
                 CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
                 CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL CONSTRAINT \"to parent\" REFERENCES parent {key});
                 INSERT INTO child VALUES (1, 1);
                 CREATE OR REPLACE FUNCTION most() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 100';
                 CREATE DOMAIN few AS int CHECK (VALUE < most());
                 CREATE TABLE checked (id int PRIMARY KEY, n few CONSTRAINT \"not many\" CHECK (n < most())); INSERT INTO checked VALUES (1, 5)"
            ));
            let snap = place.round.snap(&["child", "parent", "checked"]).id;
            place.db().sql(UNLOOKED);
            for tables in [&["child", "checked"][..], &["child", "parent", "checked"]] {
                let before = place.rows();
                place.done(&[&["restore", &snap], tables, &["--mode", "exact"]].concat());
                let dry = place.done(&["undo", "--dry-run"]);
                assert!(dry.get("refused").is_none(), "{dry}");
                let run = place.round.plain(&["undo", "-y"]).run();
                assert_eq!(run.code(), Some(0), "{key}: {}", run.stderr());
                let told = "2 rows of child refer to missing rows of parent, as in the restored state";
                assert!(run.stderr().contains(told), "{}", run.stderr());
                assert_eq!(place.rows(), before, "{key}");
                let held = place.sql("SELECT convalidated FROM pg_constraint WHERE conname = 'to parent'");
                let weakened = run.stderr().contains("constraint to parent of child is now NOT VALID");
                assert_eq!(held == "f", weakened, "{}", run.stderr());
                place.db().sql(
                    "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM child WHERE id > 1; COMMIT;
                     ALTER TABLE child VALIDATE CONSTRAINT \"to parent\";
                     SET session_replication_role = replica; INSERT INTO child VALUES (2, 77), (3, 78)",
                );
            }
            // they refuse new rows as before
            for insert in ["INSERT INTO child VALUES (9, 79)", "INSERT INTO checked VALUES (9, 51)"] {
                assert!(place.db().sql_as(place.user(), insert).is_err(), "{key}: {insert}");
            }
        }
    });
}

/// A row whose parent was deleted only after the restore is not left without it.
#[test]
fn rows_that_lost_their_parent_since_are_refused() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2);
             CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent); INSERT INTO child VALUES (1, 1)",
        );
        let snap = place.round.snap(&["child"]).id;
        place.sql("INSERT INTO child VALUES (2, 2)");
        place.restore(&[&snap, "--mode", "exact"]);
        place.sql("DELETE FROM parent WHERE id = 2");
        let run = place.round.plain(&["undo", "-y"]).run();
        assert!(run.code() == Some(1) && run.stderr().contains("23503"), "{:?}: {}", run.code(), run.stderr());
    });
}

/// Of rows that referred to nothing, one is to be changed back and another to come back; a parent that is gone since is missed
/// all the same.
#[test]
fn rows_that_referred_to_nothing_are_told_from_those_that_lost_their_parent() {
    on_postgres(|place| {
        for (third, gone) in [(78, false), (5, true)] {
            place.sql(
                "DROP TABLE IF EXISTS child, parent; CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (5);
                 CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent); INSERT INTO child VALUES (1, 1), (2, 1)",
            );
            let snap = place.round.snap(&["child"]).id;
            place.db().sql(&format!(
                "SET session_replication_role = replica; UPDATE child SET parent = 77 WHERE id = 2; INSERT INTO child VALUES (3, {third})"
            ));
            let before = place.rows();
            place.restore(&[&snap, "--mode", "exact"]);
            if gone {
                place.sql("DELETE FROM parent WHERE id = 5");
                let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
                assert!(run.code() == Some(1) && run.stderr().contains("23503"), "{run}");
            } else {
                let run = place.round.plain(&["undo", "-y"]).run();
                assert_eq!((run.code(), place.rows()), (Some(0), before), "{run}");
            }
        }
    });
}

/// Whether rows referred to nothing is not known to a role that may not read what they refer to. So the key is held
/// against them.
#[test]
fn rows_that_refer_to_what_may_not_be_read() {
    let place = Place::owner();
    place.db().sql(&format!(
        "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1); GRANT REFERENCES ON parent TO {}",
        place.user()
    ));
    place.sql(
        "CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT \"to parent\" REFERENCES parent); INSERT INTO child VALUES (1, 1)",
    );
    let snap = place.round.snap(&["child"]).id;
    place.db().sql("SET session_replication_role = replica; INSERT INTO child VALUES (2, 77)");
    place.restore(&[&snap, "--mode", "exact"]);
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert!(run.code() == Some(1) && run.stderr().contains("to parent"), "{run}");
    assert!(run.stderr().contains("hint: restore the tables that rows refer to"), "{run}");
    // a row that has what it refers to goes there and back
    place.goes_there_and_back(&["child"], "DELETE FROM child");
    place.db().sql(&format!(
        "GRANT SELECT ON parent TO {}; SET session_replication_role = replica; INSERT INTO child VALUES (2, 77)",
        place.user()
    ));
    let before = place.rows();
    place.restore(&[&snap, "--mode", "exact"]);
    let run = place.round.plain(&["undo", "-y"]).run();
    assert_eq!((run.code(), place.rows()), (Some(0), before), "{run}");
}

/// MATCH FULL refuses rows with some NULL too, and what is only in a table that inherits from the parent is not in the
/// parent: such rows come back as they were, by a key that holds for new rows and by one that is not valid.
#[test]
fn rows_that_keys_of_other_kinds_would_refuse_come_back() {
    for not_valid in [false, true] {
        on_postgres(|place| {
            place.may_make_again();
            place.sql(
                "CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b)); INSERT INTO pairs VALUES (1, 1);
                 CREATE TABLE full_of (id int PRIMARY KEY, a int, b int,
                   CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES pairs MATCH FULL); INSERT INTO full_of VALUES (1, 1, 1), (2, NULL, NULL);
                 CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE derived () INHERITS (base); INSERT INTO base VALUES (1);
                 INSERT INTO derived VALUES (5); CREATE TABLE uses (id int PRIMARY KEY, base int CONSTRAINT \"to base\" REFERENCES base);
                 INSERT INTO uses VALUES (1, 1)",
            );
            let snap = place.round.snap(&["full_of", "uses"]).id;
            place.db().sql(
                "SET session_replication_role = replica; INSERT INTO full_of VALUES (3, 1, NULL), (4, 8, 8), (5, NULL, 1);
                 UPDATE full_of SET b = NULL WHERE id = 1; INSERT INTO uses VALUES (2, 5), (3, 9)",
            );
            if not_valid {
                let redone = "ALTER TABLE full_of DROP CONSTRAINT whole, ADD CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES pairs MATCH FULL NOT VALID;
                     ALTER TABLE uses DROP CONSTRAINT \"to base\", ADD CONSTRAINT \"to base\" FOREIGN KEY (base) REFERENCES base NOT VALID";
                place.sql(redone);
                place.goes_there_and_back(
                    &["full_of", "uses"],
                    "DELETE FROM full_of WHERE id > 2; DELETE FROM uses WHERE id > 1",
                );
            }
            let before = place.rows();
            place.restore_exactly(&snap);
            let run = place.round.plain(&["undo", "-y"]).run();
            assert_eq!((run.code(), place.rows()), (Some(0), before), "{not_valid}: {run}");
            let told =
                ["4 rows of full_of refer to missing rows of pairs", "2 rows of uses refer to missing rows of base"];
            assert!(not_valid || told.iter().all(|told| run.stderr().contains(told)), "{run}");
            for insert in ["INSERT INTO full_of VALUES (9, 1, NULL)", "INSERT INTO uses VALUES (9, 5)"] {
                assert!(place.db().sql_as(place.user(), insert).is_err(), "{insert}");
            }
        });
    }
}

#[test]
fn the_other_tables_go_back_when_one_is_gone() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY)",
        );
        let snap = place.snap();
        place.sql("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); INSERT INTO c VALUES (3)");
        place.restore_exactly(&snap);
        place.sql("DROP TABLE b");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert_eq!(run.code(), Some(12), "{run}");
        assert!(run.stderr().contains("there is no table 'b' in the database any more"), "{run}");
        let (_, command) = run.stderr().split_once("hint: to take back the other tables: dbsnap ").unwrap();
        let args: Vec<&str> = command.split_whitespace().collect();
        place.done(&args);
        assert_eq!(place.sql("SELECT a.id + c.id FROM a, c"), "4");
    });
}

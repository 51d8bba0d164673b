//! `undo` of a run: row by row, and nothing that others did since.

use super::{ORPHANS, Place, fill, on_both, table};
use serde_json::Value;

/// The counts of a table in a plan: insert, update, delete, conflicts.
fn counts(report: &Value, name: &str) -> [u64; 4] {
    ["insert", "update", "delete", "conflicts"].map(|count| table(report, name)[count].as_u64().unwrap_or(0))
}

/// `dbsnap undo -y` with these options, which leaves conflicts.
fn undone_in_part(place: &Place, options: &[&str]) -> Value {
    let run = place.round.invocation(&["undo", "-y"]).args(options).run();
    assert_eq!(run.code(), Some(3), "{run}");
    super::report(&run)
}

/// What the plan's example does: a script deletes orphans, and they come back; later work stays.
#[test]
fn what_a_script_deleted_comes_back() {
    on_both(|place| {
        fill(place);
        let whole = place.sql("SELECT * FROM favorites ORDER BY id");
        let report = place.run_sql(&["favorites"], ORPHANS);
        assert_eq!(table(&report, "favorites")["change"]["removed"], 156);
        place.sql("UPDATE favorites SET note = 'later' WHERE id = 1000; INSERT INTO favorites VALUES (3000, 1, 'new')");
        let dry = place.round.json(&["undo", "--dry-run"]);
        assert_eq!(counts(&dry, "favorites"), [156, 0, 0, 0], "{dry}");
        assert_eq!(dry["run"]["after"], report["after"]);
        let undone = place.undo(&[]);
        assert_eq!(counts(&undone, "favorites"), [156, 0, 0, 0]);
        let later = whole.replace("note 1000", "later") + "\n3000|1|new";
        assert_eq!(place.sql("SELECT * FROM favorites ORDER BY id"), later);
        // an undo can be undone, and that too
        place.undo(&[]);
        assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1079");
        place.undo(&[]);
        assert_eq!(place.sql("SELECT * FROM favorites ORDER BY id"), later);
        // and the run, by its name: there is nothing left of it
        let again = place.undo(&[report["after"].as_str().unwrap()]);
        assert_eq!(again["applied"], false, "{again}");
        let again = place.round.plain(&["undo", "-y", report["after"].as_str().unwrap()]).run().success();
        assert!(again.stdout().contains("nothing that the command did is left"), "{again}");
        // a restore of the snapshot after the run is newer than the run
        place.restore(&[report["after"].as_str().unwrap(), "--mode", "exact"]);
        assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1078");
        place.undo(&[report["after"].as_str().unwrap()]);
        assert_eq!(place.sql("SELECT * FROM favorites ORDER BY id"), later);
    });
}

const DAMAGE: &str =
    "UPDATE favorites SET note = 'damaged' WHERE id <= 5; DELETE FROM favorites WHERE id BETWEEN 6 AND 10;
    INSERT INTO favorites VALUES (5001, 1, 'by the command'), (5002, 1, 'by the command'), (5003, 1, 'by the command')";
/// Each kind of change after a command, to rows that it updated, deleted and inserted.
const LATER: &str = "UPDATE favorites SET note = 'later' WHERE id = 1; DELETE FROM favorites WHERE id = 2;
    UPDATE favorites SET note = 'note 3' WHERE id = 3;
    INSERT INTO favorites VALUES (6, 1, 'again'), (7, 1007, 'note 7');
    UPDATE favorites SET note = 'later' WHERE id = 5001; DELETE FROM favorites WHERE id = 5002;
    UPDATE favorites SET note = 'other' WHERE id = 100; DELETE FROM favorites WHERE id = 101;
    INSERT INTO favorites VALUES (6000, 1, 'other')";

#[test]
fn later_changes_are_conflicts_unless_they_are_forced() {
    on_both(|place| {
        fill(place);
        let report = place.run_sql(&["favorites", "mods"], DAMAGE);
        let after = report["after"].as_str().unwrap().to_owned();
        place.sql(LATER);
        let before = place.witness();
        let dry = place.round.json(&["undo", "--dry-run"]);
        before.same(&place.witness());
        // 4 and 5 back; 8, 9 and 10 back; 5003 gone; 1, 2, 6 and 5001 in conflict; 3, 7 and 5002 are as before already
        assert_eq!(counts(&dry, "favorites"), [3, 2, 1, 4], "{dry}");
        let conflicts = dry["conflicts"].as_array().unwrap();
        let keys: Vec<&str> = conflicts.iter().map(|conflict| conflict["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["1", "2", "6", "5001"]);
        let notes = |conflict: &Value| ["before", "after", "live"].map(|side| conflict[side]["note"].clone());
        assert_eq!(notes(&conflicts[0]), ["note 1", "damaged", "later"].map(Value::from), "{dry}");
        assert_eq!(notes(&conflicts[1])[..2], ["note 2", "damaged"].map(Value::from));
        assert!(conflicts[1]["deleted"] == true && conflicts[1]["live"].is_null(), "{dry}");
        assert!(conflicts[3]["before"].is_null() && conflicts[3]["deleted"] == false, "{dry}");
        let said = place.round.plain(&["undo", "--dry-run"]).run().success();
        for line in [
            "  favorites: 3 insert, 2 update, 1 delete, ",
            ", 4 conflicts\n4 rows changed after the command, left as they are:\n",
            "  favorites:1\n    note: \"note 1\" before, \"damaged\" after the command, \"later\" now\n",
            &format!("To undo one all the same: dbsnap undo {} --force favorites:1\n", &after[..8]),
        ] {
            assert!(said.stdout().contains(line), "{line} in {said}");
        }
        let undone = undone_in_part(place, &[]);
        assert_eq!(undone["applied"], true);
        let rows = |ids: &str| place.sql(&format!("SELECT id, note FROM favorites WHERE id IN ({ids}) ORDER BY id"));
        assert_eq!(rows("1, 2, 3, 4, 5"), "1|later\n3|note 3\n4|note 4\n5|note 5");
        assert_eq!(rows("6, 7, 8, 9, 10"), "6|again\n7|note 7\n8|note 8\n9|note 9\n10|note 10");
        assert_eq!(rows("100, 101, 5001, 5002, 5003, 6000"), "100|other\n5001|later\n6000|other");
        // forced, one by one and together
        let undone = undone_in_part(place, &[&after, "--force", "favorites:1"]);
        assert_eq!(counts(&undone, "favorites"), [0, 1, 0, 3], "{undone}");
        let undone =
            place.undo(&[&after, "--force", "favorites:2", "--force", "favorites:6", "--force", "favorites:5001"]);
        assert_eq!(counts(&undone, "favorites"), [1, 1, 1, 0], "{undone}");
        assert_eq!(rows("1, 2, 6, 5001, 6000"), "1|note 1\n2|note 2\n6|note 6\n6000|other");
        for (forced, code, told) in [
            ("favorites:100", 2, "did not change every row of favorites that --force names"),
            ("favorites:9999", 12, "there is no row '9999'"),
            ("mods:1", 2, "the command did not change mods"),
            ("favorites", 2, "--force takes one row"),
            ("nothing:1", 12, "there is no table 'nothing'"),
        ] {
            let run = place.unchanged(&place.round.plain(&["undo", "-y", &after, "--force", forced]));
            assert_eq!(run.code(), Some(code), "{run}");
            assert!(run.stderr().contains(told), "{run}");
        }
        // the last thing that was done is an undo, which is a restore
        let run = place.unchanged(&place.round.plain(&["undo", "-y", "--force", "favorites:1"]));
        assert!(run.code() == Some(2) && run.stderr().contains("--force goes with the undoing of a run"), "{run}");
    });
}

/// What is applied is what was shown.
#[test]
fn a_plan_of_an_undo_holds_until_something_changes() {
    on_both(|place| {
        fill(place);
        place.run_sql(&["favorites"], DAMAGE);
        let dry = place.round.json(&["undo", "--dry-run"]);
        let digest = dry["digest"].as_str().unwrap();
        place.sql("UPDATE favorites SET note = 'later' WHERE id = 1");
        let run = place.unchanged(&place.round.plain(&["undo", "--digest", digest]));
        assert_eq!(run.code(), Some(7), "{run}");
        place.sql("UPDATE favorites SET note = 'damaged' WHERE id = 1");
        let undone = place.round.json(&["undo", "--digest", digest]);
        assert_eq!(counts(&undone, "favorites"), [5, 5, 3, 0], "{undone}");
    });
}

/// Copies of a row, in a table without a key.
#[test]
fn tables_without_a_key_go_back_row_by_row() {
    on_both(|place| {
        place
            .sql("CREATE TABLE bag (n integer, t text); INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (2, 'b'), (3, 'c')");
        place.run_sql(&[], "DELETE FROM bag WHERE n = 1; UPDATE bag SET t = 'x' WHERE n = 2");
        place.sql("INSERT INTO bag VALUES (9, 'later')");
        let undone = place.undo(&[]);
        assert_eq!(counts(&undone, "bag")[3], 0);
        assert!(undone["tables"][0]["notes"][0].as_str().unwrap().contains("has no key"), "{undone}");
        assert_eq!(place.sql("SELECT * FROM bag ORDER BY n"), "1|a\n1|a\n2|b\n3|c\n9|later");
    });
}

/// Keys that refer to each other, values that change places, rows that went along.
#[test]
fn constraints_are_kept_or_the_undo_is_refused() {
    on_both(|place| {
        let keys = if place.is_sqlite() { "PRAGMA foreign_keys = on; " } else { "" };
        place.sql(
            "CREATE TABLE mods (id integer PRIMARY KEY, code text UNIQUE);
             CREATE TABLE reviews (id integer PRIMARY KEY, mod_id integer NOT NULL REFERENCES mods ON DELETE CASCADE);
             INSERT INTO mods VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO reviews VALUES (1, 1), (2, 2), (3, 3)",
        );
        let whole = place.rows();
        let script = "DELETE FROM mods WHERE id = 3; UPDATE mods SET code = 'x' WHERE id = 1;
             UPDATE mods SET code = 'a' WHERE id = 2; UPDATE mods SET code = 'b' WHERE id = 1; INSERT INTO mods VALUES (4, 'd')";
        let report = place.run_sql(&["mods"], &format!("{keys}{script}"));
        assert_eq!(table(&report, "reviews")["change"]["removed"], 1);
        let after = report["after"].as_str().unwrap().to_owned();
        // somebody refers to a row that the command made
        place.sql("INSERT INTO reviews VALUES (9, 4)");
        if place.is_sqlite() {
            let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
            assert_eq!(run.code(), Some(4), "{run}");
            assert!(run.stderr().contains("reviews"), "{run}");
        } else {
            let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
            assert!(matches!(run.code(), Some(1 | 4 | 5)), "{run}");
            assert!(run.stderr().contains("reviews"), "{run}");
        }
        place.sql("DELETE FROM reviews WHERE id = 9");
        place.undo(&[&after]);
        assert_eq!(place.rows(), whole);
        // a value that somebody else has taken since
        let report = place.run_sql(&["mods"], &format!("{keys}UPDATE mods SET code = 'gone' WHERE id = 1"));
        place.sql("INSERT INTO mods VALUES (7, 'a')");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert!(run.code() == Some(3) && run.stdout().contains("another row has its key or a unique value"), "{run}");
        place.sql("DELETE FROM mods WHERE id = 7");
        place.undo(&[report["before"].as_str().unwrap()]);
        assert_eq!(place.rows(), whole);
    });
}

/// A table that the undo of a run only looks at is nobody's to take back.
#[test]
fn an_undo_of_an_undo_leaves_what_the_run_did_not_write() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE mods (id integer PRIMARY KEY, title text);
             CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer REFERENCES mods);
             INSERT INTO mods VALUES (1, 'a'), (2, 'b'); INSERT INTO favorites VALUES (1, 1), (2, 2)",
        );
        place.run_sql(&[], "DELETE FROM favorites WHERE id = 1");
        place.undo(&[]);
        place.sql("INSERT INTO mods VALUES (9, 'later'); UPDATE mods SET title = 'later' WHERE id = 2");
        let undone = place.undo(&[]);
        assert_eq!(undone["tables"].as_array().unwrap().len(), 1, "{undone}");
        assert_eq!(place.sql("SELECT * FROM mods ORDER BY id"), "1|a\n2|later\n9|later");
        assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1");
    });
}

/// Nor does it need a privilege on it.
#[test]
fn an_undo_needs_no_privilege_on_tables_that_are_referred_to() {
    let place = Place::owner();
    let guest = place.db().role("guest", "");
    place.sql(&format!(
        "CREATE TABLE mods (id integer PRIMARY KEY); INSERT INTO mods VALUES (1);
         CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer REFERENCES mods);
         INSERT INTO favorites VALUES (1, 1); GRANT SELECT ON mods TO {guest}; GRANT ALL ON favorites TO {guest}"
    ));
    place.round.turn(crate::gauntlet::round::url(place.db(), &guest));
    place.run_sql(&[], "DELETE FROM favorites");
    place.undo(&[]);
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1");
}

#[test]
fn the_newest_of_runs_and_restores_is_undone() {
    on_both(|place| {
        fill(place);
        let snap = place.snap();
        place.sql("DELETE FROM mods WHERE id = 1");
        place.restore(&[&format!("{snap}:mods")]);
        let report = place.run_sql(&["mods"], "DELETE FROM mods WHERE id = 2");
        let (before, after) = (report["before"].as_str().unwrap(), report["after"].as_str().unwrap());
        let count = || place.sql("SELECT count(*) FROM mods");
        place.undo(&[]);
        assert_eq!(count(), "50");
        place.undo(&[&snap]);
        assert_eq!(count(), "49");
        place.undo(&[]);
        assert_eq!(count(), "50");
        // a run that changed nothing is the last thing that was done
        place.run_sql(&["mods"], "SELECT 1");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert!(run.code() == Some(2) && run.stderr().contains("changed nothing in"), "{run}");
        assert!(run.stderr().contains("dbsnap undo "), "{run}");
        // by the snapshot before it, or after it
        for named in [before, after] {
            place.sql("DELETE FROM mods WHERE id = 2");
            let dry = place.round.json(&["undo", named, "--dry-run"]);
            assert_eq!(counts(&dry, "mods"), [1, 0, 0, 0], "{dry}");
            place.sql("INSERT INTO mods VALUES (2, 'mod 2')");
        }
        // of one that has not ended nothing is known
        let dbsnap = place.round.project.dbsnap([""; 0]).command().get_program().to_owned();
        let run = place.running(&["mods"], &[dbsnap.to_str().unwrap(), "undo", "-y"]).run();
        assert!(run.code() == Some(2) && run.stderr().contains("no snapshot was taken after the run of"), "{run}");
    });
}

/// What cannot go back row by row is refused as a whole, and it is said what can be done.
#[test]
fn schemas_that_changed_are_not_undone() {
    on_both(|place| {
        fill(place);
        place.run_sql(&[], "ALTER TABLE mods ADD COLUMN extra text; DELETE FROM favorites WHERE id = 1");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert_eq!(run.code(), Some(4), "{run}");
        assert!(run.stderr().contains("changed the columns of mods, which cannot be undone row by row"), "{run}");
        assert!(run.stderr().contains(" favorites brings back rows of the others"), "{run}");
        place.run_sql(&[], "DROP TABLE mods; DELETE FROM favorites WHERE id = 2");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert!(run.code() == Some(4) && run.stderr().contains("dropped mods, which cannot"), "{run}");
        place.run_sql(&[], "DELETE FROM favorites WHERE id = 3");
        place.sql("ALTER TABLE favorites RENAME COLUMN note TO remark");
        let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
        assert_eq!(run.code(), Some(4), "{run}");
        assert!(run.stderr().contains("column note is gone"), "{run}");
    });
}

#[test]
fn the_snapshot_before_must_be_there() {
    let place = Place::sqlite();
    fill(&place);
    let report = place.run_sql(&["mods"], "DELETE FROM mods WHERE id = 1");
    place.round.json(&["delete", report["before"].as_str().unwrap(), "-y"]);
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert!(run.stderr().contains("the snapshot before the run of"), "{run}");
    place.round.json(&["undelete", report["before"].as_str().unwrap()]);
    let after = report["after"].as_str().unwrap();
    place.round.json(&["delete", after, "-y"]);
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert!(run.stderr().contains(&format!("dbsnap undelete {} brings it back", &after[..8])), "{run}");
    place.round.json(&["undelete", after]);
    // its message can change
    place.round.json(&["amend", report["before"].as_str().unwrap(), "-m", "another"]);
    place.undo(&[]);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
}

/// What refers to nothing comes back where it did so before; otherwise only if that is asked for.
#[test]
fn orphans_of_sqlite_come_back() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE mods (id integer PRIMARY KEY);
         CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer NOT NULL REFERENCES mods);
         INSERT INTO mods VALUES (1); INSERT INTO favorites VALUES (1, 1), (2, 2), (3, 3)",
    );
    let whole = place.rows();
    place.run_sql(&[], ORPHANS);
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1");
    place.undo(&[]);
    assert_eq!(place.rows(), whole);
    // somebody has deleted what a row referred to: then it must not come back by itself
    place.run_sql(&[], "DELETE FROM favorites WHERE id = 1");
    place.sql("DELETE FROM mods");
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert!(run.code() == Some(4) && run.stderr().contains("--allow-dangling"), "{run}");
    place.undo(&["--allow-dangling"]);
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "3");
}

/// What referred to nothing before does so again, also where another row of the table stays as it is.
#[test]
fn orphans_come_back_beside_a_conflict() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE mods (id integer PRIMARY KEY, title text);
         CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer NOT NULL REFERENCES mods, note text);
         INSERT INTO mods VALUES (1, 'Lamp'); INSERT INTO favorites VALUES (1, 1, ''), (2, 2, ''), (3, 3, '')",
    );
    let damage = format!("{ORPHANS}; UPDATE favorites SET note = 'damaged'");
    place.run_sql(&[], &damage);
    place.sql("UPDATE favorites SET note = 'later'; INSERT INTO mods VALUES (4, 'Chair')");
    let undone = undone_in_part(&place, &[]);
    assert_eq!(counts(&undone, "favorites"), [2, 0, 0, 1], "{undone}");
    assert_eq!(place.sql("SELECT id, note FROM favorites ORDER BY id"), "1|later\n2|\n3|");
    // what they referred to was there before, and goes
    place.sql("DELETE FROM favorites; INSERT INTO favorites VALUES (1, 1, ''), (2, 4, '')");
    place.run_sql(&[], "DELETE FROM favorites WHERE id = 2; UPDATE favorites SET note = 'damaged'");
    place.sql("UPDATE favorites SET note = 'later'; DELETE FROM mods WHERE id = 4");
    let run = place.unchanged(&place.round.plain(&["undo", "-y"]));
    assert!(run.code() == Some(4) && run.stderr().contains("--allow-dangling"), "{run}");
}

/// The others go back.
#[test]
fn a_row_whose_unique_value_is_taken_is_a_conflict() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL UNIQUE, name text);
             INSERT INTO users VALUES (1, 'a', 'ann'), (2, 'b', 'bob'), (3, 'c', 'cid'), (4, 'd', 'dan'), (5, 'e', 'eve')",
        );
        let damage = "DELETE FROM users WHERE id IN (1, 2); UPDATE users SET email = 'new ' || email;
                      UPDATE users SET email = 'x' WHERE id = 5";
        let report = place.run_sql(&[], damage);
        let after = report["after"].as_str().unwrap().to_owned();
        // 1 cannot come back, nor can 3 get its address; 4 would, were not another row to stay that has it
        place.sql(
            "INSERT INTO users VALUES (10, 'a', 'ada'), (11, 'c', 'cora');
             UPDATE users SET email = 'd', name = 'later' WHERE id = 5",
        );
        let dry = place.round.json(&["undo", "--dry-run"]);
        let conflicts: Vec<(&str, bool)> = dry["conflicts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["key"].as_str().unwrap(), one["taken"] == true))
            .collect();
        assert_eq!(conflicts, [("1", true), ("3", true), ("4", true), ("5", false)], "{dry}");
        let said = place.round.plain(&["undo", "--dry-run"]).run().success();
        assert!(
            said.stdout().contains("  users:1\n    another row has its key or a unique value of it now\n"),
            "{said}"
        );
        assert!(said.stdout().contains(&format!("dbsnap undo {} --force users:5\n", &after[..8])), "{said}");
        let undone = undone_in_part(place, &[]);
        assert_eq!(counts(&undone, "users"), [1, 0, 0, 4], "{undone}");
        assert_eq!(
            place.sql("SELECT id, email, name FROM users ORDER BY id"),
            "2|b|bob\n3|new c|cid\n4|new d|dan\n5|d|later\n10|a|ada\n11|c|cora"
        );
        // one that has gone back makes room for another
        let undone = undone_in_part(place, &[&after, "--force", "users:5"]);
        assert_eq!(counts(&undone, "users"), [0, 2, 0, 2], "{undone}");
        assert_eq!(place.sql("SELECT id, email FROM users WHERE id IN (4, 5) ORDER BY id"), "4|d\n5|e");
    });
}

/// Rows that only the database can tell apart are updated: what refers to them stays.
#[test]
fn rows_without_a_captured_key_go_back_in_their_place() {
    let place = Place::owner();
    place.sql(
        "CREATE TABLE mods (code integer UNIQUE, title text);
         CREATE TABLE favorites (id integer PRIMARY KEY, code integer REFERENCES mods (code) ON DELETE CASCADE);
         INSERT INTO mods VALUES (1, 'Lamp'), (2, 'Chair'), (3, 'Desk'), (NULL, 'Rug');
         INSERT INTO favorites VALUES (1, 1), (2, 2), (3, 3)",
    );
    let whole = place.rows();
    place.run_sql(&[], "UPDATE mods SET title = 'damaged'");
    place.undo(&[]);
    assert_eq!(place.rows(), whole);
    place.run_sql(&[], "UPDATE mods SET title = 'damaged' WHERE code < 3");
    place.sql("UPDATE mods SET title = 'later' WHERE code = 1");
    let undone = undone_in_part(&place, &[]);
    assert_eq!(counts(&undone, "mods"), [0, 1, 0, 1], "{undone}");
    assert_eq!(undone["conflicts"][0]["taken"], true, "{undone}");
    assert_eq!(place.sql("SELECT code, title FROM mods WHERE code < 3 ORDER BY code"), "1|later\n2|Chair");
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "3");
}

//! What a command changed.

use super::{ORPHANS, fill, on_both, report, table};

#[test]
fn what_a_command_changed_is_told() {
    on_both(|place| {
        fill(place);
        let command = place.by_hand(&format!("{ORPHANS}; SELECT count(*) FROM favorites"));
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let run = place.running(&["favorites"], &words).run().success();
        // the command's output is its own
        assert!(run.stdout().contains("1078") && !run.stdout().contains("snapshot"), "{run}");
        let told: Vec<&str> = run.stderr().lines().collect();
        assert!(told[0].starts_with("snapshot ") && told[0].ends_with(" of favorites (1,234 rows)"), "{run}");
        assert_eq!(told[1], "favorites: -156", "{run}");
        assert!(told[2].starts_with("Before: ") && told[2].contains(". To undo: dbsnap undo "), "{run}");
        assert!(told.iter().all(|line| line.len() <= 80), "{run}");
        let log = place.round.json(&["log"]);
        let snapshots = log["snapshots"].as_array().unwrap();
        assert_eq!(snapshots.len(), 2, "{log}");
        for (snapshot, message) in snapshots.iter().zip(["after: ", "before: "]) {
            assert!(snapshot["message"].as_str().unwrap().starts_with(message), "{log}");
        }
        let report = place.run_sql(
            &["favorites"],
            "UPDATE favorites SET note = 'x' WHERE id > 1230; INSERT INTO favorites VALUES (2000, 1, 'new')",
        );
        let favorites = table(&report, "favorites");
        assert_eq!(favorites["state"], "changed");
        assert_eq!([&favorites["rowsBefore"], &favorites["rowsAfter"]], [1078, 1079], "{report}");
        let change = &favorites["change"];
        assert_eq!([&change["added"], &change["changed"], &change["removed"]], [1, 4, 0], "{report}");
        assert_eq!(change["since"], report["before"]);
        assert_eq!([&report["exitCode"], &report["version"]], [0, 1]);
    });
}

/// Then there is nothing to keep.
#[test]
fn a_command_that_changes_nothing_leaves_one_snapshot() {
    on_both(|place| {
        fill(place);
        let run = place.running(&["--all"], &["true"]).run().success();
        assert!(run.stderr().ends_with("Nothing changed in favorites, mods.\n"), "{run}");
        assert_eq!(place.listed(), 1);
        let run = place.round.invocation(&["run", "--", "true"]).run().success();
        let report = report(&run);
        assert!(report["after"].is_null() && table(&report, "mods")["state"] == "unchanged", "{report}");
        assert_eq!(place.listed(), 2);
    });
}

/// Tables to which deletes, or changes of keys, would cascade, however far.
#[test]
fn the_tables_are_closed_over_foreign_keys() {
    on_both(|place| {
        place.sql(
            "CREATE TABLE a (id integer PRIMARY KEY, code text UNIQUE);
             CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a (id) ON DELETE CASCADE);
             CREATE TABLE c (id integer PRIMARY KEY, b integer REFERENCES b (id) ON DELETE SET NULL);
             CREATE TABLE d (id integer PRIMARY KEY, code text REFERENCES a (code) ON UPDATE CASCADE);
             CREATE TABLE e (id integer PRIMARY KEY, a integer REFERENCES a (id));
             INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (1, 1);",
        );
        let report = place.run_sql(&["a"], "SELECT 1");
        let tables: Vec<&str> =
            report["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap()).collect();
        assert_eq!(tables, ["a", "b", "c", "d"]);
        let pragma = if place.is_sqlite() { "PRAGMA foreign_keys = on; " } else { "" };
        let report = place.run_sql(&["a"], &format!("{pragma}DELETE FROM a"));
        assert_eq!([&table(&report, "b")["change"]["removed"], &table(&report, "c")["change"]["changed"]], [1, 1]);
        let report = place.run_sql(&["a", "--exclude", "b"], "SELECT 1");
        assert_eq!(report["leftOut"][0]["table"], "b", "{report}");
    });
}

#[test]
fn large_tables_are_left_out_unless_they_are_named() {
    on_both(|place| {
        fill(place);
        place.sql("CREATE TABLE small (id integer PRIMARY KEY); INSERT INTO small VALUES (1)");
        if !place.is_sqlite() {
            place.sql("ANALYZE");
        }
        let limit = if place.is_sqlite() { 10_000 } else { 50_000 };
        place.round.project.write(".dbsnap/config.toml", format!("[run]\nmax_table_bytes = {limit}\n"));
        let run = place.running(&[], &["true"]).run().success();
        assert!(run.stderr().contains(" of mods, small (51 rows)\nnot in it: favorites ("), "{run}");
        let run = place.running(&["-q"], &["true"]).run().success();
        assert_eq!(run.stderr(), "Nothing is known of favorites, left out of the snapshots.\n");
        // what depends on all of it is not begun
        let ran = place.round.project.path().join("ran");
        for options in [&["--max-deleted", "0"], &["--on-failure", "undo"]] {
            let run = place.running(options, &["touch", "ran"]).run();
            assert_eq!(run.code(), Some(125), "{run}");
            assert!(run.stderr().contains("favorites is larger than max_table_bytes"), "{run}");
            assert!(!ran.exists());
            for more in [&["--all"][..], &["favorites"], &["--exclude", "favorites"]] {
                place.running(&[&options[..], more].concat(), &["true"]).run().success();
            }
        }
        let run = place.running(&["--all"], &["true"]).run().success();
        assert!(!run.stderr().contains("not in it") && run.stderr().contains("favorites, mods, small"), "{run}");
    });
}

#[test]
fn changed_and_dropped_tables_are_told() {
    on_both(|place| {
        fill(place);
        let sql = "ALTER TABLE mods ADD COLUMN extra text; DELETE FROM mods WHERE id > 40; DROP TABLE favorites;
            CREATE TABLE fresh (id integer PRIMARY KEY)";
        let report = place.run_sql(&[], sql);
        let [favorites, mods] = ["favorites", "mods"].map(|name| table(&report, name));
        assert_eq!(favorites["state"], "dropped");
        assert_eq!(mods["state"], "schemaChanged");
        assert_eq!(mods["change"]["removed"], 10);
        assert_eq!(mods["schemaChanges"].as_array().unwrap().len(), 1, "{report}");
        assert_eq!(report["created"][0], "fresh");
        assert_eq!(report["undoable"], false);
        place.sql("DROP TABLE mods");
        // what is there to get a table back does that
        let id = report["before"].as_str().unwrap();
        place.round.json(&["restore", &format!("{id}:favorites"), "--into", "favorites", "-y"]);
        assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1234");
        let command = place.by_hand("DROP TABLE favorites");
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let run = place.running(&["favorites"], &words).run().success();
        assert!(run.stderr().contains("favorites: dropped (1,234 rows)\n"), "{run}");
        assert!(run.stderr().contains("To get favorites back: dbsnap restore "), "{run}");
        // what is advised works
        let command =
            place.by_hand("DROP TABLE small; DELETE FROM wide WHERE id = 1; ALTER TABLE other ADD COLUMN x text");
        place.sql(
            "CREATE TABLE small (id integer PRIMARY KEY); CREATE TABLE wide (id integer PRIMARY KEY);
             CREATE TABLE other (id integer PRIMARY KEY); INSERT INTO wide VALUES (1), (2)",
        );
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let run = place.running(&[], &words).run().success();
        assert!(!run.stderr().contains("To undo: "), "{run}");
        let advised = run.stderr().lines().find_map(|line| line.strip_prefix("To get small, wide back: dbsnap "));
        let words: Vec<&str> = advised.unwrap().split(' ').collect();
        place.round.plain(&[&words[..], &["-y"]].concat()).run().success();
        assert_eq!(place.sql("SELECT count(*) FROM wide"), "2");
        assert_eq!(place.sql("SELECT count(*) FROM small"), "0", "it is there");
    });
}

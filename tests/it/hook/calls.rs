//! Calls between their beginning and their end.

use super::{Call, commands, fill, follow, pins, remembered};
use crate::support::place::{Place, on_both};
use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime};

/// The snapshot that a file keeps.
fn kept(name: &str) -> String {
    name.split('.').nth(1).unwrap().to_owned()
}

#[test]
fn what_only_reads_is_let_go_without_looking() {
    let place = Place::sqlite();
    fill(&place);
    for command in ["ls -la | head -3", "git status", "cat data.db > /dev/null", "dbsnap log"] {
        Call::new(&place, "1", command).let_go();
    }
    assert_eq!((place.listed(), remembered(&place).len()), (0, 0));
}

/// On SQLite nobody else moves the database on, so it is known.
#[test]
fn a_snapshot_that_is_still_true_is_not_taken_again() {
    let place = Place::sqlite();
    fill(&place);
    for id in ["1", "2", "3"] {
        assert_eq!(Call::sql(&place, id, "SELECT count(*) FROM mods").made(), None);
    }
    assert_eq!((place.listed(), remembered(&place).len()), (1, 0));
    Call::sql(&place, "4", "DELETE FROM mods WHERE id > 100").made().unwrap();
    assert_eq!(place.listed(), 2, "the snapshot after a call is the one before the next");
    assert_eq!(Call::sql(&place, "5", "SELECT 1").made(), None);
    assert_eq!(place.listed(), 2);
    place.sql("INSERT INTO settings VALUES (3, 'three')");
    assert_eq!(Call::sql(&place, "6", "SELECT 1").made(), None);
    assert_eq!(place.listed(), 3);
}

#[test]
fn snapshots_say_whose_they_are() {
    let place = Place::sqlite();
    fill(&place);
    Call::sql(&place, "1", "DELETE FROM mods").made().unwrap();
    let log = place.round.json(&["log"]);
    for snapshot in log["snapshots"].as_array().unwrap() {
        assert_eq!((&snapshot["agent"], &snapshot["session"]), (&"claude-code".into(), &"session-1".into()), "{log}");
    }
    let message = |at: usize| log["snapshots"][at]["message"].as_str().unwrap();
    assert!(message(1).starts_with("before: sqlite3 -bail"), "{log}");
    assert!(message(0).starts_with("after: sqlite3 -bail"), "{log}");
}

/// Two calls share the snapshot before them, and the end of one leaves the other its own.
#[test]
fn two_at_a_time() {
    on_both(|place| {
        fill(place);
        let one = Call::sql(place, "1", "DELETE FROM favorites WHERE id <= 100");
        let two = Call { session: "session-2", ..Call::sql(place, "1", "DELETE FROM settings") };
        one.let_go();
        two.let_go();
        one.run();
        let told = one.told().unwrap();
        assert!(told.contains("favorites: 100 of 300 rows deleted"), "{told}");
        assert!(told.contains("Other calls were under way meanwhile"), "{told}");
        two.run();
        let told_too = two.told().unwrap();
        assert!(told_too.contains("settings: 2 of 2 rows deleted"), "{told_too}");
        assert!(told_too.contains("Other calls were under way meanwhile"), "{told_too}");
        // what one takes back leaves alone what the other wrote
        place.sql("INSERT INTO mods VALUES (1000, 'new')");
        for command in [commands(&told), commands(&told_too)].concat() {
            follow(place, &command).success();
        }
        let counts = ["mods", "favorites", "settings"].map(|table| place.sql(&format!("SELECT count(*) FROM {table}")));
        assert_eq!(counts, ["201", "300", "2"]);
    });
}

/// A call that never ends keeps its snapshot from gc for a day.
#[test]
fn a_killed_call_keeps_its_snapshot_and_is_forgotten_after_a_day() {
    let place = Place::sqlite();
    fill(&place);
    Call::sql(&place, "1", "DELETE FROM favorites").let_go().run();
    let [name] = &remembered(&place)[..] else { panic!() };
    let id = kept(name);
    for value in 0..3 {
        place.sql(&format!("INSERT INTO settings VALUES ({}, 'x')", 10 + value));
        place.snap();
    }
    let gone = |keep: &str| {
        let report = place.round.json(&["gc", "--keep", keep, "--days", "0", "--now"]);
        let snapshots = report["snapshots"].as_array().unwrap();
        snapshots.iter().any(|one| one["id"] == *id && one["keep"] == false)
    };
    assert!(!gone("0"));
    assert_eq!(place.round.json(&["verify"])["damage"].as_array().map_or(0, Vec::len), 0);
    assert!(place.round.plain(&["doctor"]).run().stdout().contains("store"), "doctor does not mind");
    let file = place.round.project.path().join(".dbsnap/hooks").join(name);
    let old = SystemTime::now() - Duration::from_hours(25);
    File::options().write(true).open(file).unwrap().set_times(FileTimes::new().set_modified(old)).unwrap();
    Call::sql(&place, "2", "SELECT 1").made();
    assert_eq!(remembered(&place).len(), 0);
    // rows that no later snapshot has are kept by retention itself
    place.round.json(&["restore", &id, "-y"]);
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
}

/// A pin that somebody else set stays as it is.
#[test]
fn a_pin_is_left_as_it_was() {
    let place = Place::sqlite();
    fill(&place);
    let id = place.snap();
    place.round.json(&["pin", &id, "-m", "mine"]);
    Call::sql(&place, "1", "DELETE FROM settings").made().unwrap();
    assert_eq!(pins(&place), [(id, "mine".to_owned())]);
}

/// A run under way keeps its pin, whatever a call beside it does.
#[test]
fn a_run_beside_a_call_keeps_its_snapshot() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::sql(&place, "1", "SELECT 1");
    place.round.project.write("in.json", call.input("PreToolUse").to_string());
    place.round.project.write("after.json", call.input("PostToolUse").to_string());
    let dbsnap = std::env::var("DBSNAP_TEST_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dbsnap").to_owned());
    let within = format!(
        "'{dbsnap}' hook pre-tool-use < in.json && '{dbsnap}' hook post-tool-use < after.json && \
         '{dbsnap}' --json pin > pins.json"
    );
    place.round.plain(&["run", "--", "sh", "-c", &within]).run().success();
    let text = std::fs::read_to_string(place.round.project.path().join("pins.json")).unwrap();
    let pinned: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(pinned["pins"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(place.listed(), 1, "the run's snapshot was the call's");
    assert_eq!(pins(&place).len(), 0);
}

#[test]
fn which_tables_are_watched_is_a_setting() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\nexclude = [\"mods\", \"gone*\"]\n");
    assert_eq!(Call::sql(&place, "1", "DELETE FROM mods").made(), None);
    let snapshot = place.round.json(&["show", "latest"]);
    assert_eq!(snapshot["snapshot"]["tables"].as_array().unwrap().len(), 2, "{snapshot}");
    place.round.project.write(".dbsnap/config.toml", "[hook]\ntables = [\"sett*\", \"gone\"]\n");
    let call = Call::sql(&place, "2", "DELETE FROM favorites");
    let run = call.before().success();
    assert!(run.stdout().contains("favorites is not watched"), "{run}");
    call.run();
    assert_eq!(call.told(), None);
    assert!(Call::sql(&place, "3", "DELETE FROM settings").made().is_some());
    place.round.project.write(".dbsnap/config.toml", "[hook]\ntables = [\"gone\"]\n");
    let run = Call::sql(&place, "4", "SELECT 1").before();
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("no table is called gone"), "{run}");
}

/// What is too large is not read, and is told where something is known to be destroyed.
#[test]
fn a_table_that_is_too_large_is_told() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\nmax_table_bytes = 2000\n");
    let run = Call::new(&place, "1", "rm data.db").before().success();
    assert!(run.stdout().contains("does not have mods ("), "{run}");
    // one that is named in the command is taken all the same
    Call::sql(&place, "2", "DELETE FROM mods WHERE id > 1").made().unwrap();
}

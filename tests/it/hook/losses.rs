//! What is lost is told of, and comes back by the command that is printed.

use super::{Call, SHOP, by_hand, commands, fill, follow, is_sqlite, pins, remembered};
use crate::support::place::{Place, on_both};
use serde_json::Value;

#[test]
fn what_was_lost_is_told_and_comes_back() {
    on_both(|place| {
        fill(place);
        let whole = place.rows();
        let told = Call::sql(place, "1", "DELETE FROM favorites WHERE id <= 156").made().unwrap();
        assert!(told.contains("favorites: 156 of 300 rows deleted"), "{told}");
        let [command] = &commands(&told)[..] else { panic!("{told}") };
        let (id, reason) = &pins(place)[0];
        assert!(told.contains(&format!("snapshot {}, which is pinned", &id[..8])), "{told}");
        assert!(reason.starts_with("hook: rows were lost after it: "), "{reason}");
        assert_ne!(place.rows(), whole);
        follow(place, command).success();
        assert_eq!(place.rows(), whole);
    });
}

/// Foreign keys take rows of other tables along, and these are told of too.
#[test]
fn what_a_cascade_took_along_is_told() {
    let place = Place::owner();
    fill(&place);
    let whole = place.rows();
    let told = Call::sql(&place, "1", "TRUNCATE mods CASCADE").made().unwrap();
    assert!(told.contains("mods: 200 of 200 rows deleted"), "{told}");
    assert!(told.contains("favorites: 300 of 300 rows deleted"), "{told}");
    follow(&place, &commands(&told)[0]).success();
    assert_eq!(place.rows(), whole);
}

#[test]
fn a_few_rows_go_without_a_word_and_an_emptied_table_does_not() {
    on_both(|place| {
        fill(place);
        assert_eq!(Call::sql(place, "1", "DELETE FROM favorites WHERE id <= 10").made(), None);
        assert_eq!(pins(place).len(), 0);
        assert!(Call::sql(place, "2", "DELETE FROM favorites WHERE id <= 21").made().unwrap().contains("11 of 290"));
        assert!(Call::sql(place, "3", "DELETE FROM settings").made().unwrap().contains("settings: 2 of 2 rows"));
        place.round.project.write(".dbsnap/config.toml", "[hook]\nmax_deleted = \"50%\"\n");
        assert_eq!(Call::sql(place, "4", "DELETE FROM favorites WHERE id <= 100").made(), None);
        assert!(Call::sql(place, "5", "DELETE FROM favorites WHERE id <= 250").made().is_some());
    });
}

/// The second half of a call that failed is compared as well.
#[test]
fn a_command_that_failed_may_have_written() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::new(&place, "1", format!("{}; exit 7", by_hand(&place, "DELETE FROM settings")));
    call.let_go().run();
    let mut input = call.input("PostToolUseFailure");
    input["error"] = Value::from("Exit code 7");
    let run = super::fed(&place.round.plain(&["hook", "post-tool-use"]), input.to_string().as_bytes()).success();
    let answer: Value = serde_json::from_str(run.stdout()).unwrap();
    assert_eq!(answer["hookSpecificOutput"]["hookEventName"], "PostToolUseFailure");
    assert!(answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap().contains("settings: 2 of 2"), "{run}");
}

/// The rows of every table, in order of the tables' names.
fn sorted(place: &Place) -> Vec<String> {
    let mut rows = place.rows();
    rows.sort();
    rows
}

/// The one command that is told, run as it is printed, brings everything back.
fn come_back(place: &Place, told: &str, whole: &[String]) {
    let [command] = &commands(told)[..] else { panic!("{told}") };
    follow(place, command).success();
    assert_eq!(sorted(place), whole, "{told}");
}

#[test]
fn a_dropped_table_is_told_with_a_command() {
    on_both(|place| {
        fill(place);
        let whole = sorted(place);
        let told = Call::sql(place, "1", "DROP TABLE favorites").made().unwrap();
        assert!(told.contains("favorites: gone, with 300 rows"), "{told}");
        let (id, _) = &pins(place)[0];
        assert_eq!(rows_of(place, id, "favorites"), 300);
        come_back(place, &told, &whole);
    });
}

#[test]
fn a_removed_file_is_told_with_commands() {
    let place = Place::sqlite();
    fill(&place);
    for (id, command) in [("1", "rm data.db"), ("2", "mv data.db elsewhere.db"), ("3", ": > data.db")] {
        let whole = sorted(&place);
        let told = Call::new(&place, id, command).made().unwrap();
        assert!(told.contains("mods: gone, with 200 rows"), "{command}: {told}");
        let (pinned, _) = &pins(&place)[0];
        assert_eq!(rows_of(&place, pinned, "mods"), 200);
        come_back(&place, &told, &whole);
    }
}

#[test]
fn a_dropped_database_is_told_with_commands() {
    let place = Place::superuser();
    fill(&place);
    let whole = sorted(&place);
    let (db, _) = place.database();
    let server = place.round.url().replace(&format!("/{}?", db.name), "/postgres?");
    let drop = format!("psql -qX '{server}' -c 'DROP DATABASE {} WITH (FORCE)'", db.name);
    let call = Call::new(&place, "1", drop);
    call.let_go();
    let run = call.run();
    assert_eq!(run.code(), Some(0), "{run}");
    let told = call.told().unwrap();
    assert!(told.contains("the database cannot be reached any more"), "{told}");
    assert!(told.contains("favorites: gone, with 300 rows"), "{told}");
    let (id, _) = &pins(&place)[0];
    for (table, rows) in [("mods", 200), ("favorites", 300), ("settings", 2)] {
        assert_eq!(rows_of(&place, id, table), rows);
    }
    come_back(&place, &told, &whole);
}

/// `prisma migrate reset` in effect: everything is dropped and made again.
#[test]
fn tables_that_were_made_again_are_told_as_emptied() {
    on_both(|place| {
        fill(place);
        let whole = place.rows();
        let sum = "SELECT count(*), sum(mod_id * id) FROM favorites";
        let before = place.sql(sum);
        let again = format!("DROP TABLE favorites; DROP TABLE settings; DROP TABLE mods; {}", SHOP.replace('\n', " "));
        let told = Call::sql(place, "1", &again).made().unwrap();
        for line in ["mods: 200 of 200 rows deleted", "favorites: 300 of 300", "settings: 2 of 2"] {
            assert!(told.contains(line), "{told}");
        }
        commands(&told).iter().for_each(|command| drop(follow(place, command).success()));
        // another table is another object in PostgreSQL
        match is_sqlite(place) {
            true => assert_eq!(place.rows(), whole),
            false => assert_eq!(place.sql(sum), before),
        }
    });
}

/// At the end of a session the person is told once of what was not taken back.
#[test]
fn the_end_of_a_session_tells_of_what_is_still_lost_once() {
    let place = Place::sqlite();
    fill(&place);
    let back = Call::sql(&place, "1", "DELETE FROM favorites").made().unwrap();
    follow(&place, &commands(&back)[0]).success();
    Call::sql(&place, "2", "DELETE FROM settings").made().unwrap();
    assert_eq!(remembered(&place).len(), 2);
    let stop = |session: &str, active: bool| {
        let input = serde_json::json!({
            "session_id": session, "cwd": place.round.project.path(), "hook_event_name": "Stop",
            "stop_hook_active": active, "last_assistant_message": "Done.",
        });
        super::fed(&place.round.plain(&["hook", "stop"]), input.to_string().as_bytes()).success().stdout().to_owned()
    };
    assert_eq!(stop("another", false), "{}\n");
    assert_eq!(stop("session-1", true), "{}\n", "it never loops");
    let told: Value = serde_json::from_str(&stop("session-1", false)).unwrap();
    let told = told["systemMessage"].as_str().unwrap();
    assert!(told.contains("settings (2 rows) by sqlite3"), "{told}");
    assert!(!told.contains("favorites ("), "{told}");
    follow(&place, &commands(told)[0]).success();
    assert_eq!(place.sql("SELECT count(*) FROM settings"), "2");
    assert_eq!(stop("session-1", false), "{}\n");
}

/// Rows of a table in a snapshot.
fn rows_of(place: &Place, id: &str, table: &str) -> u64 {
    let shown = place.round.json(&["show", id]);
    let tables = shown["snapshot"]["tables"].as_array().unwrap();
    let found = tables.iter().find(|one| one["table"].as_str().unwrap().ends_with(table));
    found.unwrap_or_else(|| panic!("{shown}"))["rows"].as_u64().unwrap()
}

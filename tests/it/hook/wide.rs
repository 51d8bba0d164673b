//! Losses that are not deleted rows, calls that have no end, and calls beside each other.

use super::{Call, by_hand, commands, fed, fill, follow, is_sqlite, pins, remembered};
use crate::support::place::{Place, on_both};
use serde_json::{Value, json};

/// Pins of the hook's. Restores pin what was there before them.
fn own_pins(place: &Place) -> usize {
    pins(place).iter().filter(|(_, reason)| reason.starts_with("hook: ")).count()
}

#[test]
fn a_column_that_was_dropped_is_a_loss() {
    on_both(|place| {
        fill(place);
        let told = Call::sql(place, "1", "ALTER TABLE mods DROP COLUMN title").made().unwrap();
        assert!(told.contains("mods: values of title are gone from 200 rows"), "{told}");
        assert_eq!(pins(place).len(), 1);
        let [command] = &commands(&told)[..] else { panic!("{told}") };
        follow(place, command).success();
        let beside = command.split(' ').find(|word| word.starts_with("mods_")).unwrap();
        assert_eq!(place.sql(&format!("SELECT count(title) FROM {beside}")), "200");
    });
}

/// A type that holds all that the other one held loses nothing.
#[test]
fn a_narrower_type_is_a_loss_and_a_wider_one_is_not() {
    let place = Place::owner();
    fill(&place);
    assert_eq!(Call::sql(&place, "1", "ALTER TABLE favorites ALTER mod_id TYPE bigint").made(), None);
    let cut = "ALTER TABLE mods ALTER title TYPE varchar(3) USING left(title, 3)";
    let told = Call::sql(&place, "2", cut).made().unwrap();
    assert!(told.contains("values of title are gone from 200 rows"), "{told}");
}

#[test]
fn more_than_half_of_a_small_table_is_a_loss() {
    let place = Place::sqlite();
    fill(&place);
    place.sql("DELETE FROM mods WHERE id > 11");
    assert!(Call::sql(&place, "1", "DELETE FROM mods WHERE id > 1").made().unwrap().contains("mods: 10 of 11 rows"));
}

#[test]
fn an_update_of_all_rows_is_told_as_a_change() {
    on_both(|place| {
        fill(place);
        let whole = place.rows();
        assert_eq!(Call::sql(place, "1", "UPDATE mods SET title = title || '!' WHERE id <= 50").made(), None);
        let before = place.rows();
        assert_ne!(before, whole);
        let told = Call::sql(place, "2", "UPDATE mods SET title = 'x'").made().unwrap();
        assert!(told.starts_with("dbsnap: this call changed most rows of a table."), "{told}");
        assert!(told.contains("mods: 200 of 200 rows changed"), "{told}");
        follow(place, &commands(&told)[0]).success();
        assert_eq!(place.rows(), before);
    });
}

/// Gemini gives calls no id. One that was cancelled is not the one that ends.
#[test]
fn without_an_id_the_newest_call_is_the_one() {
    let place = Place::sqlite();
    fill(&place);
    let command = by_hand(&place, "DELETE FROM favorites");
    let hook = |event: &str, name: &str| {
        let input = json!({
            "session_id": "s", "cwd": place.round.project.path(), "hook_event_name": name,
            "tool_name": "run_shell_command", "tool_input": { "command": command },
        });
        fed(&place.round.plain(&["hook", event, "--for", "gemini"]), input.to_string().as_bytes()).success()
    };
    hook("pre-tool-use", "BeforeTool");
    // what a person does meanwhile stays
    place.sql("INSERT INTO settings VALUES (3, 'mine')");
    hook("pre-tool-use", "BeforeTool");
    assert_eq!(remembered(&place).len(), 1);
    Call::new(&place, "1", &*command).run();
    let answer: Value = serde_json::from_str(hook("post-tool-use", "AfterTool").stdout()).unwrap();
    let told = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(!told.contains("Other calls were under way"), "{told}");
    follow(&place, &commands(told)[0]).success();
    assert_eq!(place.sql("SELECT count(*) FROM settings"), "3");
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
}

/// The whole of a snapshot would take back what the other call wrote.
#[test]
fn a_dropped_table_beside_others_leaves_their_work() {
    on_both(|place| {
        fill(place);
        let one = Call::sql(place, "1", "DROP TABLE favorites");
        let two = Call { session: "session-2", ..Call::sql(place, "1", "UPDATE mods SET title = 'new' WHERE id = 7") };
        one.let_go();
        two.let_go().run();
        one.run();
        let told = one.told().unwrap();
        assert!(told.contains("Other calls were under way meanwhile"), "{told}");
        two.told();
        commands(&told).iter().for_each(|command| drop(follow(place, command).success()));
        assert_eq!(place.sql("SELECT title FROM mods WHERE id = 7"), "new");
        assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
    });
}

/// A call that was never made does not make all later ones of its session calls beside others.
#[test]
fn a_call_that_was_never_made_does_not_count_for_long() {
    let place = Place::sqlite();
    fill(&place);
    Call::sql(&place, "never", "DELETE FROM mods").let_go();
    let [name] = &remembered(&place)[..] else { panic!() };
    let (rest, micros) = name.strip_suffix(".json").unwrap().rsplit_once('.').unwrap();
    let dir = place.round.project.path().join(".dbsnap/hooks");
    let earlier = micros.parse::<i64>().unwrap() - 6 * 60 * 1_000_000;
    std::fs::rename(dir.join(name), dir.join(format!("{rest}.{earlier}.json"))).unwrap();
    let told = Call::sql(&place, "1", "DELETE FROM favorites").made().unwrap();
    assert!(!told.contains("Other calls were under way"), "{told}");
    assert!(commands(&told)[0].starts_with("dbsnap undo "), "{told}");
}

/// What is still going on when a call ends is told before the next one.
#[test]
fn a_loss_in_the_background_is_told_before_the_next_call() {
    on_both(|place| {
        fill(place);
        let whole = place.rows();
        assert_eq!(Call::sql(place, "1", "SELECT 1").made(), None);
        place.sql("DELETE FROM favorites");
        let run = Call::sql(place, "2", "SELECT 1").before().success();
        let answer: Value = serde_json::from_str(run.stdout()).unwrap();
        let told = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
        assert!(told.contains("favorites: 300 of 300 rows deleted"), "{told}");
        follow(place, &commands(told)[0]).success();
        assert_eq!(place.rows(), whole);
        assert_eq!(own_pins(place), 1);
    });
}

/// A transaction that somebody else began before the call is not the call's.
#[test]
fn a_bystanders_transaction_is_not_waited_for() {
    let place = Place::owner();
    fill(&place);
    // what others' sessions do is shown to their own user and to superusers
    let (db, user) = place.database();
    let mut bystander = db.session_as(user);
    bystander.run("BEGIN; UPDATE settings SET value = 'mine' WHERE id = 1");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let call = Call::sql(&place, "1", "DELETE FROM favorites");
    call.let_go().run();
    let started = std::time::Instant::now();
    let told = call.told().unwrap();
    assert!(started.elapsed().as_secs() < 5, "{told}");
    assert!(told.contains("favorites: 300 of 300 rows deleted"), "{told}");
    assert!(!told.contains("is not known yet"), "{told}");
}

/// What was restored in part is not all back.
#[test]
fn the_end_of_a_session_tells_of_what_is_back_in_part() {
    let place = Place::sqlite();
    fill(&place);
    let told = Call::sql(&place, "1", "DELETE FROM favorites; DELETE FROM settings").made().unwrap();
    let (id, _) = &pins(&place)[0];
    follow(&place, &format!("dbsnap restore {id} --mode missing settings -y")).success();
    let stop = || {
        let input = json!({ "session_id": "session-1", "cwd": place.round.project.path(), "hook_event_name": "Stop" });
        fed(&place.round.plain(&["hook", "stop"]), input.to_string().as_bytes()).success().stdout().to_owned()
    };
    assert!(stop().contains("favorites, settings (302 rows)"), "{told}");
    follow(&place, &format!("dbsnap restore {id} --mode missing favorites -y")).success();
    assert_eq!(stop(), "{}\n");
    // what is back needs no pin any more
    assert_eq!((own_pins(&place), remembered(&place).len()), (0, 0));
    assert!(is_sqlite(&place));
}

/// The person's own snapshots are counted apart from the hook's.
#[test]
fn retention_counts_the_hooks_snapshots_apart() {
    let place = Place::sqlite();
    fill(&place);
    let mine: Vec<String> = (0..5)
        .map(|at| {
            place.sql(&format!("INSERT INTO settings VALUES ({}, 'x')", 10 + at));
            place.snap()
        })
        .collect();
    for at in 0..9 {
        Call::sql(&place, &at.to_string(), &format!("INSERT INTO settings VALUES ({}, 'y')", 100 + at)).made();
    }
    let report = place.round.json(&["gc", "--now"]);
    let kept =
        |id: &str| report["snapshots"].as_array().unwrap().iter().any(|one| one["id"] == id && one["keep"] == true);
    assert!(mine.iter().all(|id| kept(id)), "{report}");
    let all = report["snapshots"].as_array().unwrap();
    assert!(all.iter().any(|one| one["keep"] == false), "the hook's own go: {report}");
}

/// What a call under way is compared with cannot be deleted by a name either.
#[test]
fn the_snapshot_of_a_call_under_way_is_not_deleted() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::sql(&place, "1", "DELETE FROM favorites");
    call.let_go();
    let id = remembered(&place)[0].split('.').nth(1).unwrap().to_owned();
    let run = place.round.plain(&["delete", &id, "-y"]).run();
    assert_ne!(run.code(), Some(0), "{run}");
    assert!(run.stderr().contains("call that is under way"), "{run}");
    call.run();
    follow(&place, &commands(&call.told().unwrap())[0]).success();
}

//! What is done when the command fails, or does too much.

use super::{ORPHANS, Place, fill, on_both, report, table};

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

#[test]
fn a_command_that_fails_is_undone_if_that_was_asked_for() {
    on_both(|place| {
        fill(place);
        let whole = place.rows();
        let [program, rest @ ..] = &place.by_hand(ORPHANS)[..] else { panic!("no command") };
        let quoted: Vec<String> = rest.iter().map(|word| format!("'{word}'")).collect();
        let script = format!("{program} {}; exit 6", quoted.join(" "));
        let failing = ["sh", "-c", script.as_str()];
        for options in [&["favorites"][..], &["favorites", "--on-failure", "keep"]] {
            // nobody can be asked here
            let run = place.running(options, &failing).run();
            assert_eq!(run.code(), Some(6), "{run}");
            assert_ne!(place.rows(), whole);
            place.undo(&[]);
        }
        let run = place.running(&["favorites", "--on-failure", "undo"], &failing).run();
        assert_eq!(run.code(), Some(6), "{run}");
        assert!(
            run.stderr().contains("favorites: -156\n") && run.stderr().contains("Undo complete. 156 rows"),
            "{run}"
        );
        assert_eq!(place.rows(), whole);
        // one that succeeds is not
        let command = place.by_hand(ORPHANS);
        let run = place.running(&["favorites", "--on-failure", "undo"], &words(&command)).run().success();
        assert!(!run.stderr().contains("Undo complete"), "{run}");
        place.undo(&[]);
        let run = place.round.invocation(&["run", "--on-failure", "undo", "--"]).args(failing).run();
        assert_eq!(run.code(), Some(6), "{run}");
        let told = report(&run);
        assert_eq!(told["undone"]["tables"][0]["insert"], 156, "{told}");
        assert_eq!(place.rows(), whole);
    });
}

#[test]
fn a_command_that_deletes_too_much_has_failed() {
    on_both(|place| {
        fill(place);
        let command = place.by_hand(ORPHANS);
        let command = words(&command);
        for (most, code) in [("156", 0), ("155", 4), ("0", 4), ("13%", 0), ("12.5%", 4)] {
            let run = place.running(&["favorites", "--max-deleted", most], &command).run();
            assert_eq!(run.code(), Some(code), "{run}");
            let warned = run.stderr().contains(&format!("more than {most} of the rows are gone: favorites"));
            assert_eq!(warned, code == 4, "{run}");
            place.undo(&[]);
        }
        let whole = place.rows();
        let run = place.round.invocation(&["run", "--max-deleted", "5%", "--on-failure", "undo", "--"]);
        let run = run.args(&command).run();
        assert_eq!(run.code(), Some(4), "{run}");
        let told = report(&run);
        assert_eq!(told["tooManyDeleted"][0], "favorites", "{told}");
        assert_eq!(told["exitCode"], 0);
        assert_eq!(place.rows(), whole);
        // a table that is gone has lost all its rows; what was done stays where it cannot be undone
        let drop = place.by_hand("DROP TABLE favorites");
        let run = place.running(&["--max-deleted", "99%", "--on-failure", "undo"], &words(&drop)).run();
        assert_eq!(run.code(), Some(4), "{run}");
        assert!(run.stderr().contains("what the command did is not undone: "), "{run}");
        assert!(run.stderr().contains("To get favorites back: "), "{run}");
    });
}

/// A limit that could not be looked at was not kept to.
#[test]
fn what_cannot_be_told_counts_as_too_much() {
    let place = Place::sqlite();
    fill(&place);
    let run = place.running(&["--max-deleted", "100%"], &["rm", "data.db"]).run();
    assert_eq!(run.code(), Some(4), "{run}");
    fill(&place);
    for wrong in ["-1", "x", "200%", "1.5"] {
        let run = place.running(&[&format!("--max-deleted={wrong}")], &["touch", "ran"]).run();
        assert_eq!(run.code(), Some(125), "{run}");
    }
    assert!(!place.round.project.path().join("ran").exists());
}

#[test]
fn a_person_is_asked_and_may_look() {
    const ASKED: &str = "Keep the changes, undo them, or look at them? [k/u/l] ";
    let place = Place::sqlite();
    fill(&place);
    let failing = ["sh", "-c", "sqlite3 data.db 'DELETE FROM mods WHERE id = 7'; exit 1"];
    let run = place.running(&["mods"], &failing).on_terminal(100, &[(ASKED, "l\n"), (ASKED, "?\n"), (ASKED, "u\n")]);
    let run = run.run();
    assert_eq!(run.code(), Some(1), "{run}");
    assert!(run.stdout().contains("mod 7") && run.stdout().contains("Undo complete."), "{run}");
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
    for answer in ["k\n", "\n", "\u{4}", "\u{3}"] {
        let run = place.running(&["mods"], &failing).on_terminal(100, &[(ASKED, answer)]).run();
        assert_eq!(run.code(), Some(1), "{run}");
        assert_eq!(place.sql("SELECT count(*) FROM mods"), "49", "{run}");
        place.undo(&[]);
    }
    let run = place.running(&["mods"], &["true"]).on_terminal(100, &[]).run().success();
    assert!(!run.stdout().contains("Keep the changes"), "{run}");
}

/// The rows that the command did not delete are not looked at.
#[test]
fn only_tables_that_changed_are_told() {
    let place = Place::sqlite();
    fill(&place);
    let told = place.run_sql(&["--max-deleted", "0", "--all"], "UPDATE mods SET title = 'x'");
    assert_eq!(table(&told, "mods")["change"]["changed"], 50);
    assert_eq!(told["tooManyDeleted"].as_array().unwrap().len(), 0);
}

//! Calls that would take the snapshots away, databases that are away for a while, hooks that cannot start.

use super::{Call, by_hand, commands, fed, fill, follow, pins, remembered};
use crate::support::place::{Place, on_both};
use crate::support::process::Project;
use serde_json::{Value, json};

#[test]
fn what_removes_the_store_is_refused() {
    let place = Place::sqlite();
    fill(&place);
    let root = place.round.project.path().display().to_string();
    for command in [
        "git clean -fdxq".to_owned(),
        "git clean -fdx -e node_modules".to_owned(),
        "rm -rf .dbsnap && rm data.db".to_owned(),
        "sudo rm -r ./.dbsnap/packs".to_owned(),
        format!("rm -rf {root}"),
        "cd .. && rm -rf */.dbsnap \"$OLDPWD\"".to_owned(),
        "rm -rf .*".to_owned(),
        "rm -rf \"$PWD\"".to_owned(),
        "mv .dbsnap elsewhere".to_owned(),
        "find . -type f -delete".to_owned(),
        "bash -c 'rm -rf .dbsnap'".to_owned(),
        "git stash --all".to_owned(),
    ] {
        let run = Call::new(&place, "1", &*command).before();
        assert_eq!(run.code(), Some(2), "{command}: {run}");
        assert!(run.stderr().contains("it would remove"), "{command}: {run}");
    }
    for command in [
        "git clean -fdxn",
        "git clean -fdx -e .dbsnap",
        "git clean -fd",
        "rm -rf node_modules dist",
        "rm -rf *",
        "find . -name '*.pyc' -delete",
        "git add .dbsnap/config.toml",
        "rm -rf /tmp/x",
    ] {
        let run = Call::new(&place, "1", command).before().success();
        assert_eq!(run.stderr(), "", "{command}: {run}");
    }
}

/// The settings are in version control, and stay.
#[test]
fn a_store_that_is_gone_after_a_call_is_told() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::new(&place, "1", "node clean.js");
    call.let_go();
    let store = place.round.project.path().join(".dbsnap");
    place.round.project.write(".dbsnap/config.toml", "");
    for entry in
        std::fs::read_dir(store).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != "config.toml")
    {
        match entry.file_type().unwrap().is_dir() {
            true => std::fs::remove_dir_all(entry.path()).unwrap(),
            false => std::fs::remove_file(entry.path()).unwrap(),
        }
    }
    let told = call.told().unwrap();
    assert!(told.contains("there is no store in "), "{told}");
}

/// A server that does not answer has lost nothing; when it is back, the end of the session looks.
#[test]
fn a_database_that_is_away_is_not_told_as_gone() {
    let place = Place::owner();
    fill(&place);
    let url = place.round.url();
    let call = Call::sql(&place, "1", "DELETE FROM favorites");
    call.let_go().run();
    place.round.turn("postgres://me@127.0.0.1:1/shop?connect_timeout=1".to_owned());
    let told = call.told().unwrap();
    assert!(told.contains("what this call changed cannot be told"), "{told}");
    assert!(!told.contains("gone, with"), "{told}");
    let commands = commands(&told);
    assert!(commands[0].starts_with("dbsnap diff ") && commands[1].contains("--mode missing"), "{told}");
    assert_eq!((pins(&place).len(), remembered(&place).len()), (1, 1));
    place.round.turn(url);
    let input = json!({ "session_id": "session-1", "cwd": place.round.project.path(), "hook_event_name": "Stop" });
    let run = fed(&place.round.plain(&["hook", "stop"]), input.to_string().as_bytes()).success();
    assert!(run.stdout().contains("favorites (300 rows)"), "{run}");
}

/// Where the database was dropped nothing can be lost: a project must be able to make it again.
#[test]
fn a_database_that_was_dropped_is_made_again() {
    let place = Place::superuser();
    fill(&place);
    let (db, _) = place.database();
    place.round.turn(place.round.url().replace(&format!("/{}?", db.name), "/nowhere_at_all?"));
    let run = Call::new(&place, "1", "npx prisma migrate reset --force").before().success();
    assert!(run.stdout().contains("took no snapshot"), "{run}");
}

/// An agent must not be told to end the sessions of others.
#[test]
fn a_table_that_is_locked() {
    let place = Place::owner();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 2\n");
    let mut other = place.db().session();
    other.run("BEGIN; LOCK TABLE mods IN ACCESS EXCLUSIVE MODE");
    let run = Call::new(&place, "1", "npm test").before().success();
    assert!(run.stdout().contains("took no snapshot"), "{run}");
    let refused = Call::sql(&place, "2", "DELETE FROM favorites").before();
    assert_eq!(refused.code(), Some(2), "{refused}");
    for said in [run.stdout(), refused.stderr()] {
        assert!(!said.contains("pg_terminate_backend") && !said.contains("--exclude"), "{said}");
    }
}

/// Agents go on after any exit code but 2, and 2 stops them: after a call, too.
#[test]
fn a_hook_that_cannot_start() {
    let place = Place::sqlite();
    fill(&place);
    for (event, code) in [("pre-tool-use", 2), ("post-tool-use", 1), ("session-start", 1), ("stop", 1)] {
        assert_eq!(place.round.plain(&["hook", event, "--bogus"]).run().code(), Some(code), "{event}");
        assert_eq!(place.round.plain(&["-C", "not/there", "hook", event]).run().code(), Some(code), "{event}");
    }
}

/// What only reads needs no settings.
#[test]
fn settings_that_are_wrong_do_not_stop_what_only_reads() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "nonsense");
    Call::new(&place, "1", "ls").let_go();
    assert_eq!(Call::new(&place, "1", "npm test").before().code(), Some(2));
}

#[test]
fn names_in_the_settings_that_are_not_there_are_told() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\ntables = [\"favorites\", \"mosd\"]\n");
    let start = json!({ "session_id": "s", "cwd": place.round.project.path(), "hook_event_name": "SessionStart" });
    let run = fed(&place.round.plain(&["hook", "session-start"]), start.to_string().as_bytes()).success();
    assert!(run.stdout().contains("no table is called mosd"), "{run}");
    let run = Call::sql(&place, "1", "DELETE FROM settings").before().success();
    assert!(run.stdout().contains("settings is not watched"), "{run}");
}

/// A call in another project, or one that changes its directory.
#[test]
fn a_call_whose_end_is_told_from_elsewhere() {
    let place = Place::sqlite();
    fill(&place);
    let elsewhere = Project::new();
    elsewhere.dbsnap(["init"]).run().success();
    let call = Call::new(&place, "1", by_hand(&place, "DELETE FROM favorites"));
    call.let_go().run();
    let below = place.round.project.path().join("sub");
    std::fs::create_dir_all(&below).unwrap();
    Project::dbsnap(&elsewhere, ["init"]);
    let mut input = call.input("PostToolUse");
    input["cwd"] = json!(elsewhere.path());
    // the variable says where the project is
    let url = format!("file:{}", place.round.project.path().join("data.db").display());
    let hook = elsewhere.dbsnap(["hook", "post-tool-use"]).env("DBSNAP_URL", url);
    let hook = hook.env("CLAUDE_PROJECT_DIR", place.round.project.path());
    let run = fed(&hook, input.to_string().as_bytes()).success();
    let answer: Value = serde_json::from_str(run.stdout()).unwrap();
    let told = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    let command = &commands(told)[0];
    assert!(command.starts_with(&format!("dbsnap -C {} undo ", place.round.project.path().display())), "{told}");
    follow(&place, command).success();
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
}

/// The call's own directory comes first.
#[test]
fn the_directory_of_the_call_itself() {
    on_both(|place| {
        fill(place);
        let elsewhere = Project::new();
        for (agent, event, tool, field) in [
            ("gemini", "BeforeTool", "run_shell_command", "dir_path"),
            ("codex", "PreToolUse", "Bash", "workdir"),
            ("cursor", "preToolUse", "Shell", "working_directory"),
        ] {
            let before = remembered(place).len();
            let input = json!({
                "session_id": "s", "conversation_id": "s", "cwd": elsewhere.path(), "hook_event_name": event,
                "tool_name": tool, "tool_input": { "command": "npm test", field: place.round.project.path() },
            });
            let hook = elsewhere.dbsnap(["hook", "pre-tool-use", "--for", agent]).env("DBSNAP_URL", absolute(place));
            fed(&hook, input.to_string().as_bytes()).success();
            assert_eq!(remembered(place).len(), before + 1, "{agent}");
        }
    });
}

fn absolute(place: &Place) -> String {
    match super::is_sqlite(place) {
        true => format!("file:{}", place.round.project.path().join("data.db").display()),
        false => place.round.url(),
    }
}

#[test]
fn a_hundred_dropped_tables_are_few_lines() {
    let place = Place::sqlite();
    fill(&place);
    for at in 0..40 {
        place.sql(&format!("CREATE TABLE t{at} (id integer PRIMARY KEY); INSERT INTO t{at} VALUES (1)"));
    }
    let drops: String = (0..40).map(|at| format!("DROP TABLE t{at};")).collect();
    let told = Call::sql(&place, "1", &drops).made().unwrap();
    assert!(told.lines().count() <= 15, "{told}");
}

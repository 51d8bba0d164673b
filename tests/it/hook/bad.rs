//! Input that cannot be used, databases and stores that cannot be had: the command is neither lost nor run twice, and
//! an agent elsewhere is not hampered.

use super::{Call, by_hand, fed, fill, is_sqlite, remembered};
use crate::support::disk::Disk;
use crate::support::place::{Place, on_both};
use crate::support::process::{Project, Run};
use dbsnap::store::{Access, Store};
use serde_json::{Value, json};

/// What the hook says before a call with that on stdin.
fn before(place: &Place, input: &[u8]) -> Run {
    fed(&place.round.plain(&["hook", "pre-tool-use"]), input)
}

#[test]
fn what_is_not_json_blocks_the_call_where_there_is_a_project() {
    let place = Place::sqlite();
    fill(&place);
    let whole = place.rows();
    for input in
        [&b""[..], b"nonsense", b"[]", b"null", b"{\"hook_event_name\": \"PreToolUse\"", b"\xff\xfe{}", b"{}{}"]
    {
        let run = before(&place, input);
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().starts_with("dbsnap hook cannot use what came on stdin: "), "{run}");
        let answer: Value = serde_json::from_str(run.stdout()).unwrap();
        assert_eq!(answer["hookSpecificOutput"]["permissionDecision"], "deny", "{run}");
        // what was done cannot be undone by an error
        let run = fed(&place.round.plain(&["hook", "post-tool-use"]), input).success();
        assert!(run.stdout().contains("cannot use what came on stdin"), "{run}");
    }
    assert_eq!((place.rows(), place.listed()), (whole, 0));
    let elsewhere = Project::new();
    let run = fed(&elsewhere.dbsnap(["hook", "pre-tool-use"]), b"nonsense").success();
    assert_eq!((run.stdout(), run.stderr()), ("{}\n", ""));
}

#[test]
fn what_is_needed_and_missing_is_named() {
    let place = Place::sqlite();
    fill(&place);
    let whole = Call::new(&place, "1", "npm test").input("PreToolUse");
    for (field, named) in [
        ("hook_event_name", "missing field `hook_event_name`"),
        ("session_id", "missing field `session_id`"),
        ("tool_name", "it has no tool_name"),
        ("tool_input", "its tool_input has no command"),
    ] {
        let mut input = whole.clone();
        input.as_object_mut().unwrap().remove(field);
        let run = before(&place, input.to_string().as_bytes());
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().contains(named), "{run}");
    }
    for field in ["cwd", "tool_use_id", "permission_mode", "transcript_path"] {
        let mut input = whole.clone();
        input.as_object_mut().unwrap().remove(field);
        assert_eq!(before(&place, input.to_string().as_bytes()).code(), Some(0), "{field}");
    }
}

/// A newer agent tells more, or of events that are not known.
#[test]
fn what_a_newer_agent_tells() {
    let place = Place::sqlite();
    fill(&place);
    let mut input = Call::new(&place, "1", "npm test").input("PreToolUse");
    input["new_field"] = json!({ "version": 9, "deep": [[[]]] });
    input["tool_input"]["new_field"] = json!(true);
    assert_eq!(before(&place, input.to_string().as_bytes()).success().stdout(), "{}\n");
    input["hook_event_name"] = json!("PreToolUse2");
    let run = before(&place, input.to_string().as_bytes());
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("its hook_event_name is 'PreToolUse2'"), "{run}");
    // settings and stores of a newer dbsnap
    let config = place.round.project.write(".dbsnap/config.toml", "[hook]\nnew_setting = 1\n");
    let call = Call::new(&place, "2", "npm test");
    let run = call.before();
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("new_setting"), "{run}");
    assert!(call.after().success().stdout().contains("new_setting"));
    std::fs::remove_file(config).unwrap();
    place.round.project.write(".dbsnap/format", "dbsnap store 2\n");
    let run = Call::new(&place, "3", "npm test").before();
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("newer dbsnap"), "{run}");
    Call::new(&place, "3", "ls").let_go();
}

#[test]
fn ten_megabytes_are_an_input_like_any_other() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::new(&place, "1", by_hand(&place, "DELETE FROM favorites"));
    call.let_go().run();
    let mut input = call.input("PostToolUse");
    input["tool_response"] = json!({ "stdout": "x".repeat(10 << 20) });
    let run = fed(&place.round.plain(&["hook", "post-tool-use"]), input.to_string().as_bytes()).success();
    assert!(run.stdout().contains("300 of 300 rows"), "{run}");
    // a command of that length is not looked at, and is protected all the same
    let listed = place.listed();
    let long = Call::new(&place, "2", format!("true {}; rm data.db", "x".repeat(10 << 20)));
    assert_eq!(before(&place, long.input("PreToolUse").to_string().as_bytes()).success().stdout(), "{}\n");
    assert_eq!((place.listed(), remembered(&place).len()), (listed, 2));
    let too_long = vec![b' '; (64 << 20) + 1];
    let run = before(&place, &too_long);
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("longer than 64 MiB"), "{run}");
}

/// Where there is no project, or no database is set, nobody is hampered.
#[test]
fn elsewhere_everything_is_let_go() {
    let place = Place::sqlite();
    let input = Call::new(&place, "1", "rm -rf x; npm test").input("PreToolUse").to_string();
    let here = place.round.project.path().display().to_string();
    let without_database = Project::new();
    without_database.dbsnap(["init"]).run().success();
    let elsewhere = Project::new();
    for project in [&without_database, &elsewhere] {
        let input = input.replace(&here, &project.path().display().to_string());
        for (event, name) in [
            ("pre-tool-use", "PreToolUse"),
            ("post-tool-use", "PostToolUse"),
            ("session-start", "SessionStart"),
            ("stop", "Stop"),
        ] {
            let input = input.replace("PreToolUse", name);
            let run = fed(&project.dbsnap(["hook", event]), input.as_bytes()).success();
            assert_eq!((run.stdout(), run.stderr()), ("{}\n", ""), "{event}");
        }
    }
}

/// The project is found from where the command runs, or from where the agent says it is.
#[test]
fn the_project_is_found_from_below_and_from_elsewhere() {
    let place = Place::sqlite();
    fill(&place);
    let url = format!("file:{}", place.round.project.path().join("data.db").display());
    std::fs::create_dir_all(place.round.project.path().join("deep/er")).unwrap();
    let elsewhere = Project::new();
    for (number, (dir, variable)) in (1..).zip([
        (place.round.project.path().join("deep/er"), None),
        (elsewhere.path().to_owned(), Some("CLAUDE_PROJECT_DIR")),
    ]) {
        let mut input = Call::new(&place, &number.to_string(), "npm test").input("PreToolUse");
        input["cwd"] = json!(dir);
        let mut invocation = elsewhere.dbsnap(["hook", "pre-tool-use"]).env("DBSNAP_URL", &url);
        if let Some(variable) = variable {
            invocation = invocation.env(variable, place.round.project.path());
        }
        fed(&invocation, input.to_string().as_bytes()).success();
        assert_eq!(remembered(&place).len(), number);
    }
}

/// Without a database only what is known to destroy something is not let go.
#[test]
fn a_database_that_cannot_be_reached() {
    on_both(|place| {
        fill(place);
        let nowhere = match is_sqlite(place) {
            true => {
                place.round.project.write("garbage.db", "x".repeat(8192));
                "file:garbage.db".to_owned()
            }
            false => "postgres://me@127.0.0.1:1/shop?connect_timeout=1".to_owned(),
        };
        place.round.turn(nowhere);
        let run = Call::new(place, "1", "npx prisma migrate reset --force").before();
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().starts_with("This call, which destroys data, was not made: "), "{run}");
        let run = Call::new(place, "2", "npm test").before().success();
        assert!(run.stdout().contains("dbsnap took no snapshot before this call"), "{run}");
        assert_eq!((run.stderr(), remembered(place).len()), ("", 0));
        assert_eq!(Call::new(place, "2", "npm test").told(), None);
        let start = json!({ "session_id": "s", "cwd": place.round.project.path(), "hook_event_name": "SessionStart" });
        let run = fed(&place.round.plain(&["hook", "session-start"]), start.to_string().as_bytes()).success();
        assert!(run.stdout().contains("dbsnap cannot watch the database"), "{run}");
    });
}

/// A file that is not there has nothing to lose: a project must be able to make it.
#[test]
fn a_database_that_is_not_there_yet() {
    let place = Place::sqlite();
    for command in ["npx prisma migrate reset --force", "npm test"] {
        let run = Call::new(&place, "1", command).before().success();
        assert!(run.stdout().contains("there is no such file"), "{run}");
    }
}

#[test]
fn a_store_that_others_hold() {
    let place = Place::sqlite();
    fill(&place);
    let opened = Call::sql(&place, "1", "DELETE FROM favorites");
    opened.let_go();
    place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 1\n");
    let store = Store::open(&place.round.project.path().join(".dbsnap"), Access::Exclusive).unwrap();
    for command in ["rm data.db", "npm test"] {
        let run = Call::new(&place, "2", command).before();
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().contains("try again when the other dbsnap has finished"), "{run}");
    }
    Call::new(&place, "2", "ls").let_go();
    // the command has run: that is told, and which snapshot has the rows
    opened.run();
    let told = opened.told().unwrap();
    assert!(told.contains("what this call changed cannot be told"), "{told}");
    assert!(told.contains("dbsnap restore "), "{told}");
    drop(store);
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "0", "it ran, and only once");
}

#[test]
fn a_store_on_a_disk_that_is_full_or_cannot_be_written() {
    let place = Place::sqlite();
    fill(&place);
    let disk = Disk::new("size=4m");
    let url = format!("file:{}", place.round.project.path().join("data.db").display());
    let store = disk.path().join("store");
    let dbsnap = |words: &[&str]| {
        disk.inside(
            &place.round.project.dbsnap(words.iter().copied()).env("DBSNAP_URL", &url).arg("--store").arg(&store),
        )
    };
    dbsnap(&["init"]).run().success();
    let input = |command: &str| Call::new(&place, "1", command).input("PreToolUse").to_string();
    let hook = |command: &str| fed(&dbsnap(&["hook", "pre-tool-use"]), input(command).as_bytes());
    disk.fill("filler");
    let run = hook("npm test");
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("No space left on device"), "{run}");
    std::fs::remove_file(disk.seen_from_outside().join("filler")).unwrap();
    assert_eq!(hook("npm test").success().stdout(), "{}\n");
    disk.remount("ro");
    let run = hook("npm test");
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("the store is read-only"), "{run}");
    assert_eq!(hook("ls").success().stdout(), "{}\n");
}

/// A table that cannot be snapshotted is no reason to go on without.
#[test]
fn a_table_that_is_refused() {
    let place = Place::owner();
    fill(&place);
    place.db().sql("CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY");
    let run = Call::new(&place, "1", "npm test").before();
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("secret"), "{run}");
    place.round.project.write(".dbsnap/config.toml", "[hook]\nexclude = [\"secret\"]\n");
    Call::new(&place, "1", "npm test").let_go();
}

/// When the time is over, what is known to destroy something is not made, and the rest is.
#[test]
fn a_budget_that_is_over() {
    on_both(|place| {
        fill(place);
        place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 0\n");
        let run = Call::sql(place, "1", "DELETE FROM favorites").before();
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().contains("budget_seconds"), "{run}");
        let run = Call::new(place, "2", "npm test").before().success();
        assert!(run.stdout().contains("took no snapshot"), "{run}");
        assert_eq!((place.listed(), remembered(place).len()), (0, 0));
    });
}

/// A comparison that cannot be made is told, and its snapshot stays.
#[test]
fn a_comparison_that_takes_too_long() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::sql(&place, "1", "DELETE FROM favorites");
    call.let_go().run();
    place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 0\n");
    let told = call.told().unwrap();
    assert!(told.contains("what this call changed cannot be told"), "{told}");
    assert_eq!(super::pins(&place).len(), 1);
    assert_eq!(remembered(&place).len(), 0);
    super::commands(&told).iter().for_each(|command| drop(super::follow(&place, command).success()));
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
}

/// A file of a call that somebody damaged says by its name which snapshot has the rows.
#[test]
fn a_damaged_file_of_a_call() {
    let place = Place::sqlite();
    fill(&place);
    let call = Call::sql(&place, "1", "DELETE FROM favorites");
    call.let_go().run();
    let name = &remembered(&place)[0];
    place.round.project.write(&format!(".dbsnap/hooks/{name}"), "{\"session\": 1}");
    place.round.project.write(".dbsnap/hooks/other.txt", "not ours");
    let told = call.told().unwrap();
    assert!(told.contains("is damaged"), "{told}");
    super::commands(&told).iter().for_each(|command| drop(super::follow(&place, command).success()));
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "300");
    assert_eq!(remembered(&place), ["other.txt"]);
}

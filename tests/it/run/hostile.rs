//! Commands that take away what dbsnap needs, and things that are not there to begin with.

use super::{Place, fill, on_both};
use crate::support::disk::Disk;
use crate::support::postgres::PgServer;

/// The command is not run where the snapshot before it cannot be taken.
#[test]
fn without_a_snapshot_nothing_runs() {
    let place = Place::sqlite();
    let ran = place.round.project.path().join("ran");
    let touch = &["touch", "ran"];
    let refused = |options: &[&str], code: i32, told: &str| {
        let run = place.running(options, touch).run();
        assert_eq!(run.code(), Some(code), "{run}");
        assert!(run.stderr().contains(told), "{run}");
        assert!(!ran.exists(), "{run}");
    };
    refused(&[], 125, "data.db");
    place.sql("SELECT 1");
    refused(&[], 125, "error: ");
    fill(&place);
    refused(&["nothing"], 125, "there is no table 'nothing'");
    refused(&["--all", "mods"], 125, "--all takes no table names");
    refused(&["--no-such-option"], 125, "--no-such-option");
    refused(&["--exclude", "*"], 125, "no table");
    refused(&["--url", "postgres://nobody@127.0.0.1:1/none"], 125, "127.0.0.1");
    refused(&["--store", "elsewhere"], 125, "elsewhere");
    place.round.project.write(".dbsnap/config.toml", "[run]\nmax_table_bytes = 'x'\n");
    refused(&[], 125, "line 2");
    std::fs::remove_file(place.round.project.path().join(".dbsnap/config.toml")).unwrap();
    std::fs::write(place.round.project.path().join(".dbsnap/format"), "dbsnap store 9\n").unwrap();
    refused(&[], 125, "newer dbsnap");
    let run = place.round.plain(&["run", "mods"]).run();
    assert_eq!(run.code(), Some(125), "{run}");
}

/// The command's exit code is kept, and it is said where the rows are.
#[test]
fn a_database_that_is_gone_afterwards_is_told() {
    let place = Place::sqlite();
    fill(&place);
    let run = place.running(&[], &["sh", "-c", "rm data.db; exit 5"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    assert!(run.stderr().contains("error: what the command changed cannot be told: "), "{run}");
    assert!(run.stderr().contains("The command failed with exit code 5. It was sh -c 'rm data.db; exit 5'."), "{run}");
    let id = place.round.json(&["log"])["snapshots"][0]["id"].as_str().unwrap().to_owned();
    assert!(run.stderr().contains(&format!("$ dbsnap restore {} --create\n", &id[..8])), "{run}");
    fill(&place);
    place.sql("DELETE FROM mods");
    place.round.json(&["restore", &id, "--mode", "exact", "-y"]);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
    let run = place.round.invocation(&["run", "--", "rm", "data.db"]).run();
    assert_eq!(run.code(), Some(0), "{run}");
    let report = super::report(&run);
    assert!(report["error"].is_string() && report["exitCode"] == 0, "{report}");
}

#[test]
fn a_command_may_drop_the_database() {
    let db = PgServer::shared().database();
    let place = Place::on(db, crate::support::place::Role::Superuser);
    fill(&place);
    let (name, url) = (place.db().name.clone(), place.round.url());
    let other = url.replace(&format!("/{name}"), "/postgres");
    assert_ne!(other, url);
    let drop = [
        "psql",
        "-qX",
        &other,
        "-c",
        &format!("DROP DATABASE \"{name}\""),
        "-c",
        &format!("CREATE DATABASE \"{name}\""),
    ];
    let run = place.running(&[], &drop).run();
    assert_eq!(run.code(), Some(0), "{run}");
    assert!(run.stderr().contains("favorites: dropped (1,234 rows)"), "{run}");
    let run = place.round.invocation(&["restore", "latest:favorites", "--into", "favorites", "-y"]).run().success();
    assert!(run.stdout().contains("1234"), "{run}");
    assert_eq!(place.sql("SELECT count(*) FROM favorites"), "1234");
}

/// No connection is held while the command runs: it may end them all.
#[test]
fn a_command_may_end_every_connection() {
    let place = Place::superuser();
    fill(&place);
    let report = place.run_sql(
        &["mods"],
        "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid(); END $$; DELETE FROM mods WHERE id = 1",
    );
    assert_eq!(super::table(&report, "mods")["change"]["removed"], 1);
}

/// Nothing is run, and nobody waits for ever.
#[test]
fn a_store_that_is_locked_runs_nothing() {
    let place = Place::sqlite();
    fill(&place);
    let lock = std::fs::File::open(place.round.project.path().join(".dbsnap/lock")).unwrap();
    lock.lock().unwrap();
    let run = place.running(&["mods"], &["touch", "ran"]).run();
    assert_eq!(run.code(), Some(125), "{run}");
    assert!(run.stderr().ends_with("hint: try again when the other dbsnap has finished\n"), "{run}");
    assert!(!place.round.project.path().join("ran").exists());
    drop(lock);
    // one that is locked when the command ends: what it did cannot be told, and its exit code is kept
    let script = "flock -x .dbsnap/lock sleep 14 > /dev/null 2>&1 & \
                  while flock -sn .dbsnap/lock true; do sleep 0.05; done; exit 3";
    let run = place.running(&["mods"], &["sh", "-c", script]).run();
    assert_eq!(run.code(), Some(3), "{run}");
    assert!(run.stderr().contains("cannot be told: "), "{run}");
    assert!(run.stderr().contains("hint: try again when the other dbsnap has finished\n"), "{run}");
}

#[test]
fn a_store_that_is_read_only_runs_nothing() {
    let place = Place::sqlite();
    fill(&place);
    let disk = Disk::new("size=4m");
    let store = disk.path().join("store");
    let url = format!("file:{}/data.db", place.round.project.path().display());
    let on_disk = |words: &[&str]| disk.inside(&place.round.project.dbsnap(["--store"]).arg(&store).args(words));
    on_disk(&["init"]).run().success();
    disk.remount("ro");
    let run = on_disk(&["run", "--url", &url, "mods", "--", "touch", "ran"]).run();
    assert_eq!(run.code(), Some(125), "{run}");
    assert!(run.stderr().contains("the store is read-only"), "{run}");
    assert!(!place.round.project.path().join("ran").exists());
}

/// The plan's example, by a script of Node's.
#[test]
fn a_script_of_node_is_run_and_undone() {
    let place = Place::sqlite();
    fill(&place);
    let whole = place.rows();
    place.round.project.write(
        "scripts/delete-orphan-favorites.js",
        format!(
            "const {{ execFileSync }} = require('node:child_process');
             if (!process.argv.includes('--fix')) process.exit(2);
             execFileSync('sqlite3', ['data.db', '{}']);
             console.log('Deleted 156 orphan records.');",
            super::ORPHANS
        ),
    );
    let node = ["node", "scripts/delete-orphan-favorites.js", "--fix"];
    let run = place.running(&["favorites"], &node).run().success();
    assert_eq!(run.stdout(), "Deleted 156 orphan records.\n");
    assert!(run.stderr().contains("\nfavorites: -156\n"), "{run}");
    place.undo(&[]);
    assert_eq!(place.rows(), whole);
}

/// A run within a run: each tells what happened while it ran.
#[test]
fn runs_within_runs_are_told_apart() {
    on_both(|place| {
        fill(place);
        let inner = place.by_hand("DELETE FROM favorites WHERE id <= 10");
        let dbsnap = place.round.project.dbsnap([""; 0]).command().get_program().to_owned();
        let dbsnap = dbsnap.to_str().unwrap();
        let mut words = vec![dbsnap, "run", "favorites", "--"];
        words.extend(inner.iter().map(String::as_str));
        let run = place.running(&["--all"], &words).run().success();
        assert_eq!(run.stderr().matches("favorites: -10\n").count(), 2, "{run}");
        assert!(run.stderr().contains("another run was under way meanwhile"), "{run}");
        assert_eq!(place.listed(), 4);
    });
}

/// What the command may do to the store: the snapshot before it stays until it has ended.
#[test]
fn the_snapshot_before_outlives_retention() {
    let place = Place::sqlite();
    fill(&place);
    let dbsnap = place.round.project.dbsnap([""; 0]).command().get_program().to_owned();
    let dbsnap = dbsnap.to_str().unwrap();
    let script = format!(
        "for n in 1 2 3 4 5 6; do sqlite3 data.db \"UPDATE mods SET title = title || 'x' WHERE id > 2\"; {dbsnap} snap mods -q; done; \
         {dbsnap} gc --now -q; sqlite3 data.db 'DELETE FROM mods WHERE id = 1'"
    );
    let run = place.running(&["mods"], &["sh", "-c", &script]).run().success();
    assert!(run.stderr().contains("mods: ~48 -1"), "{run}");
    assert!(place.round.json(&["log"])["snapshots"].as_array().unwrap().iter().all(|one| one["pinned"] != true));
    place.undo(&[]);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
    // one that somebody takes away is not said to be there
    let script = format!("{dbsnap} unpin $DBSNAP_RUN; {dbsnap} delete $DBSNAP_RUN -y");
    let run = place.running(&["mods"], &["sh", "-c", &script]).run().success();
    assert!(run.stderr().contains("no snapshot is called") && !run.stderr().contains("dbsnap restore"), "{run}");
}

/// What would not be undone is not promised.
#[test]
fn what_cannot_be_undone_is_not_begun() {
    let place = Place::sqlite();
    fill(&place);
    let run = place.running(&["mods", "--on-failure", "undo"], &["touch", "ran"]).env("NODE_ENV", "production").run();
    assert_eq!(run.code(), Some(125), "{run}");
    assert!(run.stderr().contains("NODE_ENV is production"), "{run}");
    assert!(!place.round.project.path().join("ran").exists() && place.listed() == 0);
    place.running(&["mods"], &["true"]).env("NODE_ENV", "production").run().success();
}

/// A server goes on with the statement of a client that was killed.
#[test]
fn what_goes_on_in_the_server_is_waited_for_and_told() {
    let place = Place::owner();
    fill(&place);
    let killed = |seconds: f32| {
        let url = place.round.url();
        let sql = format!("DELETE FROM mods WHERE pg_sleep({}) IS NOT NULL", seconds / 50.0);
        format!("psql -qX '{url}' -c '{sql}' & sleep 0.7; kill -9 $!")
    };
    let run = place.running(&["mods"], &["sh", "-c", &killed(2.5)]).run().success();
    assert!(run.stderr().contains("mods: -50\n"), "{run}");
    place.undo(&[]);
    let run = place.running(&["mods", "--max-deleted", "0"], &["sh", "-c", &killed(9.0)]).run();
    assert_eq!(run.code(), Some(4), "{run}");
    assert!(run.stderr().contains("table mods is locked by process "), "{run}");
    assert!(run.stderr().contains("Nothing has changed yet in mods."), "{run}");
    let wait = std::time::Instant::now();
    while place.sql("SELECT count(*) FROM mods") != "0" {
        assert!(wait.elapsed().as_secs() < 60, "the statement does not end");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    place.restore(&["latest"]);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
}

/// What another run did would be undone along.
#[test]
fn a_run_beside_another_is_not_undone_by_itself() {
    let place = Place::sqlite();
    fill(&place);
    let dbsnap = place.round.project.dbsnap([""; 0]).command().get_program().to_owned();
    let inner = format!("{} run -q mods -- sqlite3 data.db 'DELETE FROM mods WHERE id = 1'; exit 3", dbsnap.display());
    let run = place.running(&["mods", "--on-failure", "undo"], &["sh", "-c", &inner]).run();
    assert_eq!(run.code(), Some(3), "{run}");
    assert!(run.stderr().contains("nothing is undone by itself"), "{run}");
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "49");
    place.undo(&[]);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "50");
}

/// Who does not want to be recorded wants no arguments to be either.
#[test]
fn arguments_are_not_recorded_against_the_settings() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "record_actor = false\n");
    place
        .running(&["mods"], &["sh", "-c", ": hidden; sqlite3 data.db 'DELETE FROM mods WHERE id = 1'"])
        .run()
        .success();
    let log = place.round.json(&["log"]).to_string();
    assert!(log.contains("before: sh") && log.contains("after: sh") && !log.contains("hidden"), "{log}");
}

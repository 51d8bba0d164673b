//! Stores and exports that earlier builds wrote (`tests/fixtures/stores/`) are read, verified, restored and swept as
//! they were.

use crate::support::process::Project;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A copy of what an earlier build left in a project's directory.
fn left_by(version: &str, name: &str) -> Project {
    let made = Project::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores").join(version).join(name), made.path());
    made
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// The rows of the SQLite fixture, as sqlite3 printed them when it was made.
const ROWS: &str = "SELECT 'mods',id,quote(name),quote(price),quote(body),hex(icon) FROM mods ORDER BY id; \
     SELECT 'parts',mod_id,position,quote(label) FROM parts ORDER BY 2,3; \
     SELECT 'visits',quote(at),quote(path) FROM visits ORDER BY 2,3";

/// Snapshots of the SQLite fixture.
const SECOND: &str = "9bdd8961";
const THIRD: &str = "d5b38833";
const DELETED: &str = "86c1ea60";

fn messages(project: &Project) -> Vec<String> {
    let run = project.dbsnap(["log", "--json"]).run().success();
    let log: Value = serde_json::from_str(run.stdout()).unwrap();
    log["snapshots"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect()
}

/// The rows in the file of a table in a folder of exports.
fn exported(dir: &Path, table: &str) -> Value {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let ending = format!("_{table}.json");
    let mut found = files.filter(|file| file.to_str().unwrap().ends_with(&ending));
    let text = fs::read_to_string(found.next().unwrap()).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["data"].take()
}

#[test]
fn a_store_of_sqlite_made_by_0_1_0() {
    let shop = left_by("0.1.0", "sqlite");
    let rows = |expected: &str| {
        let now = shop.program("sqlite3", ["shop.db", ROWS]).run().success();
        assert!(
            now.stdout() == fs::read_to_string(shop.path().join(expected)).unwrap(),
            "other rows than in {expected}"
        );
    };
    shop.dbsnap(["verify"]).run().success();
    let taken = ["before restoring", "third", "second", "expensive ones", "first"];
    let listed = messages(&shop);
    assert!(listed.len() == taken.len() && listed.iter().zip(taken).all(|(is, was)| is.starts_with(was)), "{listed:?}");
    rows("first.txt");
    let restored = |reference: &str, expected: &str| {
        shop.dbsnap(["restore", reference, "-y", "--mode", "exact"]).run().success();
        rows(expected);
    };
    // the safety snapshot, one by its tag, one that is a delta of others, one of a single table
    shop.dbsnap(["undo", "-y"]).run().success();
    rows("live.txt");
    restored("v1", "first.txt");
    restored(SECOND, "second.txt");
    restored(THIRD, "third.txt");
    shop.dbsnap(["undelete", DELETED]).run().success();
    restored(DELETED, "live.txt");
    // a snapshot beside the old ones, and a sweep through their packs
    shop.dbsnap(["snap", "--all", "-m", "new"]).run().success();
    shop.dbsnap(["gc", "--now"]).run().success();
    shop.dbsnap(["verify"]).run().success();
    restored("v1", "first.txt");
    restored(SECOND, "second.txt");
    restored(THIRD, "third.txt");
}

/// Its snapshots do not say how tables are made.
#[test]
fn a_table_that_was_dropped_since_0_1_0_is_not_made_again() {
    let shop = left_by("0.1.0", "sqlite");
    shop.program("sqlite3", ["shop.db", "DROP TABLE visits"]).run().success();
    let refused = shop.dbsnap(["restore", SECOND, "visits", "-y"]).run();
    assert!(refused.code() == Some(12) && refused.stderr().contains("does not say how it was made"), "{refused}");
    let refused = shop.dbsnap(["restore", SECOND, "visits", "-y", "--create"]).run();
    assert!(
        refused.code() == Some(4) && refused.stderr().contains("does not say how table visits is made"),
        "{refused}"
    );
    assert!(refused.stderr().contains("dbsnap restore 9bdd8961:visits --into visits"), "{refused}");
    shop.dbsnap(["restore", "9bdd8961:visits", "--into", "visits", "-y"]).run().success();
    // from now on they do
    shop.dbsnap(["snap", "--all", "-m", "new"]).run().success();
    shop.program("sqlite3", ["shop.db", "DROP TABLE visits"]).run().success();
    shop.dbsnap(["restore", "latest", "-y", "--create"]).run().success();
}

/// Of the last build whose snapshots say nothing of how tables are made: one, and a run that deleted rows.
#[test]
fn a_store_with_runs_made_by_0_1_0() {
    let shop = left_by("0.1.0", "runs");
    let rows = || {
        let sql = "SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM mods WHERE name = 'x'), (SELECT seq FROM sqlite_sequence)";
        shop.program("sqlite3", ["shop.db", sql]).run().success().stdout().trim().to_owned()
    };
    assert_eq!(rows(), "0|10|60");
    shop.dbsnap(["verify"]).run().success();
    shop.dbsnap(["undo", "db99837d", "-y"]).run().success();
    assert_eq!(rows(), "20|0|60");
    shop.program("sqlite3", ["shop.db", "DELETE FROM parts"]).run().success();
    shop.dbsnap(["restore", "7990e438", "-y"]).run().success();
    assert_eq!(rows(), "20|0|60");
    shop.dbsnap(["gc", "--now"]).run().success();
    shop.dbsnap(["verify"]).run().success();
    shop.program("sqlite3", ["shop.db", "DROP TABLE parts"]).run().success();
    let refused = shop.dbsnap(["restore", "7990e438", "--create", "-y"]).run();
    assert!(refused.code() == Some(4) && refused.stderr().contains("how table parts is made"), "{refused}");
}

#[test]
fn exports_made_by_0_1_0() {
    let shop = left_by("0.1.0", "sqlite");
    let files = fs::read_dir(shop.path().join("backups")).unwrap().map(|entry| entry.unwrap().path());
    let file = files.into_iter().find(|file| file.to_str().unwrap().ends_with("_mods.json")).unwrap();
    let before = exported(&shop.path().join("backups"), "mods");
    fs::remove_dir_all(shop.path().join(".dbsnap")).unwrap();
    shop.dbsnap(["init"]).run().success();
    shop.dbsnap(["import", file.to_str().unwrap()]).run().success();
    shop.dbsnap(["export", "latest", "-o", "again"]).run().success();
    let again = fs::read_dir(shop.path().join("again")).unwrap().map(|entry| entry.unwrap().path());
    let again = again
        .into_iter()
        .find(|file| file.extension().is_some_and(|is| is == "json") && !file.ends_with("backup_manifest.json"));
    let again: Value = serde_json::from_str(&fs::read_to_string(again.unwrap()).unwrap()).unwrap();
    assert_eq!(again["data"], before);
}

#[test]
fn a_store_of_postgresql_made_by_0_1_0() {
    let shop = left_by("0.1.0", "postgres");
    shop.dbsnap(["verify"]).run().success();
    assert_eq!(messages(&shop), ["second", "only tools", "first"]);
    for (reference, was) in [("~2", "first"), ("latest", "second")] {
        let out = format!("{was}-now");
        shop.dbsnap(["export", reference, "-o", &out]).run().success();
        for table in ["mods", "parts", "visits"] {
            let (now, was) = (exported(&shop.path().join(&out), table), exported(&shop.path().join(was), table));
            assert!(now == was && !now.as_array().unwrap().is_empty(), "{table} of {reference}");
        }
    }
    shop.dbsnap(["gc", "--now"]).run().success();
    shop.dbsnap(["verify"]).run().success();
}

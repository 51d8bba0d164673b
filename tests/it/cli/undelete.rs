//! Deleted snapshots come back until their time is up.

use super::{Shop, files};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn json(shop: &Shop, args: &[&str]) -> Value {
    let run = shop.dbsnap([args, &["--json"]].concat()).run().success();
    serde_json::from_str(run.stdout()).unwrap()
}

fn packs(shop: &Shop) -> Vec<PathBuf> {
    files(&shop.store().join("packs")).into_keys().collect()
}

/// Dates every deletion in the store back by that many days.
fn age_deletions(shop: &Shop, days: i64) {
    for path in files(&shop.store().join("deleted")).into_keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let parts: Vec<&str> = name.split('.').collect();
        let at = parts[1].parse::<i64>().unwrap() - days * 86_400_000_000;
        fs::rename(&path, path.with_file_name(format!("{}.{at}.{}", parts[0], parts[2]))).unwrap();
    }
}

#[test]
fn what_was_deleted_comes_back_with_its_tag() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "first"]);
    shop.dbsnap(["tag", &first, "v1"]).run().success();
    let rows = shop.rows();
    shop.sql("UPDATE mods SET title = 'other'");
    shop.snap(["mods", "-m", "second"]);
    shop.dbsnap(["delete", &first]).run().success();
    for reference in [&first[..], "v1", "~1"] {
        assert_eq!(shop.dbsnap(["show", reference]).run().code(), Some(12), "{reference}");
    }
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] second
    ");
    insta::assert_snapshot!(shop.run(["log", "--deleted"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods  3  first  +[SIZE] first (v1) (deleted; can be brought back until [TIME])
    ");
    shop.dbsnap(["verify"]).run().success();
    insta::assert_snapshot!(shop.run(["gc"]), @r"
    exit 0
    --- stdout
    Deleted 0 of 1 snapshot and 0 objects; [SIZE] freed.
    1 deleted snapshot can be brought back: dbsnap log --deleted. To free the space: dbsnap gc --now.
    ");
    insta::assert_snapshot!(shop.run(["undelete", "v1"]), @r"
    exit 0
    --- stdout
    Brought back [ID] first (v1)
    ");
    insta::assert_snapshot!(shop.refused(["undelete", "v1"]), @r"
    exit 2
    --- stderr
    error: there are no deleted snapshots to bring back
    ");
    shop.dbsnap(["restore", "v1", "-y"]).run().success();
    assert_eq!(shop.rows(), rows);
    shop.dbsnap(["verify"]).run().success();
}

#[test]
fn a_tag_that_was_given_away_stays_where_it_is() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "first"]);
    shop.dbsnap(["tag", &first, "v1"]).run().success();
    shop.snap(["mods", "-m", "second"]);
    shop.dbsnap(["delete", "v1"]).run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    assert_eq!(json(&shop, &["undelete", &first])["tags"], Value::Array(Vec::new()));
    assert_eq!(json(&shop, &["show", "v1"])["snapshot"]["message"], "second");
}

#[test]
fn its_time_ends_by_age_or_at_once() {
    for now in [false, true] {
        let shop = Shop::new();
        let first = shop.snap(["authors", "-m", "first"]);
        shop.dbsnap(["tag", &first, "v1"]).run().success();
        shop.sql("UPDATE authors SET name = hex(randomblob(2000))");
        let second = shop.snap(["authors", "-m", "second"]);
        shop.snap(["mods", "-m", "third"]);
        let before = packs(&shop);
        shop.dbsnap(["delete", &first, &second]).run().success();
        shop.dbsnap(["gc"]).run().success();
        assert_eq!(packs(&shop), before);
        age_deletions(&shop, 6);
        assert_eq!(json(&shop, &["gc"])["keptDeleted"], 2);
        let report = if now {
            json(&shop, &["gc", "--now"])
        } else {
            age_deletions(&shop, 2);
            json(&shop, &["gc"])
        };
        assert_eq!((report["removed"].as_array().unwrap().len(), &report["keptDeleted"]), (2, &Value::from(0)));
        assert_ne!(packs(&shop), before);
        assert!(files(&shop.store().join("deleted")).is_empty() && files(&shop.store().join("refs/tags")).is_empty());
        insta::allow_duplicates! {
            insta::assert_snapshot!(shop.refused(["undelete", &first]), @r"
            exit 2
            --- stderr
            error: there are no deleted snapshots to bring back
            ");
        }
        shop.dbsnap(["verify"]).run().success();
    }
}

#[test]
fn the_time_is_a_setting() {
    let shop = Shop::new();
    let first = shop.snap(["mods"]);
    shop.snap(["mods"]);
    let config = shop.store().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("grace_days = 7", "grace_days = 30")).unwrap();
    shop.dbsnap(["delete", &first]).run().success();
    age_deletions(&shop, 29);
    assert_eq!(json(&shop, &["gc"])["keptDeleted"], 1);
    fs::write(&config, text.replace("grace_days = 7", "grace_days = 0")).unwrap();
    assert_eq!(json(&shop, &["gc"])["keptDeleted"], 0);
}

#[test]
fn what_retention_drops_comes_back_too() {
    let shop = Shop::new();
    for number in 1..=4 {
        shop.sql(&format!("UPDATE mods SET price = {number}"));
        shop.snap(["mods", "-m", &format!("number {number}")]);
    }
    shop.dbsnap(["gc", "--keep", "1"]).run().success();
    let log = json(&shop, &["log", "--deleted"]);
    let messages: Vec<&str> =
        log["snapshots"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["number 3", "number 2", "number 1"]);
    assert_eq!(log["snapshots"][0]["deletion"]["byRetention"], true);
    for message in ["latest", "latest", "latest"] {
        shop.dbsnap(["undelete", message]).run().success();
    }
    shop.dbsnap(["verify"]).run().success();
    let log = json(&shop, &["log"]);
    let messages: Vec<&str> =
        log["snapshots"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["number 4", "number 3", "number 2", "number 1"]);
}

/// A sequence is never given twice, not even if the snapshot that had it comes back.
#[test]
fn what_comes_back_stands_where_it_stood() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "first"]);
    shop.snap(["mods", "-m", "second"]);
    shop.dbsnap(["delete", "latest"]).run().success();
    shop.snap(["mods", "-m", "third"]);
    shop.dbsnap(["undelete", "latest"]).run().success();
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] third
    [ID] second
    [ID] first
    ");
}

/// A deleted snapshot that is damaged stands in nobody's way, and takes nothing along.
#[test]
fn a_damaged_deletion_frees_nothing_until_it_is_asked_for() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "first"]);
    shop.sql("UPDATE mods SET title = 'other'");
    shop.snap(["mods", "-m", "second"]);
    shop.dbsnap(["delete", &first]).run().success();
    let file = files(&shop.store().join("deleted")).into_keys().next().unwrap();
    fs::write(&file, "{").unwrap();
    assert_eq!(shop.dbsnap(["verify"]).run().code(), Some(5));
    let before = packs(&shop);
    insta::assert_snapshot!(shop.run(["gc"]), @r"
    exit 0
    --- stdout
    Deleted 0 of 1 snapshot and 0 objects; [SIZE] freed.
    No space is freed: deleted snapshot [ID] is not whole (its bytes do not have the hash that its name says); dbsnap gc --now removes it for good.
    ");
    assert_eq!(packs(&shop), before);
    shop.snap(["mods"]);
    shop.dbsnap(["gc", "--now"]).run().success();
    shop.dbsnap(["verify"]).run().success();
}

#[test]
fn agents_do_not_take_snapshots_away_by_themselves() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.snap(["mods"]);
    shop.dbsnap(["pin", "latest"]).run().success();
    for variable in ["CLAUDECODE", "CURSOR_AGENT", "GEMINI_CLI", "CODEX_SANDBOX", "OPENCODE"] {
        for args in [&["delete", "~1"][..], &["delete", "~1", "-y"], &["unpin", "latest"], &["gc"], &["gc", "--now"]] {
            let run = shop.dbsnap(args).env(variable, "1");
            let said = shop.unchanged(&run);
            assert!(said.starts_with("exit 4") && said.contains("--allow-agent"), "{said}");
        }
        shop.dbsnap(["gc", "--dry-run"]).env(variable, "1").run().success();
    }
    for args in [&["delete", "~1"][..], &["unpin", "latest"], &["gc"]] {
        shop.dbsnap(args).arg("--allow-agent").env("CLAUDECODE", "1").run().success();
    }
}

#[test]
fn on_a_terminal_delete_asks() {
    let shop = Shop::new();
    let id = shop.snap(["mods", "-m", "first"]);
    let asked = shop.dbsnap(["delete", &id]).on_terminal(80, &[("[y/N] ", "n\n")]).run();
    assert_eq!(asked.code(), Some(4), "{asked}");
    assert!(asked.stdout().contains("the last snapshot of all rows of mods"), "{asked}");
    shop.dbsnap(["show", &id]).run().success();
    shop.dbsnap(["delete", &id, "--yes"]).on_terminal(80, &[]).run().success();
    assert_eq!(shop.dbsnap(["show", &id]).run().code(), Some(12));
}

//! Clocks that were wrong when a snapshot was taken: the order is that of taking.

use super::{Shop, shown};
use dbsnap::hash::Hash;
use serde_json::Value;
use std::fs;

/// Changes what the manifest of `id` says, as if it had been written so; its id then.
fn rewrite(shop: &Shop, id: &str, change: impl FnOnce(&mut Value)) -> String {
    let dir = shop.store().join("snapshots");
    let found = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let path = found.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(id)).last().unwrap();
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    let bytes = serde_json::to_vec_pretty(&manifest).unwrap();
    fs::remove_file(path).unwrap();
    let id = Hash::of(&bytes).to_hex();
    fs::write(dir.join(format!("{id}.json")), bytes).unwrap();
    id
}

fn taken_at(shop: &Shop, id: &str, time: &str) -> String {
    rewrite(shop, id, |manifest| manifest["createdAt"] = time.into())
}

fn messages(shop: &Shop) -> Vec<String> {
    let run = shop.dbsnap(["log", "--json"]).run().success();
    let log: Value = serde_json::from_str(run.stdout()).unwrap();
    let messages = log["snapshots"].as_array().unwrap().iter();
    messages.map(|snapshot| snapshot["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn snapshots_stand_in_the_order_of_taking() {
    let shop = Shop::new();
    for (message, time) in
        [("one", "2031-01-01T00:00:00Z"), ("two", "0033-04-03T15:00:00Z"), ("three", "2019-01-01T00:00:00Z")]
    {
        shop.sql(&format!("UPDATE mods SET title = '{message}' WHERE id = 1"));
        let id = shop.snap(["mods", "-m", message]);
        taken_at(&shop, &id, time);
    }
    assert_eq!(messages(&shop), ["three", "two", "one"]);
    let log = shop.run(["log"]);
    assert!(log.contains("more than [AGO] mods") && log.contains("in the future"), "{log}");
    for (reference, wanted) in [("latest", "three"), ("~1", "two"), ("latest:mods", "three")] {
        let run = shop.dbsnap(["show", "--json", reference]).run().success();
        assert!(run.stdout().contains(&format!("\"message\":\"{wanted}\"")), "{reference}: {run}");
    }
    shop.dbsnap(["diff", "--exit-code"]).run().success();
    shop.snap(["mods", "-m", "four"]);
    assert_eq!(messages(&shop), ["four", "three", "two", "one"]);
    shop.dbsnap(["gc", "--keep", "2", "--days", "0"]).run().success();
    assert_eq!(messages(&shop)[0], "four");
}

/// Manifests written before there was a sequence come first, in the order of their times.
#[test]
fn older_manifests_come_before_all_that_have_a_sequence() {
    let shop = Shop::new();
    for (message, time) in [("one", "2031-01-01T00:00:00Z"), ("two", "2030-01-01T00:00:00Z")] {
        let id = shop.snap(["mods", "-m", message]);
        rewrite(&shop, &id, |manifest| {
            manifest["createdAt"] = time.into();
            manifest.as_object_mut().unwrap().remove("sequence").unwrap();
        });
    }
    assert_eq!(messages(&shop), ["one", "two"]);
    shop.snap(["mods", "-m", "three"]);
    assert_eq!(messages(&shop), ["three", "one", "two"]);
}

#[test]
fn undo_takes_back_the_last_restore_and_not_the_latest_time() {
    let shop = Shop::new();
    let snap = shop.snap(["mods"]);
    shop.sql("UPDATE mods SET title = 'first damage'");
    shop.dbsnap(["restore", &snap, "-y"]).run().success();
    shop.sql("UPDATE mods SET title = 'second damage'");
    let damaged = shop.rows();
    let run = shop.dbsnap(["restore", &snap, "-y", "--json"]).run().success();
    let report: Value = serde_json::from_str(run.stdout()).unwrap();
    taken_at(&shop, report["safety"].as_str().unwrap(), "2001-01-01T00:00:00Z");
    shop.dbsnap(["undo", "-y"]).run().success();
    assert_eq!(shop.rows(), damaged);
}

#[test]
fn undo_does_not_reach_past_a_restore_that_changed_nothing() {
    let shop = Shop::new();
    let snap = shop.snap(["mods"]);
    shop.sql("DELETE FROM mods WHERE id = 2");
    let damaged = shop.rows();
    shop.dbsnap(["restore", &snap, "-y"]).run().success();
    let whole = shop.rows();
    shop.dbsnap(["restore", &snap, "-y"]).run().success();
    insta::assert_snapshot!(shop.refused(["undo", "-y"]), @r"
    exit 2
    --- stderr
    error: the last restore into dev.db, of snapshot [ID], changed nothing, so there is nothing to undo; dbsnap undo [ID] undoes the restore before it
    ");
    // the one before it, when it is named
    shop.dbsnap(["undo", &snap, "-y"]).run().success();
    assert_eq!(shop.rows(), damaged);
    shop.dbsnap(["undo", "-y"]).run().success();
    assert_eq!(shop.rows(), whole);
    // an undo that has nothing to change is such a restore, too
    shop.dbsnap(["undo", "-y"]).run().success();
    shop.dbsnap(["undo", &snap, "-y"]).run().success();
    let run = shop.dbsnap(["undo", "-y"]).run();
    assert_eq!(run.code(), Some(2), "{}", shown(&run));
    assert_eq!(shop.rows(), damaged);
}

#[test]
fn another_message_takes_nothing_from_undo() {
    let shop = Shop::new();
    let snap = shop.snap(["mods", "-m", "frist"]);
    shop.sql("DELETE FROM mods WHERE id = 2");
    let damaged = shop.rows();
    shop.dbsnap(["restore", &snap, "-y"]).run().success();
    let whole = shop.rows();
    let id = |run: crate::support::process::Run| -> String {
        let report: Value = serde_json::from_str(run.stdout()).unwrap();
        report["id"].as_str().unwrap().to_owned()
    };
    let first = id(shop.dbsnap(["amend", &snap, "-m", "first", "--json"]).run().success());
    let again = id(shop.dbsnap(["amend", &first, "-m", "the first", "--json"]).run().success());
    let safety = id(shop.dbsnap(["amend", "~0", "-m", "same", "--json"]).run().success());
    assert_ne!(safety, again);
    // each of its ids goes on naming it
    for name in [&snap, &first, &again] {
        shop.dbsnap(["undo", name, "-y"]).run().success();
        assert_eq!(shop.rows(), damaged, "{name}");
        shop.dbsnap(["undo", "-y"]).run().success();
        assert_eq!(shop.rows(), whole, "{name}");
    }
    let log = shop.run(["log", "--oneline"]);
    assert!(log.contains("before undoing the restore of [ID]: same"), "{log}");
}

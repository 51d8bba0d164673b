//! `dbsnap repair`

use super::{Shop, files};
use crate::model::packs::directory;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Puts the files below `dir` back as they were.
fn put_back(dir: &Path, files: &Files) {
    let now = super::files(dir);
    for gone in now.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(gone).unwrap();
    }
    for (path, bytes) in files.iter().filter(|(path, bytes)| now.get(*path) != Some(bytes)) {
        fs::write(path, bytes).unwrap();
    }
}

fn flip(path: &Path, at: usize) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << (at % 8);
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Damages every leaf of a pack that is stored whole and not small.
fn flip_leaves(pack: &Path) {
    let mut at = 8;
    for object in directory(&fs::read(pack).unwrap()) {
        let len = usize::try_from(object.len).unwrap();
        if len > 4000 {
            flip(pack, at + len / 2);
        }
        at += len;
    }
}

fn in_dir(shop: &Shop, dir: &str) -> Vec<PathBuf> {
    files(&shop.store().join(dir)).into_keys().collect()
}

/// What `repair` says, and that all is well afterwards: every row of every snapshot, and what was set aside.
fn is_repaired(shop: &Shop, story: &str) -> String {
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(0), "{story}: {run}");
    let verified = shop.dbsnap(["verify"]).run();
    assert_eq!(verified.code(), Some(0), "{story}: {run}{verified}");
    run.stdout().to_owned()
}

/// Two snapshots of tables that are still as they were.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "authors", "-m", "one"]);
    shop.snap(["mods", "mod_tags", "-m", "two"]);
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    shop.dbsnap(["pin", "latest", "-m", "for the test"]).run().success();
    shop
}

#[test]
fn a_whole_store_stays_as_it_is() {
    let shop = shop();
    let before = files(&shop.store());
    insta::assert_snapshot!(shop.run(["repair"]), @r"
    exit 0
    --- stdout
    OK: nothing is damaged.
    ");
    assert_eq!(files(&shop.store()), before);
}

/// Every part of a pack: its beginning, each frame, the directory, the end.
#[test]
fn a_flipped_bit_anywhere_in_a_pack_is_made_good() {
    let shop = shop();
    let whole = files(&shop.store());
    for pack in in_dir(&shop, "packs") {
        let bytes = &whole[&pack];
        let mut places = vec![3];
        let mut end = 8;
        for object in directory(bytes) {
            let len = usize::try_from(object.len).unwrap();
            places.extend([end + 1, end + len / 2, end + len - 1]);
            end += len;
        }
        places.extend((end..bytes.len()).step_by(9));
        for at in places {
            let damaged = flip(&pack, at);
            let said = is_repaired(&shop, &format!("at {at} of {}", bytes.len()));
            assert!(said.contains("Every snapshot is whole."), "{said}");
            assert!(files(&shop.store().join("quarantine")).values().any(|kept| *kept == damaged), "{at}: {said}");
            put_back(&shop.store(), &whole);
        }
    }
}

/// What the pack still tells does not need the database.
#[test]
fn what_can_be_read_of_a_pack_is_taken_over() {
    let shop = shop();
    shop.sql("DROP TABLE mod_tags; DELETE FROM mods; DELETE FROM authors");
    let whole = files(&shop.store());
    for pack in in_dir(&shop, "packs") {
        let bytes = &whole[&pack];
        let end = 8 + directory(bytes).iter().map(|object| usize::try_from(object.len).unwrap()).sum::<usize>();
        // The beginning, the directory and the trailer are made anew from the frames.
        for at in [0, 7].into_iter().chain((end..bytes.len()).step_by(5)) {
            flip(&pack, at);
            is_repaired(&shop, &format!("at {at} of {}", bytes.len()));
            put_back(&shop.store(), &whole);
        }
    }
}

#[test]
fn a_flipped_bit_in_any_other_file_is_made_good() {
    let shop = shop();
    let other = shop.snap(["facet_definitions", "-m", "deleted"]);
    shop.dbsnap(["delete", &other, "-y"]).run().success();
    // An index file: what `repair` writes.
    flip(&in_dir(&shop, "packs")[0], 20);
    is_repaired(&shop, "for the index");
    for file in in_dir(&shop, "quarantine") {
        fs::remove_file(file).unwrap();
    }
    let whole = files(&shop.store());
    for dir in ["snapshots", "deleted", "refs/tags", "refs/pins", "index"] {
        let paths = in_dir(&shop, dir);
        assert!(!paths.is_empty(), "{dir}");
        for path in paths {
            for part in 0..4 {
                let at = part * (whole[&path].len() - 1) / 3;
                flip(&path, at);
                is_repaired(&shop, &format!("{dir} at {at}"));
                if dir != "index" {
                    assert_eq!(fs::read(&path).unwrap(), whole[&path]);
                }
                put_back(&shop.store(), &whole);
            }
        }
    }
    flip(&shop.store().join(".gitignore"), 0);
    is_repaired(&shop, ".gitignore");
    // Without an index there is nothing to mend.
    for path in in_dir(&shop, "index") {
        fs::remove_file(path).unwrap();
    }
    assert!(is_repaired(&shop, "no index").contains("nothing is damaged"));
}

#[test]
fn a_lost_pack_is_stored_again_from_the_database() {
    let shop = shop();
    let whole = files(&shop.store());
    for pack in in_dir(&shop, "packs") {
        fs::remove_file(pack).unwrap();
        let said = is_repaired(&shop, "lost pack");
        assert!(said.contains("again from the database"), "{said}");
        put_back(&shop.store(), &whole);
    }
    for pack in in_dir(&shop, "packs") {
        fs::remove_file(pack).unwrap();
    }
    is_repaired(&shop, "all packs");
    let rows = shop.rows();
    shop.sql("UPDATE mods SET title = 'Broken'");
    shop.dbsnap(["restore", "latest", "-y"]).run().success();
    assert_eq!(shop.rows(), rows);
}

#[test]
fn what_the_database_has_no_more_is_told() {
    let shop = shop();
    shop.sql("UPDATE authors SET name = 'Nobody'");
    for pack in in_dir(&shop, "packs") {
        fs::remove_file(pack).unwrap();
    }
    let before = files(&shop.store());
    let dry = shop.run(["repair", "--dry-run"]);
    assert!(dry.starts_with("exit 5\n") && dry.contains("[DRY RUN] 2 snapshots would lack rows"), "{dry}");
    assert_eq!(files(&shop.store()), before);
    let run = shop.dbsnap(["--json", "repair"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    let snapshots = report["snapshots"].as_array().unwrap();
    let whole: Vec<_> = snapshots.iter().map(|one| (one["message"].as_str().unwrap(), one["whole"] == true)).collect();
    assert_eq!(whole, [("two", true), ("one", false)]);
    let tables = snapshots[1]["tables"].as_array().unwrap();
    let lost: Vec<_> = tables.iter().map(|table| (table["table"].as_str().unwrap(), &table["lost"])).collect();
    assert!(lost.contains(&("authors", &serde_json::json!(2))), "{lost:?}");
    assert!(lost.contains(&("mods", &serde_json::json!(0))), "{lost:?}");
    // What is given up makes the store whole.
    let given_up = snapshots[1]["id"].as_str().unwrap();
    shop.dbsnap(["delete", given_up, "-y"]).run().success();
    shop.dbsnap(["gc", "--now"]).run().success();
    shop.dbsnap(["verify"]).run().success();
}

/// The older state is lost; the newer one, which was stored as what differs from it, is had from the database.
#[test]
fn what_draws_on_lost_rows_is_stored_again() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO big SELECT i, hex(randomblob(40)) FROM n",
    );
    let old = shop.snap(["big", "-m", "old"]);
    let first = in_dir(&shop, "packs");
    shop.sql("UPDATE big SET v = 'changed' WHERE id = 12000");
    let new = shop.snap(["big", "-m", "new"]);
    flip_leaves(&first[0]);
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    shop.dbsnap(["verify", &new]).run().success();
    assert_eq!(shop.dbsnap(["verify", &old]).run().code(), Some(5));
    // All but the leaf with the changed row are there again.
    let line = run.stdout().lines().find(|line| line.starts_with("lacks")).unwrap();
    let lost: u64 = line.split("big: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((1..10_000).contains(&lost), "{line}");
}

/// Rows of a filter are asked for with that filter; what other tables have lost in the database is no concern of
/// theirs.
#[test]
fn a_filtered_snapshot_is_asked_for_with_its_filter() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 4", "-m", "dear"]);
    for pack in in_dir(&shop, "packs") {
        fs::remove_file(pack).unwrap();
    }
    shop.sql("UPDATE mods SET title = 'Carpet' WHERE id = 3; UPDATE authors SET name = 'Nobody'");
    let said = is_repaired(&shop, "filtered");
    assert!(said.contains("Every snapshot is whole."), "{said}");
}

/// Without a database the rest is done all the same.
#[test]
fn a_database_that_cannot_be_reached_is_told() {
    let shop = shop();
    let mut packs = in_dir(&shop, "packs");
    // the one that the second snapshot added, which is the smaller
    packs.sort_by_key(|pack| fs::metadata(pack).unwrap().len());
    fs::remove_file(&packs[0]).unwrap();
    let last = fs::read(&packs[1]).unwrap().len() - 1;
    flip(&packs[1], last);
    fs::remove_file(shop.path().join("dev.db")).unwrap();
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    assert!(run.stdout().contains("The database could not be asked for all: "), "{run}");
    assert!(run.stdout().contains("0 objects lost") && run.stdout().contains("set aside quarantine/"), "{run}");
    assert!(run.stdout().contains("1 snapshot cannot be read in full"), "{run}");
}

/// A table of several leaves in two snapshots, the newer of which is stored as what differs.
fn two_states_of_a_large_table() -> (Shop, String) {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO big SELECT i, hex(randomblob(40)) FROM n",
    );
    shop.snap(["big", "-m", "old"]);
    shop.sql("UPDATE big SET v = 'changed' WHERE id = 12000");
    let new = shop.snap(["big", "-m", "new"]);
    (shop, new)
}

/// Loses every pack and what the database has.
fn lose(shop: &Shop, table: &str) {
    for pack in in_dir(shop, "packs") {
        fs::remove_file(pack).unwrap();
    }
    shop.sql(&format!("DELETE FROM {table}"));
}

/// Loses every leaf that is stored whole, and what the database has.
fn lose_leaves(shop: &Shop, table: &str) {
    in_dir(shop, "packs").iter().for_each(|pack| flip_leaves(pack));
    shop.sql(&format!("DELETE FROM {table}"));
}

/// How many rows of a table are lost in the snapshot of that message.
fn lost_rows(said: &str, message: &str, table: &str) -> u64 {
    let line = said.lines().find(|line| line.starts_with("lacks") && line.contains(message)).unwrap();
    let count = line.split(&format!("{table}: ")).nth(1).unwrap().split(' ').next().unwrap();
    count.replace(',', "").parse().unwrap()
}

/// Packs that were set aside earlier hold what was readable then.
#[test]
fn what_is_in_quarantine_is_taken_again() {
    let (shop, _) = two_states_of_a_large_table();
    for pack in in_dir(&shop, "packs") {
        let last = fs::read(&pack).unwrap().len() - 1;
        flip(&pack, last);
    }
    is_repaired(&shop, "trailers");
    lose(&shop, "big");
    let said = is_repaired(&shop, "all packs");
    assert!(said.contains(" again from other copies of packs.") && !said.contains("from the database"), "{said}");
    // Once more, of packs of which each has lost a leaf.
    let quarantine: Vec<PathBuf> = in_dir(&shop, "quarantine");
    for pack in &quarantine {
        let bytes = fs::read(pack).unwrap();
        let first = directory(&bytes)[0].len;
        flip(pack, 8 + usize::try_from(first).unwrap() / 2);
    }
    lose(&shop, "big");
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    for message in ["old", "new"] {
        let lost = lost_rows(run.stdout(), message, "big");
        assert!((1..15_000).contains(&lost), "{lost}: {run}");
    }
    // Nothing in quarantine was removed.
    assert!(quarantine.iter().all(|pack| pack.is_file()));
}

/// What a snapshot draws on is wanted, though no snapshot lists it.
#[test]
fn what_is_drawn_on_is_taken_from_a_copy_of_the_store() {
    let (shop, new) = two_states_of_a_large_table();
    let copy = shop.path().join("copy/packs");
    fs::create_dir_all(&copy).unwrap();
    for pack in in_dir(&shop, "packs") {
        fs::copy(&pack, copy.join(pack.file_name().unwrap())).unwrap();
    }
    let old = shop.dbsnap(["--json", "show", "latest~1"]).run();
    let old: serde_json::Value = serde_json::from_str(old.stdout()).unwrap();
    shop.dbsnap(["delete", old["snapshot"]["id"].as_str().unwrap(), "-y"]).run().success();
    // The pack of the older snapshot: the newer one draws on it.
    let packs = files(&shop.store().join("packs"));
    let (first, _) = packs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    fs::remove_file(shop.store().join("packs").join(first)).unwrap();
    shop.sql("DELETE FROM big");
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    let before = files(&shop.store());
    let run = shop.dbsnap(["repair", "-y", "--from", "copy"]).run().success();
    assert!(run.stdout().contains("Every snapshot is whole."), "{run}");
    shop.dbsnap(["verify", &new]).run().success();
    shop.dbsnap(["verify"]).run().success();
    // A pack can be named itself.
    put_back(&shop.store(), &before);
    let pack = copy.join(first.file_name().unwrap());
    shop.dbsnap(["repair", "-y", "--from", pack.to_str().unwrap()]).run().success();
    shop.dbsnap(["verify"]).run().success();
}

/// Rows of exported files are the rows of the snapshots if they have their hashes.
#[test]
fn exported_rows_are_taken_again() {
    let (shop, new) = two_states_of_a_large_table();
    for snapshot in ["latest", "latest~1"] {
        shop.dbsnap(["export", snapshot]).run().success();
    }
    let whole = files(&shop.store());
    lose(&shop, "big");
    let said = is_repaired(&shop, "exports");
    assert!(said.contains(" again from exported files."), "{said}");
    shop.dbsnap(["restore", &new, "-y"]).run().success();
    shop.dbsnap(["diff", &new, "--exit-code"]).run().success();

    // An edited row is no row of the snapshot; the others are.
    put_back(&shop.store(), &whole);
    lose_leaves(&shop, "big");
    let exports = shop.path().join("scripts/backups");
    let backups: Vec<PathBuf> = files(&exports)
        .into_keys()
        .map(|path| exports.join(path))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    let mut edited = 0;
    for path in backups.iter().filter(|path| !path.ends_with("backup_manifest.json")) {
        let text = fs::read_to_string(path).unwrap();
        let row = text.lines().find(|line| line.contains("\"id\":15000,")).unwrap();
        let other = row.replace("\"v\":\"", "\"v\":\"X");
        fs::write(path, text.replace(row, &other)).unwrap();
        edited += 1;
    }
    assert_eq!(edited, 2);
    let run = shop.dbsnap(["repair", "-y"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    assert!(run.stdout().contains("cannot use scripts/backups/backup_") && run.stdout().contains("checksum"), "{run}");
    for message in ["old", "new"] {
        let lost = lost_rows(run.stdout(), message, "big");
        assert!((1..10_000).contains(&lost), "{lost}: {run}");
    }

    // Cut short, what comes before is taken; elsewhere, they are found by name.
    put_back(&shop.store(), &whole);
    lose_leaves(&shop, "big");
    fs::create_dir(shop.path().join("elsewhere")).unwrap();
    for path in &backups {
        let bytes = fs::read(path).unwrap();
        fs::write(shop.path().join("elsewhere").join(path.file_name().unwrap()), &bytes[..bytes.len() / 2]).unwrap();
        fs::remove_file(path).unwrap();
    }
    let run = shop.dbsnap(["repair", "-y"]).run();
    let all = lost_rows(run.stdout(), "old", "big");
    assert!(all > 15_000, "{run}");
    let run = shop.dbsnap(["repair", "-y", "--from", "elsewhere"]).run();
    assert!(run.stdout().contains("cannot use elsewhere/backup_") && run.stdout().contains("is cut short"), "{run}");
    let some = lost_rows(run.stdout(), "old", "big");
    assert!((1..all * 2 / 3).contains(&some), "{some} of {all}: {run}");
}

#[test]
fn paths_that_hold_nothing_are_refused_before_anything_is_done() {
    let shop = shop();
    fs::remove_file(&in_dir(&shop, "packs")[0]).unwrap();
    fs::create_dir(shop.path().join("empty")).unwrap();
    fs::write(shop.path().join("notes.txt"), "none").unwrap();
    let before = files(&shop.store());
    for (path, code) in [("nowhere", 1), ("empty", 2), ("notes.txt", 2)] {
        let run = shop.dbsnap(["repair", "-y", "--from", path]).run();
        assert_eq!(run.code(), Some(code), "{run}");
        assert!(run.stderr().contains(path), "{run}");
        assert_eq!(files(&shop.store()), before);
    }
    // A file that is no backup is told, and the rest is done.
    fs::write(shop.path().join("notes.json"), "none").unwrap();
    let run = shop.dbsnap(["repair", "-y", "--from", "notes.json"]).run().success();
    assert!(run.stdout().contains("cannot use notes.json: line 1: not a backup file"), "{run}");
}

/// Every file of the store, beside it.
fn copy_of_the_store(shop: &Shop, to: &str) -> PathBuf {
    let copy = shop.path().join(to);
    for (path, bytes) in files(&shop.store()) {
        let target = copy.join(path.strip_prefix(shop.store()).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    copy
}

#[test]
fn a_damaged_manifest_is_taken_from_another_copy() {
    let shop = shop();
    let other = shop.snap(["facet_definitions", "-m", "deleted"]);
    shop.dbsnap(["delete", &other, "-y"]).run().success();
    copy_of_the_store(&shop, "backup/.dbsnap");
    let whole = files(&shop.store());
    let manifests: Vec<PathBuf> = ["snapshots", "deleted"].into_iter().flat_map(|dir| in_dir(&shop, dir)).collect();
    assert_eq!(manifests.len(), 3);
    for path in &manifests {
        let another = manifests.iter().find(|other| *other != path).unwrap();
        for damaged in [b"".as_slice(), b"{}", &whole[another]] {
            fs::write(path, damaged).unwrap();
            let run = shop.dbsnap(["repair", "-y"]).run();
            assert!(run.code() == Some(5) && run.stdout().contains("left"), "{run}");
            let run = shop.dbsnap(["repair", "--dry-run", "--from", "backup"]).run();
            assert!(run.code() == Some(5) && run.stdout().contains("that can be read would be whole"), "{run}");
            let run = shop.dbsnap(["repair", "-y", "--from", "backup"]).run().success();
            assert!(run.stdout().contains("taken from another copy"), "{run}");
            assert_eq!(fs::read(path).unwrap(), whole[path]);
            assert!(files(&shop.store().join("quarantine")).values().any(|kept| kept == damaged), "{run}");
            shop.dbsnap(["verify"]).run().success();
            put_back(&shop.store(), &whole);
        }
    }
    // Named itself, and in quarantine. What has the name alone is not taken.
    let (path, name) = (&manifests[0], manifests[0].file_name().unwrap());
    let good = shop.path().join("backup/.dbsnap/snapshots").join(name);
    fs::write(path, "{}").unwrap();
    shop.dbsnap(["repair", "-y", "--from", good.to_str().unwrap()]).run().success();
    assert_eq!(fs::read(path).unwrap(), whole[path]);
    put_back(&shop.store(), &whole);
    fs::write(path, "{}").unwrap();
    fs::create_dir(shop.store().join("quarantine")).unwrap_or_default();
    fs::write(shop.store().join("quarantine").join(name), &whole[&manifests[1]]).unwrap();
    assert_eq!(shop.dbsnap(["repair", "-y"]).run().code(), Some(5));
    assert_eq!(fs::read(path).unwrap(), b"{}");
    fs::copy(&good, shop.store().join("quarantine").join(format!("{}.2", name.display()))).unwrap();
    shop.dbsnap(["repair", "-y"]).run().success();
    assert_eq!(fs::read(path).unwrap(), whole[path]);
}

/// A tag or a pin knows of a snapshot whose manifest is gone; of one that nothing names nobody can tell that it was not
/// deleted.
#[test]
fn a_manifest_that_is_gone_is_taken_from_another_copy() {
    let shop = shop();
    copy_of_the_store(&shop, "backup");
    let whole = files(&shop.store());
    let pinned = in_dir(&shop, "refs/pins")[0].file_name().unwrap().to_str().unwrap().to_owned();
    for (gone, kept) in [("refs/tags", "refs/pins"), ("refs/pins", "refs/tags")] {
        fs::remove_file(&in_dir(&shop, gone)[0]).unwrap();
        assert_eq!(in_dir(&shop, kept).len(), 1);
        for dir in ["snapshots", "packs"] {
            in_dir(&shop, dir).iter().for_each(|path| fs::remove_file(path).unwrap());
        }
        shop.sql("DELETE FROM mods");
        let run = shop.dbsnap(["repair", "-y", "--from", "backup"]).run().success();
        assert!(run.stdout().contains("taken from another copy"), "{run}");
        let there = in_dir(&shop, "snapshots");
        assert!(there.len() == 1 && there[0].to_str().unwrap().contains(&pinned), "{there:?}");
        shop.dbsnap(["verify"]).run().success();
        put_back(&shop.store(), &whole);
    }
}

#[test]
fn temporary_files_that_a_killed_repair_left_go_with_the_next() {
    let shop = shop();
    let temp = shop.store().join("tmp");
    let (left, other) = (temp.join("0123456789abcdef.tmp"), temp.join("notes.tmp"));
    for path in [&left, &other] {
        fs::write(path, "half a pack").unwrap();
    }
    shop.dbsnap(["repair", "--dry-run"]).run().success();
    assert!(left.exists());
    is_repaired(&shop, "temporary files");
    assert!(!left.exists() && other.exists());
}

//! `dbsnap verify`

use super::{Shop, files};
use crate::model::packs::directory;
use std::fs;
use std::path::PathBuf;

/// The one file below `dir` whose name ends so.
fn one(shop: &Shop, dir: &str, end: &str) -> PathBuf {
    let mut found = files(&shop.path().join(dir)).into_keys().filter(|path| path.to_str().unwrap().ends_with(end));
    let path = found.next().unwrap();
    assert_eq!(found.next(), None);
    path
}

/// Changes one byte in the middle of a file.
fn damage(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "mod_tags", "-m", "one"]);
    shop.dbsnap(["export", "latest", "mods"]).run().success();
    shop
}

#[test]
fn all_is_well() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["verify"]), @r"
    exit 0
    --- stdout
    OK: 1 pack, 1 snapshot, 1 exported file, 6 rows.
    ");
    insta::assert_snapshot!(shop.run(["verify", "latest"]), @r"
    exit 0
    --- stdout
    OK: 1 snapshot, 6 rows.
    ");
    let file = one(&shop, "scripts/backups", "_mods.json");
    insta::assert_snapshot!(shop.run(["verify", file.to_str().unwrap()]), @r"
    exit 0
    --- stdout
    OK: 1 exported file, 3 rows.
    ");
    insta::assert_snapshot!(Shop::new().run(["verify"]), @r"
    exit 0
    --- stdout
    OK: nothing to check.
    ");
}

#[test]
fn a_damaged_export() {
    let shop = shop();
    let file = one(&shop, "scripts/backups", "_mods.json");
    damage(&file);
    insta::assert_snapshot!(shop.refused(["verify"]), @r"
    exit 5
    --- stdout
    damaged backup_[TIME]_mods.json: line 14: the metadata is not that of a backup file (not valid JSON)
    1 problem. Checked: 1 pack, 1 snapshot, 1 exported file, 6 rows.
    To write damaged exports again: dbsnap export SNAPSHOT.
    ");
    insta::assert_snapshot!(shop.refused(["verify", file.to_str().unwrap()]), @r"
    exit 5
    --- stdout
    damaged backup_[TIME]_mods.json: line 14: the metadata is not that of a backup file (not valid JSON)
    1 problem. Checked: 1 exported file.
    ");
    fs::remove_file(&file).unwrap();
    insta::assert_snapshot!(shop.refused(["verify", "scripts/backups/none.json"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'scripts/backups/none.json'
    hint: dbsnap log lists the snapshots
    ");
    // The store is whole, an export that the list names is gone.
    insta::assert_snapshot!(shop.run(["verify"]), @r"
    exit 5
    --- stdout
    damaged backup_[TIME]_mods.json: the file is gone; export its snapshot again, or let `dbsnap delete` take its entry
    1 problem. Checked: 1 pack, 1 snapshot, 6 rows.
    ");
}

#[test]
fn a_damaged_pack() {
    let shop = shop();
    damage(&one(&shop, ".dbsnap/packs", ".pack"));
    let before = shop.state();
    let said = shop.run(["verify"]);
    // It tells snapshots to come what not to rely on, and changes nothing else.
    fs::remove_file(shop.store().join("refs/pointers/damaged-copies")).unwrap();
    assert_eq!(shop.state(), before);
    assert!(said.starts_with("exit 5\n"), "{said}");
    assert!(said.contains("damaged packs/[HASH].pack") || said.contains(".pack: "), "{said}");
    assert!(said.contains("To put it right: dbsnap repair; with --dry-run it only shows what it would do."), "{said}");
    shop.sql("DELETE FROM mods WHERE id = 3");
    let export = shop.refused(["export", "latest", "-o", "out"]);
    let restore = shop.refused(["restore", "latest", "-y"]);
    let both = [export, restore];
    assert!(both.iter().any(|said| said.starts_with("exit 5\n") && said.contains("dbsnap verify")), "{both:?}");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] one
    ");
}

#[test]
fn a_damaged_manifest() {
    let shop = shop();
    damage(&one(&shop, ".dbsnap/snapshots", ".json"));
    insta::assert_snapshot!(shop.refused(["verify"]), @r"
    exit 5
    --- stdout
    damaged [DIR]/.dbsnap/snapshots/[HASH].json: its bytes do not have the hash that its name says
    1 problem. Checked: 1 pack, 1 exported file.
    To put it right: dbsnap repair; with --dry-run it only shows what it would do.
    ");
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    No snapshot can be read. Run dbsnap verify for details.
    --- stderr
    warning: snapshot [ID] cannot be read: [DIR]/.dbsnap/snapshots/[HASH].json is damaged: its bytes do not have the hash that its name says
    ");
    insta::assert_snapshot!(shop.refused(["gc"]), @r"
    exit 5
    --- stderr
    error: snapshot [ID] cannot be read ([DIR]/.dbsnap/snapshots/[HASH].json is damaged: its bytes do not have the hash that its name says), so nothing is deleted
    hint: dbsnap verify shows what is damaged
    ");
    insta::assert_snapshot!(shop.run(["doctor"]), @r"
    exit 1
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 1 pack
    bad  snapshots        1 cannot be read; run dbsnap verify
    ok   database         [DIR]/dev.db (from DATABASE_URL in .env)
    ok   server           SQLite [VERSION]
    ok   tables           4 can be snapshotted
    note not captured     view cheap
    ");
}

/// Where nothing is lost and nothing can be put right, no repair is promised.
#[test]
fn a_manifest_that_contradicts_its_tree_can_only_be_deleted() {
    let shop = shop();
    let path = one(&shop, ".dbsnap/snapshots", ".json");
    let text = fs::read_to_string(&path).unwrap();
    let wrong = text.replace("\"rows\": 3", "\"rows\": 4");
    assert_ne!(wrong, text);
    fs::write(path.with_file_name(format!("{}.json", blake3::hash(wrong.as_bytes()))), wrong).unwrap();
    fs::remove_file(path).unwrap();
    let said = shop.run(["verify"]);
    assert!(said.starts_with("exit 5\n") && said.contains("the manifest says 4 rows, the tree holds 3"), "{said}");
    assert!(said.contains("Such snapshots can only be given up: dbsnap delete, then dbsnap gc --now."), "{said}");
    assert!(!said.contains("repair"), "{said}");
}

#[test]
fn every_snapshot_that_draws_on_damage_is_named() {
    let shop = Shop::new();
    let first = shop.snap(["mods"]);
    let pack = files(&shop.store().join("packs")).into_iter().next().unwrap();
    let path = shop.store().join("packs").join(pack.0);
    let mut bytes = pack.1;
    bytes[30] ^= 4;
    std::fs::write(&path, bytes).unwrap();
    // the object has its right name: a snapshot of the same rows is refused, or is named with the one before
    let second = shop.dbsnap(["snap", "mods", "authors", "-q", "-m", "again"]).run();
    let run = shop.dbsnap(["verify", "--json"]).run();
    assert_ne!(run.code(), Some(0), "{run}");
    assert!(run.stdout().contains(&first), "{run}");
    if second.code() == Some(0) {
        assert!(run.stdout().contains(second.stdout().trim()), "{run}");
        shop.sql("UPDATE mods SET title = 'Broken'");
        let broken = shop.rows();
        assert_ne!(shop.dbsnap(["restore", "latest", "-y"]).run().code(), Some(0));
        assert_eq!(shop.rows(), broken);
    }
}

/// What is lost is said in rows of tables of snapshots, and what is still there can be told.
#[test]
fn damage_is_named_by_the_rows_that_it_touches() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO big SELECT i, hex(randomblob(40)) FROM n",
    );
    shop.snap(["big", "-m", "one"]);
    shop.snap(["mods", "-m", "untouched"]);
    let packs = files(&shop.store().join("packs"));
    let (path, bytes) = packs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(path, &damaged).unwrap();
    let run = shop.dbsnap(["verify"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
    let lines: Vec<&str> = run.stdout().lines().filter(|line| line.contains("table big")).collect();
    let [line] = lines.as_slice() else { panic!("{run}") };
    assert!(line.contains("of 20,000 rows cannot be read: rows "), "{line}");
    assert!(!run.stdout().contains("table mods"), "{run}");
    // everything is there, which is all that is asked
    shop.dbsnap(["verify", "--quick"]).run().success();
    std::fs::remove_file(path).unwrap();
    for quick in [&["verify"][..], &["verify", "--quick"]] {
        let run = shop.dbsnap(quick).run();
        assert_eq!(run.code(), Some(5), "{run}");
        assert!(run.stdout().contains("20,000 rows") && !run.stdout().contains("table mods"), "{run}");
    }
}

/// A snapshot does not read what is as it was, so it does not notice; once it was noticed, it does not rely on it.
#[test]
fn what_verify_found_damaged_is_stored_again() {
    let shop = Shop::new();
    shop.snap(["mods", "authors", "-m", "one"]);
    let path = one(&shop, ".dbsnap/packs", ".pack");
    let path = shop.path().join(".dbsnap/packs").join(path.file_name().unwrap());
    let whole = fs::read(&path).unwrap();
    let mut at = 8;
    for object in directory(&whole) {
        let (mut damaged, len) = (whole.clone(), usize::try_from(object.len).unwrap());
        damaged[at + len / 2] ^= 1;
        at += len;
        fs::write(&path, &damaged).unwrap();
        shop.dbsnap(["snap", "mods", "authors", "-m", "unaware"]).run().success();
        assert_eq!(shop.dbsnap(["verify"]).run().code(), Some(5));
        shop.dbsnap(["amend", "latest", "-m", "aware"]).run().success();
        let again = shop.snap(["mods", "authors", "-m", "again"]);
        shop.dbsnap(["verify", &again]).run().success();
        let rows = shop.rows();
        shop.sql("UPDATE mods SET title = 'Broken'");
        shop.dbsnap(["restore", &again, "-y"]).run().success();
        assert_eq!(shop.rows(), rows);
        for file in files(&shop.store().join("packs")).into_keys() {
            let file = shop.store().join("packs").join(file);
            if file != path {
                fs::remove_file(file).unwrap();
            }
        }
        // Without the damage there is nothing to remember.
        fs::write(&path, &whole).unwrap();
        shop.dbsnap(["verify"]).run();
        assert_eq!(files(&shop.store().join("refs/pointers")).len(), 0);
    }
}

/// What can be brought back is read like the rest.
#[test]
fn a_deleted_snapshot_is_verified_too() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "kept"]);
    let packs = files(&shop.store().join("packs"));
    let deleted = shop.snap(["authors", "-m", "deleted"]);
    shop.dbsnap(["delete", &deleted, "-y"]).run().success();
    let run = shop.dbsnap(["verify"]).run().success();
    assert!(run.stdout().contains("2 snapshots, 5 rows"), "{run}");
    let now = files(&shop.store().join("packs"));
    let path = now.keys().find(|path| !packs.contains_key(*path)).unwrap();
    fs::remove_file(path).unwrap();
    for quick in [&["verify"][..], &["verify", "--quick"]] {
        let run = shop.dbsnap(quick).run();
        assert_eq!(run.code(), Some(5), "{run}");
        assert!(run.stdout().contains(&format!("snapshot {}, table authors", &deleted[..8])), "{run}");
    }
}

/// What draws on something that is gone, and is needed by no snapshot, is for `gc` to remove: `repair` has nothing to
/// do.
#[test]
fn what_only_gc_puts_right_is_left_to_gc() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO big SELECT i, hex(randomblob(40)) FROM n",
    );
    let old = shop.snap(["big", "-m", "old"]);
    let first = files(&shop.store().join("packs"));
    shop.sql("UPDATE big SET v = 'changed' WHERE id = 1000");
    let new = shop.snap(["big", "-m", "new"]);
    shop.snap(["mods", "-m", "kept"]);
    for id in [&old, &new] {
        shop.dbsnap(["delete", id, "-y"]).run().success();
    }
    fs::remove_dir_all(shop.store().join("deleted")).unwrap();
    first.keys().for_each(|pack| fs::remove_file(pack).unwrap());
    let only_gc = |shop: &Shop| {
        let run = shop.dbsnap(["verify"]).run();
        assert_eq!(run.code(), Some(5), "{run}");
        assert!(run.stdout().contains("dbsnap gc removes it") && !run.stdout().contains("repair"), "{run}");
    };
    only_gc(&shop);
    // The rows of that state are stored once more, and what lacks something stays beside them.
    let again = shop.snap(["big", "-m", "again"]);
    only_gc(&shop);
    shop.dbsnap(["verify", &again]).run().success();
    shop.dbsnap(["gc"]).run().success();
    shop.dbsnap(["verify"]).run().success();
    shop.sql("DELETE FROM big");
    shop.dbsnap(["restore", &again, "-y"]).run().success();
    shop.dbsnap(["diff", &again, "--exit-code"]).run().success();
}

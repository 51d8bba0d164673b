//! `dbsnap gc` and `dbsnap delete`

use super::{Shop, files};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// Six snapshots of one table, each of other rows; the second is tagged, the third pinned.
fn shop() -> Shop {
    let shop = Shop::new();
    for number in 1..=6 {
        shop.sql(&format!("UPDATE mods SET price = {number} WHERE id = 1"));
        let id = shop.snap(["mods", "--export", "-m", &format!("number {number}")]);
        match number {
            2 => drop(shop.dbsnap(["tag", &id, "v1"]).run().success()),
            3 => drop(shop.dbsnap(["pin", &id]).run().success()),
            _ => {}
        }
    }
    shop
}

#[test]
fn retention_with_its_reasons() {
    let shop = shop();
    let before = shop.state();
    insta::assert_snapshot!(shop.run(["gc", "--dry-run"]), @r"
    exit 0
    --- stdout
    keep [ID]  number 6  (newest of mods)
    keep [ID]  number 5  (2nd newest of mods)
    keep [ID]  number 4  (3rd newest of mods)
    keep [ID]  number 3  (pinned)
    keep [ID]  number 2  (tagged v1)
    drop [ID]  number 1  (6th newest of mods, keeping 5)
    [DRY RUN] Would delete 1 of 6 snapshots and 0 objects; [SIZE] freed.
    1 deleted snapshot could be brought back (dbsnap log --deleted) until gc --now or their time is up.
    ");
    insta::assert_snapshot!(shop.run(["gc", "--dry-run", "--keep", "2"]), @r"
    exit 0
    --- stdout
    keep [ID]  number 6  (newest of mods)
    keep [ID]  number 5  (2nd newest of mods)
    drop [ID]  number 4  (3rd newest of mods, keeping 2)
    keep [ID]  number 3  (pinned)
    keep [ID]  number 2  (tagged v1)
    drop [ID]  number 1  (6th newest of mods, keeping 2)
    [DRY RUN] Would delete 2 of 6 snapshots and 0 objects; [SIZE] freed.
    2 deleted snapshots could be brought back (dbsnap log --deleted) until gc --now or their time is up.
    ");
    insta::assert_snapshot!(shop.run(["gc", "--dry-run", "--days", "0"]), @r"
    exit 0
    --- stdout
    keep [ID]  number 6  (newest of mods)
    drop [ID]  number 5  (0 days old)
    drop [ID]  number 4  (0 days old)
    keep [ID]  number 3  (pinned)
    keep [ID]  number 2  (tagged v1)
    drop [ID]  number 1  (0 days old)
    [DRY RUN] Would delete 3 of 6 snapshots and 0 objects; [SIZE] freed.
    3 deleted snapshots could be brought back (dbsnap log --deleted) until gc --now or their time is up.
    ");
    assert_eq!(shop.state(), before);
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 15);
    insta::assert_snapshot!(shop.run(["gc", "--keep", "2"]), @r"
    exit 0
    --- stdout
    drop [ID]  number 4  (3rd newest of mods, keeping 2)
    drop [ID]  number 1  (6th newest of mods, keeping 2)
    - backup_[TIME]_mods.json
    - backup_[TIME]_mods_restore.ts
    - backup_[TIME]_mods.json
    - backup_[TIME]_mods_restore.ts
    Deleted 2 of 6 snapshots and 0 objects; [SIZE] freed.
    2 deleted snapshots can be brought back: dbsnap log --deleted. To free the space: dbsnap gc --now.
    ");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] number 6
    [ID] number 5
    [ID] number 3 (pinned)
    [ID] number 2 (v1)
    ");
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 11);
    shop.dbsnap(["verify"]).run().success();
}

#[test]
fn snapshots_go_with_their_files() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "--export", "-m", "first"]);
    shop.snap(["mods", "-m", "second"]);
    insta::assert_snapshot!(shop.run(["delete", &first]), @r"
    exit 0
    --- stdout
    Deleted [ID] first
    and its exported files, which undelete does not bring back:
    - backup_[TIME]_mods.json
    - backup_[TIME]_mods_restore.ts
    Until [TIME], dbsnap undelete brings it back; dbsnap gc --now frees the space.
    ");
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 3);
    insta::assert_snapshot!(shop.run(["gc"]), @r"
    exit 0
    --- stdout
    Deleted 0 of 1 snapshot and 0 objects; [SIZE] freed.
    1 deleted snapshot can be brought back: dbsnap log --deleted. To free the space: dbsnap gc --now.
    ");
}

/// What gc says of compressing: packs, whether they became smaller, whether something is left.
fn compressed(shop: &Shop, args: &[&str]) -> (u64, bool, bool) {
    let run = shop.dbsnap(["gc", "--json"].iter().chain(args)).run().success();
    let report: Value = serde_json::from_str(run.stdout()).unwrap();
    let [packs, before, after, left] =
        ["packs", "bytes", "bytesAfter", "bytesLeft"].map(|field| report["recompressed"][field].as_u64().unwrap());
    assert!(after == 0 || report["freedBytes"].as_u64().unwrap() >= before - after, "{run}");
    (packs, after < before, left > 0)
}

#[test]
fn what_has_been_there_for_a_day_is_compressed_harder() {
    let shop = Shop::new();
    shop.sql(
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
         INSERT INTO mods SELECT i, 'a table of ' || (i * 7919 % 10007) || ' planks and ' || (i * i % 9973) || ' nails', i, 'ann' FROM n",
    );
    shop.snap(["mods", "-m", "first"]);
    let before = files(&shop.store().join("packs"));
    assert_eq!(compressed(&shop, &[]), (0, false, false));
    assert_eq!(compressed(&shop, &["--dry-run", "--recompress"]), (1, true, false));
    assert_eq!(files(&shop.store().join("packs")), before);
    let two_days_ago = SystemTime::now() - Duration::from_secs(48 * 60 * 60);
    for pack in before.keys() {
        std::fs::File::options().append(true).open(pack).unwrap().set_modified(two_days_ago).unwrap();
    }
    insta::assert_snapshot!(shop.run(["gc", "--dry-run"]), @r"
    exit 0
    --- stdout
    keep [ID]  first  (newest of mods)
    [DRY RUN] Would delete 0 of 1 snapshot and 0 objects; [SIZE] freed.
    [DRY RUN] Would compress 1 pack harder: [SIZE] now.
    ");
    assert_eq!(files(&shop.store().join("packs")), before);
    insta::assert_snapshot!(shop.run(["gc"]), @r"
    exit 0
    --- stdout
    Deleted 0 of 1 snapshot and 0 objects; [SIZE] freed.
    Compressed 1 pack harder: [SIZE] before, [SIZE] now.
    ");
    let hard = files(&shop.store().join("packs"));
    assert!(hard.len() == 1 && hard.values().next().unwrap().len() < before.values().next().unwrap().len());
    assert_eq!(compressed(&shop, &["--recompress"]), (0, false, false));
    assert_eq!(files(&shop.store().join("packs")), hard);
    shop.dbsnap(["verify"]).run().success();
    // What comes later is compressed at once if that is asked for.
    shop.sql("UPDATE mods SET title = title || ' or ' || (id * 31 % 1009) || ' screws'");
    shop.snap(["mods", "-m", "second"]);
    assert_eq!(compressed(&shop, &["--recompress"]), (1, true, false));
    shop.dbsnap(["verify"]).run().success();
    let rows = shop.rows();
    shop.sql("DELETE FROM mods WHERE id > 5");
    shop.dbsnap(["restore", "latest", "-y"]).run().success();
    assert_eq!(shop.rows(), rows);
}

#[test]
fn what_is_not_deleted() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.dbsnap(["pin", "latest"]).run().success();
    insta::assert_snapshot!(shop.refused(["delete", "latest"]), @r"
    exit 4
    --- stderr
    error: snapshot [ID] is pinned
    hint: dbsnap unpin [ID] first
    ");
    shop.dbsnap(["unpin", "latest"]).run().success();
    insta::assert_snapshot!(shop.refused(["delete", "latest", "v1"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'v1'
    hint: dbsnap log lists the snapshots
    ");
    insta::assert_snapshot!(shop.refused(["delete", "latest~0:mods:1"]), @r"
    exit 2
    --- stderr
    error: 'latest~0:mods:1' names a table; a snapshot is deleted as a whole
    ");
    insta::assert_snapshot!(shop.refused(["delete"]), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <SNAPSHOT>...

    Usage: dbsnap delete <SNAPSHOT>...

    For more information, try '--help'.
    ");
}

#[test]
fn a_manifest_that_cannot_be_read_keeps_everything() {
    for harm in ["nothing in it", "no JSON", "cut off", "one of a later version", "a directory", "a link"] {
        let shop = shop();
        let manifest = files(&shop.store().join("snapshots")).into_keys().next().unwrap();
        let manifest = shop.store().join("snapshots").join(manifest);
        let whole = std::fs::read_to_string(&manifest).unwrap();
        std::fs::remove_file(&manifest).unwrap();
        match harm {
            "nothing in it" => std::fs::write(&manifest, "").unwrap(),
            "no JSON" => std::fs::write(&manifest, "{]").unwrap(),
            "cut off" => std::fs::write(&manifest, &whole[..whole.len() / 2]).unwrap(),
            "one of a later version" => std::fs::write(&manifest, whole.replacen(": 1", ": 99", 1)).unwrap(),
            "a directory" => std::fs::create_dir(&manifest).unwrap(),
            _ => std::os::unix::fs::symlink("../format", &manifest).unwrap(),
        }
        let listing = || -> Vec<_> {
            ["packs", "index", "snapshots"].iter().flat_map(|dir| files(&shop.store().join(dir))).collect()
        };
        let before = listing();
        for args in [&["gc", "--keep", "1", "--days", "0"][..], &["gc"]] {
            let run = shop.dbsnap(args).run();
            assert!(matches!(run.code(), Some(1..=12)), "{harm}: {run}");
            assert!(listing() == before, "{harm}: {run}");
        }
    }
}

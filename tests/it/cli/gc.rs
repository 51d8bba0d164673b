//! `dbsnap gc` and `dbsnap delete`

use super::{Shop, files};

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
    insta::assert_snapshot!(shop.run(["gc", "--dry-run"]), @"");
    insta::assert_snapshot!(shop.run(["gc", "--dry-run", "--keep", "2"]), @"");
    insta::assert_snapshot!(shop.run(["gc", "--dry-run", "--days", "0"]), @"");
    assert_eq!(shop.state(), before);
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 13);
    insta::assert_snapshot!(shop.run(["gc", "--keep", "2"]), @"");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @"");
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 9);
    shop.dbsnap(["verify"]).run().success();
}

#[test]
fn snapshots_go_with_their_files() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "--export", "-m", "first"]);
    shop.snap(["mods", "-m", "second"]);
    insta::assert_snapshot!(shop.run(["delete", &first]), @"");
    assert_eq!(files(&shop.path().join("scripts/backups")).len(), 1);
    insta::assert_snapshot!(shop.run(["gc"]), @"");
}

#[test]
fn what_is_not_deleted() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    shop.dbsnap(["pin", "latest"]).run().success();
    insta::assert_snapshot!(shop.refused(["delete", "latest"]), @"");
    shop.dbsnap(["unpin", "latest"]).run().success();
    insta::assert_snapshot!(shop.refused(["delete", "latest", "v1"]), @"");
    insta::assert_snapshot!(shop.refused(["delete", "latest~0:mods:1"]), @"");
    insta::assert_snapshot!(shop.refused(["delete"]), @"");
}

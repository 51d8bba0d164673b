//! `dbsnap verify`

use super::{Shop, files};
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
    insta::assert_snapshot!(shop.run(["verify"]), @"");
    insta::assert_snapshot!(shop.run(["verify", "latest"]), @"");
    let file = one(&shop, "scripts/backups", "_mods.json");
    insta::assert_snapshot!(shop.run(["verify", file.to_str().unwrap()]), @"");
    insta::assert_snapshot!(Shop::new().run(["verify"]), @"");
}

#[test]
fn a_damaged_export() {
    let shop = shop();
    let file = one(&shop, "scripts/backups", "_mods.json");
    damage(&file);
    insta::assert_snapshot!(shop.refused(["verify"]), @"");
    insta::assert_snapshot!(shop.refused(["verify", file.to_str().unwrap()]), @"");
    fs::remove_file(&file).unwrap();
    insta::assert_snapshot!(shop.refused(["verify", "scripts/backups/none.json"]), @"");
    // The list says "missing"; the store is whole.
    insta::assert_snapshot!(shop.run(["verify"]), @"");
}

/// Torment: B10
#[test]
fn a_damaged_pack() {
    let shop = shop();
    damage(&one(&shop, ".dbsnap/packs", ".pack"));
    let said = shop.refused(["verify"]);
    assert!(said.starts_with("exit 5\n"), "{said}");
    assert!(said.contains("damaged packs/[HASH].pack") || said.contains(".pack: "), "{said}");
    shop.sql("DELETE FROM mods WHERE id = 3");
    let export = shop.refused(["export", "latest", "-o", "out"]);
    let restore = shop.refused(["restore", "latest", "-y"]);
    let both = [export, restore];
    assert!(both.iter().any(|said| said.starts_with("exit 5\n") && said.contains("dbsnap verify")), "{both:?}");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @"");
}

#[test]
fn a_damaged_manifest() {
    let shop = shop();
    damage(&one(&shop, ".dbsnap/snapshots", ".json"));
    insta::assert_snapshot!(shop.refused(["verify"]), @"");
    insta::assert_snapshot!(shop.run(["log"]), @"");
    insta::assert_snapshot!(shop.refused(["gc"]), @"");
    insta::assert_snapshot!(shop.run(["doctor"]), @"");
}

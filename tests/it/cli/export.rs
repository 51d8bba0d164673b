//! `dbsnap export`

use super::{Shop, files};
use std::fs;

#[test]
fn the_files_of_a_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods", "authors", "-m", "before"]);
    insta::assert_snapshot!(shop.run(["export", "latest"]), @"");
    let exported = files(&shop.path().join("scripts/backups"));
    assert_eq!(exported.len(), 5);
    shop.run(["export", "latest"]);
    assert_eq!(files(&shop.path().join("scripts/backups")), exported, "the same again");
}

#[test]
fn some_tables_elsewhere() {
    let shop = Shop::new();
    shop.snap(["mods", "authors"]);
    insta::assert_snapshot!(shop.run(["export", "latest", "Author", "-o", "out"]), @"");
    insta::assert_snapshot!(shop.run(["export", "latest:mods", "-o", "out"]), @"");
    assert_eq!(files(&shop.path().join("out")).len(), 5);
    assert!(!shop.path().join("scripts").exists());
}

#[test]
fn what_cannot_be_exported() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.refused(["export", "latest", "authors"]), @"");
    insta::assert_snapshot!(shop.refused(["export", "v9"]), @"");
    shop.project.write("taken", "a file");
    insta::assert_snapshot!(shop.refused(["export", "latest", "-o", "taken"]), @"");
}

#[test]
fn with_every_snapshot_if_the_settings_say_so() {
    let shop = Shop::new();
    shop.project.write(".dbsnap/config.toml", "export = \"always\"\nexport_dir = \"backups\"\n");
    shop.snap(["mods"]);
    assert_eq!(files(&shop.path().join("backups")).len(), 3);
}

#[test]
fn another_message_is_another_reason() {
    let shop = Shop::new();
    shop.snap(["mods", "--export", "-m", "before"]);
    let list = shop.path().join("scripts/backups/backup_manifest.json");
    assert!(fs::read_to_string(&list).unwrap().contains("\"before\""));
    shop.run(["amend", "latest", "-m", "after all"]);
    assert!(fs::read_to_string(&list).unwrap().contains("\"after all\""));
}

//! `dbsnap export`

use super::{Shop, files};
use std::fs;

#[test]
fn the_files_of_a_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods", "authors", "-m", "before"]);
    insta::assert_snapshot!(shop.run(["export", "latest"]), @r"
    exit 0
    --- stdout

    Files created:
    - scripts/backups/backup_[TIME]_mods.json ([SIZE], 3 records)
      sha256:[HASH]
    - scripts/backups/backup_[TIME]_mods_restore.ts
    - scripts/backups/backup_[TIME]_authors.json ([SIZE], 2 records)
      sha256:[HASH]
    - scripts/backups/backup_[TIME]_authors_restore.ts
    - scripts/backups/backup_manifest.json

    To restore this backup later:
    $ dbsnap restore [ID]
    ");
    let exported = files(&shop.path().join("scripts/backups"));
    assert_eq!(exported.len(), 7);
    shop.run(["export", "latest"]);
    assert_eq!(files(&shop.path().join("scripts/backups")), exported, "the same again");
}

#[test]
fn some_tables_elsewhere() {
    let shop = Shop::new();
    shop.snap(["mods", "authors"]);
    insta::assert_snapshot!(shop.run(["export", "latest", "AUTHORS", "-o", "out"]), @r"
    exit 0
    --- stdout

    Files created:
    - out/backup_[TIME]_authors.json ([SIZE], 2 records)
      sha256:[HASH]
    - out/backup_[TIME]_authors_restore.ts
    - out/backup_manifest.json

    To restore this backup later:
    $ npx tsx out/backup_[TIME]_authors_restore.ts --restore
    ");
    insta::assert_snapshot!(shop.run(["export", "latest:mods", "-o", "out"]), @r"
    exit 0
    --- stdout

    Files created:
    - out/backup_[TIME]_mods.json ([SIZE], 3 records)
      sha256:[HASH]
    - out/backup_[TIME]_mods_restore.ts
    - out/backup_manifest.json

    To restore this backup later:
    $ npx tsx out/backup_[TIME]_mods_restore.ts --restore
    ");
    assert_eq!(files(&shop.path().join("out")).len(), 7);
    assert!(!shop.path().join("scripts").exists());
}

#[test]
fn what_cannot_be_exported() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.refused(["export", "latest", "authors"]), @r"
    exit 12
    --- stderr
    error: there is no table 'authors' in snapshot [ID]
    hint: dbsnap tables lists the tables
    ");
    insta::assert_snapshot!(shop.refused(["export", "v9"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'v9'
    hint: dbsnap log lists the snapshots
    ");
    shop.project.write("taken", "a file");
    insta::assert_snapshot!(shop.refused(["export", "latest", "-o", "taken"]), @r"
    exit 1
    --- stderr
    error: cannot create [DIR]/taken: File exists (os error 17)
    ");
}

#[test]
fn with_every_snapshot_if_the_settings_say_so() {
    let shop = Shop::new();
    shop.project.write(".dbsnap/config.toml", "export = \"always\"\nexport_dir = \"backups\"\n");
    shop.snap(["mods"]);
    assert_eq!(files(&shop.path().join("backups")).len(), 5);
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

#[test]
fn a_file_that_is_not_there_is_not_imported() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["import", "nofile.json"]), @r"
    exit 1
    --- stderr
    error: cannot read [DIR]/nofile.json: No such file or directory (os error 2)
    ");
}

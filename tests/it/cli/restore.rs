//! `dbsnap restore`

use super::{Shop, shown};

/// A snapshot of mods and mod_tags; then one row is gone, one changed, one added.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "mod_tags", "-m", "before"]);
    shop.sql(
        "DELETE FROM mod_tags WHERE mod_id = 1; DELETE FROM mods WHERE id = 1; \
         UPDATE mods SET price = 0 WHERE id = 2; INSERT INTO mods VALUES (9, 'New', 1, 'bob')",
    );
    shop
}

fn rows(shop: &Shop, table: &str) -> Vec<String> {
    shop.rows().into_iter().filter(|row| row.starts_with(&format!("{table} "))).collect()
}

#[test]
fn lost_and_changed_rows_come_back() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["restore", "latest", "-y"]), @"");
    assert_eq!(
        rows(&shop, "mods"),
        ["mods 1 Oak table 4.5 'ann'", "mods 2 Lamp 9.0 'ann'", "mods 3 Rug NULL 'bob'", "mods 9 New 1.0 'bob'"]
    );
    insta::assert_snapshot!(shop.run(["restore", "latest", "-y"]), @"");
}

#[test]
fn exactly_what_was_and_back_again() {
    let shop = shop();
    let broken = shop.rows();
    let run = shop.dbsnap(["restore", "latest", "--mode", "exact", "-y", "--json"]).run().success();
    insta::assert_snapshot!(shop.rows().join("\n"), @"");
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    insta::assert_snapshot!(shop.run(["log"]), @"");
    let safety = report["safety"].as_str().unwrap();
    shop.dbsnap(["restore", safety, "--mode", "exact", "-y"]).run().success();
    assert_eq!(shop.rows(), broken);
}

#[test]
fn only_what_is_missing() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["restore", "latest", "mods", "--mode", "missing", "-y"]), @"");
    assert!(rows(&shop, "mods").contains(&"mods 2 Lamp 0.0 'ann'".to_owned()));
    assert_eq!(rows(&shop, "mod_tags").len(), 1, "another table of the snapshot stays");
}

#[test]
fn a_dry_run_writes_nothing() {
    let shop = shop();
    let before = shop.rows();
    insta::assert_snapshot!(shop.run(["restore", "latest", "--mode", "exact", "--dry-run"]), @"");
    assert_eq!(shop.rows(), before);
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @"");
}

#[test]
fn nobody_is_there_to_say_yes() {
    let shop = shop();
    let before = shop.rows();
    insta::assert_snapshot!(shop.run(["restore", "latest"]), @"");
    assert_eq!(shop.rows(), before);
}

#[test]
fn by_a_file_of_the_export_only_its_table() {
    let shop = shop();
    let run = shop.dbsnap(["export", "latest", "--json"]).run().success();
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    let backup = report["tables"][0]["backup"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(shop.run(["restore", &backup, "--dry-run"]), @"");
    insta::assert_snapshot!(shop.run(["restore", &format!("scripts/backups/{backup}.json"), "-y"]), @"");
    assert_eq!(rows(&shop, "mod_tags").len(), 1);
}

#[test]
fn guards() {
    let shop = shop();
    std::fs::copy(shop.path().join("dev.db"), shop.path().join("copy.db")).unwrap();
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y", "--url", "file:./copy.db"]), @"");
    shop.dbsnap(["restore", "latest", "-y", "--url", "file:./copy.db", "--other-database"]).run().success();
    let production = shop.dbsnap(["restore", "latest", "-y"]).env("NODE_ENV", "production");
    insta::assert_snapshot!(shop.unchanged(&production), @"");
    production.arg("--production").run().success();
    insta::assert_snapshot!(shop.refused(["restore", "latest", "authors", "-y"]), @"");
}

#[test]
fn a_schema_that_drifted() {
    let shop = shop();
    shop.sql("ALTER TABLE mods ADD COLUMN note TEXT; ALTER TABLE mod_tags DROP COLUMN tag");
    insta::assert_snapshot!(shop.run(["restore", "latest", "mods", "--dry-run"]), @"");
}

#[test]
fn a_schema_that_no_longer_takes_the_rows() {
    let shop = shop();
    shop.sql("ALTER TABLE mods DROP COLUMN price; ALTER TABLE mods ADD COLUMN size INTEGER NOT NULL DEFAULT 0");
    insta::assert_snapshot!(shop.refused(["restore", "latest", "-y"]), @"");
    shop.sql("DROP TABLE mod_tags");
    insta::assert_snapshot!(shop.refused(["restore", "latest:mod_tags", "-y"]), @"");
}

#[test]
fn rows_of_other_tables_are_not_taken_along_unasked() {
    let shop = shop();
    shop.sql("INSERT INTO mod_tags VALUES (9, 'child')");
    let before = shop.rows();
    let exact = shop.dbsnap(["restore", "latest", "mods", "--mode", "exact", "-y"]);
    insta::assert_snapshot!(shown(&exact.run()), @"");
    assert_eq!(shop.rows(), before);
    insta::assert_snapshot!(shown(&exact.arg("--cascade").run()), @"");
    assert!(!shop.rows().contains(&"mod_tags 9 child".to_owned()));
}

#[test]
fn within_the_filter_of_the_snapshot() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    shop.sql("INSERT INTO mods VALUES (7, 'dear', 70, 'bob'), (8, 'cheap', 1, 'bob'); DELETE FROM mods WHERE id = 2");
    insta::assert_snapshot!(shop.run(["restore", "latest", "--mode", "exact", "-y"]), @"");
    assert!(rows(&shop, "mods").iter().any(|row| row.contains("cheap")));
    assert!(!rows(&shop, "mods").iter().any(|row| row.contains("dear")));
}

//! `dbsnap snap`

use super::Shop;

#[test]
fn one_table() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "mods", "-m", "before the clean-up"]), @"");
    shop.sql("UPDATE mods SET price = 1 WHERE id = 1; DELETE FROM mods WHERE id = 3; INSERT INTO mods VALUES (9, 'x', 1, 'bob')");
    insta::assert_snapshot!(shop.run(["snap", "mods"]), @"");
}

#[test]
fn several_tables_by_the_names_of_their_models() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "Author", "Mod", "ModTag", "FacetDefinition"]), @"");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @"");
}

#[test]
fn all_tables_and_their_files() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "--all", "--export", "-m", "all"]), @"");
    assert_eq!(super::files(&shop.path().join("scripts/backups")).len(), 9);
}

#[test]
fn what_deletions_would_take_along() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "authors", "--dry-run"]), @"");
    insta::assert_snapshot!(shop.run(["snap", "-q", "authors", "--cascade", "-m", "with children"]), @"");
    insta::assert_snapshot!(shop.run(["log"]), @"");
}

#[test]
fn a_dry_run_stores_nothing() {
    let shop = Shop::new();
    let before = shop.state();
    insta::assert_snapshot!(shop.run(["snap", "mods", "--where", "price > 5", "--dry-run"]), @"");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_part_of_a_table() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    insta::assert_snapshot!(shop.run(["log", "--stat"]), @"");
}

#[test]
fn filters_that_are_refused() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "1 = 1; DROP TABLE mods"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "id IN (SELECT mod_id FROM mod_tags)"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "prize > 3"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "--where", "random() > 0"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "mods", "authors", "--where", "id = 1"]), @"");
}

#[test]
fn tables_that_are_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["snap", "mosd"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "nothing_like_it"]), @"");
    insta::assert_snapshot!(shop.refused(["snap"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "mods"]), @"");
    // A view is none.
    insta::assert_snapshot!(shop.refused(["snap", "cheap"]), @"");
}

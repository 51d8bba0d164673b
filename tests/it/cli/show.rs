//! `dbsnap show`

use super::Shop;

#[test]
fn a_snapshot_a_table_and_rows() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "mod_tags", "-m", "two"]);
    insta::assert_snapshot!(shop.run(["show", "latest"]), @"");
    insta::assert_snapshot!(shop.run(["show", "latest:mods"]), @"");
    insta::assert_snapshot!(shop.run(["show", "latest:Mod:2"]), @"");
    insta::assert_snapshot!(shop.run(["show", "latest:mod_tags:1,wood"]), @"");
}

#[test]
fn what_is_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["show", "latest"]), @"");
    shop.snap(["mods", "mod_tags"]);
    insta::assert_snapshot!(shop.refused(["show", "latest:mods:7"]), @"");
    insta::assert_snapshot!(shop.refused(["show", "latest:mods:seven"]), @"");
    insta::assert_snapshot!(shop.refused(["show", "latest:mod_tags:1"]), @"");
    insta::assert_snapshot!(shop.refused(["show", "latest:mdos"]), @"");
    insta::assert_snapshot!(shop.refused(["show", "v1"]), @"");
}

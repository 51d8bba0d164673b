//! `dbsnap pin`, `unpin`, `tag` and `amend`

use super::Shop;

#[test]
fn pins() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    insta::assert_snapshot!(shop.run(["pin", "latest", "-m", "for the audit"]), @"");
    insta::assert_snapshot!(shop.run(["pin", "latest"]), @"");
    insta::assert_snapshot!(shop.run(["unpin", "latest"]), @"");
    insta::assert_snapshot!(shop.run(["unpin", "latest"]), @"");
    insta::assert_snapshot!(shop.refused(["pin", "v1"]), @"");
}

#[test]
fn tags() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "-m", "two"]);
    insta::assert_snapshot!(shop.run(["tag", &first, "v1"]), @"");
    insta::assert_snapshot!(shop.run(["tag", &first, "v1"]), @"");
    insta::assert_snapshot!(shop.refused(["tag", "latest", "v1"]), @"");
    insta::assert_snapshot!(shop.run(["tag", "latest", "v1", "--force"]), @"");
    insta::assert_snapshot!(shop.run(["show", "v1"]), @"");
    insta::assert_snapshot!(shop.run(["tag", "--delete", "v1"]), @"");
    insta::assert_snapshot!(shop.refused(["tag", "--delete", "v1"]), @"");
    insta::assert_snapshot!(shop.refused(["tag", "latest", "../up"]), @"");
    insta::assert_snapshot!(shop.refused(["tag", "latest"]), @"");
}

#[test]
fn names_that_mean_something_else_are_no_tags() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.refused(["tag", "latest", "latest"]), @"");
    insta::assert_snapshot!(shop.refused(["tag", "latest", "~1"]), @"");
}

#[test]
fn another_message_takes_pins_and_tags_along() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "tpyo"]);
    shop.dbsnap(["pin", "latest"]).run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    insta::assert_snapshot!(shop.run(["amend", "v1", "-m", "typo"]), @"");
    insta::assert_snapshot!(shop.run(["log"]), @"");
    insta::assert_snapshot!(shop.refused(["amend", "v1"]), @"");
}

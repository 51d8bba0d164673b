//! `dbsnap pin`, `unpin`, `tag` and `amend`

use super::Shop;

#[test]
fn pins() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    assert_eq!(shop.run(["pin"]), "exit 0\n--- stdout\nNo pinned snapshots.\n");
    assert_eq!(shop.run(["tag"]), "exit 0\n--- stdout\nNo tags.\n");
    insta::assert_snapshot!(shop.run(["pin", "latest", "-m", "for the audit"]), @r#"
    exit 0
    --- stdout
    Pinned [ID] "one"
    "#);
    insta::assert_snapshot!(shop.run(["pin", "latest"]), @r"
    exit 0
    --- stdout
    [ID] is already pinned.
    ");
    insta::assert_snapshot!(shop.run(["pin"]), @r"
    exit 0
    --- stdout
    [ID]  one  (for the audit)
    ");
    insta::assert_snapshot!(shop.run(["unpin", "latest"]), @r#"
    exit 0
    --- stdout
    Unpinned [ID] "one"
    "#);
    insta::assert_snapshot!(shop.run(["unpin", "latest"]), @r"
    exit 0
    --- stdout
    [ID] is not pinned.
    ");
    insta::assert_snapshot!(shop.refused(["pin", "v1"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'v1'
    hint: dbsnap log lists the snapshots
    ");
}

#[test]
fn a_safety_snapshot_pinned_by_hand_outlives_further_restores() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let mut kept = String::new();
    for price in 20..27 {
        shop.sql(&format!("UPDATE mods SET price = {price} WHERE id = 1"));
        shop.dbsnap(["restore", "latest", "-y"]).run().success();
        if kept.is_empty() {
            kept = shop.dbsnap(["pin"]).run().stdout()[..8].to_owned();
            shop.dbsnap(["pin", &kept]).run().success();
        }
    }
    let pins = shop.dbsnap(["pin"]).run().success();
    assert!(pins.stdout().contains(&kept), "{kept}\n{}", pins.stdout());
    assert!(pins.stdout().lines().count() < 7, "{}", pins.stdout());
}

#[test]
fn tags() {
    let shop = Shop::new();
    let first = shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "-m", "two"]);
    insta::assert_snapshot!(shop.run(["tag", &first, "v1"]), @r"
    exit 0
    --- stdout
    Tagged [ID] as v1
    ");
    insta::assert_snapshot!(shop.run(["tag", &first, "v1"]), @r"
    exit 0
    --- stdout
    [ID] already has tag v1.
    ");
    insta::assert_snapshot!(shop.refused(["tag", "latest", "v1"]), @r"
    exit 4
    --- stderr
    error: the tag 'v1' is on snapshot [ID]
    hint: --force allows it
    ");
    insta::assert_snapshot!(shop.run(["tag", "latest", "v1", "--force"]), @r"
    exit 0
    --- stdout
    Tagged [ID] as v1 (it was on [ID])
    ");
    insta::assert_snapshot!(shop.run(["show", "v1"]), @r"
    exit 0
    --- stdout
    snapshot [HASH]
    taken     [TIME] ([AGO])
    database  sqlite [VERSION], dev.db
    command   dbsnap snap -q mods -m two
    parent    [ID]
    tags      v1
    stored [SIZE]

        two

    mods  3 rows [SIZE] =  backup_[TIME]_mods
    ");
    insta::assert_snapshot!(shop.run(["tag", "--delete", "v1"]), @r"
    exit 0
    --- stdout
    Removed tag v1 from [ID].
    ");
    insta::assert_snapshot!(shop.refused(["tag", "--delete", "v1"]), @r"
    exit 2
    --- stderr
    error: there is no tag 'v1'
    ");
    insta::assert_snapshot!(shop.refused(["tag", "latest", "../up"]), @r#"
    exit 2
    --- stderr
    error: "../up" cannot be used as a name: only letters, digits, `.`, `_` and `-` are allowed
    "#);
    insta::assert_snapshot!(shop.refused(["tag", "latest"]), @r"
    exit 2
    --- stderr
    error: give a snapshot and a tag name, as in: dbsnap tag latest v1
    ");
}

#[test]
fn names_that_mean_something_else_are_no_tags() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.refused(["tag", "latest", "latest"]), @r#"
    exit 2
    --- stderr
    error: "latest" cannot be used as a name: `latest` always means the newest snapshot
    "#);
    insta::assert_snapshot!(shop.refused(["tag", "latest", "~1"]), @r#"
    exit 2
    --- stderr
    error: "~1" cannot be used as a name: only letters, digits, `.`, `_` and `-` are allowed
    "#);
}

#[test]
fn another_message_takes_pins_and_tags_along() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "tpyo"]);
    shop.dbsnap(["pin", "latest"]).run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    insta::assert_snapshot!(shop.run(["amend", "v1", "-m", "typo"]), @r#"
    exit 0
    --- stdout
    [ID] is now [ID] "typo"
    "#);
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods  3  first  +[SIZE] typo (v1) (pinned)
    ");
    insta::assert_snapshot!(shop.refused(["amend", "v1"]), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      --message <TEXT>

    Usage: dbsnap amend --message <TEXT> <SNAPSHOT>

    For more information, try '--help'.
    ");
}

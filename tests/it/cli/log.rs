//! `dbsnap log`

use super::{Shop, shown};

fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "First: mods"]);
    shop.sql("DELETE FROM mods WHERE id = 1");
    shop.dbsnap(["snap", "mods", "authors", "-m", "second"]).env("USER", "kim").env("CLAUDECODE", "1").run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    shop.dbsnap(["pin", "latest"]).run().success();
    shop
}

#[test]
fn the_list() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["log"]), @"");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @"");
    insta::assert_snapshot!(shop.run(["log", "--stat"]), @"");
}

#[test]
fn no_line_ends_in_spaces() {
    let run = shop().dbsnap(["log", "--stat"]).run();
    assert!(run.stdout().lines().all(|line| line == line.trim_end()), "{run}");
}

#[test]
fn a_part_of_the_list() {
    let shop = shop();
    let oneline = |args: &[&str]| shown(&shop.dbsnap(["log", "--oneline"].iter().chain(args)).run());
    insta::assert_snapshot!(oneline(&["authors"]), @"");
    insta::assert_snapshot!(oneline(&["-n", "1"]), @"");
    insta::assert_snapshot!(oneline(&["--grep", "first"]), @"");
    insta::assert_snapshot!(oneline(&["--actor", "claude"]), @"");
    insta::assert_snapshot!(oneline(&["--actor", "nobody"]), @"");
    insta::assert_snapshot!(oneline(&["--since", "2999-01-01"]), @"");
    assert_eq!(oneline(&["--since", "1h"]).lines().count(), 4);
}

#[test]
fn what_cannot_be_listed() {
    let shop = shop();
    insta::assert_snapshot!(shop.refused(["log", "aothors"]), @"");
    insta::assert_snapshot!(shop.refused(["log", "--since", "yesterday"]), @"");
    insta::assert_snapshot!(shop.refused(["log", "--since", "3é"]), @"");
}

#[test]
fn an_empty_store() {
    insta::assert_snapshot!(Shop::new().run(["log"]), @"");
}

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
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods, authors  4  -1     +[SIZE] second (v1) pinned  kim via claude-code
    [ID] [AGO] mods           3  first  +[SIZE] First: mods
    ");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] second
    [ID] First: mods
    ");
    insta::assert_snapshot!(shop.run(["log", "--stat"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods, authors  4  -1     +[SIZE] second (v1) pinned  kim via claude-code
        mods  2 rows [SIZE] -1
        authors  2 rows [SIZE] first
    [ID] [AGO] mods           3  first  +[SIZE] First: mods
        mods  3 rows [SIZE] first
    ");
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
    insta::assert_snapshot!(oneline(&["authors"]), @r"
    exit 0
    --- stdout
    [ID] second
    ");
    insta::assert_snapshot!(oneline(&["-n", "1"]), @r"
    exit 0
    --- stdout
    [ID] second
    ");
    insta::assert_snapshot!(oneline(&["--grep", "first"]), @r"
    exit 0
    --- stdout
    [ID] First: mods
    ");
    insta::assert_snapshot!(oneline(&["--actor", "claude"]), @r"
    exit 0
    --- stdout
    [ID] second
    ");
    insta::assert_snapshot!(oneline(&["--actor", "nobody"]), @r"
    exit 0
    --- stdout
    No matching snapshots.
    ");
    insta::assert_snapshot!(oneline(&["--since", "2999-01-01"]), @r"
    exit 0
    --- stdout
    No matching snapshots.
    ");
    assert_eq!(oneline(&["--since", "1h"]).lines().count(), 4);
}

#[test]
fn what_cannot_be_listed() {
    let shop = shop();
    insta::assert_snapshot!(shop.refused(["log", "aothors"]), @r"
    exit 12
    --- stderr
    error: there is no table 'aothors' in any snapshot
    hint: did you mean authors?
    ");
    insta::assert_snapshot!(shop.refused(["log", "--since", "yesterday"]), @r"
    exit 2
    --- stderr
    error: invalid value 'yesterday' for '--since <TIME>': give a date (2026-01-24), an RFC 3339 time, or an age (3d, 12h, 30m)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refused(["log", "--since", "3é"]), @r"
    exit 2
    --- stderr
    error: invalid value '3é' for '--since <TIME>': give a date (2026-01-24), an RFC 3339 time, or an age (3d, 12h, 30m)

    For more information, try '--help'.
    ");
}

#[test]
fn an_empty_store() {
    insta::assert_snapshot!(Shop::new().run(["log"]), @r"
    exit 0
    --- stdout
    No snapshots yet. Take one: dbsnap snap TABLE -m MESSAGE
    ");
}

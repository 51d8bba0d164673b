//! `dbsnap init`, `doctor`, `demo`, `completions`, `--help`

use super::Shop;
use crate::support::process::Project;

#[test]
fn a_store_is_made_once() {
    let shop = Shop::without_store();
    insta::assert_snapshot!(shop.run(["init"]), @"");
    let before = shop.state();
    insta::assert_snapshot!(shop.run(["init"]), @"");
    assert_eq!(shop.state(), before);
}

/// Torment: C6
#[test]
fn an_interrupted_init_is_completed() {
    let shop = Shop::new();
    std::fs::remove_file(shop.store().join("config.toml")).unwrap();
    std::fs::remove_dir(shop.store().join("packs")).unwrap();
    insta::assert_snapshot!(shop.run(["init"]), @"");
    shop.snap(["mods"]);
}

/// Torment: X3
#[test]
fn the_store_ignores_itself() {
    let shop = Shop::new();
    insta::assert_snapshot!(std::fs::read_to_string(shop.store().join(".gitignore")).unwrap(), @"");
}

#[test]
fn all_is_well() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.run(["doctor"]), @"");
}

#[test]
fn what_is_missing() {
    let empty = Project::new();
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @"");
    empty.dbsnap(["init"]).run().success();
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @"");
    empty.write(".env", "DATABASE_URL=file:./gone.db\n");
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @"");
}

#[test]
fn the_demo_ends_where_it_began() {
    let project = Project::new();
    let run = project.dbsnap(["demo"]).run().success();
    assert!(run.stdout().contains("Proved."), "{run}");
    assert_eq!(run.stderr(), "");
    let again = project.dbsnap(["demo", "-q"]).run().success();
    assert!(!again.stdout().contains("# "), "{again}");
    project.write("mine/file", "");
    insta::assert_snapshot!(project.dbsnap(["demo", "mine"]).run(), @"");
    insta::assert_snapshot!(project.dbsnap(["demo", "--json"]).run(), @"");
}

#[test]
fn completions_of_every_shell() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = project.dbsnap(["completions", shell]).run().success();
        assert!(run.stdout().contains("other-database"), "{shell}");
    }
    insta::assert_snapshot!(project.dbsnap(["completions", "tcsh"]).run(), @"");
}

#[test]
fn help() {
    let project = Project::new();
    insta::assert_snapshot!(project.dbsnap(["--help"]).run(), @"");
    for verb in [
        "init", "tables", "snap", "log", "show", "export", "restore", "delete", "pin", "unpin", "tag", "amend", "gc", "verify",
        "doctor", "demo", "completions",
    ] {
        let run = project.dbsnap([verb, "--help"]).run().success();
        assert!(run.stdout().lines().all(|line| line.chars().count() <= 100), "{run}");
    }
}

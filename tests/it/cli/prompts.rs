//! Questions on a terminal, answered by typing.

use super::{Shop, shown};

const APPLY: &str = "Apply this? [y/N] ";
const WHICH: &str = "Restore which snapshot? [1-2, id or tag] ";

/// A shop with a snapshot of `mods`, tagged `first`, a later one of `authors`, and a row of `mods` lost since.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "before the cleanup"]);
    shop.dbsnap(["tag", "latest", "first"]).run().success();
    shop.snap(["authors", "-m", "the authors"]);
    shop.sql("DELETE FROM mods WHERE id = 3");
    shop
}

#[test]
fn a_snapshot_is_chosen_from_a_list() {
    for (typed, named) in [("2\n", "number"), ("first\n", "tag"), (" latest:mods \n", "reference")] {
        let shop = shop();
        let run = shop.dbsnap(["restore"]).on_terminal(80, &[(WHICH, typed), (APPLY, "y\n")]).run();
        assert_eq!(run.code(), Some(0), "{named}: {run}");
        let list: Vec<&str> = run.stdout().lines().take_while(|line| !line.starts_with(WHICH)).collect();
        let list = list.join("\n");
        let (first, second) = list.split_once("the authors").unwrap_or_else(|| panic!("{run}"));
        assert!(first.contains('1') && second.contains('2') && second.contains("before the cleanup (first)"), "{run}");
        assert!(shop.rows().contains(&"mods 3 Rug NULL 'bob'".to_owned()), "{named}: {run}");
    }
}

#[test]
fn what_is_no_choice() {
    for (typed, code, says) in [
        ("\n", 4, "nothing was changed"),
        ("3\n", 12, "no snapshot is called '3'"),
        ("0\n", 12, "no snapshot is called '0'"),
    ] {
        let shop = shop();
        let before = shop.state();
        let run = shop.dbsnap(["restore"]).on_terminal(80, &[(WHICH, typed)]).run();
        assert_eq!(run.code(), Some(code), "{typed:?}: {run}");
        assert!(run.stdout().contains(says), "{typed:?}: {run}");
        assert_eq!(run.stdout().contains("error:"), code != 4, "{typed:?}: {run}");
        assert_eq!(shop.state(), before, "{typed:?}: {run}");
    }
    let shop = shop();
    let said = shop.refused(["restore"]);
    assert!(said.starts_with("exit 2") && said.contains("dbsnap restore latest"), "{said}");
}

#[test]
fn the_time_for_the_answer_is_not_counted() {
    let shop = shop();
    let run = shop.dbsnap(["restore", "first"]).on_terminal(80, &[(APPLY, "<wait>y\n")]).run().success();
    let line = run.stdout().lines().find(|line| line.contains("written and verified in")).unwrap();
    let took = line.trim_end().rsplit(" in ").next().unwrap().trim_end_matches('.');
    let seconds = took.strip_suffix(" s").map_or(0.0, |seconds| seconds.parse::<f64>().unwrap());
    assert!(seconds < 10.0, "{line}");
}

#[test]
fn only_a_yes_is_a_yes() {
    for (typed, code) in [("n\n", 4), ("\n", 4), ("maybe\n", 4), ("y\n", 0), ("YES\n", 0)] {
        let shop = shop();
        let before = shop.rows();
        let run = shop.dbsnap(["restore", "first"]).on_terminal(80, &[(APPLY, typed)]).run();
        assert_eq!(run.code(), Some(code), "{typed:?}: {run}");
        assert_eq!(shop.rows() == before, code != 0, "{typed:?}: {run}");
    }
}

#[test]
fn ctrl_c_ends_a_question_at_once() {
    for (words, question) in [
        (&["restore", "first"][..], APPLY),
        (&["restore"], WHICH),
        (&["restore", "first", "--mode", "exact"], APPLY),
        (&["delete", "first"], "[y/N] "),
    ] {
        let shop = shop();
        let before = shop.state();
        let run = shop.dbsnap(words).on_terminal(80, &[(question, "\u{3}")]).run();
        assert_eq!(run.code(), Some(130), "{words:?}: {run}");
        assert!(run.stdout().contains("error: interrupted"), "{words:?}: {}", shown(&run));
        assert_eq!(shop.state(), before, "{words:?}: {run}");
    }
}

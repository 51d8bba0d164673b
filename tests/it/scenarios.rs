//! `docs/TESTING.md` lists the failure scenarios and the tests of each. A scenario has a test that exists, or a reason
//! why not.

use crate::support::files::{project, rust_files, text};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// How many scenarios each group has; a row that gets lost is noticed.
const GROUPS: [(char, usize); 12] = [
    ('C', 13),
    ('D', 12),
    ('K', 16),
    ('B', 11),
    ('H', 14),
    ('S', 18),
    ('Q', 11),
    ('F', 20),
    ('R', 20),
    ('L', 8),
    ('X', 5),
    ('N', 8),
];

/// The rows of the document's tables: `| id | what | tests in backticks, or - |` and `| id | why there is no test |`.
fn rows(document: &str) -> impl Iterator<Item = Vec<&str>> {
    let is_id = |id: &str| {
        id.len() > 1 && GROUPS.iter().any(|(group, _)| id.starts_with(*group)) && id[1..].parse::<u8>().is_ok()
    };
    document
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(move |cells: &Vec<&str>| is_id(cells[0]))
}

/// What is wrong with the document, given the names of all tests.
fn complaints(document: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut listed = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut found = Vec::new();
    for cells in rows(document).filter(|cells| cells.len() == 3) {
        let named: BTreeSet<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        found.extend(
            named
                .iter()
                .filter(|test| !tests.contains(**test))
                .map(|test| format!("{}: there is no test {test}", cells[0])),
        );
        if listed.insert(cells[0], named).is_some() {
            found.push(format!("{} has two rows", cells[0]));
        }
    }
    let excused: BTreeSet<&str> =
        rows(document).filter(|cells| cells.len() == 2 && !cells[1].is_empty()).map(|cells| cells[0]).collect();
    for id in GROUPS.iter().flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number}"))) {
        match listed.get(id.as_str()) {
            None => found.push(format!("{id} has no row")),
            Some(named) if named.is_empty() != excused.contains(id.as_str()) => {
                found.push(format!("{id}: either tests or a reason"))
            }
            Some(_) => {}
        }
    }
    found
}

/// The names of all tests, as the runner shows them.
fn all_tests() -> BTreeSet<String> {
    let listed = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut tests: BTreeSet<String> =
        listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
    // Those of the library are in another program.
    let src = project("src");
    for file in rust_files(&src) {
        let module = file.strip_prefix(&src).unwrap().with_extension("").to_string_lossy().replace('/', "::");
        let source = text(&file);
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        let after = lines.windows(2).filter(|two| two[0] == "#[test]").filter_map(|two| two[1].strip_prefix("fn "));
        let names = after.filter_map(|line| line.split('(').next());
        tests.extend(names.map(|name| format!("{}::tests::{name}", module.trim_end_matches("::mod"))));
    }
    tests
}

#[test]
fn every_scenario_has_a_test_or_a_reason() {
    let found = complaints(&text(&project("docs/TESTING.md")), &all_tests());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn what_is_missing_is_named() {
    let tests = BTreeSet::from(["a::b".to_owned()]);
    let found = complaints(
        "| C1 | kill | `a::b`, `c` |\n| C2 | full | - |\n| C3 | full | `a::b` |\n| C3 | why |\n| C3 | x | - |",
        &tests,
    );
    for wanted in ["C1: there is no test c", "C2: either tests or a reason", "C3 has two rows", "C4 has no row"] {
        assert!(found.contains(&wanted.to_owned()), "{wanted}: {found:?}");
    }
}

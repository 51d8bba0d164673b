//! `docs/TESTING.md` lists what dbsnap must survive and which tests show it; the tests name the entry they stand for. This
//! holds the two against each other, so that neither can claim what the other does not.
//!
//! A test names its entries in a line of its doc comment: `Torment:` and the ids, separated by commas.

use crate::source::files::{module_of, project, rust_files, text};
use crate::source::tokens::{Kind, Token, tokens};
use std::collections::{BTreeMap, BTreeSet};

/// Which tests stand for each torment, by the names the test runner shows.
type Coverage = BTreeMap<String, BTreeSet<String>>;

const MARK: &str = "Torment:";

/// How many torments each group has; a row that gets lost is noticed.
const GROUPS: [(char, usize); 11] = [
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
];

/// What the doc comments of `source`, the text of `module`, say; a mark that no test follows is an error.
fn claimed(source: &str, module: &[String]) -> Result<Coverage, String> {
    let tokens = tokens(source);
    let mut coverage = Coverage::new();
    let mut module = module.to_vec();
    let mut opened = Vec::new();
    let mut depth = 0usize;
    let mut marked: Vec<String> = Vec::new();
    let mut is_test = false;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match &token.kind {
            Kind::Doc(line) => marked.extend(ids(line)),
            Kind::Punct('#') if is_test_attribute(&tokens[at..]) => is_test = true,
            Kind::Punct('{') => depth += 1,
            Kind::Punct('}') => {
                depth = depth.saturating_sub(1);
                if opened.last() == Some(&depth) {
                    opened.pop();
                    module.pop();
                }
            }
            Kind::Ident(word) if word == "mod" && tokens.get(at + 2).is_some_and(|token| token.is_punct('{')) => {
                module.extend(next.and_then(Token::ident).map(str::to_owned));
                opened.push(depth);
            }
            Kind::Ident(word) if word == "fn" => {
                let name = next.and_then(Token::ident).unwrap_or_default();
                if !marked.is_empty() && !is_test {
                    return Err(format!("line {}: `{name}` names a torment and is not a test", token.line));
                }
                let path = [module.join("::"), name.to_owned()].join("::");
                for id in marked.drain(..) {
                    coverage.entry(id).or_default().insert(path.trim_start_matches("::").to_owned());
                }
                is_test = false;
            }
            _ => {}
        }
    }
    if marked.is_empty() { Ok(coverage) } else { Err(format!("no test follows the mark {}", marked.join(", "))) }
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    matches!(tokens, [_, open, test, ..] if open.is_punct('[') && test.is_ident("test"))
}

fn ids(line: &str) -> Vec<String> {
    line.strip_prefix(MARK).map(|ids| ids.split(',').map(|id| id.trim().to_owned()).collect()).unwrap_or_default()
}

/// What the rows of the document's tables say: `| id | what | tests in backticks, or - |`.
fn listed(document: &str) -> Result<Coverage, String> {
    let mut coverage = Coverage::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, what, tests] = cells[..] else { continue };
        if !line.starts_with('|') || !is_id(id) {
            continue;
        }
        let named: BTreeSet<String> = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if what.is_empty() || (named.is_empty() && tests != "-") {
            return Err(format!("the row of {id} says nothing: tests stand in backticks, `-` means none yet"));
        }
        if coverage.insert(id.to_owned(), named).is_some() {
            return Err(format!("{id} has two rows"));
        }
    }
    Ok(coverage)
}

/// The torments that the document's section "Not tests, and why" names, with a reason: `| id | why |`.
fn excused(document: &str) -> BTreeSet<String> {
    let section = document.split_once("### Not tests, and why").map_or("", |(_, section)| section);
    let cells = section.lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| matches!(cells[..], [id, why] if is_id(id) && !why.is_empty()))
        .map(|c| c[0].to_owned())
        .collect()
}

/// Rows without a test and a reason; rows with both.
fn without_a_word(listed: &Coverage, excused: &BTreeSet<String>) -> Vec<String> {
    let silent = |id: &&String| listed[*id].is_empty() && !excused.contains(*id);
    let silent = listed.keys().filter(silent).map(|id| format!("{id} has no test and no reason"));
    let idle = excused.iter().filter(|id| listed.get(*id).is_none_or(|tests| !tests.is_empty()));
    silent.chain(idle.map(|id| format!("{id} has a reason for no test, and a test or no row"))).collect()
}

fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    let group = chars.next().is_some_and(|group| GROUPS.iter().any(|(name, _)| *name == group));
    group && chars.as_str().parse::<usize>().is_ok()
}

/// Where the two disagree, one line each.
fn disagreements(listed: &Coverage, claimed: &Coverage) -> Vec<String> {
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for id in listed.keys().chain(claimed.keys()).collect::<BTreeSet<_>>() {
        let (Some(document), source) = (listed.get(id), claimed.get(id).unwrap_or(&none)) else {
            found.push(format!("{id} is named by a test and has no row"));
            continue;
        };
        found.extend(document.difference(source).map(|test| format!("{id}: no test `{test}` names it")));
        found.extend(source.difference(document).map(|test| format!("{id}: its row does not list `{test}`")));
    }
    found
}

#[test]
fn the_document_lists_what_the_tests_cover() {
    let listed = listed(&text(&project("docs/TESTING.md"))).unwrap();
    let mut claims = Coverage::new();
    for root in ["src", "tests/it"].map(project) {
        for file in rust_files(&root) {
            let module = module_of(file.strip_prefix(&root).unwrap());
            let here = claimed(&text(&file), &module).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for (id, tests) in here {
                claims.entry(id).or_default().extend(tests);
            }
        }
    }
    let found = disagreements(&listed, &claims);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_document_has_a_row_for_every_torment() {
    let listed = listed(&text(&project("docs/TESTING.md"))).unwrap();
    let wanted: BTreeSet<String> =
        GROUPS.iter().flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number}"))).collect();
    assert_eq!(listed.into_keys().collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn what_is_no_test_has_a_reason() {
    let document = text(&project("docs/TESTING.md"));
    let found = without_a_word(&listed(&document).unwrap(), &excused(&document));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(entries: &[(&str, &[&str])]) -> Coverage {
        let tests = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        entries.iter().map(|(id, names)| ((*id).to_owned(), tests(names))).collect()
    }

    #[test]
    fn marks_are_read_with_the_name_of_their_test() {
        let source = "/// What it shows.\n///\n/// Torment: C1, C4\n#[test]\nfn sweep() { loop {} }\n\
                      mod inner {\n/// Torment: C1\n#[test]\n#[ignore]\nfn deep() {}\n}\n/// Plain.\nfn after() {}";
        let found = claimed(source, &["crash".to_owned()]).unwrap();
        assert_eq!(found, coverage(&[("C1", &["crash::inner::deep", "crash::sweep"]), ("C4", &["crash::sweep"])]));
    }

    #[test]
    fn a_mark_without_a_test_is_an_error() {
        assert!(claimed("/// Torment: C1\nfn not_a_test() {}", &[]).unwrap_err().contains("is not a test"));
        assert!(
            claimed("#[test]\nfn test() {}\n/// Torment: C1\nstruct S;", &[]).unwrap_err().contains("no test follows")
        );
    }

    #[test]
    fn rows_are_read_and_other_tables_are_not() {
        let document =
            "| id | what | tests |\n|---|---|---|\n| C1 | kill | `a::b`, `c` |\n| D2 | full | - |\n| x | y | z |";
        assert_eq!(listed(document).unwrap(), coverage(&[("C1", &["a::b", "c"]), ("D2", &[])]));
        assert!(listed("| C1 | kill | sometime |").is_err());
        assert!(listed("| C1 | kill | - |\n| C1 | kill | - |").is_err());
    }

    #[test]
    fn a_row_without_a_test_needs_a_reason() {
        let listed = coverage(&[("F1", &["t"]), ("F2", &[]), ("F3", &[]), ("C1", &["v"]), ("Q1", &["u"])]);
        let excused = excused(
            "| F3 | before |\n### Not tests, and why\n\n| id | why |\n|---|---|\n| F2 | as it is |\n| Q1 | no |\n| F3 | |",
        );
        assert_eq!(
            without_a_word(&listed, &excused),
            ["F3 has no test and no reason", "Q1 has a reason for no test, and a test or no row"]
        );
    }

    #[test]
    fn each_side_is_held_against_the_other() {
        let found = disagreements(
            &coverage(&[("C1", &["kept", "gone"]), ("C2", &[])]),
            &coverage(&[("C1", &["kept", "new"]), ("C3", &["stray"])]),
        );
        assert_eq!(
            found,
            ["C1: no test `gone` names it", "C1: its row does not list `new`", "C3 is named by a test and has no row"]
        );
    }
}

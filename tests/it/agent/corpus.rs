//! Install and uninstall over configurations as people have them.

use super::{ALL, agent, corpus, tree};
use crate::support::process::Project;

/// Whether `whole` is `part` with more bytes between.
fn is_within(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|byte| whole.any(|other| other == byte))
}

/// Installs, looks, installs again, uninstalls, and compares.
fn round(name: &str, project: &Project, agents: &[&str]) {
    let run = |words: &[&str]| agent(project, &[words, agents].concat());
    let before = tree(project.path());
    run(&["install", "-y"]).success();
    let installed = tree(project.path());
    assert_ne!(installed, before, "{name}");
    for (path, (bytes, mode)) in &before {
        let (now, now_mode) = &installed[path];
        assert_eq!(mode, now_mode, "{name}: {}", path.display());
        if let (Some(bytes), Some(now)) = (bytes, now) {
            assert!(is_within(bytes, now), "{name}: {}: bytes of others were changed", path.display());
        }
    }
    run(&["status"]).success();
    run(&["install", "-y"]).success();
    assert_eq!(tree(project.path()), installed, "{name}: twice is not as once");
    let removed = run(&["uninstall", "-y"]).success();
    assert!(!removed.stdout().contains("check the result"), "{name}: {removed}");
    let after = tree(project.path());
    for path in before.keys().chain(after.keys()) {
        let text = |side: Option<&(Option<Vec<u8>>, u32)>| {
            side.map(|(bytes, _)| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
        };
        assert_eq!(text(after.get(path)), text(before.get(path)), "{name}: {}", path.display());
    }
    assert_eq!(after, before, "{name}");
}

#[test]
fn uninstall_leaves_every_file_as_it_was_before_install() {
    let corpus = corpus();
    assert!(corpus.len() >= 30, "{}", corpus.len());
    for (name, project) in corpus {
        round(&name, &project, &[]);
    }
}

#[test]
fn so_it_does_for_all_agents_in_any_project() {
    for (name, project) in corpus() {
        round(&name, &project, &["--for", ALL]);
    }
}

/// One agent after the other: what two of them share stays as long as one of them is installed.
#[test]
fn agents_come_and_go_one_by_one() {
    for (name, project) in corpus().into_iter().filter(|(name, _)| name.starts_with("01-") || name.starts_with("30-")) {
        let before = tree(project.path());
        let each: Vec<&str> = ALL.split(',').collect();
        for one in &each {
            agent(&project, &["install", "-y", "--for", one]).success();
        }
        let installed = tree(project.path());
        agent(&project, &["install", "-y", "--for", ALL]).success();
        assert_eq!(tree(project.path()), installed, "{name}");
        for (at, one) in each.iter().enumerate() {
            agent(&project, &["uninstall", "-y", "--for", one]).success();
            let left = each.get(at + 1..).unwrap();
            if !left.is_empty() {
                agent(&project, &["status", "--for", &left.join(",")]).success();
            }
            let gone = agent(&project, &["status", "--for", one]);
            assert_eq!(gone.code(), Some(1), "{name}: {gone}");
        }
        assert_eq!(tree(project.path()), before, "{name}");
    }
}

//! What keeps hooks from working: `install` and `status` say so.

use super::{agent, installed_program, with};
use crate::support::process::{Project, Run};

/// With this search path.
fn on_path(project: &Project, words: &[&str], path: &str) -> Run {
    project.dbsnap(["agent"]).args(words).env("PATH", path).run()
}

fn status(project: &Project, code: i32, says: &str) {
    let run = agent(project, &["status"]);
    assert_eq!(run.code(), Some(code), "{run}");
    assert!(run.stdout().contains(says), "{says}: {run}");
}

#[test]
fn without_a_store_nothing_is_set_up() {
    let project = Project::in_memory();
    let run = agent(&project, &["install", "-y"]).success();
    let says = "warning: there is no store here, so hooks do nothing: run dbsnap init\n";
    assert!(run.stdout().contains(says), "{run}");
    status(&project, 1, says);
    project.dbsnap(["init"]).run().success();
    let run = agent(&project, &["status"]).success();
    assert!(!run.stdout().contains("warning"), "{run}");
}

#[test]
fn the_program_on_the_search_path_is_tried() {
    let project = with(&[]);
    let (able, old) = (installed_program(true), installed_program(false));
    let [able, old] = [&able, &old].map(|dir| dir.path().to_string_lossy().into_owned());
    let of_old = format!("warning: {old}/dbsnap does not know \"dbsnap hook\"");
    for (path, says) in [
        ("/nowhere".to_owned(), Some("warning: no dbsnap is on the PATH")),
        (format!("{old}:{able}"), Some(&*of_old)),
        (format!("/nowhere:{able}:{old}"), None),
    ] {
        for words in [&["install", "--dry-run"][..], &["status"], &["install", "-y"]] {
            let run = on_path(&project, words, &path);
            match says {
                Some(says) => assert!(run.stdout().contains(says), "{run}"),
                None => assert!(!run.stdout().contains("warning"), "{run}"),
            }
        }
    }
}

#[test]
fn hooks_that_are_switched_off_are_told_of() {
    for (agent_name, path, text, says) in [
        ("claude", ".claude/settings.json", "{ \"disableAllHooks\": true }", "hooks of Claude Code are switched off"),
        ("claude", ".claude/settings.local.json", "{ \"disableAllHooks\": true }", "in .claude/settings.local.json"),
        ("gemini", ".gemini/settings.json", "{ \"hooksConfig\": { \"enabled\": false } }", "hooks of Gemini CLI are"),
        ("codex", ".codex/config.toml", "[features]\nhooks = false\n", "hooks of Codex CLI are switched off"),
    ] {
        let project = with(&[(path, text)]);
        let run = agent(&project, &["install", "-y", "--for", agent_name]).success();
        assert!(run.stdout().contains(says), "{run}");
        status(&project, 1, ": disabled\n");
        status(&project, 1, says);
        let now = super::read(&project, path);
        let (is, becomes) = if text.contains("true") { ("true", "false") } else { ("false", "true") };
        project.write(path, now.replacen(is, becomes, 1));
        agent(&project, &["status"]).success();
    }
}

#[test]
fn settings_in_the_repository_above_are_told_of() {
    let above = with(&[(".git/HEAD", ""), (".claude/settings.json", "{}"), ("apps/web/.dbsnap/config.toml", "")]);
    let web = above.path().join("apps/web");
    let run = above.dbsnap(["agent", "install", "-y", "--for", "claude"]).dir(&web).run().success();
    let says =
        format!("warning: Claude Code started in {} does not see", above.path().canonicalize().unwrap().display());
    assert!(run.stdout().contains(&says), "{run}");
}

#[test]
fn instructions_alone_do_not_make_an_agent_partly_installed() {
    let project = with(&[(".cursor/rules/a.mdc", ""), (".codex/config.toml", "")]);
    agent(&project, &["install", "-y", "--for", "codex"]).success();
    let run = agent(&project, &["status", "--for", "cursor"]);
    assert!(run.stdout().starts_with("Cursor: not installed\n"), "{run}");
    assert!(run.stdout().contains("AGENTS.md: installed"), "{run}");
}

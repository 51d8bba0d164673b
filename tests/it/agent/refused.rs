//! What cannot be edited safely: refused before anything is written.

use super::{ALL, agent, read, tree, with};
use crate::support::process::Project;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

/// Refuses install, and says why; nothing is written, not even into files that come before.
fn refuses(project: &Project, agents: &str, code: i32, says: &[&str]) {
    let before = tree(project.path());
    for words in [&["install", "-y"][..], &["install", "--dry-run"]] {
        let run = agent(project, &[words, &["--for", agents]].concat());
        assert_eq!(run.code(), Some(code), "{run}");
        for part in says {
            assert!(run.stderr().contains(part), "{part}: {run}");
        }
        assert_eq!(tree(project.path()), before, "{run}");
    }
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_named_with_its_line() {
    for (name, text, says) in [
        (
            ".claude/settings.json",
            "{\n  \"model\": \"opus\"\n  \"hooks\": {}\n}\n",
            "line 2: invalid JSON: Expected comma",
        ),
        (".claude/settings.json", "{\n  \"model\": \"opus\",\n", "invalid JSON: "),
        (".claude/settings.json", "{'model': 'opus'}", "line 1: invalid JSON: "),
        (".claude/settings.json", "[]", "line 1: it does not hold an object"),
        (".claude/settings.json", "// nothing\n", "it holds comments and no value"),
        (".claude/settings.json", "{\n\"hooks\": []\n}", "line 2: \"hooks\" is not an object"),
        (".claude/settings.json", "{\n\"hooks\": {\n\"PreToolUse\": {}}}", "line 3: \"PreToolUse\" is not an array"),
        (".claude/settings.json", "{\n\"hooks\": {},\n\"hooks\": {}}", "line 3: \"hooks\" is there twice"),
        (".mcp.json", "{\"mcpServers\": null}", "line 1: \"mcpServers\" is not an object"),
        (".codex/config.toml", "a = 1\nb = = 2\n", "line 2: invalid TOML: "),
        (".codex/config.toml", "mcp_servers = { a = { command = \"a\" } }\n", "write it as [table]"),
        (".cursor/hooks.json", "{ \"hooks\": {} }", "\"version\" is missing; add \"version\": 1"),
        (".cursor/mcp.json", "{", "invalid JSON: "),
        ("AGENTS.md", "A\n<!-- dbsnap agent: begin 12345678 -->\nB\n", "line 2: the block that begins here has no end"),
    ] {
        let project = with(&[(name, text)]);
        refuses(&project, ALL, 2, &[name, says]);
    }
}

#[test]
fn deep_nesting_and_large_files_are_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refuses(&with(&[(".claude/settings.json", &deep)]), "claude", 2, &[".claude/settings.json", "nesting depth"]);
    let large = format!("{{ \"a\": \"{}\" }}", "x".repeat(2 << 20));
    refuses(&with(&[(".mcp.json", &large)]), "claude", 1, &[".mcp.json", "larger than"]);
    let project = with(&[]);
    project.write("AGENTS.md", b"caf\xe9\n");
    refuses(&project, "claude", 1, &["AGENTS.md", "not valid UTF-8"]);
}

#[test]
fn links_are_followed_within_the_project_alone() {
    let project = with(&[("CLAUDE.md", "# Shop\n"), ("config/mcp.json", "{}")]);
    symlink("CLAUDE.md", project.path().join("AGENTS.md")).unwrap();
    symlink("config/mcp.json", project.path().join(".mcp.json")).unwrap();
    let before = tree(project.path());
    agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert!(read(&project, "CLAUDE.md").contains("dbsnap agent: begin"));
    assert!(read(&project, "config/mcp.json").contains("dbsnap"));
    assert!(project.path().join("AGENTS.md").is_symlink() && project.path().join(".mcp.json").is_symlink());
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(tree(project.path()), before);

    let outside = with(&[("notes.md", "private\n"), ("folder/x", "")]);
    for (name, to) in [("AGENTS.md", "notes.md"), (".claude", "folder"), (".mcp.json", "none.json")] {
        let project = with(&[("package.json", "{}")]);
        symlink(outside.path().join(to), project.path().join(name)).unwrap();
        let says = if to == "none.json" { "leads nowhere" } else { "leads out of the project" };
        refuses(&project, "claude", 2, &[name, says]);
        assert_eq!(read(&outside, "notes.md"), "private\n");
    }
}

/// One file under two names is written once.
#[test]
fn two_names_of_one_file() {
    let project = with(&[("AGENTS.md", "# Shop\n")]);
    symlink("AGENTS.md", project.path().join("GEMINI.md")).unwrap();
    let before = tree(project.path());
    agent(&project, &["install", "-y", "--for", ALL]).success();
    assert_eq!(read(&project, "AGENTS.md").matches("dbsnap agent: begin").count(), 1);
    agent(&project, &["uninstall", "-y", "--for", ALL]).success();
    assert_eq!(tree(project.path()), before);
}

#[test]
fn what_is_no_file_or_may_not_be_written() {
    let project = with(&[(".mcp.json/x", "")]);
    refuses(&project, "claude", 1, &[".mcp.json"]);

    let project = with(&[(".claude/settings.json", "{}")]);
    let settings = project.path().join(".claude/settings.json");
    fs::set_permissions(&settings, Permissions::from_mode(0o444)).unwrap();
    refuses(&project, "claude", 2, &["settings.json", "read-only; nothing was written"]);

    if rustix::process::geteuid().is_root() {
        let project = with(&[(".claude/settings.json", "{}")]);
        std::os::unix::fs::chown(project.path().join(".claude/settings.json"), Some(12345), None).unwrap();
        refuses(&project, "claude", 2, &["settings.json", "belongs to another user (uid 12345)"]);
    }
}

/// A folder that refuses new files: those before it in the plan are not written either.
#[test]
fn when_one_file_cannot_be_written_none_is() {
    let project = with(&[("package.json", "{}")]);
    // a file where a folder is needed
    project.write(".claude/skills", "not a folder");
    let before = tree(project.path());
    let run = agent(&project, &["install", "-y", "--for", "claude"]);
    assert_eq!(run.code(), Some(1), "{run}");
    assert_eq!(tree(project.path()), before, "{run}");
}

/// A link to a folder of the project is not ours, nor is the folder.
#[test]
fn a_folder_behind_a_link_stays() {
    let project = with(&[("package.json", "{}")]);
    fs::create_dir_all(project.path().join("config/claude")).unwrap();
    symlink("config/claude", project.path().join(".claude")).unwrap();
    let before = tree(project.path());
    agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert!(project.path().join("config/claude/agents/db-backup.md").is_file());
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(tree(project.path()), before);
}

/// To replace a file by another would cut its other names off.
#[test]
fn a_file_with_two_names_is_refused() {
    let project = with(&[("shared.md", "# Shop\n")]);
    fs::hard_link(project.path().join("shared.md"), project.path().join("AGENTS.md")).unwrap();
    let before = tree(project.path());
    let run = agent(&project, &["install", "-y", "--for", "claude"]);
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains("it has 2 names (hard links)"), "{run}");
    assert_eq!(tree(project.path()), before);
}

/// What is broken and not ours does not keep others from being uninstalled; what may be ours does.
#[test]
fn broken_files_of_agents_that_are_not_named() {
    let project = with(&[("package.json", "{}")]);
    let before = tree(project.path());
    for agents in [&[][..], &["--for", "claude"]] {
        agent(&project, &["install", "-y", "--for", "claude"]).success();
        project.write(".codex/config.toml", "a = = 1\n");
        project.write(".gemini", "a file");
        let run = agent(&project, &[&["uninstall", "-y"], agents].concat()).success();
        let told = run.stdout().contains("kept .codex/config.toml  (it cannot be read, and does not name dbsnap");
        assert_eq!(told, agents.is_empty(), "{run}");
        fs::remove_dir_all(project.path().join(".codex")).unwrap();
        fs::remove_file(project.path().join(".gemini")).unwrap();
        assert_eq!(tree(project.path()), before, "{run}");
    }
    agent(&project, &["install", "-y", "--for", "claude"]).success();
    project.write(".codex/config.toml", "a = = 1\n# dbsnap\n");
    let run = agent(&project, &["uninstall", "-y"]);
    assert_eq!(run.code(), Some(2), "{run}");
    assert!(run.stderr().contains(".codex/config.toml"), "{run}");
}

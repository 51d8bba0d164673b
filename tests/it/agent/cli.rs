//! What a person and a program see.

use super::{agent, tree, with};
use insta::assert_snapshot;
use serde_json::Value;

const ASK: &str = "Apply this? [y/N] ";

#[test]
fn the_diff_is_shown_before_the_question() {
    for (typed, code) in [("n\n", 4), ("y\n", 0)] {
        let project = with(&[(".mcp.json", "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"a\" }\n  }\n}\n")]);
        let before = tree(project.path());
        let run = project.dbsnap(["agent", "install", "--for", "claude"]).on_terminal(80, &[(ASK, typed)]).run();
        assert_eq!(run.code(), Some(code), "{run}");
        let (shown, _) = run.stdout().split_once(ASK).unwrap_or_else(|| panic!("{run}"));
        assert!(shown.contains("+++ b/.mcp.json"), "{run}");
        // the files once more behind the diff, however long that is
        let plain = console::strip_ansi_codes(shown).replace('\r', "");
        let (_, behind) = plain.rsplit_once("dbsnap agent: end").unwrap();
        assert!(behind.contains("change .mcp.json\ncreate AGENTS.md\n"), "{run}");
        assert!(shown.lines().all(|line| console::measure_text_width(line) <= 80), "{run}");
        assert_eq!(tree(project.path()) == before, code == 4, "{run}");
    }
}

#[test]
fn without_a_terminal_nothing_is_done_unless_told() {
    let project = with(&[]);
    assert_snapshot!(agent(&project, &["install"]), @"
    exit 4
    --- stderr
    error: confirmation needed, but stdin is not a terminal
    hint: use --dry-run to see the plan, then -y to apply it
    ");
    assert!(tree(project.path()).is_empty());
    assert_snapshot!(agent(&project, &["install", "--for", "cursor", "--dry-run"]), @r#"
    exit 0
    --- stdout
    --- /dev/null
    +++ b/.cursor/hooks.json
    @@ -0,0 +1,39 @@
    +{
    +  "hooks": {
    +    "preToolUse": [
    +      {
    +        "command": "dbsnap hook pre-tool-use --for cursor || exit 2",
    +        "timeout": 30,
    +        "matcher": "Shell|MCP:.*",
    +        "failClosed": true
    +      }
    +    ],
    +    "postToolUse": [
    +      {
    +        "command": "dbsnap hook post-tool-use --for cursor || true",
    +        "timeout": 30,
    +        "matcher": "Shell|MCP:.*"
    +      }
    +    ],
    +    "postToolUseFailure": [
    +      {
    +        "command": "dbsnap hook post-tool-use --for cursor || true",
    +        "timeout": 30,
    +        "matcher": "Shell|MCP:.*"
    +      }
    +    ],
    +    "sessionStart": [
    +      {
    +        "command": "dbsnap hook session-start --for cursor || true",
    +        "timeout": 30
    +      }
    +    ],
    +    "stop": [
    +      {
    +        "command": "dbsnap hook stop --for cursor || true",
    +        "timeout": 30
    +      }
    +    ]
    +  },
    +  "version": 1
    +}
    --- /dev/null
    +++ b/.cursor/mcp.json
    @@ -0,0 +1,9 @@
    +{
    +  "mcpServers": {
    +    "dbsnap": {
    +      "type": "stdio",
    +      "command": "dbsnap",
    +      "args": ["mcp"]
    +    }
    +  }
    +}
    --- /dev/null
    +++ b/AGENTS.md
    @@ -0,0 +1,13 @@
    +<!-- dbsnap agent: begin [ID] -->
    +
    +## Database safety
    +
    +A script can destroy rows of the development database; `dbsnap` brings them back.
    +
    +- Before you run anything that deletes or changes rows: `dbsnap check SCRIPT` tells what it would do.
    +- Run it by `dbsnap run -- COMMAND`. That takes a snapshot before and one after it, says what changed, and
    +  prints both ids: `dbsnap diff BEFORE AFTER` shows the rows. `latest` is the one after it.
    +- To take it back: `dbsnap undo --dry-run`, and show the plan to a person. After their yes to it:
    +  `dbsnap undo --digest DIGEST`, with the `digest` that `dbsnap undo --dry-run --json` tells.
    +
    +<!-- dbsnap agent: end -->
    create .cursor/hooks.json
    create .cursor/mcp.json
    create AGENTS.md
    [DRY RUN] Would set up dbsnap for Cursor in [DIR]
    "#);
    assert!(tree(project.path()).is_empty());
}

#[test]
fn what_is_said() {
    let project = with(&[]);
    assert_snapshot!(agent(&project, &["status"]), @"
    exit 1
    --- stdout
    Claude Code: not installed
      .claude/settings.json: not installed
      .claude/agents/db-backup.md: not installed
      .claude/skills/dbsnap/SKILL.md: not installed
      .mcp.json: not installed
      AGENTS.md: not installed
    ");
    assert_snapshot!(agent(&project, &["install", "-y"]), @"
    exit 0
    --- stdout
    created .claude/settings.json
    created .claude/agents/db-backup.md
    created .claude/skills/dbsnap/SKILL.md
    created .mcp.json
    created AGENTS.md
    dbsnap is set up for Claude Code in [DIR]
    To remove it: dbsnap agent uninstall
    ");
    assert_snapshot!(agent(&project, &["install", "-y"]), @"
    exit 0
    --- stdout
    Nothing to do: dbsnap is set up for Claude Code in [DIR]
    ");
    assert_snapshot!(agent(&project, &["status"]), @"
    exit 0
    --- stdout
    Claude Code: installed
      .claude/settings.json: installed
      .claude/agents/db-backup.md: installed
      .claude/skills/dbsnap/SKILL.md: installed
      .mcp.json: installed
      AGENTS.md: installed
    ");
    std::fs::remove_file(project.path().join(".mcp.json")).unwrap();
    assert_snapshot!(agent(&project, &["status"]), @"
    exit 1
    --- stdout
    Claude Code: partly installed
      .claude/settings.json: installed
      .claude/agents/db-backup.md: installed
      .claude/skills/dbsnap/SKILL.md: installed
      .mcp.json: not installed
      AGENTS.md: installed
    ");
    assert_snapshot!(agent(&project, &["uninstall", "-y"]), @"
    exit 0
    --- stdout
    removed .claude/settings.json
    removed .claude/agents/db-backup.md
    removed .claude/skills/dbsnap/SKILL.md
    removed AGENTS.md
    Removed dbsnap from these files in [DIR]
    ");
    assert_snapshot!(agent(&project, &["uninstall", "-y"]), @"
    exit 0
    --- stdout
    Nothing to do: nothing of dbsnap is installed in [DIR]
    ");
}

#[test]
fn agents_are_found_by_their_files() {
    for (files, agents) in [
        (&[][..], &["claude"][..]),
        (&[("CLAUDE.md", "")], &["claude"]),
        (&[(".codex/config.toml", ""), ("GEMINI.md", "")], &["codex", "gemini"]),
        (&[(".cursor/rules/a.mdc", "")], &["cursor"]),
        (&[("AGENTS.md", "")], &["claude"]),
    ] {
        let run = agent(&with(files), &["install", "--dry-run", "--json"]).success();
        let plan: Value = serde_json::from_str(run.stdout()).unwrap();
        assert_eq!(plan["agents"], serde_json::json!(agents), "{run}");
    }
}

#[test]
fn a_plan_is_applied_by_its_digest_if_nothing_has_changed() {
    let project = with(&[("AGENTS.md", "# Shop\n")]);
    let planned = agent(&project, &["install", "--for", "claude", "--dry-run", "--json"]).success();
    let plan: Value = serde_json::from_str(planned.stdout()).unwrap();
    assert_eq!((&plan["command"], &plan["dryRun"], &plan["applied"]), (&"agent".into(), &true.into(), &false.into()));
    let files = plan["files"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        files.iter().map(|file| (file["path"].as_str().unwrap(), file["action"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            (".claude/settings.json", "create"),
            (".claude/agents/db-backup.md", "create"),
            (".claude/skills/dbsnap/SKILL.md", "create"),
            (".mcp.json", "create"),
            ("AGENTS.md", "change"),
        ]
    );
    assert!(files[4]["diff"].as_str().unwrap().starts_with("--- a/AGENTS.md\n+++ b/AGENTS.md\n@@ "), "{plan}");
    let digest = plan["digest"].as_str().unwrap();
    project.write("AGENTS.md", "# Shop!\n");
    let before = tree(project.path());
    let late = agent(&project, &["install", "--for", "claude", "--digest", digest]);
    assert_eq!(late.code(), Some(7), "{late}");
    assert_eq!(tree(project.path()), before);
    project.write("AGENTS.md", "# Shop\n");
    agent(&project, &["install", "--for", "claude", "--digest", digest]).success();
    agent(&project, &["status", "--for", "claude"]).success();
}

#[test]
fn a_coding_agent_may_install_and_not_uninstall() {
    let project = with(&[]);
    let run = |words: &[&str]| project.dbsnap(["agent"]).args(words).env("CLAUDECODE", "1").run();
    run(&["install", "-y"]).success();
    let installed = tree(project.path());
    assert_snapshot!(run(&["uninstall", "-y"]), @"
    exit 4
    --- stderr
    error: a coding agent (claude-code) may not uninstall what dbsnap installed for coding agents by itself
    hint: --allow-agent allows it
    ");
    assert_eq!(tree(project.path()), installed);
    run(&["uninstall", "-y", "--allow-agent"]).success();
    assert!(tree(project.path()).is_empty());
}

#[test]
fn names_of_a_file_cannot_move_the_cursor() {
    let project = with(&[("AGENTS.md", "\u{1b}[2J\u{202e}# Shop\tx\n")]);
    let run = agent(&project, &["install", "--dry-run"]).success();
    assert!(!run.stdout().contains('\u{1b}') && !run.stdout().contains('\u{202e}'), "{run}");
}

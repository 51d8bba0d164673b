//! What somebody changes between install and uninstall stays.

use super::{agent, read, tree, with};

const SETTINGS: &str = ".claude/settings.json";
const TOOLS: &str = "Bash|PowerShell|Monitor|mcp__.*";

fn install(project: &crate::support::process::Project) {
    agent(project, &["install", "-y", "--for", "claude"]).success();
}

#[test]
fn hooks_that_others_add_later_stay() {
    let theirs = r#"{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Write",
        "hooks": [{ "type": "command", "command": "./lint.sh" }]
      }
    ]
  },
  "model": "opus"
}
"#;
    let project = with(&[]);
    install(&project);
    let ours = read(&project, SETTINGS);
    let behind = "            \"onFailure\": \"block\"\n          }\n        ]\n      }";
    let handler = "{ \"type\": \"command\", \"command\": \"./lint.sh\" }";
    let group = format!("{{\n        \"matcher\": \"Write\",\n        \"hooks\": [{handler}]\n      }}");
    let added = ours.replacen(behind, &format!("{behind},\n      {group}"), 1);
    let added = added.replace("  }\n}\n", "  },\n  \"model\": \"opus\"\n}\n");
    assert!(added.contains("lint.sh") && added.contains("opus"), "{added}");
    project.write(SETTINGS, &added);
    agent(&project, &["status", "--for", "claude"]).success();
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(read(&project, SETTINGS), theirs);
}

#[test]
fn a_handler_in_our_group_stays_there() {
    let project = with(&[]);
    install(&project);
    let ours = read(&project, SETTINGS);
    let handler =
        "          {\n            \"type\": \"command\",\n            \"command\": \"./audit.sh\"\n          }";
    let added = ours.replacen(
        "\"onFailure\": \"block\"\n          }\n",
        &format!("\"onFailure\": \"block\"\n          }},\n{handler}\n"),
        1,
    );
    assert_ne!(added, ours);
    project.write(SETTINGS, &added);
    let removed = agent(&project, &["uninstall", "-y"]).success();
    assert!(removed.stdout().contains("changed .claude/settings.json"), "{removed}");
    let left: serde_json::Value = serde_json::from_str(&read(&project, SETTINGS)).unwrap();
    let group = serde_json::json!({ "matcher": TOOLS, "hooks": [{ "type": "command", "command": "./audit.sh" }] });
    assert_eq!(left, serde_json::json!({ "hooks": { "PreToolUse": [group] } }));
}

#[test]
fn a_changed_hook_is_told_of_and_restored_by_install() {
    let project = with(&[]);
    install(&project);
    let installed = tree(project.path());
    for (is, becomes) in [
        ("\"onFailure\": \"block\"", "\"onFailure\": \"continue\""),
        ("\"--for\", \"claude\"", "\"--for\", \"codex\""),
        ("session-start --for claude || true", "session-start --for claude"),
    ] {
        let ours = read(&project, SETTINGS);
        let changed = ours.replacen(is, becomes, 1);
        assert_ne!(changed, ours, "{is}");
        project.write(SETTINGS, &changed);
        let status = agent(&project, &["status", "--for", "claude"]);
        assert_eq!(status.code(), Some(1), "{status}");
        assert!(status.stdout().contains(".claude/settings.json: changed since"), "{status}");
        agent(&project, &["install", "-y", "--for", "claude"]).success();
        assert_eq!(tree(project.path()), installed, "{is}");
        project.write(SETTINGS, &changed);
        let removed = agent(&project, &["uninstall", "-y"]).success();
        assert!(removed.stdout().contains("check the result"), "{removed}");
        assert!(tree(project.path()).is_empty(), "{removed}");
        install(&project);
    }
}

/// The timeout, the tools, the program and fields of other versions of the agent are a person's to set.
#[test]
fn what_a_person_sets_in_a_hook_stays() {
    let words = "\"command\": \"dbsnap\",\n            \"args\": [\"hook\", \"pre-tool-use\", \"--for\", \"claude\"]";
    let stop = "\"dbsnap hook stop --for claude || true\"";
    for (is, becomes) in [
        ("\"timeout\": 30,\n            \"onFailure\"", "\"timeout\": 5,\n            \"onFailure\""),
        (TOOLS, "Bash"),
        ("\"command\": \"dbsnap\"", "\"command\": \"/opt/dbsnap/bin/dbsnap\""),
        (
            "\"command\": \"dbsnap\",\n            \"args\": [",
            "\"command\": \"npx\",\n            \"args\": [\"dbsnap\", ",
        ),
        (words, "\"command\": \"npx -y dbsnap@1 hook pre-tool-use --for claude\""),
        (words, "\"command\": \"cd ../.. && '/opt/db tools/dbsnap' hook pre-tool-use --for claude\""),
        (stop, "\"./node_modules/.bin/dbsnap hook stop --for claude || true\""),
        (stop, "\"dbsnap hook stop --for claude 2>> hooks.log || true\""),
        ("\"onFailure\": \"block\"", "\"onFailure\": \"block\",\n            \"statusMessage\": \"a snapshot\""),
    ] {
        let project = with(&[]);
        install(&project);
        let changed = read(&project, SETTINGS).replacen(is, becomes, 1);
        assert!(changed.contains(becomes), "{is}");
        project.write(SETTINGS, &changed);
        let run = agent(&project, &["install", "-y", "--for", "claude"]).success();
        assert!(run.stdout().starts_with("Nothing to do"), "{run}");
        assert_eq!(read(&project, SETTINGS), changed);
        agent(&project, &["status", "--for", "claude"]).success();
        // what is wrong beside it is mended
        let wrong = changed.replacen("hook session-start --for claude", "hook session-start --for codex", 1);
        project.write(SETTINGS, wrong.replacen("\"block\"", "\"continue\"", 1));
        install(&project);
        assert_eq!(read(&project, SETTINGS), changed);
        agent(&project, &["uninstall", "-y"]).success();
        assert!(tree(project.path()).is_empty());
    }
}

#[test]
fn a_hook_that_is_there_twice_is_there_once_after_install() {
    let project = with(&[]);
    install(&project);
    let installed = tree(project.path());
    let ours = read(&project, SETTINGS);
    let (before, rest) = ours.split_once("    \"Stop\": [\n").unwrap();
    let (group, after) = rest.split_once("\n    ]").unwrap();
    project.write(SETTINGS, format!("{before}    \"Stop\": [\n{group},\n{group},\n{group}\n    ]{after}"));
    let status = agent(&project, &["status", "--for", "claude"]);
    assert_eq!(status.code(), Some(1), "{status}");
    install(&project);
    assert_eq!(tree(project.path()), installed);
}

/// What is as install would write it, and was there: known by what it holds, and so told of.
#[test]
fn a_server_that_was_there_before_is_told_of() {
    let text = r#"{ "mcpServers": { "dbsnap": { "type": "stdio", "command": "dbsnap", "args": ["mcp"] } } }"#;
    let project = with(&[(".mcp.json", text)]);
    let run = agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert!(run.stdout().contains("kept .mcp.json  (it had a part of dbsnap's before"), "{run}");
    let run = agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert!(run.stdout().starts_with("Nothing to do"), "{run}");
}

/// Settings of others may hold secrets.
#[test]
fn a_diff_shows_no_secrets() {
    let project = with(&[
        (
            ".mcp.json",
            r#"{"mcpServers":{"a":{"command":"a","env":{"API_KEY":"s3cr3t","URL":"http://ann:s3cr3t@host"}}}}"#,
        ),
        (".codex/config.toml", "[model_providers.a]\nname = \"a\"\nquery = \"s3cr3t\"\n"),
        (".gemini/settings.json", "{\n  \"a\": 1,\n  \"plain\": \"s3cr3t\"\n,\n  \"b\": 2 }\n"),
    ]);
    for words in [&["install", "--for", "claude,codex,gemini", "--dry-run"][..], &["install", "--dry-run", "--json"]] {
        let run = agent(&project, words).success();
        assert!(run.stdout().contains("mcpServers") && !run.stdout().contains("s3cr3t"), "{run}");
    }
}

/// A page about dbsnap that shows the block.
#[test]
fn a_block_in_a_code_example_is_no_block() {
    let example = "# Shop\n\n```md\n<!-- dbsnap agent: begin 12345678 -->\nwords\n<!-- dbsnap agent: end -->\n```\n\n~~~~\n                   <!-- dbsnap agent: begin 12345678 -->\n~~~\n~~~~\n";
    let project = with(&[("AGENTS.md", example)]);
    install(&project);
    assert_eq!(read(&project, "AGENTS.md").matches("dbsnap agent: begin").count(), 3);
    agent(&project, &["status", "--for", "claude"]).success();
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(read(&project, "AGENTS.md"), example);
}

/// Git, or an editor, that writes other line ends.
#[test]
fn files_whose_line_ends_were_converted_go() {
    let project = with(&[("package.json", "{}")]);
    let before = tree(project.path());
    agent(&project, &["install", "-y", "--for", super::ALL]).success();
    for path in tree(project.path()).into_keys().filter(|path| project.path().join(path).is_file()) {
        let name = path.to_str().unwrap();
        if name != "package.json" {
            project.write(name, read(&project, name).replace('\n', "\r\n"));
        }
    }
    agent(&project, &["status", "--for", super::ALL]).success();
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(tree(project.path()), before);
}

/// A formatter that writes every value on its own line, or everything on one.
#[test]
fn a_file_that_was_formatted_anew_loses_just_our_part() {
    let project = with(&[
        (SETTINGS, "{\n  \"model\": \"opus\"\n}\n"),
        (".mcp.json", "{\"mcpServers\":{\"a\":{\"command\":\"a\"}}}"),
    ]);
    install(&project);
    for name in [SETTINGS, ".mcp.json"] {
        let value: serde_json::Value = serde_json::from_str(&read(&project, name)).unwrap();
        project.write(name, serde_json::to_string(&value).unwrap());
    }
    agent(&project, &["status", "--for", "claude"]).success();
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(read(&project, SETTINGS), r#"{"model":"opus"}"#);
    assert_eq!(read(&project, ".mcp.json"), r#"{"mcpServers":{"a":{"command":"a"}}}"#);
}

#[test]
fn words_added_to_the_instructions_stay() {
    let project = with(&[("AGENTS.md", "# Shop\n")]);
    install(&project);
    let ours = read(&project, "AGENTS.md");
    let added =
        ours.replace("<!-- dbsnap agent: end -->", "- The table `users` is precious.\n<!-- dbsnap agent: end -->");
    let added = format!("{added}\n## Later\n");
    project.write("AGENTS.md", &added);
    let status = agent(&project, &["status", "--for", "claude"]);
    assert!(status.stdout().contains("AGENTS.md: changed since"), "{status}");
    let again = agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert_eq!(read(&project, "AGENTS.md"), added, "{again}");
    let removed = agent(&project, &["uninstall", "-y"]).success();
    assert!(removed.stdout().contains("your changes are left"), "{removed}");
    assert_eq!(read(&project, "AGENTS.md"), "# Shop\n\n- The table `users` is precious.\n\n## Later\n");

    // with the empty lines between them
    project.write("AGENTS.md", "# Shop\n");
    install(&project);
    let theirs = "Our rules:\n\n- Be careful.\n\nMore words.\n";
    let end = "<!-- dbsnap agent: end -->";
    project.write("AGENTS.md", read(&project, "AGENTS.md").replace(end, &format!("{theirs}{end}")));
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(read(&project, "AGENTS.md"), format!("# Shop\n\n{theirs}"));
}

#[test]
fn text_behind_the_block_stays() {
    for (before, behind) in
        [("# Shop\n", "\n## Later\n"), ("# Shop", "\n\nLater"), ("", "\nLater\n"), ("A\r\n", "\r\nB\r\n")]
    {
        let project = with(&[("AGENTS.md", before)]);
        install(&project);
        let both = format!("{}{behind}", read(&project, "AGENTS.md"));
        project.write("AGENTS.md", &both);
        agent(&project, &["uninstall", "-y"]).success();
        let left = read(&project, "AGENTS.md");
        assert!(!left.contains("dbsnap"), "{left:?}");
        assert_eq!(
            left.split_whitespace().collect::<Vec<_>>(),
            format!("{before}{behind}").split_whitespace().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_subagent_that_somebody_changed_stays() {
    let project = with(&[]);
    install(&project);
    let subagent = ".claude/agents/db-backup.md";
    let changed = read(&project, subagent).replace("## Restore", "## How we restore");
    project.write(subagent, &changed);
    agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert_eq!(read(&project, subagent), changed);
    let removed = agent(&project, &["uninstall", "-y"]).success();
    assert!(removed.stdout().contains("kept .claude/agents/db-backup.md"), "{removed}");
    let left: Vec<_> = tree(project.path()).into_keys().filter(|path| project.path().join(path).is_file()).collect();
    assert_eq!(left, [std::path::PathBuf::from(subagent)]);
}

/// What an older version wrote is known by its checksum, as long as nobody changed it.
#[test]
fn what_another_version_wrote_is_brought_up_to_date_and_removed() {
    let project = with(&[("AGENTS.md", "# Shop\n")]);
    install(&project);
    let installed = tree(project.path());
    let older = |text: &str, mark: &str, body: &str| {
        let sum = &dbsnap::Hash::of(body.trim_end().as_bytes()).to_hex()[..8];
        text.replace("@SUM@", sum).replace("@BODY@", body).replace("@MARK@", mark)
    };
    let block = "<!-- dbsnap agent: begin @SUM@ -->\n@BODY@<!-- dbsnap agent: end -->";
    let write_older = || {
        let text = older(block, "", "Older words.\nOf two lines.\n");
        project.write("AGENTS.md", format!("# Shop\n\n{text}\n"));
        let file = older("@BODY@<!-- dbsnap agent: this file @SUM@ -->\n", "", "---\nname: db-backup\n---\nOlder.\n");
        project.write(".claude/agents/db-backup.md", file);
        let hooks = read(&project, SETTINGS).replace("claude || true", "claude");
        assert!(hooks.contains("stop --for claude\""));
        project.write(SETTINGS, hooks);
    };
    write_older();
    agent(&project, &["install", "-y", "--for", "claude"]).success();
    assert_eq!(tree(project.path()), installed);
    write_older();
    agent(&project, &["uninstall", "-y"]).success();
    assert_eq!(tree(project.path()).into_keys().collect::<Vec<_>>(), [std::path::PathBuf::from("AGENTS.md")]);
    assert_eq!(read(&project, "AGENTS.md"), "# Shop\n");
}

#[test]
fn a_server_of_that_name_which_somebody_wrote_is_left_alone() {
    for text in [
        "{ \"mcpServers\": { \"dbsnap\": { \"command\": \"dbsnap\", \"args\": [\"mcp\"] } } }\n",
        "{ \"mcpServers\": { \"dbsnap\": { \"type\": \"stdio\", \"command\": \"dbsnap\", \"args\": [\"mcp\", \"-C\", \"db\"] } } }\n",
    ] {
        let project = with(&[(".mcp.json", text)]);
        let run = agent(&project, &["install", "-y", "--for", "claude"]).success();
        assert!(
            run.stdout().contains("kept .mcp.json  (it has a part of that name which dbsnap did not write"),
            "{run}"
        );
        assert_eq!(read(&project, ".mcp.json"), text);
        let status = agent(&project, &["status", "--for", "claude"]);
        assert!(status.stdout().contains(".mcp.json: not installed  (has one that dbsnap did not write)"), "{status}");
        agent(&project, &["uninstall", "-y"]).success();
        assert_eq!(read(&project, ".mcp.json"), text);
    }
}

/// Gemini CLI's context file was another one when it was installed.
#[test]
fn instructions_are_found_in_the_file_that_was_read_before() {
    let settings = ".gemini/settings.json";
    let project = with(&[(settings, "{\n  \"ui\": {}\n}\n")]);
    agent(&project, &["install", "-y", "--for", "gemini"]).success();
    let named = read(&project, settings).replace("\"ui\": {}", "\"context\": { \"fileName\": \"AGENTS.md\" }");
    project.write(settings, &named);
    agent(&project, &["uninstall", "-y", "--for", "gemini"]).success();
    assert!(!project.path().join("GEMINI.md").exists());
    assert_eq!(read(&project, settings), "{\n  \"context\": { \"fileName\": \"AGENTS.md\" }\n}\n");
}

//! Each agent's own form of input and output.

use super::{Call, by_hand, commands, fed, fill, follow, remembered};
use crate::support::place::Place;
use crate::support::process::Run;
use serde_json::{Value, json};

/// How an agent tells of a shell command, and where its answers stand.
struct Format {
    agent: &'static str,
    before: &'static str,
    after: &'static str,
    start: &'static str,
    stop: &'static str,
    /// The name under which snapshots know it.
    name: &'static str,
}

const FORMATS: [Format; 4] = [
    Format {
        agent: "claude",
        before: "PreToolUse",
        after: "PostToolUse",
        start: "SessionStart",
        stop: "Stop",
        name: "claude-code",
    },
    Format {
        agent: "codex",
        before: "PreToolUse",
        after: "PostToolUse",
        start: "SessionStart",
        stop: "Stop",
        name: "codex",
    },
    Format {
        agent: "gemini",
        before: "BeforeTool",
        after: "AfterTool",
        start: "SessionStart",
        stop: "AfterAgent",
        name: "gemini-cli",
    },
    Format {
        agent: "cursor",
        before: "beforeShellExecution",
        after: "afterShellExecution",
        start: "sessionStart",
        stop: "stop",
        name: "cursor",
    },
];

impl Format {
    /// An input as the agent writes it, of a shell command.
    fn input(&self, place: &Place, event: &str, command: &str) -> Value {
        let dir = place.round.project.path();
        let common = json!({ "session_id": "s", "transcript_path": "/t.jsonl", "cwd": dir, "hook_event_name": event });
        let own = match self.agent {
            "claude" => json!({
                "permission_mode": "default", "tool_name": "Bash", "tool_use_id": "toolu_01",
                "tool_input": { "command": command, "description": "x" }, "tool_response": { "stdout": "" },
                "source": "startup", "stop_hook_active": false, "prompt_id": "p",
            }),
            "codex" => json!({
                "transcript_path": null, "turn_id": "t", "model": "gpt", "permission_mode": "dontAsk",
                "tool_name": "Bash",
                "tool_use_id": "call_1", "tool_input": { "command": command }, "tool_response": "", "source": "startup",
                "stop_hook_active": false, "last_assistant_message": null,
            }),
            "gemini" => json!({
                "timestamp": "2026-01-24T10:30:00Z", "tool_name": "run_shell_command", "source": "startup",
                "tool_input": { "command": command, "description": "x", "dir_path": "." },
                "tool_response": { "llmContent": "", "returnDisplay": "" }, "stop_hook_active": false,
            }),
            _ => json!({
                "conversation_id": "c", "generation_id": "g", "workspace_roots": [dir], "cursor_version": "2.0.77",
                "command": command, "output": "", "duration": 5, "status": "completed", "loop_count": 0,
            }),
        };
        let mut input = common;
        input.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        input
    }

    fn run(&self, place: &Place, event: &str, input: &Value) -> Run {
        let words = ["hook", event, "--for", self.agent];
        fed(&place.round.plain(&words), input.to_string().as_bytes())
    }

    /// What the answer says to the agent, or to the person where nothing else is possible.
    fn said(&self, run: &Run) -> String {
        let answer: Value = serde_json::from_str(run.stdout()).unwrap();
        let fields = [
            "/hookSpecificOutput/additionalContext",
            "/systemMessage",
            "/additional_context",
            "/agent_message",
            "/followup_message",
        ];
        let found = fields.iter().find_map(|field| answer.pointer(field)).unwrap_or_else(|| panic!("{run}"));
        found.as_str().unwrap().to_owned()
    }
}

#[test]
fn every_agent_is_told_what_was_lost_and_how_it_comes_back() {
    for format in FORMATS {
        let place = Place::sqlite();
        fill(&place);
        let whole = place.rows();
        let command = by_hand(&place, "DELETE FROM favorites");
        let run = format.run(&place, "pre-tool-use", &format.input(&place, format.before, &command)).success();
        assert_eq!(run.stdout(), "{}\n", "{run}");
        place.round.project.program("sh", ["-c", &command]).run().success();
        let run = format.run(&place, "post-tool-use", &format.input(&place, format.after, &command)).success();
        let told = format.said(&run);
        assert!(told.contains("favorites: 300 of 300 rows deleted"), "{run}");
        assert_eq!(place.round.json(&["log"])["snapshots"][0]["agent"], format.name);
        let run = format.run(&place, "stop", &format.input(&place, format.stop, "")).success();
        assert!(format.said(&run).contains("favorites (300 rows)"), "{run}");
        follow(&place, &commands(&told)[0]).success();
        assert_eq!(place.rows(), whole);
        let run = format.run(&place, "session-start", &format.input(&place, format.start, "")).success();
        let told = format.said(&run);
        assert!(
            told.starts_with("dbsnap watches ") && told.contains("favorites") && told.contains("dbsnap log"),
            "{run}"
        );
    }
}

/// The answer is in the form of each agent, and the exit code and stderr say it too.
#[test]
fn every_agent_is_refused_in_its_own_words() {
    let expected = [
        ("claude", json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "permissionDecision": "deny" } })),
        ("codex", json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "permissionDecision": "deny" } })),
        ("gemini", json!({ "decision": "deny" })),
        ("cursor", json!({ "permission": "deny" })),
    ];
    for (format, (agent, answer)) in FORMATS.iter().zip(expected) {
        assert_eq!(format.agent, agent);
        let place = Place::sqlite();
        fill(&place);
        place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 0\n");
        let input = format.input(&place, format.before, "rm data.db");
        let run = format.run(&place, "pre-tool-use", &input);
        assert_eq!(run.code(), Some(2), "{run}");
        let said = run.stderr().trim_end();
        assert!(said.contains("budget_seconds"), "{run}");
        let mut found: Value = serde_json::from_str(run.stdout()).unwrap();
        let mut reasons = Vec::new();
        let fields = ["permissionDecisionReason", "reason", "user_message", "agent_message"];
        for object in [&mut found["hookSpecificOutput"].take(), &mut found] {
            if let Some(object) = object.as_object_mut() {
                reasons.extend(fields.iter().filter_map(|field| object.remove(*field)));
                object.remove("hookSpecificOutput");
                if !object.is_empty() {
                    let wanted = answer.get("hookSpecificOutput").unwrap_or(&answer);
                    assert_eq!(&Value::Object(object.clone()), wanted, "{run}");
                }
            }
        }
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason == said), "{run}");
    }
}

/// An answer that allows would pass over the question that the person is asked.
#[test]
fn nothing_is_ever_allowed() {
    for format in FORMATS {
        let place = Place::sqlite();
        fill(&place);
        for command in ["ls", "npm test", "rm data.db"] {
            let run = format.run(&place, "pre-tool-use", &format.input(&place, format.before, command));
            assert!(!run.stdout().contains("allow"), "{run}");
        }
    }
}

#[test]
fn an_event_that_is_not_the_one_that_is_meant_is_an_error() {
    for format in FORMATS {
        let place = Place::sqlite();
        fill(&place);
        let run = format.run(&place, "pre-tool-use", &format.input(&place, format.after, "ls"));
        assert_eq!(run.code(), Some(2), "{run}");
        assert!(run.stderr().contains(&format!("its hook_event_name is '{}'", format.after)), "{run}");
        let run = format.run(&place, "post-tool-use", &format.input(&place, format.before, "ls")).success();
        assert!(format.said(&run).contains("hook_event_name"), "{run}");
    }
}

/// Tools that cannot write a database, and dbsnap's own, are none of the hook's business.
#[test]
fn tools_that_concern_nobody_are_let_go() {
    let place = Place::sqlite();
    fill(&place);
    let tool = |agent: &str, event: &str, fields: Value| {
        let dir = place.round.project.path();
        let mut input = json!({ "session_id": "s", "conversation_id": "s", "cwd": dir, "hook_event_name": event });
        input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let run =
            fed(&place.round.plain(&["hook", "pre-tool-use", "--for", agent]), input.to_string().as_bytes()).success();
        assert_eq!(run.stdout(), "{}\n");
        remembered(&place).len()
    };
    let sql = json!({ "sql": "DELETE FROM mods" });
    for (agent, event, fields) in [
        ("claude", "PreToolUse", json!({ "tool_name": "Read", "tool_input": { "file_path": "a" } })),
        ("claude", "PreToolUse", json!({ "tool_name": "mcp__dbsnap__restore", "tool_input": sql })),
        ("codex", "PreToolUse", json!({ "tool_name": "apply_patch", "tool_input": { "command": "x" } })),
        ("codex", "PreToolUse", json!({ "tool_name": "mcp__dbsnap__snap", "tool_input": sql })),
        ("gemini", "BeforeTool", json!({ "tool_name": "read_file", "tool_input": {} })),
        ("gemini", "BeforeTool", json!({ "tool_name": "mcp_dbsnap_snap", "tool_input": sql })),
        (
            "gemini",
            "BeforeTool",
            json!({
                "tool_name": "mcp_dbsnap_snap", "tool_input": sql,
                "mcp_context": { "server_name": "dbsnap", "tool_name": "snap" },
            }),
        ),
        (
            "cursor",
            "beforeMCPExecution",
            json!({ "tool_name": "snap", "tool_input": "{}", "command": "/bin/dbsnap mcp" }),
        ),
        ("cursor", "preToolUse", json!({ "tool_name": "Read", "tool_input": {} })),
    ] {
        assert_eq!(tool(agent, event, fields.clone()), 0, "{agent} {fields}");
    }
    for (number, (agent, event, fields)) in (1..).zip([
        ("claude", "PreToolUse", json!({ "tool_name": "mcp__postgres__query", "tool_input": sql })),
        ("codex", "PreToolUse", json!({ "tool_name": "mcp__db__exec", "tool_input": sql })),
        ("gemini", "BeforeTool", json!({
            "tool_name": "mcp_db_exec", "tool_input": sql, "mcp_context": { "server_name": "db", "tool_name": "exec" },
        })),
        ("cursor", "beforeMCPExecution", json!({
            "tool_name": "exec", "tool_input": sql.to_string(), "command": "npx db",
        })),
        ("cursor", "preToolUse", json!({ "tool_name": "MCP:exec", "tool_input": sql })),
        ("cursor", "preToolUse", json!({
            "tool_name": "Shell", "tool_input": { "command": "npm test" }, "tool_use_id": "1",
        })),
    ]) {
        assert_eq!(tool(agent, event, fields.clone()), number, "{agent} {fields}");
    }
}

/// SQL that a database tool is given is judged as SQL.
#[test]
fn sql_of_a_database_tool_is_judged() {
    let place = Place::sqlite();
    fill(&place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\nbudget_seconds = 0\n");
    let run = |sql: &str| {
        let call = Call::new(&place, "1", "");
        let mut input = call.input("PreToolUse");
        input["tool_name"] = json!("mcp__postgres__query");
        input["tool_input"] = json!({ "params": [{ "sql": sql }] });
        fed(&place.round.plain(&["hook", "pre-tool-use"]), input.to_string().as_bytes())
    };
    assert_eq!(run("DELETE FROM mods").code(), Some(2));
    let undecided = run("SELECT * FROM mods");
    assert_eq!(undecided.code(), Some(0), "{undecided}");
    assert!(undecided.stdout().contains("additionalContext"), "{undecided}");
}

//! The hooks by which coding agents call `dbsnap hook`, in each agent's form.

use crate::splice::{Handlers, JsonPart, Slot};
use serde_json::{Value, json};

/// Seconds that a hook may take.
const TIMEOUT: u64 = 30;

/// What dbsnap calls the events, whatever the agents do.
const BEFORE: &str = "pre-tool-use";
const AFTER: &str = "post-tool-use";
const START: &str = "session-start";
const STOP: &str = "stop";

/// A failed hook of Claude Code lets the command through, unless `onFailure` says otherwise.
pub(super) fn claude_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher: Option<&str>| {
        let mut handler = json!({
            "type": "command", "command": "dbsnap", "args": ["hook", event, "--for", "claude"], "timeout": TIMEOUT,
        });
        if event == BEFORE {
            handler["onFailure"] = json!("block");
        }
        group(name, matcher, &handler)
    };
    vec![
        hook("PreToolUse", BEFORE, Some("Bash|mcp__.*")),
        hook("PostToolUse", AFTER, Some("Bash|mcp__.*")),
        hook("SessionStart", START, None),
        hook("Stop", STOP, None),
    ]
}

pub(super) fn codex_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher| {
        let handler = json!({ "type": "command", "command": line(event, "codex"), "timeout": TIMEOUT });
        group(name, matcher, &handler)
    };
    vec![
        hook("PreToolUse", BEFORE, Some("Bash|mcp__.*")),
        hook("PostToolUse", AFTER, Some("Bash|mcp__.*")),
        hook("SessionStart", START, None),
        hook("Stop", STOP, None),
    ]
}

pub(super) fn gemini_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher| {
        let (name_of_hook, command) = (format!("dbsnap-{event}"), line(event, "gemini"));
        let handler = json!({ "name": name_of_hook, "type": "command", "command": command, "timeout": TIMEOUT * 1000 });
        group(name, matcher, &handler)
    };
    vec![
        hook("BeforeTool", BEFORE, Some("run_shell_command|mcp_.*")),
        hook("AfterTool", AFTER, Some("run_shell_command|mcp_.*")),
        hook("SessionStart", START, None),
        hook("AfterAgent", STOP, None),
    ]
}

pub(super) fn cursor_hooks() -> Vec<JsonPart> {
    let hook = |name, event| {
        let mut handler = json!({ "command": format!("dbsnap hook {event} --for cursor"), "timeout": TIMEOUT });
        if event == BEFORE {
            handler["failClosed"] = json!(true);
        }
        part(name, handler, Handlers::Itself)
    };
    vec![
        hook("beforeShellExecution", BEFORE),
        hook("beforeMCPExecution", BEFORE),
        hook("afterShellExecution", AFTER),
        hook("afterMCPExecution", AFTER),
        hook("sessionStart", START),
        hook("stop", STOP),
    ]
}

/// The command of a hook where only exit code 2 blocks: then every failure before a command is one.
fn line(event: &str, agent: &str) -> String {
    let command = format!("dbsnap hook {event} --for {agent}");
    if event == BEFORE { format!("{command} || exit 2") } else { command }
}

/// Handlers of an event for some tools.
fn group(name: &'static str, matcher: Option<&str>, handler: &Value) -> JsonPart {
    let group = match matcher {
        Some(matcher) => json!({ "matcher": matcher, "hooks": [handler] }),
        None => json!({ "hooks": [handler] }),
    };
    part(name, group, Handlers::In("hooks"))
}

fn part(name: &'static str, value: Value, handlers: Handlers) -> JsonPart {
    JsonPart { path: vec!["hooks", name], slot: Slot::Element { value, handlers, is_ours } }
}

/// Whether a handler runs `dbsnap hook`.
fn is_ours(handler: &Value) -> bool {
    let text = |name: &str| handler.get(name).and_then(Value::as_str).unwrap_or_default();
    let args = handler.get("args").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut words = text("command").split_whitespace().chain(args.iter().filter_map(Value::as_str));
    let program = words.next().and_then(|word| word.rsplit('/').next());
    program == Some("dbsnap") && words.next() == Some("hook")
}

//! Gemini CLI: `BeforeTool`, `AfterTool`, `SessionStart`, and `AfterAgent` or `SessionEnd`.

use super::input::{check_event, command, dirs, parse, tool};
use super::{Agent, Event, Input, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The tool that runs shell commands.
const SHELL: &str = "run_shell_command";

#[derive(Debug, Deserialize)]
struct Told {
    hook_event_name: String,
    session_id: String,
    cwd: Option<PathBuf>,
    tool_name: Option<String>,
    #[serde(default)]
    tool_input: Value,
    mcp_context: Option<Server>,
    #[serde(default)]
    stop_hook_active: bool,
}

#[derive(Debug, Deserialize)]
struct Server {
    server_name: String,
}

pub(super) fn read(event: Event, bytes: &[u8]) -> Result<Input, String> {
    let told: Told = parse(Agent::Gemini, bytes)?;
    let meant: &[&str] = match event {
        Event::PreToolUse => &["BeforeTool"],
        Event::PostToolUse => &["AfterTool"],
        Event::SessionStart => &["SessionStart"],
        Event::Stop => &["AfterAgent", "SessionEnd"],
    };
    check_event(event, &told.hook_event_name, meant)?;
    let work = match event {
        Event::PreToolUse | Event::PostToolUse => {
            let name = told.tool_name.as_deref().ok_or("it has no tool_name")?;
            match &told.mcp_context {
                _ if name == SHELL => Some(command(&told.tool_input)?),
                Some(server) => tool(&server.server_name, name, &told.tool_input),
                None => name.strip_prefix("mcp_").and_then(|rest| {
                    tool(rest.split('_').find(|part| !part.is_empty()).unwrap_or(rest), name, &told.tool_input)
                }),
            }
        }
        Event::SessionStart | Event::Stop => None,
    };
    Ok(Input {
        event: told.hook_event_name,
        dirs: dirs(told.cwd, &told.tool_input),
        session: Some(told.session_id),
        // it gives calls no id
        call: work.map(|work| (None, work)),
        is_no_end: told.stop_hook_active,
    })
}

pub(super) fn answer(event: Event, name: &str, reply: &Reply) -> Value {
    let name = match (name, event) {
        ("", Event::PostToolUse) => "AfterTool",
        ("", Event::SessionStart) => "SessionStart",
        (name, _) => name,
    };
    match reply {
        Reply::Silent => json!({}),
        // before a tool, and at the end, only the person can be told
        Reply::Inform(text) if matches!(event, Event::PreToolUse | Event::Stop) => json!({ "systemMessage": text }),
        Reply::Inform(text) => json!({ "hookSpecificOutput": { "hookEventName": name, "additionalContext": text } }),
        Reply::Refuse(why) => json!({ "decision": "deny", "reason": why }),
    }
}

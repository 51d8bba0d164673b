//! Claude Code: `PreToolUse`, `PostToolUse` and `PostToolUseFailure` (a command that failed may have written),
//! `SessionStart`, `Stop`.

use super::input::{check_event, command, dirs, parse, tool};
use super::{Agent, Event, Input, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What is read of an input.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub hook_event_name: String,
    pub session_id: String,
    pub cwd: Option<PathBuf>,
    pub tool_name: Option<String>,
    #[serde(default)]
    pub tool_input: Value,
    pub tool_use_id: Option<String>,
    #[serde(default)]
    pub stop_hook_active: bool,
}

pub(super) fn read(event: Event, bytes: &[u8]) -> Result<Input, String> {
    let meant: &[&str] = match event {
        Event::PreToolUse => &["PreToolUse"],
        Event::PostToolUse => &["PostToolUse", "PostToolUseFailure"],
        Event::SessionStart => &["SessionStart"],
        Event::Stop => &["Stop", "SessionEnd"],
    };
    understand(parse(Agent::Claude, bytes)?, event, meant, &["Bash", "PowerShell", "Monitor"])
}

/// What was told, by an agent whose shell tools are called so.
///
/// # Errors
/// If it contradicts the event, or lacks what is needed.
pub(super) fn understand(told: Told, event: Event, meant: &[&str], shells: &[&str]) -> Result<Input, String> {
    check_event(event, &told.hook_event_name, meant)?;
    let work = match event {
        Event::PreToolUse | Event::PostToolUse => {
            let name = told.tool_name.as_deref().ok_or("it has no tool_name")?;
            match name.strip_prefix("mcp__") {
                _ if shells.contains(&name) => Some(command(&told.tool_input)?),
                Some(rest) => tool(rest.split("__").next().unwrap_or(rest), name, &told.tool_input),
                None => None,
            }
        }
        Event::SessionStart | Event::Stop => None,
    };
    Ok(Input {
        event: told.hook_event_name,
        dirs: dirs(told.cwd, &told.tool_input),
        session: Some(told.session_id),
        call: work.map(|work| (told.tool_use_id, work)),
        is_no_end: told.stop_hook_active,
    })
}

pub(super) fn answer(event: Event, name: &str, reply: &Reply) -> Value {
    let name = match (name, event) {
        ("", Event::PreToolUse) => "PreToolUse",
        ("", Event::PostToolUse) => "PostToolUse",
        ("", Event::SessionStart) => "SessionStart",
        (name, _) => name,
    };
    match reply {
        Reply::Silent => json!({}),
        // the agent was told when it was lost; this is for the person
        Reply::Inform(text) if event == Event::Stop => json!({ "systemMessage": text }),
        Reply::Inform(text) => json!({ "hookSpecificOutput": { "hookEventName": name, "additionalContext": text } }),
        Reply::Refuse(why) => json!({ "hookSpecificOutput": {
            "hookEventName": name, "permissionDecision": "deny", "permissionDecisionReason": why,
        } }),
    }
}

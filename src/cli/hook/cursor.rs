//! Cursor: `preToolUse` and `postToolUse`, or the pairs that are for shell commands and MCP tools alone;
//! `sessionStart`, `stop`. Nobody reads what `afterShellExecution` and `afterMCPExecution` answer; the agent learns of
//! a loss at `stop` then.

use super::input::{check_event, command, dirs, parse, tool};
use super::{Agent, Event, Input, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Deserialize)]
struct Told {
    hook_event_name: String,
    conversation_id: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    cwd: PathBuf,
    #[serde(default)]
    workspace_roots: Vec<PathBuf>,
    /// Of a shell command itself; of an MCP tool the command line of its server.
    command: Option<String>,
    tool_name: Option<String>,
    #[serde(default)]
    tool_input: Value,
    tool_use_id: Option<String>,
    /// How often a hook has made the agent go on.
    #[serde(default)]
    loop_count: u32,
    /// How the agent ended.
    status: Option<String>,
}

pub(super) fn read(event: Event, bytes: &[u8]) -> Result<Input, String> {
    let told: Told = parse(Agent::Cursor, bytes)?;
    let meant: &[&str] = match event {
        Event::PreToolUse => &["preToolUse", "beforeShellExecution", "beforeMCPExecution"],
        Event::PostToolUse => &["postToolUse", "postToolUseFailure", "afterShellExecution", "afterMCPExecution"],
        Event::SessionStart => &["sessionStart"],
        Event::Stop => &["stop"],
    };
    check_event(event, &told.hook_event_name, meant)?;
    let work = match told.hook_event_name.as_str() {
        "beforeShellExecution" | "afterShellExecution" => {
            Some(command(&json!({ "command": told.command })).map_err(|_| "it has no command")?)
        }
        "beforeMCPExecution" | "afterMCPExecution" => {
            let name = told.tool_name.as_deref().ok_or("it has no tool_name")?;
            let line = told.command.as_deref().unwrap_or_default();
            tool(own_server(line), name, &told.tool_input)
        }
        "preToolUse" | "postToolUse" | "postToolUseFailure" => {
            let name = told.tool_name.as_deref().ok_or("it has no tool_name")?;
            match name.strip_prefix("MCP:") {
                _ if name == "Shell" => Some(command(&told.tool_input)?),
                Some(rest) => tool(rest.split([':', '/']).next().unwrap_or(rest), name, &told.tool_input),
                None => None,
            }
        }
        _ => None,
    };
    Ok(Input {
        event: told.hook_event_name,
        dirs: dirs(std::iter::once(told.cwd).chain(told.workspace_roots), &told.tool_input),
        session: told.conversation_id.or(told.session_id),
        call: work.map(|work| (told.tool_use_id, work)),
        is_no_end: told.loop_count > 0 || told.status.is_some_and(|status| status != "completed"),
    })
}

/// `dbsnap` if a server is started by a command line such as `/usr/bin/dbsnap mcp`.
fn own_server(line: &str) -> &str {
    let mut words = line.split_whitespace();
    let is_own = words.any(|word| word.rsplit('/').next() == Some("dbsnap")) && words.any(|word| word == "mcp");
    if is_own { "dbsnap" } else { "" }
}

pub(super) fn answer(event: Event, reply: &Reply) -> Value {
    match (reply, event) {
        (Reply::Silent, _) => json!({}),
        (Reply::Inform(text), Event::PreToolUse) => json!({ "agent_message": text }),
        (Reply::Inform(text), Event::Stop) => json!({ "followup_message": text }),
        (Reply::Inform(text), _) => json!({ "additional_context": text }),
        (Reply::Refuse(why), _) => json!({ "permission": "deny", "user_message": why, "agent_message": why }),
    }
}

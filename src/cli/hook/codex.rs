//! Codex: the same events and fields as Claude Code, by other names of the shell tool.

use super::claude::{self, understand};
use super::input::parse;
use super::{Agent, Event, Input, Reply};
use serde_json::Value;

pub(super) fn read(event: Event, bytes: &[u8]) -> Result<Input, String> {
    let meant = match event {
        Event::PreToolUse => "PreToolUse",
        Event::PostToolUse => "PostToolUse",
        Event::SessionStart => "SessionStart",
        Event::Stop => "Stop",
    };
    let shells = ["Bash", "shell", "local_shell", "shell_command", "exec_command"];
    understand(parse(Agent::Codex, bytes)?, event, &[meant], &shells)
}

pub(super) fn answer(event: Event, name: &str, reply: &Reply) -> Value {
    claude::answer(event, name, reply)
}

//! Which files each coding agent has, and what goes into them.

use super::Agent;
use super::hooks::{claude_hooks, codex_hooks, cursor_hooks, gemini_hooks};
use crate::splice::{Block, Comment, JsonFile, JsonPart, Slot, Splice, SpliceError, State, Whole};
use serde_json::{Value, json};
use std::path::Path;

/// A file with something of ours.
pub(super) struct Target {
    pub agent: Agent,
    /// Below the project's directory.
    pub path: &'static str,
    pub splice: Box<dyn Splice>,
}

/// What most agents read.
pub(super) const AGENTS_FILE: &str = "AGENTS.md";
/// What Gemini CLI reads unless its settings name another file.
const GEMINI_FILE: &str = "GEMINI.md";

const SUBAGENT: &str = include_str!("assets/db-backup.md");
const SKILL: &str = include_str!("assets/skill.md");
const INSTRUCTIONS: &str = include_str!("assets/instructions.md");
const CODEX_SERVER: &str = include_str!("assets/codex.toml");

/// Files and folders that show that a project uses an agent.
const SIGNS: [(Agent, &[&str]); 4] = [
    (Agent::Claude, &[".claude", "CLAUDE.md", ".mcp.json"]),
    (Agent::Codex, &[".codex"]),
    (Agent::Gemini, &[".gemini", "GEMINI.md"]),
    (Agent::Cursor, &[".cursor", ".cursorrules"]),
];

/// The agents that a project shows signs of; Claude Code if of none.
pub(super) fn found(root: &Path) -> Vec<Agent> {
    let has = |signs: &[&str]| signs.iter().any(|sign| root.join(sign).symlink_metadata().is_ok());
    let found: Vec<Agent> = SIGNS.iter().filter(|(_, signs)| has(signs)).map(|(agent, _)| *agent).collect();
    if found.is_empty() { vec![Agent::Claude] } else { found }
}

/// The files of an agent.
pub(super) fn targets(agent: Agent, root: &Path) -> Vec<Target> {
    let target = |path, splice| Target { agent, path, splice };
    let json = |parts, required| -> Box<dyn Splice> { Box::new(JsonFile { parts, required }) };
    match agent {
        Agent::Claude => vec![
            target(".claude/settings.json", json(claude_hooks(), None)),
            target(".claude/agents/db-backup.md", Box::new(Whole { body: SUBAGENT })),
            target(".claude/skills/dbsnap/SKILL.md", Box::new(Whole { body: SKILL })),
            target(".mcp.json", json(vec![server()], None)),
            target(AGENTS_FILE, instructions()),
        ],
        Agent::Codex => vec![
            target(".codex/hooks.json", json(codex_hooks(), None)),
            target(".codex/config.toml", codex_server()),
            target(AGENTS_FILE, instructions()),
        ],
        Agent::Gemini => vec![
            target(".gemini/settings.json", json([gemini_hooks(), vec![server()]].concat(), None)),
            target(gemini_context(root), instructions()),
        ],
        Agent::Cursor => vec![
            target(".cursor/hooks.json", json(cursor_hooks(), Some(("version", json!(1))))),
            target(".cursor/mcp.json", json(vec![server()], None)),
            target(AGENTS_FILE, instructions()),
        ],
    }
}

/// Where an agent's instructions may be from an install under other settings.
pub(super) fn former_target(agent: Agent, root: &Path) -> Option<Target> {
    let other = match (agent, gemini_context(root)) {
        (Agent::Gemini, AGENTS_FILE) => GEMINI_FILE,
        (Agent::Gemini, _) => AGENTS_FILE,
        _ => return None,
    };
    Some(Target { agent, path: other, splice: instructions() })
}

/// The entry of the MCP server. `type` tells it from one that a person wrote by docs/MCP.md.
fn server() -> JsonPart {
    let value = json!({ "type": "stdio", "command": "dbsnap", "args": ["mcp"] });
    JsonPart { path: vec!["mcpServers", "dbsnap"], slot: Slot::Member(value) }
}

fn instructions() -> Box<dyn Splice> {
    let check = |_: &str| Ok(State::Absent);
    Box::new(Block { comment: Comment::Html, body: INSTRUCTIONS, has_loose_lines: true, check })
}

fn codex_server() -> Box<dyn Splice> {
    Box::new(Block { comment: Comment::Hash, body: CODEX_SERVER, has_loose_lines: false, check: codex_config })
}

/// Whether Codex's settings can be read, and name a server called `dbsnap`.
fn codex_config(text: &str) -> Result<State, SpliceError> {
    let parsed: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        SpliceError::at(text, error.span().map_or(0, |span| span.start), format!("invalid TOML: {}", error.message()))
    })?;
    let server = parsed.get("mcp_servers").and_then(|servers| servers.get("dbsnap"));
    Ok(if server.is_some() { State::Foreign } else { State::Absent })
}

/// The file that Gemini CLI reads as context.
fn gemini_context(root: &Path) -> &'static str {
    let settings = crate::fsio::read_input_text(&root.join(".gemini/settings.json"), crate::fsio::SMALL_INPUT);
    let named = settings.ok().and_then(|text| crate::splice::json_value(&text, &["context", "fileName"]));
    let is_agents = match named {
        Some(Value::String(name)) => name == AGENTS_FILE,
        Some(Value::Array(names)) => names.iter().any(|name| name == AGENTS_FILE),
        _ => false,
    };
    if is_agents { AGENTS_FILE } else { GEMINI_FILE }
}

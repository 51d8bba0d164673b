//! What keeps an installed hook from working, or an agent from seeing it.

use super::Agent;
use crate::fsio::{SMALL_INPUT, is_program, read_input_text};
use crate::ops::Repository;
use crate::splice::json_value;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something that a person should know besides the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// There is no store: hooks let every command through, and nothing is kept.
    NoStore,
    /// No `dbsnap` is on the search path of this process: a hook cannot run it, so commands are refused.
    NoProgram,
    /// The `dbsnap` on the search path cannot be run as a hook.
    OldProgram {
        /// Where it is.
        path: String,
    },
    /// An agent's settings switch all hooks off.
    HooksOff {
        /// The agent.
        agent: Agent,
        /// The file, below the project's directory.
        path: String,
        /// The setting, as a person would look for it.
        setting: String,
    },
    /// An agent has settings in the folder of the Git repository, above the project. Started there, it does not see
    /// those of the project.
    SetUpAbove {
        /// The agent.
        agent: Agent,
        /// The folder of the Git repository.
        directory: String,
    },
}

/// What is to be said of these agents in a project.
pub(super) fn notices(repository: &Repository, root: &Path, agents: &[Agent]) -> Vec<Notice> {
    let mut found = Vec::new();
    if !repository.store_dir.is_dir() {
        found.push(Notice::NoStore);
    }
    match program() {
        None => found.push(Notice::NoProgram),
        Some(path) if !knows_hooks(&path) => {
            found.push(Notice::OldProgram { path: path.to_string_lossy().into_owned() });
        }
        Some(_) => {}
    }
    found.extend(agents.iter().filter_map(|agent| hooks_off(*agent, root)));
    if let Some(above) = repository_above(root) {
        let there = agents.iter().filter(|agent| above.join(folder(**agent)).is_dir());
        let directory = above.to_string_lossy().into_owned();
        found.extend(there.map(|agent| Notice::SetUpAbove { agent: *agent, directory: directory.clone() }));
    }
    found
}

/// The `dbsnap` that is found by its name.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let is_program = |path: &PathBuf| path.metadata().is_ok_and(|found| is_program(&found));
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("dbsnap")).find(is_program)
}

fn knows_hooks(program: &Path) -> bool {
    let mut asked = Command::new(program);
    asked.args(["hook", "--help"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// The setting that switches an agent's hooks off, if the project has it.
fn hooks_off(agent: Agent, root: &Path) -> Option<Notice> {
    let off =
        |path: &str, setting: &str| Notice::HooksOff { agent, path: path.to_owned(), setting: setting.to_owned() };
    let text = |path: &str| read_input_text(&root.join(path), SMALL_INPUT).ok();
    let has = |path: &str, names: &[&str], value: bool| {
        text(path).and_then(|text| json_value(&text, names)) == Some(Value::Bool(value))
    };
    match agent {
        Agent::Claude => {
            let files = [".claude/settings.json", ".claude/settings.local.json"];
            let found = files.into_iter().find(|path| has(path, &["disableAllHooks"], true));
            found.map(|path| off(path, "\"disableAllHooks\": true"))
        }
        Agent::Gemini => {
            let path = ".gemini/settings.json";
            has(path, &["hooksConfig", "enabled"], false).then(|| off(path, "\"hooksConfig\": { \"enabled\": false }"))
        }
        Agent::Codex => {
            let path = ".codex/config.toml";
            let parsed: toml::Table = text(path)?.parse().ok()?;
            let setting = parsed.get("features")?.get("hooks")?.as_bool()?;
            (!setting).then(|| off(path, "[features] hooks = false"))
        }
        Agent::Cursor => None,
    }
}

/// Where an agent keeps a project's settings.
fn folder(agent: Agent) -> &'static str {
    match agent {
        Agent::Claude => ".claude",
        Agent::Codex => ".codex",
        Agent::Gemini => ".gemini",
        Agent::Cursor => ".cursor",
    }
}

/// The folder of the Git repository, if the project is further down in it.
fn repository_above(root: &Path) -> Option<&Path> {
    root.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok()).filter(|dir| *dir != root)
}

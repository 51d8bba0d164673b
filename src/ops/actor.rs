//! Who takes a snapshot: the user, the coding agent if one says so, and where git stands.

use super::run::masked;
use super::{OpError, Repository};
use crate::fsio::{LARGE_INPUT, SMALL_INPUT, read_input_text};
use crate::snapshot::{Actor, GitState};
use std::path::Path;
use std::sync::OnceLock;

/// Environment variables by which coding agents make themselves known, and what they are called.
const AGENTS: [(&str, &str); 9] = [
    ("CLAUDECODE", "claude-code"),
    ("CURSOR_AGENT", "cursor"),
    ("CODEX_SANDBOX", "codex"),
    ("CODEX_THREAD_ID", "codex"),
    ("GEMINI_CLI", "gemini-cli"),
    ("OPENCODE", "opencode"),
    ("AIDER_MODEL", "aider"),
    ("CLINE_ACTIVE", "cline"),
    ("GOOSE_TERMINAL", "goose"),
];

/// Variables that name the user.
const USER: &[&str] = if cfg!(windows) { &["USERNAME"] } else { &["USER", "LOGNAME"] };

/// Variables in which agents give the commands that they run the id of their session.
const SESSIONS: [&str; 2] = ["CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID"];

/// Refuses what takes snapshots away to a coding agent, unless it was told that it may.
///
/// # Errors
/// [`OpError::Refused`] with the flag that allows it.
pub fn guard(what: &str, allowed: bool) -> Result<(), OpError> {
    match agent() {
        Some(agent) if !allowed => Err(OpError::Refused {
            what: format!("a coding agent ({agent}) may not {what} by itself"),
            allow: Some("--allow-agent"),
        }),
        _ => Ok(()),
    }
}

/// The agent that this process serves, as it called itself.
static SERVED: OnceLock<String> = OnceLock::new();

/// Most characters of such a name.
const LONGEST_NAME: usize = 64;

/// Tells that this process works for a coding agent, where its environment does not. The first name counts.
pub fn serve(name: &str) {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if !name.is_empty() {
        SERVED.get_or_init(|| name);
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The coding agent that runs this, if its environment or [`serve`] says so.
fn agent() -> Option<String> {
    let named = AGENTS.iter().find(|(name, _)| variable(name).is_some()).map(|(_, agent)| (*agent).to_owned());
    named.or_else(|| SERVED.get().cloned())
}

/// Reads the actor from the environment and from the git repository around the project, if there is one. Nothing of it
/// if the settings say so.
pub fn detect(repository: &Repository) -> Actor {
    if !repository.config.record_actor {
        return Actor::default();
    }
    let served = repository.served();
    Actor {
        user: USER.iter().find_map(|name| variable(name)),
        host: host(),
        agent: served.map(|served| served.agent.clone()).or_else(agent),
        session: match served {
            Some(served) => served.session.clone(),
            None => SESSIONS.iter().find_map(|name| variable(name)),
        },
        command: masked(repository.command_line()),
        git: git_state(&repository.root),
    }
}

/// What this machine is called.
fn host() -> Option<String> {
    if cfg!(windows) {
        return variable("COMPUTERNAME");
    }
    let name = read_input_text(Path::new("/proc/sys/kernel/hostname"), SMALL_INPUT).ok()?;
    Some(name.trim().to_owned())
}

/// Reads `HEAD` of the repository around `dir` without running git: a branch and commit are two small files.
fn git_state(dir: &Path) -> Option<GitState> {
    let git = dir.ancestors().map(|dir| dir.join(".git")).find(|git| git.exists())?;
    let git_dir = if git.is_file() {
        // A worktree: the file names the real directory.
        let text = read_input_text(&git, SMALL_INPUT).ok()?;
        git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    } else {
        git
    };
    let head = read_input_text(&git_dir.join("HEAD"), SMALL_INPUT).ok()?;
    match head.trim().strip_prefix("ref: ") {
        None => Some(GitState { branch: None, commit: Some(head.trim().to_owned()) }),
        Some(reference) => Some(GitState {
            branch: reference.strip_prefix("refs/heads/").map(str::to_owned),
            commit: read_ref(&git_dir, reference),
        }),
    }
}

fn read_ref(git_dir: &Path, reference: &str) -> Option<String> {
    let common = read_input_text(&git_dir.join("commondir"), SMALL_INPUT).ok().map(|dir| git_dir.join(dir.trim()));
    for dir in [Some(git_dir.to_owned()), common].into_iter().flatten() {
        if let Ok(commit) = read_input_text(&dir.join(reference), SMALL_INPUT) {
            return Some(commit.trim().to_owned());
        }
        let packed = read_input_text(&dir.join("packed-refs"), LARGE_INPUT).unwrap_or_default();
        let found = packed.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' ').map(str::to_owned));
        if found.is_some() {
            return found;
        }
    }
    None
}

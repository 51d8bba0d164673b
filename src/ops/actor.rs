//! Who takes a snapshot: the user, the coding agent if one says so, and where git stands.

use crate::snapshot::{Actor, GitState};
use std::path::Path;

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

/// Reads the actor from the environment and from the git repository around `dir`, if there is one.
pub fn detect(dir: &Path) -> Actor {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Actor {
        user: variable("USER").or_else(|| variable("LOGNAME")),
        host: std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned()),
        agent: AGENTS.iter().find(|(name, _)| variable(name).is_some()).map(|(_, agent)| (*agent).to_owned()),
        git: git_state(dir),
    }
}

/// Reads `HEAD` of the repository around `dir` without running git: a branch and commit are two small files.
fn git_state(dir: &Path) -> Option<GitState> {
    let git = dir.ancestors().map(|dir| dir.join(".git")).find(|git| git.exists())?;
    let git_dir = if git.is_file() {
        // A worktree: the file names the real directory.
        let text = std::fs::read_to_string(&git).ok()?;
        git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    } else {
        git
    };
    let head = std::fs::read_to_string(git_dir.join("HEAD")).ok()?;
    match head.trim().strip_prefix("ref: ") {
        None => Some(GitState { branch: None, commit: Some(head.trim().to_owned()) }),
        Some(reference) => Some(GitState {
            branch: reference.strip_prefix("refs/heads/").map(str::to_owned),
            commit: read_ref(&git_dir, reference),
        }),
    }
}

fn read_ref(git_dir: &Path, reference: &str) -> Option<String> {
    let common = std::fs::read_to_string(git_dir.join("commondir")).ok().map(|dir| git_dir.join(dir.trim()));
    for dir in [Some(git_dir.to_owned()), common].into_iter().flatten() {
        if let Ok(commit) = std::fs::read_to_string(dir.join(reference)) {
            return Some(commit.trim().to_owned());
        }
        let packed = std::fs::read_to_string(dir.join("packed-refs")).unwrap_or_default();
        let found = packed.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' ').map(str::to_owned));
        if found.is_some() {
            return found;
        }
    }
    None
}

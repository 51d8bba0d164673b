//! `agent`: what lets coding agents use dbsnap, put into a project's files and taken out again.
//!
//! Parts go into files that are somebody else's ([`crate::splice`]). All files are planned before any is written.

mod files;
mod hooks;
mod notices;
mod plan;
mod write;

use super::plan::Basis;
use super::{Database, OpError, Operation, Plan, Repository, actor, hook};
use crate::hash::Hash;
use crate::monitor::Monitor;
use crate::splice::State;
pub use notices::Notice;
use notices::notices;
use plan::Prepared;
use serde::{Deserialize, Serialize};

/// A coding agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Cursor.
    Cursor,
}

impl Agent {
    /// All of them.
    pub const ALL: [Agent; 4] = [Agent::Claude, Agent::Codex, Agent::Gemini, Agent::Cursor];
}

/// What is done with the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put our parts in.
    #[default]
    Install,
    /// Take them out.
    Uninstall,
}

/// For which agents what is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AgentOptions {
    /// Install or uninstall.
    pub action: Action,
    /// For these. None: to install, for those of which the project shows signs, or else Claude Code; to uninstall, for
    /// all.
    pub agents: Vec<Agent>,
    /// Uninstall although a coding agent asks for it.
    pub allow_agent: bool,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileAction {
    /// It is new.
    Create,
    /// It gets other contents.
    Change,
    /// It goes.
    Delete,
    /// It stays as it is.
    Keep,
}

/// Something about a file that a person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileNote {
    /// It has something of that name which dbsnap did not write. It stays.
    Foreign,
    /// Somebody changed dbsnap's part. What they changed stays.
    EditsKept,
    /// Somebody changed dbsnap's part, or the file was formatted anew. What is recognized as dbsnap's goes.
    Edited,
    /// Another agent still uses it.
    StillUsed,
    /// It had dbsnap's part before. Whoever wrote it, uninstall removes it.
    AlreadyThere,
    /// It cannot be read as what it should be, and does not name dbsnap: it is left alone.
    Unreadable,
}

/// A file of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The agents that read it.
    pub agents: Vec<Agent>,
    /// Its path below the project's directory.
    pub path: String,
    /// What becomes of it.
    pub action: FileAction,
    /// What a person should know.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<FileNote>,
    /// The change as a unified diff; none if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff: Option<String>,
}

/// What becomes of all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentPlan {
    /// The project's directory.
    pub directory: String,
    /// The agents that it is about.
    pub agents: Vec<Agent>,
    /// The files, those that stay included.
    pub files: Vec<FileChange>,
    /// What keeps the hooks from working, if they are installed.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl AgentPlan {
    /// Whether any file changes.
    pub fn changes(&self) -> bool {
        self.files.iter().any(|file| file.action != FileAction::Keep)
    }
}

impl Operation for AgentOptions {
    const COMMAND: &'static str = "agent";
    type Effect = AgentPlan;
    type Report = AgentPlan;

    fn plan(&self, repository: &Repository, _: &mut Database, _: &dyn Monitor) -> Result<Plan<Self>, OpError> {
        let (prepared, digest) = self.prepare(repository)?;
        Ok(Plan::new(self, prepared.plan, digest))
    }

    fn apply(
        &self,
        repository: &Repository,
        _: &mut Database,
        digest: Option<&Hash>,
        _: &dyn Monitor,
    ) -> Result<AgentPlan, OpError> {
        let (prepared, now) = self.prepare(repository)?;
        if digest.is_some_and(|planned| *planned != now) {
            return Err(OpError::PlanChanged);
        }
        write::write(&prepared.files, &prepared.root)?;
        Ok(prepared.plan)
    }
}

impl AgentOptions {
    fn prepare(&self, repository: &Repository) -> Result<(Prepared, Hash), OpError> {
        if self.action == Action::Install {
            hook::are_supported()?;
        } else {
            actor::guard("uninstall what dbsnap installed for coding agents", self.allow_agent)?;
        }
        let mut prepared = Prepared::new(self, &repository.root)?;
        let basis = Basis::of(self)?.and(&prepared.plan)?.and(&prepared.contents())?;
        if self.action == Action::Install {
            // whether the plan can be applied does not depend on these
            prepared.plan.notices = notices(repository, &prepared.root, &prepared.plan.agents);
        }
        Ok((prepared, basis.digest()))
    }
}

/// How far something is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Installed {
    /// All of it, as this version writes it.
    Installed,
    /// All of it, but not as this version writes it: another version wrote it, or somebody changed it since.
    Changed,
    /// Some of it.
    Partly,
    /// There is something of it, but the agent's settings switch hooks off.
    Disabled,
    /// Nothing of it.
    NotInstalled,
}

impl Installed {
    /// Of several parts. What is somebody else's counts as there.
    fn of(states: &[State]) -> Installed {
        let count = |state| states.iter().filter(|one| **one == state).count();
        let (absent, foreign) = (count(State::Absent), count(State::Foreign));
        match states.len() {
            all if absent + foreign == all => Installed::NotInstalled,
            _ if absent > 0 => Installed::Partly,
            _ if count(State::Changed) > 0 => Installed::Changed,
            _ => Installed::Installed,
        }
    }
}

/// An agent's files.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    /// The agent.
    pub agent: Agent,
    /// How far it is set up.
    pub status: Installed,
    /// How far each file is.
    pub files: Vec<FileStatus>,
}

/// A file of an agent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileStatus {
    /// Its path below the project's directory.
    pub path: String,
    /// What it has.
    pub status: Installed,
    /// It has something of that name which dbsnap did not write.
    pub foreign: bool,
}

/// How far agents are set up.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The project's directory.
    pub directory: String,
    /// Each agent that was asked for.
    pub agents: Vec<AgentStatus>,
    /// What keeps the hooks from working.
    pub notices: Vec<Notice>,
}

impl StatusReport {
    /// Whether all is installed as this version writes it, and there is a store for it.
    pub fn is_installed(&self) -> bool {
        !self.notices.contains(&Notice::NoStore) && self.agents.iter().all(|agent| agent.status == Installed::Installed)
    }
}

/// Says how far agents are set up: those that are named, or those of which the project shows signs, or else Claude
/// Code.
///
/// # Errors
/// [`OpError::Config`] for a file that cannot be read as what it should be.
pub fn status(repository: &Repository, agents: &[Agent]) -> Result<StatusReport, OpError> {
    let mut report = plan::status(&repository.root, agents)?;
    let agents: Vec<Agent> = report.agents.iter().map(|agent| agent.agent).collect();
    report.notices = notices(repository, std::path::Path::new(&report.directory), &agents);
    for agent in report.agents.iter_mut().filter(|agent| agent.status != Installed::NotInstalled) {
        let is_off = |notice: &Notice| matches!(notice, Notice::HooksOff { agent: off, .. } if *off == agent.agent);
        if report.notices.iter().any(is_off) {
            agent.status = Installed::Disabled;
        }
    }
    Ok(report)
}

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

/// What to do with dbsnap's entries in the files of coding agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AgentAction"))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Install dbsnap's entries.
    #[default]
    Install,
    /// Remove them.
    Uninstall,
}

/// What to do, and for which agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AgentOptions {
    /// Install or uninstall.
    pub action: Action,
    /// The agents; empty: the ones the project uses, else Claude Code (install), or all (uninstall).
    pub agents: Vec<Agent>,
    /// Uninstall even if started by a coding agent.
    pub allow_agent: bool,
}

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileAction {
    /// The file is created.
    Create,
    /// The file is changed.
    Change,
    /// The file is deleted.
    Delete,
    /// The file is left unchanged.
    Keep,
}

/// Something worth knowing about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileNote {
    /// The file has an entry of dbsnap's name that dbsnap did not write. The entry is kept.
    Foreign,
    /// Somebody changed dbsnap's entries. The changes are kept.
    EditsKept,
    /// Somebody changed dbsnap's entries or reformatted the file. What is recognized as dbsnap's is removed.
    Edited,
    /// Another agent still uses it.
    StillUsed,
    /// The file had dbsnap's entries before. Uninstall removes them, no matter who wrote them.
    AlreadyThere,
    /// The file cannot be parsed and does not mention dbsnap. It is left unchanged.
    Unreadable,
}

/// What is done with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The agents that read it.
    pub agents: Vec<Agent>,
    /// The file's path, relative to the project's directory.
    pub path: String,
    /// What is done with it.
    pub action: FileAction,
    /// Something worth knowing about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<FileNote>,
    /// The change as a unified diff; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff: Option<String>,
}

/// What is done with all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentPlan {
    /// The project's directory.
    pub directory: String,
    /// The agents whose files these are.
    pub agents: Vec<Agent>,
    /// The files, unchanged ones included.
    pub files: Vec<FileChange>,
    /// Reasons why the hooks would not work once installed.
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

/// How far dbsnap is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "InstallStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Installed {
    /// Completely, as this version writes it.
    Installed,
    /// Completely, but not as this version writes it: by another version, or changed by somebody since.
    Changed,
    /// In part.
    Partly,
    /// Completely or in part, but the agent's settings disable hooks.
    Disabled,
    /// Not at all.
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

/// The status of one agent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    /// The agent.
    pub agent: Agent,
    /// How far dbsnap is installed for it.
    pub status: Installed,
    /// The status of each of its files.
    pub files: Vec<FileStatus>,
}

/// The status of one file.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileStatus {
    /// The file's path, relative to the project's directory.
    pub path: String,
    /// How far dbsnap is installed in it.
    pub status: Installed,
    /// Whether it has an entry of dbsnap's name that dbsnap did not write.
    pub foreign: bool,
}

/// How far dbsnap is installed for each agent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The project's directory.
    pub directory: String,
    /// The agents that were asked about.
    pub agents: Vec<AgentStatus>,
    /// Reasons why the hooks do not work.
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

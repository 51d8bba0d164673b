//! `dbsnap agent`

use crate::cli::args::Planned;
use crate::cli::command_error::CliError;
use crate::cli::text::{BAD, BOLD, CHANGED, DIM, GOOD, paint, printable, warning};
use crate::cli::ui::Ui;
use crate::ops::agent::{
    Action, Agent, AgentOptions, AgentPlan, FileAction, FileChange, FileNote, Installed, Notice, StatusReport, status,
};
use crate::ops::{OpError, Operation, Repository};
use clap::ValueEnum;
use std::fmt::Write;
use std::process::ExitCode;

/// What `status` exits with if something is not installed.
const NOT_INSTALLED: u8 = 1;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What to do
    #[arg(value_enum)]
    action: ActionArg,
    /// For these agents, separated by commas [default: those whose files the project has; if none, claude. For
    /// uninstall: all]
    #[arg(long = "for", value_enum, value_name = "AGENT", value_delimiter = ',')]
    agents: Vec<AgentArg>,
    #[command(flatten)]
    planned: Planned,
    /// Don't ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Uninstall even if started by a coding agent (refused otherwise)
    #[arg(long)]
    allow_agent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ActionArg {
    /// Add hooks, the MCP server and instructions to the project's files
    Install,
    /// Remove exactly what install added
    Uninstall,
    /// Show what is installed; exit with 1 if anything is missing, was changed or is switched off
    Status,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum AgentArg {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// Gemini CLI
    Gemini,
    /// Cursor
    Cursor,
}

impl AgentArg {
    fn agent(self) -> Agent {
        match self {
            AgentArg::Claude => Agent::Claude,
            AgentArg::Codex => Agent::Codex,
            AgentArg::Gemini => Agent::Gemini,
            AgentArg::Cursor => Agent::Cursor,
        }
    }
}

/// What an agent is called.
fn called(agent: Agent) -> &'static str {
    match agent {
        Agent::Claude => "Claude Code",
        Agent::Codex => "Codex CLI",
        Agent::Gemini => "Gemini CLI",
        Agent::Cursor => "Cursor",
    }
}

pub(super) fn run(args: &Args, repository: &Repository, ui: &Ui) -> Result<ExitCode, CliError> {
    let agents: Vec<Agent> = args.agents.iter().map(|agent| agent.agent()).collect();
    let action = match args.action {
        ActionArg::Install => Action::Install,
        ActionArg::Uninstall => Action::Uninstall,
        ActionArg::Status => {
            let report = status(repository, &agents)?;
            ui.result("agent", &report, || render_status(&report))?;
            return Ok(if report.is_installed() { ExitCode::SUCCESS } else { ExitCode::from(NOT_INSTALLED) });
        }
    };
    let options = AgentOptions { action, agents, allow_agent: args.allow_agent };
    let mut database = repository.database();
    if args.planned.dry_run {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        ui.plan(&plan, || format!("{}{}", render_plan(&plan.effect), outcome(&plan.effect, action, true)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut digest = args.planned.digest;
    if digest.is_none() && !args.yes {
        let plan = options.plan(repository, &mut database, ui.monitor())?;
        digest = Some(plan.digest());
        if plan.effect.changes() {
            if !ui.can_ask() {
                return Err(OpError::NotConfirmed.into());
            }
            let effect = &plan.effect;
            let shown = [render_plan(effect), changes(effect, action, true), warnings(&effect.notices)].concat();
            ui.note(shown.trim_end());
            if !ui.ask("Apply this?")? {
                return Err(OpError::Declined.into());
            }
        }
    }
    let report = options.apply(repository, &mut database, digest.as_ref(), ui.monitor())?;
    ui.done(AgentOptions::COMMAND, &report, || outcome(&report, action, false))?;
    Ok(ExitCode::SUCCESS)
}

/// The changes of all files, as a diff.
fn render_plan(plan: &AgentPlan) -> String {
    let mut text = String::new();
    for line in plan.files.iter().filter_map(|file| file.diff.as_ref()).flat_map(|diff| diff.lines()) {
        let line = line.trim_end_matches('\r');
        let shown = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => paint(BOLD, printable(line)),
            [b'@', ..] => paint(CHANGED, printable(line)),
            [b'+', ..] => paint(GOOD, tabs_kept(line)),
            [b'-', ..] => paint(BAD, tabs_kept(line)),
            _ => tabs_kept(line),
        };
        let _ = writeln!(text, "{shown}");
    }
    text
}

/// A line made safe for a terminal; its tabs are harmless.
fn tabs_kept(line: &str) -> String {
    line.split('\t').map(printable).collect::<Vec<_>>().join("\t")
}

/// What was done, or would be.
fn outcome(plan: &AgentPlan, action: Action, dry_run: bool) -> String {
    let mut text = changes(plan, action, dry_run);
    let names: Vec<&str> = plan.agents.iter().map(|agent| called(*agent)).collect();
    let (names, place) = (names.join(", "), printable(&plan.directory));
    let verdict = match (action, plan.changes(), dry_run) {
        (Action::Install, true, true) => format!("[DRY RUN] Would set up dbsnap for {names} in {place}"),
        (Action::Install, true, false) => {
            format!("dbsnap is set up for {names} in {place}\nTo remove it: dbsnap agent uninstall")
        }
        (Action::Install, false, _) => format!("Nothing to do: dbsnap is set up for {names} in {place}"),
        (Action::Uninstall, true, true) => format!("[DRY RUN] Would remove dbsnap from these files in {place}"),
        (Action::Uninstall, true, false) => format!("Removed dbsnap from these files in {place}"),
        (Action::Uninstall, false, _) => format!("Nothing to do: nothing of dbsnap is installed in {place}"),
    };
    let _ = writeln!(text, "{verdict}");
    if action == Action::Install && plan.changes() && plan.agents.contains(&Agent::Codex) {
        let _ = writeln!(text, "Codex CLI runs a project's hooks once you trust them: /hooks in Codex.");
    }
    text + &warnings(&plan.notices)
}

/// What was done with each file, or would be.
fn changes(plan: &AgentPlan, action: Action, dry_run: bool) -> String {
    let mut text = String::new();
    for file in &plan.files {
        let (style, did) = match (file.action, dry_run) {
            (FileAction::Create, false) => (GOOD, "created"),
            (FileAction::Change, false) => (CHANGED, "changed"),
            (FileAction::Delete, false) => (BAD, "removed"),
            (FileAction::Create, true) => (GOOD, "create"),
            (FileAction::Change, true) => (CHANGED, "change"),
            (FileAction::Delete, true) => (BAD, "remove"),
            (FileAction::Keep, _) if file.note.is_some() => (DIM, "kept"),
            (FileAction::Keep, _) => continue,
        };
        let note = note(file, action).map(|note| format!("  {}", paint(DIM, format!("({note})")))).unwrap_or_default();
        let _ = writeln!(text, "{} {}{note}", paint(style, did), printable(&file.path));
    }
    text
}

/// What keeps hooks from working.
fn warnings(notices: &[Notice]) -> String {
    let words = |notice: &Notice| match notice {
        Notice::NoStore => "there is no store here, so hooks do nothing: run dbsnap init".to_owned(),
        Notice::NoProgram => {
            "no dbsnap is on the PATH: an agent with these hooks runs no command until one is".to_owned()
        }
        Notice::OldProgram { path } => {
            format!("{} does not know \"dbsnap hook\": install a newer one there", printable(path))
        }
        Notice::HooksOff { agent, path, setting } => {
            format!("hooks of {} are switched off: {setting} in {}", called(*agent), printable(path))
        }
        Notice::SetUpAbove { agent, directory } => {
            format!("{} started in {} does not see what is set up here", called(*agent), printable(directory))
        }
    };
    notices.iter().map(|notice| format!("{}\n", warning(&words(notice)))).collect()
}

fn note(file: &FileChange, action: Action) -> Option<&'static str> {
    Some(match (file.note?, action) {
        (FileNote::Foreign, _) => "it has a part of that name which dbsnap did not write; left as it is",
        (FileNote::EditsKept, Action::Install) => "changed since it was installed; left as it is",
        (FileNote::EditsKept, Action::Uninstall) => "changed since it was installed; your changes are left",
        (FileNote::Edited, _) => "changed since it was installed; check the result",
        (FileNote::StillUsed, _) => "another agent still uses it",
        (FileNote::AlreadyThere, _) => "it had a part of dbsnap's before; uninstall removes that, too",
        (FileNote::Unreadable, _) => "it cannot be read, and does not name dbsnap; left as it is",
    })
}

fn render_status(report: &StatusReport) -> String {
    let shown = |status| match status {
        Installed::Installed => paint(GOOD, "installed"),
        Installed::Changed => paint(CHANGED, "changed since"),
        Installed::Disabled => paint(BAD, "disabled"),
        Installed::Partly => paint(CHANGED, "partly installed"),
        Installed::NotInstalled => paint(DIM, "not installed"),
    };
    let mut text = String::new();
    for agent in &report.agents {
        let _ = writeln!(text, "{}: {}", paint(BOLD, called(agent.agent)), shown(agent.status));
        for file in &agent.files {
            let foreign =
                if file.foreign { paint(DIM, "  (has one that dbsnap did not write)") } else { String::new() };
            let _ = writeln!(text, "  {}: {}{foreign}", printable(&file.path), shown(file.status));
        }
    }
    text + &warnings(&report.notices)
}

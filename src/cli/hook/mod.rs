//! `dbsnap hook`: what a coding agent calls around its tools, as JSON on stdin and stdout.
//!
//! Each agent has a file: how it tells of a call, and in which fields it is answered. What is done is `ops::hook`, how
//! it reads is `text`. An answer never allows anything: the agent asks the person as it does without dbsnap.

mod claude;
mod codex;
mod cursor;
mod gemini;
mod input;
mod text;

use super::command_error::CliError;
use super::ui::Ui;
use crate::ops::hook::{
    Call, Outcome, Protection, Work, after, before, only_reads, project, project_of, stop, watched,
};
use crate::ops::{OpError, Place, Repository, Served, json};
use clap::ValueEnum;
use serde_json::Value;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// Bytes of the longest input. What a tool answered is part of it, and is passed over.
const LONGEST: u64 = 64 << 20;
/// How long stdin may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The exit code by which a call is not made, with every agent.
pub(super) const REFUSED: u8 = 2;
/// The exit code of any other failure.
pub(super) const FAILED: u8 = 1;
/// Variables in which agents tell where the project is.
const PROJECTS: [&str; 3] = ["CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CURSOR_PROJECT_DIR"];

/// When the hook is called: the same names for all agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Event {
    /// Before a tool is called
    PreToolUse,
    /// After a tool was called
    PostToolUse,
    /// When a session begins
    SessionStart,
    /// When the agent has finished
    Stop,
}

/// The agent, which gives the form of input and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Agent {
    /// Claude Code
    Claude,
    /// Codex
    Codex,
    /// Gemini CLI
    Gemini,
    /// Cursor
    Cursor,
}

/// What an agent tells.
#[derive(Debug, PartialEq)]
struct Input {
    /// The event in the agent's words.
    event: String,
    /// Where the call runs, and where the project may be.
    dirs: Vec<PathBuf>,
    /// Its session.
    session: Option<String>,
    /// The call, if it is one that may write: its id, and what it does.
    call: Option<(Option<String>, Work)>,
    /// Whether the agent goes on because a hook asked it to, or was not to go on anyway.
    is_no_end: bool,
}

/// What an agent is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reply {
    /// Nothing.
    Silent,
    /// Something it should know.
    Inform(String),
    /// That the call is not made, and why.
    Refuse(String),
}

impl Event {
    /// What the hook exits with if it fails: agents go on after anything but a refusal.
    pub fn own_code(self) -> u8 {
        if self == Event::PreToolUse { REFUSED } else { FAILED }
    }
}

impl Agent {
    /// What snapshots call it.
    fn name(self) -> &'static str {
        match self {
            Agent::Claude => "claude-code",
            Agent::Codex => "codex",
            Agent::Gemini => "gemini-cli",
            Agent::Cursor => "cursor",
        }
    }

    /// Understands what it tells.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(self, event: Event, bytes: &[u8]) -> Result<Input, String> {
        match self {
            Agent::Claude => claude::read(event, bytes),
            Agent::Codex => codex::read(event, bytes),
            Agent::Gemini => gemini::read(event, bytes),
            Agent::Cursor => cursor::read(event, bytes),
        }
    }

    /// The answer in its form; `name` is the event in its words.
    fn answer(self, event: Event, name: &str, reply: &Reply) -> Value {
        match self {
            Agent::Claude => claude::answer(event, name, reply),
            Agent::Codex => codex::answer(event, name, reply),
            Agent::Gemini => gemini::answer(event, name, reply),
            Agent::Cursor => cursor::answer(event, reply),
        }
    }
}

/// Answers one call of the hook.
///
/// # Errors
/// If the answer cannot be written.
pub(super) fn serve(event: Event, agent: Agent, place: &Place, ui: &Ui) -> Result<ExitCode, CliError> {
    if event == Event::PreToolUse {
        fail_closed();
    }
    if std::io::stdin().is_terminal() {
        ui.note("This is called by coding agents: it reads one JSON object from stdin. See docs/AGENTS.md.");
    }
    let input = stdin().and_then(|bytes| agent.read(event, &bytes));
    let name = input.as_ref().map(|input| input.event.clone()).unwrap_or_default();
    let reply = match input {
        Ok(input) => reply(event, agent, input, place, ui),
        Err(wrong) => wrong_input(event, &wrong, place),
    };
    let mut out = json::to_string(&agent.answer(event, &name, &reply)).map_err(CliError::Output)?;
    out.push('\n');
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush());
    if let Reply::Refuse(why) = &reply {
        // the exit code says it, whether anybody reads the rest or not
        let _ = writeln!(std::io::stderr(), "{why}");
        return Ok(ExitCode::from(REFUSED));
    }
    match written {
        Err(error) if event == Event::PreToolUse => {
            let _ = writeln!(std::io::stderr(), "dbsnap: cannot write the answer: {error}");
            Ok(ExitCode::from(REFUSED))
        }
        written => written.map(|()| ExitCode::SUCCESS).map_err(CliError::Output),
    }
}

/// A call is not made if this program has a bug: agents go on after any exit code but one.
fn fail_closed() {
    std::panic::set_hook(Box::new(|panic| {
        let _ = writeln!(std::io::stderr(), "dbsnap: a bug ended it before a snapshot was taken: {panic}");
        std::process::exit(REFUSED.into());
    }));
}

/// Reads it to its end, for which there is not more than some time: the agent waits.
fn stdin() -> Result<Vec<u8>, String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes);
        let _ = sender.send(read.map(|_| bytes));
    });
    let read = receiver
        .recv_timeout(PATIENCE)
        .map_err(|_| format!("it does not end: it was not closed within {} s", PATIENCE.as_secs()))?;
    let bytes = read.map_err(|error| format!("stdin cannot be read: {error}"))?;
    match bytes.len() as u64 > LONGEST {
        true => Err(format!("what came on stdin is longer than {} MiB", LONGEST >> 20)),
        false => Ok(bytes),
    }
}

/// What is said to an input that cannot be used. Where there is no project nothing is watched, and nobody is hampered.
fn wrong_input(event: Event, wrong: &str, place: &Place) -> Reply {
    let why = format!("dbsnap hook cannot use what came on stdin: {wrong}");
    match (event, project(&project_dirs(), place)) {
        (_, Ok(None)) => Reply::Silent,
        (Event::PreToolUse, _) => Reply::Refuse(format!("{why}. The call was not made, since no snapshot was taken.")),
        _ => Reply::Inform(why),
    }
}

fn project_dirs() -> Vec<PathBuf> {
    PROJECTS.iter().filter_map(std::env::var_os).filter(|dir| !dir.is_empty()).map(PathBuf::from).collect()
}

fn reply(event: Event, agent: Agent, input: Input, place: &Place, ui: &Ui) -> Reply {
    let is_call = matches!(event, Event::PreToolUse | Event::PostToolUse);
    if is_call && input.call.is_none() || event == Event::Stop && input.is_no_end {
        return Reply::Silent;
    }
    if is_call && input.call.as_ref().is_some_and(|(_, work)| only_reads(work)) {
        return Reply::Silent;
    }
    let dirs: Vec<PathBuf> = input.dirs.into_iter().chain(project_dirs()).collect();
    let served = Served { agent: agent.name().to_owned(), session: input.session };
    let dir = dirs.first().cloned();
    let call = input.call.map(|(id, work)| Call { served: served.clone(), id, dir, work });
    let found = match &call {
        Some(call) if event == Event::PostToolUse => project_of(call, &dirs, place),
        _ => project(&dirs, place),
    };
    let repository = match found {
        Ok(None) => return Reply::Silent,
        Ok(Some(repository)) => with_command_line(repository),
        Err(error) => return cannot(event, &error),
    };
    match (event, call) {
        (Event::PreToolUse, Some(call)) => match before(&call, repository, ui.monitor()) {
            Protection::NotNeeded => Reply::Silent,
            Protection::Snapshot { id, not_covered, not_watched, unseen, .. } => {
                text::snapshot(&id, (&not_covered, &not_watched), unseen.as_ref())
            }
            Protection::RemovesStore { store } => Reply::Refuse(text::removes_store(&store)),
            Protection::Without { why } => Reply::Inform(text::without(&why)),
            Protection::Refused { why, is_destructive } => Reply::Refuse(text::refused(&why, is_destructive)),
        },
        (Event::PostToolUse, Some(call)) => match after(&call, repository, ui.monitor()) {
            Outcome::Fine => Reply::Silent,
            Outcome::Lost(loss) => Reply::Inform(text::loss(&loss)),
            Outcome::Unknown { why, before, recovery } => Reply::Inform(text::unknown(&why, &before, &recovery)),
        },
        (Event::SessionStart, _) => match watched(repository, ui.monitor()) {
            Ok(Some(watched)) => Reply::Inform(text::watched(&watched)),
            Ok(None) => Reply::Silent,
            Err(error) => cannot(event, &error),
        },
        (Event::Stop, _) => match stop(&served, repository, ui.monitor()) {
            Ok(open) if open.is_empty() => Reply::Silent,
            Ok(open) => Reply::Inform(text::open(&open)),
            Err(error) => cannot(event, &error),
        },
        (_, None) => Reply::Silent,
    }
}

/// What is said where a project is there that cannot be used.
fn cannot(event: Event, error: &OpError) -> Reply {
    match event {
        Event::PreToolUse => Reply::Refuse(text::refused(&error.in_words(), false)),
        Event::PostToolUse | Event::SessionStart | Event::Stop => Reply::Inform(text::not_watching(&error.in_words())),
    }
}

fn with_command_line(repository: Repository) -> Repository {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    repository.with_command_line(std::iter::once("dbsnap".to_owned()).chain(words).collect())
}

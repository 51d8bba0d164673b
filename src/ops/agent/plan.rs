//! What becomes of each file. Nothing is written here.

use super::files::{Target, former_target, found, targets};
use super::{
    Action, Agent, AgentOptions, AgentPlan, AgentStatus, FileAction, FileChange, FileNote, FileStatus, Installed,
    StatusReport,
};
use crate::fsio::{Ownership, SMALL_INPUT, read_input_text};
use crate::ops::OpError;
use crate::splice::{SpliceError, State};
use similar::TextDiff;
use std::path::{Component, Path, PathBuf};

/// Lines around a change that a diff shows.
const CONTEXT: usize = 3;

/// What is to be written, and what is told of it.
pub(super) struct Prepared {
    /// The project's directory, without links.
    pub root: PathBuf,
    pub files: Vec<PreparedFile>,
    pub plan: AgentPlan,
}

/// A file before and after.
pub(super) struct PreparedFile {
    /// Without links.
    pub path: PathBuf,
    pub before: Option<String>,
    pub after: Option<String>,
    agents: Vec<Agent>,
    named: &'static str,
    note: Option<FileNote>,
}

impl Prepared {
    pub fn new(options: &AgentOptions, root: &Path) -> Result<Prepared, OpError> {
        let real = root.canonicalize().map_err(|error| OpError::io("look at", root, error))?;
        let agents = match (&options.agents[..], options.action) {
            ([], Action::Install) => found(&real),
            ([], Action::Uninstall) => Agent::ALL.to_vec(),
            (agents, _) => Agent::ALL.into_iter().filter(|agent| agents.contains(agent)).collect(),
        };
        let mut files: Vec<PreparedFile> = Vec::new();
        let mut all: Vec<Target> = agents.iter().flat_map(|agent| targets(*agent, &real)).collect();
        if options.action == Action::Uninstall {
            for target in agents.iter().filter_map(|agent| former_target(*agent, &real)) {
                let is_there = states(&target, &real)?.is_some_and(|states| states != [State::Absent]);
                if is_there && !is_used_by_others(&target, &agents, &real)? {
                    all.push(target);
                }
            }
        }
        for target in all {
            let path = resolve(&real, target.path)?;
            let at = match files.iter().position(|file| file.path == path) {
                Some(at) => at,
                None => {
                    let before = read(&path, target.path)?;
                    let after = before.clone();
                    let (agents, note, named) = (Vec::new(), None, target.path);
                    files.push(PreparedFile { path, before, after, agents, named, note });
                    files.len() - 1
                }
            };
            let stays = options.action == Action::Uninstall && is_used_by_others(&target, &agents, &real)?;
            files[at].apply(&target, options.action, stays)?;
        }
        files.iter().filter(|file| file.before != file.after).try_for_each(|file| check_writable(&file.path))?;
        let plan = AgentPlan {
            directory: real.to_string_lossy().into_owned(),
            agents,
            files: files.iter().map(PreparedFile::told).collect(),
        };
        Ok(Prepared { root: real, files, plan })
    }

    /// What the files hold before.
    pub fn contents(&self) -> Vec<(&str, Option<&str>)> {
        self.files.iter().map(|file| (file.named, file.before.as_deref())).collect()
    }
}

impl PreparedFile {
    fn apply(&mut self, target: &Target, action: Action, stays: bool) -> Result<(), OpError> {
        if !self.agents.contains(&target.agent) {
            self.agents.push(target.agent);
        }
        let refuse = refused(target.path);
        let states = match &self.after {
            Some(text) => target.splice.states(text).map_err(&refuse)?,
            None => Vec::new(),
        };
        let is_foreign = states.contains(&State::Foreign);
        match action {
            Action::Install => {
                let after = target.splice.insert(self.after.as_deref()).map_err(&refuse)?;
                // what somebody changed and stays
                let still = target.splice.states(&after).map_err(&refuse)?;
                self.note = if still.contains(&State::Changed) {
                    Some(FileNote::EditsKept)
                } else {
                    is_foreign.then_some(FileNote::Foreign)
                };
                self.after = Some(after);
            }
            Action::Uninstall => {
                let Some(text) = &self.after else { return Ok(()) };
                if stays {
                    self.note = Some(FileNote::StillUsed);
                    return Ok(());
                }
                let removed = target.splice.remove(text).map_err(&refuse)?;
                self.note = if removed.keeps_edits {
                    Some(FileNote::EditsKept)
                } else if !removed.is_exact {
                    Some(FileNote::Edited)
                } else if is_foreign {
                    Some(FileNote::Foreign)
                } else {
                    self.note
                };
                self.after = removed.text;
            }
        }
        Ok(())
    }

    fn told(&self) -> FileChange {
        let action = match (&self.before, &self.after) {
            (before, after) if before == after => FileAction::Keep,
            (None, _) => FileAction::Create,
            (_, None) => FileAction::Delete,
            _ => FileAction::Change,
        };
        let diff = (action != FileAction::Keep).then(|| {
            let (before, after) = (self.before.as_deref(), self.after.as_deref());
            let name =
                |text: Option<&str>, side| text.map_or("/dev/null".to_owned(), |_| format!("{side}/{}", self.named));
            let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
            diff.unified_diff().context_radius(CONTEXT).header(&name(before, "a"), &name(after, "b")).to_string()
        });
        FileChange { agents: self.agents.clone(), path: self.named.to_owned(), action, note: self.note, diff }
    }
}

/// Whether the file is shared with an agent that is not named and has a file of its own with something of ours.
fn is_used_by_others(target: &Target, named: &[Agent], root: &Path) -> Result<bool, OpError> {
    let path = resolve(root, target.path)?;
    for agent in Agent::ALL.into_iter().filter(|agent| !named.contains(agent)) {
        let (mut is_shared, mut is_installed) = (false, false);
        for other in targets(agent, root) {
            if resolve(root, other.path)? == path {
                is_shared = true;
            } else if let Some(states) = states(&other, root)? {
                is_installed |= Installed::of(&states) != Installed::NotInstalled;
            }
        }
        if is_shared && is_installed {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn status(root: &Path, agents: &[Agent]) -> Result<StatusReport, OpError> {
    let real = root.canonicalize().map_err(|error| OpError::io("look at", root, error))?;
    let agents = if agents.is_empty() { found(&real) } else { agents.to_vec() };
    let mut report = StatusReport { directory: real.to_string_lossy().into_owned(), agents: Vec::new() };
    for agent in agents {
        let (mut all, mut files) = (Vec::new(), Vec::new());
        for target in targets(agent, &real) {
            let states = states(&target, &real)?.unwrap_or_else(|| vec![State::Absent]);
            let foreign = states.contains(&State::Foreign);
            files.push(FileStatus { path: target.path.to_owned(), status: Installed::of(&states), foreign });
            all.extend(states);
        }
        report.agents.push(AgentStatus { agent, status: Installed::of(&all), files });
    }
    Ok(report)
}

/// What a file has of its parts; none if there is no file.
fn states(target: &Target, root: &Path) -> Result<Option<Vec<State>>, OpError> {
    let text = read(&resolve(root, target.path)?, target.path)?;
    text.map(|text| target.splice.states(&text).map_err(refused(target.path))).transpose()
}

fn refused(path: &str) -> impl Fn(SpliceError) -> OpError {
    move |error| OpError::Config { path: path.into(), reason: error.to_string() }
}

/// Where a file really is: links are followed, but not out of the project.
fn resolve(root: &Path, below: &str) -> Result<PathBuf, OpError> {
    let mut real = root.to_path_buf();
    let refuse = |reason: &str| OpError::Config { path: below.into(), reason: reason.to_owned() };
    for part in Path::new(below).components() {
        let Component::Normal(name) = part else { continue };
        real.push(name);
        match real.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                real = real.canonicalize().map_err(|_| refuse("it is a link that leads nowhere"))?;
                if !real.starts_with(root) {
                    return Err(refuse("it is a link that leads out of the project"));
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(OpError::io("look at", &real, error)),
        }
    }
    Ok(real)
}

/// The text of a file; none if there is none.
fn read(path: &Path, named: &str) -> Result<Option<String>, OpError> {
    match read_input_text(path, SMALL_INPUT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpError::io("read", named, error)),
    }
}

/// A file that is replaced gets this user as its owner, and can be written by it: so it must have been before.
fn check_writable(path: &Path) -> Result<(), OpError> {
    const WRITABLE: u32 = 0o200;
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let owner = Ownership::of(path).map_err(|error| OpError::io(error.action, path, error.source))?;
    let refuse = |reason: String| Err(OpError::Config { path: path.to_path_buf(), reason });
    if !owner.ours {
        return refuse(format!("it belongs to another user (uid {}); nothing was written", owner.uid));
    }
    if owner.mode & WRITABLE == 0 {
        return refuse("it is read-only; nothing was written".to_owned());
    }
    Ok(())
}

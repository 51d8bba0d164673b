//! What becomes of each file. Nothing is written here.

use super::files::{AGENTS_FILE, Target, former_target, found, targets};
use super::{
    Action, Agent, AgentOptions, AgentPlan, AgentStatus, FileAction, FileChange, FileNote, FileStatus, Installed,
    StatusReport,
};
use crate::fsio::{LARGE_INPUT, Ownership, SMALL_INPUT, names_of, owner_writes, read_input, read_input_text};
use crate::ops::OpError;
use crate::ops::run::masked;
use crate::splice::{SpliceError, State};
use similar::TextDiff;
use std::path::{Component, Path, PathBuf};

/// Lines around a change that a diff of prose shows. Settings may hold secrets; of these none are shown.
const CONTEXT: usize = 3;
/// What our parts name: a file without it has none.
const NAME: &str = "dbsnap";

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
    /// Below the project's directory, as it is shown; links are in it.
    pub named: &'static str,
    note: Option<FileNote>,
    /// A part was there that does not tell who wrote it.
    has_unmarked: bool,
}

impl Prepared {
    pub fn new(options: &AgentOptions, root: &Path) -> Result<Prepared, OpError> {
        let real = dunce::canonicalize(root).map_err(|error| OpError::io("look at", root, error))?;
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
            let is_named = options.action == Action::Install || !options.agents.is_empty();
            match prepare(&target, options.action, &agents, &real, &mut files) {
                Err(_) if !is_named && !may_be_ours(&real, target.path) => {
                    files.retain(|file| file.named != target.path);
                    files.push(PreparedFile::unreadable(&target, &real));
                }
                prepared => prepared?,
            }
        }
        if files.iter().any(|file| file.before != file.after) {
            files.iter_mut().for_each(PreparedFile::note_what_was_there);
        }
        files.iter().filter(|file| file.before != file.after).try_for_each(|file| check_writable(&file.path))?;
        let plan = AgentPlan {
            directory: real.to_string_lossy().into_owned(),
            agents,
            files: files.iter().map(PreparedFile::told).collect(),
            notices: Vec::new(),
        };
        Ok(Prepared { root: real, files, plan })
    }

    /// What the files hold before.
    pub fn contents(&self) -> Vec<(&str, Option<&str>)> {
        self.files.iter().map(|file| (file.named, file.before.as_deref())).collect()
    }
}

/// Applies an action to one target, in its file.
fn prepare(
    target: &Target,
    action: Action,
    agents: &[Agent],
    root: &Path,
    files: &mut Vec<PreparedFile>,
) -> Result<(), OpError> {
    let path = resolve(root, target.path)?;
    let at = match files.iter().position(|file| file.path == path) {
        Some(at) => at,
        None => {
            let before = read(&path, target.path)?;
            files.push(PreparedFile::new(path, target.path, before));
            files.len() - 1
        }
    };
    let stays = action == Action::Uninstall && is_used_by_others(target, agents, root)?;
    files[at].apply(target, action, stays)
}

impl PreparedFile {
    fn new(path: PathBuf, named: &'static str, before: Option<String>) -> PreparedFile {
        let after = before.clone();
        PreparedFile { path, before, after, agents: Vec::new(), named, note: None, has_unmarked: false }
    }

    /// One that stays, whatever it is.
    fn unreadable(target: &Target, root: &Path) -> PreparedFile {
        let (agents, note) = (vec![target.agent], Some(FileNote::Unreadable));
        PreparedFile { agents, note, ..PreparedFile::new(root.join(target.path), target.path, None) }
    }

    fn note_what_was_there(&mut self) {
        if self.has_unmarked && self.note.is_none() {
            self.note = Some(FileNote::AlreadyThere);
        }
    }

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
                self.has_unmarked |= states.contains(&State::Same) && !target.splice.is_marked();
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
            let context = if self.named.ends_with(".md") { CONTEXT } else { 0 };
            let (old, new) = (name(before, "a"), name(after, "b"));
            without_secrets(&diff.unified_diff().context_radius(context).header(&old, &new).to_string())
        });
        FileChange { agents: self.agents.clone(), path: self.named.to_owned(), action, note: self.note, diff }
    }
}

/// A diff in which the values of what is called a secret are masked: a line that changes may be a whole file.
fn without_secrets(diff: &str) -> String {
    let mask = |line: &str| masked(&[line.to_owned()]).concat();
    diff.split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').map_or(mask(line), |bare| mask(bare) + "\n"))
        .collect()
}

/// Whether a file that cannot be read as what it should be may have something of ours all the same.
fn may_be_ours(root: &Path, named: &str) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match read_input(&root.join(named), LARGE_INPUT) {
        Ok(bytes) => bytes.windows(NAME.len()).any(|part| part == NAME.as_bytes()),
        Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
    }
}

/// Whether the file is shared with an agent that is not named and has a file of its own with something of ours.
fn is_used_by_others(target: &Target, named: &[Agent], root: &Path) -> Result<bool, OpError> {
    let path = resolve(root, target.path)?;
    for agent in Agent::ALL.into_iter().filter(|agent| !named.contains(agent)) {
        let (mut is_shared, mut is_installed) = (false, false);
        for other in targets(agent, root) {
            match resolve(root, other.path).and_then(|found| Ok((found == path, states(&other, root)?))) {
                Ok((true, _)) => is_shared = true,
                Ok((false, Some(states))) => is_installed |= Installed::of(&states) != Installed::NotInstalled,
                Ok((false, None)) => {}
                // somebody has to look at it first
                Err(error) if may_be_ours(root, other.path) => return Err(error),
                Err(_) => {}
            }
        }
        if is_shared && is_installed {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn status(root: &Path, agents: &[Agent]) -> Result<StatusReport, OpError> {
    let real = dunce::canonicalize(root).map_err(|error| OpError::io("look at", root, error))?;
    let agents = if agents.is_empty() { found(&real) } else { agents.to_vec() };
    let directory = real.to_string_lossy().into_owned();
    let mut report = StatusReport { directory, agents: Vec::new(), notices: Vec::new() };
    for agent in agents {
        let (mut all, mut files) = (Vec::new(), Vec::new());
        for target in targets(agent, &real) {
            let states = states(&target, &real)?.unwrap_or_else(|| vec![State::Absent]);
            let foreign = states.contains(&State::Foreign);
            files.push(FileStatus { path: target.path.to_owned(), status: Installed::of(&states), foreign });
            all.extend(states);
        }
        let mut own = files.iter().filter(|file| file.path != AGENTS_FILE);
        let is_there = own.any(|file| file.status != Installed::NotInstalled);
        let status = if is_there { Installed::of(&all) } else { Installed::NotInstalled };
        report.agents.push(AgentStatus { agent, status, files });
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
                real = dunce::canonicalize(&real).map_err(|_| refuse("it is a link that leads nowhere"))?;
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
pub(super) fn read(path: &Path, named: &str) -> Result<Option<String>, OpError> {
    match read_input_text(path, SMALL_INPUT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpError::io("read", named, error)),
    }
}

/// A file that is replaced gets this user as its owner, and can be written by it: so it must have been before.
fn check_writable(path: &Path) -> Result<(), OpError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let owner = Ownership::of(path).map_err(|error| OpError::io(error.action, path, error.source))?;
    let refuse = |reason: String| Err(OpError::Config { path: path.to_path_buf(), reason });
    if !owner.ours {
        return refuse(format!("it {}; nothing was written", owner.in_words()));
    }
    let examined = |error| OpError::io("examine", path, error);
    let names = names_of(path).map_err(examined)?;
    if names > 1 {
        return refuse(format!("it has {names} names (hard links), and would lose the others; nothing was written"));
    }
    if !owner_writes(&path.metadata().map_err(examined)?) {
        return refuse("it is read-only; nothing was written".to_owned());
    }
    Ok(())
}

//! Finding the project: the directory that holds `.dbsnap/`, here or above, as git finds its own.

use super::OpError;
use super::config::Config;
use super::models::Models;
use crate::fsio::{Disk, Ownership, is_read_as_another};
use crate::store::{Access, DEFAULT_WAIT, Store};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The name of the store's directory.
pub const STORE_DIR: &str = ".dbsnap";

/// Where a command runs and what its flags say of places.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The directory to start from.
    pub dir: PathBuf,
    /// The store, if a flag names it.
    pub store: Option<PathBuf>,
    /// The database URL, if a flag names it.
    pub url: Option<String>,
}

/// What a project has at its root, one or the other.
const PROJECT: [&str; 5] = [".env", ".env.local", "package.json", "schema.prisma", "prisma"];

/// A project with a store.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The directory that holds the store: relative paths of the settings start here.
    pub root: PathBuf,
    /// The store's directory.
    pub store_dir: PathBuf,
    /// Its settings.
    pub config: Config,
    place: Place,
    models: Arc<OnceLock<Models>>,
    command_line: Vec<String>,
    served: Option<Served>,
    patience: Option<Duration>,
}

/// The coding agent that something is done for, as it tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// What it is called.
    pub agent: String,
    /// Its own id of the session, if it has one.
    pub session: Option<String>,
}

impl Repository {
    /// Finds the project for `place`.
    ///
    /// # Errors
    /// [`OpError::NoStore`] if there is none; [`OpError::Config`] if its settings cannot be used.
    pub fn find(place: &Place) -> Result<Repository, OpError> {
        let store_dir = match &place.store {
            Some(store) => {
                let store = place.dir.join(store);
                if !is_dir(&store)? {
                    return Err(OpError::NoStore(store));
                }
                store
            }
            None => {
                let mut dirs = place.dir.ancestors().map(|dir| dir.join(STORE_DIR));
                let found = dirs.find_map(|dir| is_dir(&dir).map(|is_dir| is_dir.then_some(dir)).transpose());
                found.transpose()?.ok_or_else(|| OpError::NoStore(place.dir.clone()))?
            }
        };
        check_trust(&store_dir)?;
        let root = store_dir.parent().unwrap_or(Path::new("/")).to_owned();
        let config = Config::load(&store_dir.join("config.toml"))?;
        Ok(Repository::within(root, store_dir, config, place))
    }

    /// As [`Repository::find`]; where there is no store, the nearest directory that looks like a project of ours, or
    /// the directory itself, for what asks the database alone.
    ///
    /// # Errors
    /// As [`Repository::find`], and if a flag names a store that is not there.
    pub fn find_or_here(place: &Place) -> Result<Repository, OpError> {
        match Repository::find(place) {
            Err(OpError::NoStore(_)) if place.store.is_none() => {
                let is_project = |dir: &&Path| PROJECT.iter().any(|name| dir.join(name).exists());
                let found = place.dir.ancestors().find(is_project);
                let ours = found.filter(|dir| Ownership::of(dir).is_ok_and(|owner| owner.ours));
                let root = ours.unwrap_or(&place.dir).to_owned();
                let store_dir = root.join(STORE_DIR);
                Ok(Repository::within(root, store_dir, Config::default(), place))
            }
            found => found,
        }
    }

    fn within(root: PathBuf, store_dir: PathBuf, config: Config, place: &Place) -> Repository {
        let (models, command_line) = (Arc::default(), Vec::new());
        Repository { root, store_dir, config, place: place.clone(), models, command_line, served: None, patience: None }
    }

    /// The same for a command line, which its snapshots record without passwords.
    pub fn with_command_line(self, words: Vec<String>) -> Repository {
        Repository { command_line: words, ..self }
    }

    /// The same for the hook of a coding agent: its snapshots record the agent, whatever the environment says, and that
    /// nobody asked for them.
    pub fn serving(self, served: Served) -> Repository {
        Repository { served: Some(served), ..self }
    }

    /// The same for who has no time: neither the store nor the database is waited for longer than that.
    pub fn hurried(self, patience: Duration) -> Repository {
        Repository { patience: Some(patience), ..self }
    }

    /// The coding agent that it is for, if it is known otherwise than by the environment.
    pub(super) fn served(&self) -> Option<&Served> {
        self.served.as_ref()
    }

    /// How long others are waited for, if that is not left to the usual.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// The words of the command line that it is for.
    pub(super) fn command_line(&self) -> &[String] {
        &self.command_line
    }

    /// Opens the store. In a fresh clone there are only its settings: then the rest is made first.
    ///
    /// # Errors
    /// If it is not a store, of an unknown format, or locked.
    pub fn open(&self, access: Access) -> Result<Store, OpError> {
        let format = self.store_dir.join("format");
        let is_there = format.try_exists().map_err(|error| OpError::io("look at", format, error))?;
        if !is_there && self.store_dir.join("config.toml").is_file() {
            Store::init(&self.store_dir)?;
        }
        Ok(Store::open_on(Arc::new(Disk), &self.store_dir, access, self.patience.unwrap_or(DEFAULT_WAIT))?)
    }

    /// What its Prisma schema says; read when it is first asked for.
    pub fn models(&self) -> &Models {
        self.models.get_or_init(|| Models::find(&self.root, &self.place.dir))
    }

    /// The directory from which it was found: relative paths that a person types start here.
    pub fn dir(&self) -> &Path {
        &self.place.dir
    }

    /// The database URL that was given to find it with.
    pub(super) fn url(&self) -> Option<&String> {
        self.place.url.as_ref()
    }

    /// Where export files go. The settings may have come with a repository of somebody else's: they lead to nowhere but
    /// a folder of this project, and not to where a file would be run or belongs to the store.
    ///
    /// # Errors
    /// [`OpError::Config`] if the settings name such a place.
    pub fn export_dir(&self) -> Result<PathBuf, OpError> {
        let dir = self.root.join(&self.config.export_dir);
        if is_named_safe(&self.store_dir) {
            return Ok(dir);
        }
        let refuse = |why: &str| {
            let reason = format!(
                "export_dir {why}; name a folder in the project there, or give the folder on the command line (-o)"
            );
            Err(OpError::Config { path: self.store_dir.join("config.toml"), reason })
        };
        let read = |path: &Path, error| OpError::io("look at", path, error);
        let root = dunce::canonicalize(&self.root).map_err(|error| read(&self.root, error))?;
        let Some(real) = resolved(&dir).map_err(|error| read(&dir, error))? else {
            return refuse("leads through a link to nowhere");
        };
        let Ok(within) = real.strip_prefix(&root) else { return refuse("leads out of the project") };
        let is_git = |part: Component<'_>| part.as_os_str().eq_ignore_ascii_case(".git");
        let store = dunce::canonicalize(&self.store_dir).map_err(|error| read(&self.store_dir, error))?;
        if within.components().any(is_git) || real.starts_with(store) {
            return refuse("leads into the files of git or of the store");
        }
        if within.iter().any(|name| is_read_as_another(&name.to_string_lossy())) {
            return refuse("has a name that Windows reads as another one");
        }
        Ok(dir)
    }
}

/// Whether a directory is there that may be looked at. What the system cannot tell is an error.
fn is_dir(path: &Path) -> Result<bool, OpError> {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) => Ok(false),
        Err(error) => Err(OpError::io("look at", path, error)),
    }
}

/// Where `path` really is, without links and `..`; what is not there yet counts as the folders it will be. `None` if a
/// link on the way leads to nothing.
fn resolved(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut real = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            Component::CurDir => {}
            part => real.push(part),
        }
        match std::fs::symlink_metadata(&real) {
            Ok(found) if found.is_symlink() => match dunce::canonicalize(&real) {
                Ok(target) => real = target,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            },
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    as_on_disk(&real).map(Some)
}

/// The same path with each name that is there as the disk has it: file systems that ignore case, and the short names of
/// Windows, let one folder be called in several ways.
fn as_on_disk(path: &Path) -> io::Result<PathBuf> {
    for dir in path.ancestors() {
        match dunce::canonicalize(dir) {
            Ok(real) => {
                return Ok(path.strip_prefix(dir).into_iter().flatten().fold(real, |real, part| real.join(part)));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(path.to_owned())
}

/// The variable that lists directories whose stores are trusted whoever owns them.
const SAFE_DIRECTORY: &str = "DBSNAP_SAFE_DIRECTORY";

/// Refuses a store that somebody else can have made: its settings name a database and a folder, and its bytes go into
/// them.
fn check_trust(store_dir: &Path) -> Result<(), OpError> {
    let refuse = |what: String| Err(OpError::Untrusted { what, store: store_dir.to_owned() });
    if is_named_safe(store_dir) {
        return Ok(());
    }
    for path in [store_dir.to_owned(), store_dir.join("config.toml")] {
        let owner = match Ownership::of(&path) {
            Ok(owner) => owner,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(OpError::io("look at", path, error.source)),
        };
        if !owner.ours {
            return refuse(format!("{} {}", path.display(), owner.in_words()));
        }
        match owner.all_write {
            _ if path == store_dir => {}
            Some(false) => {}
            Some(true) => return refuse(format!("{} can be changed by every user of this machine", path.display())),
            None => return refuse(format!("who else can change {} is not known", path.display())),
        }
    }
    Ok(())
}

fn is_named_safe(store_dir: &Path) -> bool {
    let Some(named) = std::env::var_os(SAFE_DIRECTORY) else { return false };
    let Ok(store) = dunce::canonicalize(store_dir) else { return false };
    let project = store.parent();
    std::env::split_paths(&named)
        .filter_map(|named| dunce::canonicalize(named).ok())
        .any(|named| named == store || Some(named.as_path()) == project)
}

//! The files of a project that a check reads: each once, none outside the project, so many and so large at most.

use crate::fsio::{read_input_text, slashed};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// The limit of one file.
const MAX_BYTES: u64 = 4 << 20;

/// How many files are read in one check.
const MAX_FILES: usize = 500;

/// A file of the project.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its name in findings: relative to the project's directory with `/`, or as it was given if it is outside.
    pub name: String,
    /// Where it is, without links.
    pub path: PathBuf,
    /// What it holds.
    pub text: Rc<str>,
}

impl SourceFile {
    /// The directory that it lies in.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// The files of a project, as seen from a directory. Clones share what was read.
#[derive(Debug, Clone)]
pub struct Files {
    root: Rc<Path>,
    /// Where relative paths start, the first that has the file counts.
    dirs: Vec<PathBuf>,
    shared: Rc<RefCell<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What was read, or why it could not be.
    read: BTreeMap<PathBuf, Result<SourceFile, String>>,
    /// Files outside the project that may be read all the same, and their names.
    named: BTreeMap<PathBuf, String>,
    /// What was begun ([`Files::enter`]).
    entered: BTreeSet<String>,
}

impl Files {
    /// Those below `root`, with relative paths starting at `dir`.
    pub fn new(root: &Path, dir: &Path) -> Files {
        let real = |path: &Path| dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Files { root: real(root).into(), dirs: vec![real(dir)], shared: Rc::default() }
    }

    /// The directory that relative paths start at: where commands run.
    pub fn dir(&self) -> &Path {
        self.dirs.first().map_or(&self.root, PathBuf::as_path)
    }

    /// The same files, seen from `dir` (relative to [`Files::dir`]): after a `cd`, or for the scripts of a package.
    #[must_use]
    pub fn within(&self, dir: impl AsRef<Path>) -> Files {
        let dirs = self.dirs.iter().map(|from| plain(&from.join(&dir))).collect();
        Files { dirs, ..self.clone() }
    }

    /// The same files; what is not there is looked for in `dir` too: a script may be run from its own directory.
    #[must_use]
    pub fn or_within(&self, dir: impl AsRef<Path>) -> Files {
        let mut files = self.clone();
        files.dirs.push(plain(&self.dir().join(dir)));
        files
    }

    /// Lets the file be read though it is outside the project: it was named on the command line.
    pub fn allow(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        if let Ok(real) = dunce::canonicalize(self.dir().join(path)) {
            self.shared.borrow_mut().named.insert(real, path.display().to_string());
        }
    }

    /// Whether there is such a file, in the project or not. Nothing is read.
    pub fn is_file(&self, path: impl AsRef<Path>) -> bool {
        self.dirs.iter().any(|dir| dir.join(&path).is_file())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Why it cannot be read, as the end of a sentence: it is not there, outside the project, too large, no text, or one
    /// file too many.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<SourceFile, String> {
        let path = path.as_ref();
        let found = self.dirs.iter().map(|dir| dir.join(path)).find(|path| path.is_file());
        let given = found.unwrap_or_else(|| self.dir().join(path));
        let refuse = |reason: String| format!("cannot read {}: {reason}", path.display());
        let real = dunce::canonicalize(given).map_err(|error| refuse(error.to_string()))?;
        let shared = &mut *self.shared.borrow_mut();
        if let Some(known) = shared.read.get(&real) {
            return known.clone();
        }
        let name = match (real.strip_prefix(&self.root), shared.named.get(&real)) {
            (Ok(below), _) => slashed(below),
            (_, Some(name)) => name.clone(),
            _ => return Err(refuse("it is outside the project".to_owned())),
        };
        if shared.read.len() >= MAX_FILES {
            return Err(refuse(format!("{MAX_FILES} files were read already")));
        }
        let text = read_input_text(&real, MAX_BYTES).map_err(|error| refuse(error.to_string()));
        let file = text.map(|text| SourceFile { name, path: real.clone(), text: text.into() });
        shared.read.insert(real, file.clone());
        file
    }

    /// Whether this was not begun before: a file, a script of `package.json`. Each is followed once, so that what runs
    /// or imports itself comes to an end.
    pub fn enter(&self, what: impl Into<String>) -> bool {
        self.shared.borrow_mut().entered.insert(what.into())
    }

    /// The names of all files that were read.
    pub fn names(&self) -> Vec<String> {
        self.shared.borrow().read.values().filter_map(|file| Some(file.as_ref().ok()?.name.clone())).collect()
    }
}

/// A path without `.` and `..`, by its text.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_within_the_project_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(path("shop/scripts")).unwrap();
        std::fs::write(path("outside.sql"), "SELECT 1").unwrap();
        std::fs::write(path("shop/scripts/a.sql"), "SELECT 2").unwrap();
        std::os::unix::fs::symlink("../outside.sql", path("shop/link.sql")).unwrap();
        let files = Files::new(&path("shop"), &path("shop/scripts"));
        assert_eq!(files.read("a.sql").unwrap().name, "scripts/a.sql");
        assert_eq!(&*files.within("..").read("scripts/a.sql").unwrap().text, "SELECT 2");
        assert_eq!(files.within("..").or_within("scripts").read("a.sql").unwrap().name, "scripts/a.sql");
        for outside in ["../../outside.sql", "../link.sql"] {
            let reason = files.read(outside).unwrap_err();
            assert_eq!(reason, format!("cannot read {outside}: it is outside the project"));
        }
        files.allow("../../outside.sql");
        assert_eq!(files.read("../../outside.sql").unwrap().name, "../../outside.sql");
        assert!(files.read("none.sql").unwrap_err().contains("none.sql"));
        assert!(files.enter("a") && !files.within("..").enter("a"));
    }
}

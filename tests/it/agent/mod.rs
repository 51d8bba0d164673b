//! What `agent install` writes into a project's files, and that `agent uninstall` takes exactly that out again.

mod cli;
mod commands;
mod corpus;
mod edits;
mod failing;
mod notices;
mod random;
mod refused;
mod schemas;

use crate::support::files::project;
use crate::support::process::{Project, Run};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// All agents, as `--for` takes them.
pub const ALL: &str = "claude,codex,gemini,cursor";

/// A store, as a fresh clone has it.
const STORE: &str = ".dbsnap/config.toml";

/// Every file below a directory, with its bytes (of a link, where it leads) and permissions, and every directory; not the
/// store.
pub fn tree(dir: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, u32)> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![dir.to_path_buf()]);
    while let Some(next) = waiting.pop() {
        let paths = fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| *path != dir.join(".dbsnap")) {
            let mode = path.symlink_metadata().unwrap().permissions().mode();
            let bytes = match fs::read_link(&path) {
                Ok(target) => Some(target.into_os_string().into_encoded_bytes()),
                Err(_) => (!path.is_dir()).then(|| fs::read(&path).unwrap()),
            };
            if bytes.is_none() {
                waiting.push(path.clone());
            }
            found.insert(path.strip_prefix(dir).unwrap().to_path_buf(), (bytes, mode));
        }
    }
    found
}

/// Another program called `dbsnap` that knows hooks, or does not: what is looked for on the search path.
pub fn installed_program(knows_hooks: bool) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("dbsnap");
    fs::write(&program, format!("#!/bin/sh\nexit {}\n", if knows_hooks { 0 } else { 2 })).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// `dbsnap agent`, with words, where a `dbsnap` is on the search path.
pub fn agent(project: &Project, words: &[&str]) -> Run {
    static PROGRAM: LazyLock<tempfile::TempDir> = LazyLock::new(|| installed_program(true));
    let path = format!("{}:{}", PROGRAM.path().display(), std::env::var("PATH").unwrap());
    project.dbsnap(["agent"]).args(words).env("PATH", path).run()
}

/// The projects of the corpus, by name. A component of a path that begins with a dot is stored as `dot.name`, so that
/// no agent takes it for its own settings.
pub fn corpus() -> Vec<(String, Project)> {
    let root = project("tests/corpus/agent");
    let mut names: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.is_dir());
    names.sort();
    let copy = |from: &Path| {
        let made = with(&[]);
        for (path, (bytes, _)) in tree(from) {
            let parts = path.iter().map(|part| part.to_str().unwrap());
            let real: Vec<&str> = parts
                .map(|part| part.strip_prefix("dot").filter(|rest| rest.starts_with('.')).unwrap_or(part))
                .collect();
            if let Some(bytes) = bytes {
                made.write(&real.join("/"), bytes);
            }
        }
        made
    };
    names.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), copy(path))).collect()
}

/// A project with these files.
pub fn with(files: &[(&str, &str)]) -> Project {
    let project = Project::in_memory();
    project.write(STORE, "");
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

/// The text of a file of a project.
pub fn read(project: &Project, name: &str) -> String {
    fs::read_to_string(project.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

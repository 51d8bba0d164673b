//! The project's own files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A path below the directory of this crate.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// All `.rs` files below `dir`, at any depth.
pub fn rust_files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension() {
                _ if path.is_dir() => waiting.push(path),
                Some(extension) if extension == "rs" => drop(found.insert(path)),
                _ => {}
            }
        }
    }
    found
}

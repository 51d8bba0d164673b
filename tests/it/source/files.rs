//! Source files: which there are, and which a crate root declares.

use super::tokens::tokens;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A path below the directory of this crate.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All `.rs` files below `dir`, at any depth, in order of name.
pub fn rust_files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(next) = waiting.pop() {
        let entries = fs::read_dir(&next).unwrap_or_else(|error| panic!("cannot list {}: {error}", next.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path);
            }
        }
    }
    found
}

/// The text of a source file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// The module a file holds, from its place below the directory of the crate's root: `store/pack.rs` and
/// `store/pack/mod.rs` are `store::pack`; `lib.rs` and `main.rs` are the root.
pub fn module_of(below: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        below.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let root = module.len() == 1 && module.iter().any(|name| name == "lib" || name == "main");
    if root || module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

/// The files that are part of the crate with this root: the root and whatever `mod name;` reaches from it.
pub fn declared(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(file) = waiting.pop() {
        let Some(dir) = file.parent() else { continue };
        let owns_dir = file == *root || file.ends_with("mod.rs");
        let children = if owns_dir { dir.to_path_buf() } else { file.with_extension("") };
        for name in declarations(&text(&file)) {
            let candidates = [children.join(format!("{name}.rs")), children.join(&name).join("mod.rs")];
            waiting.extend(candidates.into_iter().filter(|path| path.is_file()));
        }
        found.insert(file);
    }
    found
}

/// The names in `mod name;` declarations.
fn declarations(source: &str) -> Vec<String> {
    tokens(source)
        .windows(3)
        .filter(|three| three[0].is_ident("mod") && three[2].is_punct(';'))
        .filter_map(|three| three[1].ident().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_module_declares_is_not_part_of_the_crate() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, source: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, source).unwrap();
            path
        };
        let root = write("main.rs", "mod one;\npub mod two;\n// mod lost;");
        let one = write("one.rs", "mod deep;");
        let deep = write("one/deep.rs", "");
        let two = write("two/mod.rs", "mod beside;");
        let beside = write("two/beside.rs", "");
        let lost = write("lost.rs", "");

        let declared = declared(&root);
        assert_eq!(declared, BTreeSet::from([root, one, deep, two, beside]));
        assert_eq!(rust_files(dir.path()).difference(&declared).collect::<Vec<_>>(), [&lost]);
    }

    #[test]
    fn a_file_names_its_module() {
        for (below, module) in
            [("lib.rs", ""), ("hash.rs", "hash"), ("store/mod.rs", "store"), ("db/a/b.rs", "db::a::b")]
        {
            assert_eq!(module_of(Path::new(below)).join("::"), module);
        }
    }
}
